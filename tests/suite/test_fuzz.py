"""Whatever bytes and metadata come, at any rpc: a documented status, in time, and no fault of ours.

The seed is printed; `POSPAGO_FUZZ_SEED` repeats a run.
"""

import logging
import os
import random
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import pytest
import pytest_asyncio
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.suite import credit_world, usage_world
from tests.suite.calling import Outcome, call_all, call_rpc
from tests.suite.contracts import EVERYWHERE, RpcContract, rpcs
from tests.suite.fuzzing import (
    damaged_request,
    extreme_requests,
    extreme_rich_requests,
    odd_metadata,
)
from tests.suite.in_process import empty_databases
from tests.suite.requests import sample
from tests.suite.rich_requests import RICH, rich_request
from tests.suite.world import World, running_world

SEED: Final = os.environ.get("POSPAGO_FUZZ_SEED", "20261122")
CALLS_PER_RPC: Final = 25
SOAK_CALLS_PER_RPC: Final = 500
VALUES_PER_FIELD: Final = 1
WITHIN_SECONDS: Final = 120.0
STORES: Final = ("sqlite", "postgresql")
# These wait by nature, until their deadline if need be.
WAITING: Final = frozenset(
    {"billing.SandboxStepService.ApplyTo", "provisioning.SandboxService.AdvanceSandbox"}
)
WAIT_SECONDS: Final = 0.4
# Nothing is away and nothing is overloaded here: such an answer would hide a fault.
NOT_HERE: Final = frozenset({"TEMPORARILY_UNAVAILABLE", "OVERLOADED", "CANCELLED"})


# What damaged bytes reach does not depend on the store; `make soak` takes both all the same. Of the
# values of each field, each store takes half.
ON_ONE_STORE: Final = pytest.mark.parametrize("target", ["sqlite"], indirect=True)


@dataclass(frozen=True, slots=True)
class Target:
    """The services with something of each kind, by the names that requests carry."""

    store: str
    world: World
    names: dict[str, str]
    integrator_secret: str


