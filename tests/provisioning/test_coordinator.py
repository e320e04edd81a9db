"""A sandbox led through its time by the real coordinator, with the real billing service."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pospago.billing.v1 import catalog_pb2
from pospago.billing.v1.catalog_pb2_grpc import CatalogServiceStub
from pospago.provisioning.v1 import sandbox_pb2

from chassis.clock import ManualClock
from chassis.rpc.channel import ClientMetadata, KnownPositions, open_channel
from provisioning_service.api.times import to_proto_timestamp
from tests.provisioning.builders import START_AT, at
from tests.provisioning.calling import CODE, Caller, new_id, refused
from tests.suite.clients import monthly_prices
from tests.suite.in_process import RunningSuite, running_suite

ONE = "accounts/toy/instances/one"
SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Together:
    """Both services, the operator's calls, and an integrator whose account lives in a sandbox."""

    suite: RunningSuite
    clock: ManualClock
    operator: Caller
    toy: Caller
    catalog: Any

    async def advance(self, to: str) -> list[Any]:
        """Advance the sandbox; gives what was told on the way."""
        to_time = to_proto_timestamp(at(to))
        request = sandbox_pb2.AdvanceSandboxRequest(name="sandboxes/box", to_time=to_time)
        return [each async for each in self.toy.sandboxes.AdvanceSandbox(request)]

    async def create_plan(self) -> None:
        """The plan that the programme's instances are priced by."""
        version = monthly_prices({1: 100_00})
        plan = catalog_pb2.Plan(
            version_policy=catalog_pb2.Plan.VERSION_POLICY_FOLLOW, versions=[version]
        )
        await self.catalog.CreatePlan(
            catalog_pb2.CreatePlanRequest(plan_id="integrator", plan=plan, request_id=new_id())
        )


@pytest.fixture
async def together(tmp_path: Path) -> AsyncIterator[Together]:
    """Both services, and a sandbox that begins on 2 March."""
    clock = ManualClock(START_AT)
    async with running_suite(tmp_path, clock=clock) as suite:
        known = KnownPositions()
        own, other = suite.provisioning.address, suite.billing.address
        channel = open_channel(own, ClientMetadata(suite.operator_secret, known))
        billing = open_channel(other, ClientMetadata(suite.operator_secret, known))
        operator = Caller(channel)
        await operator.create_sandbox(start_time=to_proto_timestamp(START_AT))
        await operator.create_account("toy", sandbox="sandboxes/box")
        for number in range(25):
            await operator.take_over(f"old-{number}", date(2026, 3, 31), "toy")
        enrolled = await operator.enrol("toy")
        toy = open_channel(own, ClientMetadata(enrolled.secret, known))
        yield Together(suite, clock, operator, Caller(toy), CatalogServiceStub(billing))
        for each in (channel, billing, toy):
            await each.close()


async def test_an_unpaid_month_is_played(together: Together) -> None:
    """In one advance an unpaid subscription expires, stops and is deleted, on the days due."""
    await together.create_plan()
    await together.toy.create("toy", instance_id="one")
    await together.toy.subscribe(ONE)
    await together.advance("2026-04-11 01:00")
    stopped = await together.toy.get(ONE)
    await together.advance("2026-04-20")
    deleted = await together.toy.get(ONE)
    assert (stopped.stopped, stopped.expire_date.day, deleted.delete_time.ToMicroseconds()) == (
        True,
        10,
        at("2026-04-15 12:00"),
    )


async def test_an_advance_tells_its_way(together: Together) -> None:
    """The steps of an advance rise, and the last one has arrived."""
    await together.toy.create("toy", instance_id="one")
    # The trial's warning, its end, its deletion, and the arrival.
    days = ("2026-03-03 21:00", "2026-03-04 09:00", "2026-03-05 09:00", "2026-03-10")
    told = await together.advance("2026-03-10")
    times = [each.sandbox.clock_time.ToMicroseconds() for each in told]
    assert (times, [each.arrived for each in told][-1], told[-1].fired_count) == (
        [START_AT, *map(at, days)],
        True,
        3,
    )


async def test_what_held_a_sandbox_up_can_be_mended(together: Together) -> None:
    """An advance that fails for want of a plan goes on once there is one."""
    await together.toy.create("toy", instance_id="one")
    await together.toy.subscribe(ONE)
    failed = await refused(together.advance("2026-04-02"))
    await together.create_plan()
    together.clock.advance_to(START_AT + 5 * SECOND)
    told = await together.advance("2026-04-02")
    assert (failed, told[-1].arrived) == ((CODE.FAILED_PRECONDITION, "ACCOUNT_PARKED"), True)


async def test_two_advances_at_once(together: Together) -> None:
    """While an advance runs, a second one to the same time is refused."""
    await together.toy.create("toy", instance_id="one")
    to_time = to_proto_timestamp(at("2026-03-10"))
    request = sandbox_pb2.AdvanceSandboxRequest(name="sandboxes/box", to_time=to_time)
    first = together.toy.sandboxes.AdvanceSandbox(request)
    # Billing applies nothing, so the first cannot get on before the second comes.
    await together.suite.billing.consumer.pause()
    await first.read()
    second = await refused(together.advance("2026-03-10"))
    together.suite.billing.consumer.resume()
    arrived = [each.arrived async for each in first]
    assert (second, arrived[-1]) == ((CODE.ABORTED, "SANDBOX_ADVANCING"), True)
