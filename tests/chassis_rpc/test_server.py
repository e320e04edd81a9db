"""What a server offers beside its rpcs, and what it refuses to start with."""

import asyncio
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from pospago.provisioning.v1 import account_pb2

from chassis.rpc.access import ContractError
from chassis.rpc.call import Call
from chassis.rpc.server import Listening, PortInUseError, RpcServer
from tests.chassis_rpc.small_service import ACCOUNTS, EVENTS, SmallService, running_service

if TYPE_CHECKING:
    # Known to the type checker only.
    from pospago.provisioning.v1.account_pb2_grpc import AccountServiceAsyncStub

STATUS = health_pb2.HealthCheckResponse


@pytest.fixture
def listening() -> Listening:
    """With metrics on a free port."""
    return Listening(metrics_port=0, stop_seconds=1)


async def health_of(service: SmallService, name: str) -> int:
    async with grpc.aio.insecure_channel(service.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=60)
    return int(answer.status)


async def metrics_of(service: SmallService) -> str:
    url = f"http://127.0.0.1:{service.server.metrics_port}/metrics"
    page: bytes = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())
    return page.decode()


@pytest.mark.parametrize("name", ["", ACCOUNTS, EVENTS])
async def test_is_healthy(service: SmallService, name: str) -> None:
    """A running server is SERVING, as a whole and for each service, without a credential."""
    assert await health_of(service, name) == STATUS.SERVING


async def test_tells_the_health_of_a_feed(tmp_path: Path) -> None:
    """A feed that cannot be applied shows under a name of its own."""

    class Broken:
        fault = "mend me"

        async def wait(self, epoch: int, seq: int, until: float) -> None:
            """Never applied."""

    async with running_service(tmp_path, listening=Listening(), peers={"billing": Broken()}) as own:
        await asyncio.sleep(0.05)
        assert await health_of(own, "feed/billing") == STATUS.NOT_SERVING


async def test_is_not_healthy_while_it_stops(service: SmallService) -> None:
    """A server that is asked to stop says so to those who watch it."""
    async with grpc.aio.insecure_channel(service.address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        first = await watch.read()
        stopping = asyncio.create_task(service.server.stop())
        last = await watch.read()
        await stopping
    assert (first.status, last.status) == (STATUS.SERVING, STATUS.NOT_SERVING)


async def test_finishes_calls_under_way(
    service: SmallService, operator: "AccountServiceAsyncStub"
) -> None:
    """A call that was let in is answered although the server is stopping."""
    call = asyncio.ensure_future(
        operator.GetAccount(account_pb2.GetAccountRequest(name="accounts/slow"))
    )
    while not service.accounts.waiting_count:  # noqa: ASYNC110 - a test's patience
        await asyncio.sleep(0.01)
    stopping = asyncio.create_task(service.server.stop())
    await asyncio.sleep(0.05)
    service.accounts.let_go.set()
    answer = await call
    await stopping
    assert answer.account.name == "accounts/slow"


@pytest.mark.parametrize("version", ["v1alpha", "v1"])
async def test_describes_itself(service: SmallService, version: str) -> None:
    """Reflection lists the services, in both versions."""
    async with grpc.aio.insecure_channel(service.address) as channel:
        call = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )(iter([reflection_pb2.ServerReflectionRequest(list_services="*")]), timeout=60)
        answer: Any = await call.read()
    names = {each.name for each in answer.list_services_response.service}
    assert {ACCOUNTS, EVENTS, "grpc.health.v1.Health"} <= names


async def test_shows_its_counts(service: SmallService, operator: "AccountServiceAsyncStub") -> None:
    """The metrics count calls by rpc and code."""
    await operator.GetAccount(account_pb2.GetAccountRequest(name="accounts/one"))
    with pytest.raises(grpc.aio.AioRpcError):
        await operator.GetAccount(account_pb2.GetAccountRequest(name="accounts/missing"))
    page = await metrics_of(service)
    rpc = f'rpc="/{ACCOUNTS}/GetAccount"'
    assert f'pospago_rpc_calls_total{{code="OK",{rpc}}} 1.0' in page
    assert f'pospago_rpc_calls_total{{code="NOT_FOUND",{rpc}}} 1.0' in page


async def test_shows_its_writer(service: SmallService, operator: "AccountServiceAsyncStub") -> None:
    """The metrics show how far the feed is and how many accounts are parked."""
    await operator.CreateAccount(account_pb2.CreateAccountRequest(account_id="one"))
    page = await metrics_of(service)
    assert "pospago_feed_seq 1.0" in page
    assert "pospago_accounts_parked 0.0" in page


async def test_says_that_its_port_is_taken(service: SmallService) -> None:
    """A server that cannot listen says where, and what to do."""
    taken = Listening(port=service.server.port)
    other = RpcServer("other", {}, Nobody(), listening=taken)
    with pytest.raises(PortInUseError, match=str(service.server.port)):
        await other.start()


class Nobody:
    """An authenticator that is never asked."""

    async def authenticate(self, secret: str) -> Any:
        """Never asked."""
        raise AssertionError(secret)


class Half:
    """A servicer that lacks most of its rpcs."""

    async def CreateAccount(self, request: Any, call: Call) -> Message:
        """Served."""
        raise AssertionError((request, call))


class Unary:
    """A servicer whose stream is none."""

    async def ListEvents(self, request: Any, call: Call) -> Message:
        """Served."""
        raise AssertionError((request, call))

    async def WatchEvents(self, request: Any, call: Call) -> Message:
        """Should be an async generator."""
        raise AssertionError((request, call))


@pytest.mark.parametrize(
    ("service_name", "servicer", "words"),
    [(ACCOUNTS, Half(), "does not serve"), (EVENTS, Unary(), "must be an async generator")],
)
def test_does_not_start_with_a_hole(service_name: str, servicer: object, words: str) -> None:
    """A servicer that does not serve all of its contract is found before the first call."""
    with pytest.raises(ContractError, match=words):
        RpcServer("holey", {service_name: servicer}, Nobody(), listening=Listening())


def test_does_not_start_without_access_rules() -> None:
    """An rpc that states no access rule is found before the first call."""

    class Health:
        async def Check(self, request: Any, call: Call) -> Message:
            """Served."""
            raise AssertionError((request, call))

    with pytest.raises(ContractError, match="states no access rule"):
        RpcServer("open", {"grpc.health.v1.Health": Health()}, Nobody(), listening=Listening())


def test_thread_that_computes_gives_way_to_the_loop_soon() -> None:
    """A process that serves hands over to another thread ten times as soon as usual."""
    lines = (
        "import sys",
        "from chassis.rpc.server import settle_interpreter",
        "settle_interpreter()",
        "print(sys.getswitchinterval())",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    told = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603 - ours
    assert told.stdout.strip() == "0.0005"