@pytest.fixture(scope="module", autouse=True)
def quiet_log() -> Iterator[None]:
    """Only faults of ours are logged: each call here is refused."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest_asyncio.fixture(scope="module", params=STORES)
async def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Target]:
    """Both services on each store, with something of each kind in them."""
    with ExitStack() as stack:
        urls = {}
        if request.param == "postgresql":
            urls = stack.enter_context(empty_databases(request.getfixturevalue("postgres")))
        async with running_world(tmp_path_factory.mktemp("fuzz"), urls) as world:
            yield await make_target(request.param, world)


@ON_ONE_STORE
@pytest.mark.parametrize("rpc", sorted(rpcs()))
async def test_any_bytes_get_a_documented_status(target: Target, rpc: str) -> None:
    """Random and damaged requests are answered, or refused for a documented reason."""
    await fuzz(target, rpc, CALLS_PER_RPC)
    await assert_healthy(target.world)


@pytest.mark.parametrize("rpc", sorted(rpcs()))
async def test_any_value_gets_a_documented_status(target: Target, rpc: str) -> None:
    """Each field of a good request may take any value of its type, on one store or the other."""
    payloads = list(extreme_requests(rpc, target.names))
    drawing(rpc).shuffle(payloads)
    await send_all(target, rpc, payloads[STORES.index(target.store) :: len(STORES)])


@pytest.mark.soak
@pytest.mark.parametrize("rpc", sorted(rpcs()))
async def test_every_value_gets_a_documented_status(target: Target, rpc: str) -> None:
    """Each field of a good request may take any value of its type, on either store."""
    await send_all(target, rpc, extreme_requests(rpc, target.names))


@ON_ONE_STORE
@pytest.mark.parametrize("rpc", RICH)
async def test_what_is_to_be_damaged_is_served(target: Target, rpc: str) -> None:
    """A request that uses all that there is goes through as it stands."""
    names = target.names | {"plan": await target.world.plan()}
    outcome = await target.world.call(rpc, rich_request(rpc, names))
    assert outcome.code == "OK", (outcome.message, outcome.fields)


@ON_ONE_STORE
@pytest.mark.parametrize("rpc", RICH)
async def test_any_value_amid_others_gets_a_documented_status(target: Target, rpc: str) -> None:
    """Each field may take any value of its type in a request that uses all that there is."""
    payloads = extreme_rich_requests(drawing(rpc), rpc, target.names, values_max=VALUES_PER_FIELD)
    await send_all(target, rpc, payloads)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rpc", sorted(rpcs()))
async def test_many_bytes_get_a_documented_status(target: Target, rpc: str) -> None:
    """As above, many times more."""
    await fuzz(target, rpc, SOAK_CALLS_PER_RPC)
    await assert_healthy(target.world)


async def test_any_metadata_get_a_documented_status(target: Target) -> None:
    """Whatever the metadata say, a call is answered, or refused for a documented reason."""
    draw = drawing("metadata")
    calls = []
    for name in sorted(rpcs()) * 3:
        rpc, request = rpcs()[name], sample(name)
        secret = draw.choice(("", target.world.secret_for(rpc)))
        calls.append(one_call(target, rpc, request.SerializeToString(), secret, odd_metadata(draw)))
    outcomes = await call_all(calls)
    judge(list(zip(sorted(rpcs()) * 3, outcomes, strict=True)))
    await assert_healthy(target.world)


async def send_all(target: Target, rpc: str, payloads: Iterable[bytes]) -> None:
    """Send an rpc these requests, and judge what comes back and how the services are then."""
    secret = target.world.secret_for(rpcs()[rpc])
    calls = [one_call(target, rpcs()[rpc], payload, secret) for payload in payloads]
    judge([(rpc, each) for each in await call_all(calls)])
    await assert_healthy(target.world)


async def fuzz(target: Target, name: str, calls_count: int) -> None:
    """Send an rpc so many requests that nobody would send, and judge what comes back."""
    draw, rpc = drawing(name), rpcs()[name]
    if name in WAITING:
        calls_count //= 3
    calls = []
    for _ in range(calls_count):
        payload = damaged_request(draw, name, target.names)
        secrets = (target.world.secret_for(rpc), target.integrator_secret, "")
        secret = draw.choices(secrets, weights=(8, 1, 1))[0]
        calls.append(one_call(target, rpc, payload, secret))
    judge([(name, each) for each in await call_all(calls)])


async def one_call(
    target: Target,
    rpc: RpcContract,
    payload: bytes,
    secret: str,
    metadata: tuple[tuple[str, str], ...] = (),
) -> Outcome:
    """Make one call; of a stream, read the first message and leave."""
    waits = rpc.name in WAITING or any(key == "pospago-after" for key, _ in metadata)
    return await call_rpc(
        target.world.channel(rpc),
        rpc,
        payload,
        secret=secret,
        metadata=metadata,
        within_s=WAIT_SECONDS if waits else WITHIN_SECONDS,
    )


def judge(outcomes: list[tuple[str, Outcome]]) -> None:
    """Check that each outcome is one that the contract of its rpc allows."""
    wrong = [
        f"{name}: {outcome.code} {outcome.reason} {outcome.message}"
        for name, outcome in outcomes
        if outcome.told not in {"OK", *(EVERYWHERE - NOT_HERE), *rpcs()[name].reasons}
    ]
    assert not wrong, f"seed {SEED}: {wrong[:5]}"


def drawing(what: str) -> random.Random:
    """A source of choices that are the same on each run with the same seed."""
    print(f"seed {SEED}")  # noqa: T201 - tells how to repeat what failed
    return random.Random(f"{SEED}/{what}")  # noqa: S311 - repeatable, not secret


async def assert_healthy(world: World) -> None:
    """Check that both services serve, and still do what they are asked."""
    for channel in (world.clients.provisioning, world.clients.billing):
        stub: Any = health_pb2_grpc.HealthStub(channel)
        health = await stub.Check(health_pb2.HealthCheckRequest(), timeout=WITHIN_SECONDS)
        assert health.status == health_pb2.HealthCheckResponse.SERVING
    account = await world.account()
    profile = "billing.BillingProfileService.GetBillingProfile"
    await world.do(profile, sample(profile, account=account))


async def make_target(store: str, world: World) -> Target:
    """Something of each kind, under names that requests can carry."""
    create = "provisioning.AccountService.CreateAccount"
    await world.do(create, sample(create, new="target"))
    owner = await world.enrolled("target")
    await world.trial(owner, "one")
    usage = await usage_under_review(world)
    caller = await world.integrator()
    names = {
        "account": "target",
        "instance": "one",
        "token": "1",
        "sandbox": await world.sandbox(),
        "payment": await world.payment("target"),
        "credit": await credit_world.granted(world, "target"),
        "plan": await world.plan(),
        **usage,
        "tax_profile": await world.tax_profile(),
        "price_change": await world.price_change("target"),
        "terms": await world.terms(),
        "issuer": await world.issuer(),
    }
    return Target(store, world, names, caller.secret)


async def usage_under_review(world: World) -> dict[str, str]:
    """Usage of the target: a meter, a subscription, an event, a reservation and a review."""
    meter = "billing.MeterService.CreateMeter"
    await world.do(meter, sample(meter, new="calls"))
    plan = await usage_world.metered_plan(world, "calls", usage_world.HELD)
    of = usage_world.Used("target", "calls", plan, "usage")
    subscribe = usage_world.SUBSCRIBE
    await world.do(subscribe, sample(subscribe, **of.names, new=of.subscription))
    event = await usage_world.sent(world, of, "1000")
    return {
        "meter": of.meter,
        "subscription": of.subscription,
        "event": event,
        "reservation": await usage_world.reserved(world, of),
        "review": await usage_world.review_of(world, of.account),
    }
