"""Health through the gateway: of the whole, of each backend, of each service."""

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
import structlog.testing
from grpc_health.v1 import health_pb2, health_pb2_grpc

from gateway.server import running_gateway
from gateway.settings import GatewaySettings
from tests.gateway.calling import CALL_SECONDS
from tests.gateway.conftest import Suite
from tests.gateway.echo_contract import INSTANCES, INVOICES

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

ALL_UP = {
    "": SERVING,
    "provisioning": SERVING,
    "billing": SERVING,
    INSTANCES: SERVING,
    INVOICES: SERVING,
    "grpc.health.v1.Health": SERVING,
    "grpc.reflection.v1.ServerReflection": SERVING,
    "grpc.reflection.v1alpha.ServerReflection": SERVING,
}
BILLING_DOWN = ALL_UP | {"": NOT_SERVING, "billing": NOT_SERVING, INVOICES: NOT_SERVING}


async def check(suite: Suite, name: str) -> int:
    stub = health_pb2_grpc.HealthStub(suite.channel)
    request = health_pb2.HealthCheckRequest(service=name)
    answer = await stub.Check(request, timeout=CALL_SECONDS)
    return int(answer.status)


async def check_all(suite: Suite) -> dict[str, int]:
    return {name: await check(suite, name) for name in ALL_UP}


async def test_all_names_serve_while_both_backends_do(suite: Suite) -> None:
    """The whole, both backends and every service are SERVING."""
    assert await check_all(suite) == ALL_UP


async def test_dead_backend_shows_in_its_names_and_the_whole(suite: Suite) -> None:
    """With billing down, billing, its services and the whole are NOT_SERVING, no other."""
    await suite.billing.stop()
    assert await check_all(suite) == BILLING_DOWN


async def test_backend_that_does_not_serve_shows_as_a_dead_one(suite: Suite) -> None:
    """A backend that runs but calls itself NOT_SERVING is believed."""
    await suite.billing.set_serving(serving=False)
    assert await check_all(suite) == BILLING_DOWN


async def test_change_of_health_is_logged_once(suite: Suite) -> None:
    """However often it is asked, the log has one line for each change, with the setting."""
    with structlog.testing.capture_logs() as logged:
        await check(suite, "billing")
        await check(suite, "billing")
        await suite.billing.set_serving(serving=False)
        await check(suite, "billing")
        await check(suite, "billing")
    told = [(each["event"], each["backend"], each.get("setting", "")) for each in logged]
    assert told == [
        ("backend serves", "billing", ""),
        ("backend does not serve", "billing", "POSPAGO_GATEWAY_BILLING_ADDRESSES"),
    ]


@pytest.mark.parametrize("settings", [{"access_log": True}], indirect=True)
async def test_access_log_has_calls_and_no_health_checks(
    settings: GatewaySettings, capfd: pytest.CaptureFixture[str]
) -> None:
    """Who asks five times a second whether the suite serves does not fill the log."""
    async with (
        running_gateway(settings) as gateway,
        grpc.aio.insecure_channel(str(gateway.address)) as channel,
    ):
        stub = health_pb2_grpc.HealthStub(channel)
        await stub.Check(health_pb2.HealthCheckRequest(), timeout=CALL_SECONDS)
        nothing: Any = channel.unary_unary(f"/{INSTANCES}/Nothing")
        with pytest.raises(grpc.aio.AioRpcError):
            await nothing(b"", timeout=CALL_SECONDS)
    called = [line for line in capfd.readouterr().out.splitlines() if '"rpc"' in line]
    assert [f"/{INSTANCES}/Nothing" in line for line in called] == [True]


async def test_list_tells_all_names_at_once(suite: Suite) -> None:
    """List gives what Check gives for each name."""
    stub = health_pb2_grpc.HealthStub(suite.channel)
    answer = await stub.List(health_pb2.HealthListRequest(), timeout=CALL_SECONDS)
    assert {name: each.status for name, each in answer.statuses.items()} == ALL_UP


async def test_restarted_backend_serves_again_within_two_seconds(suite: Suite) -> None:
    """Health follows a restart quickly, though it was asked all the while."""
    await suite.billing.stop()
    await check(suite, "billing")
    await suite.billing.start()
    seen = [await check(suite, "")]
    for _ in range(20):
        if seen[-1] == SERVING:
            break
        await asyncio.sleep(0.1)
        seen.append(await check(suite, ""))
    assert seen[-1] == SERVING


async def test_watch_tells_each_change(suite: Suite) -> None:
    """A watch gives the state now, then only what changes."""
    stub = health_pb2_grpc.HealthStub(suite.channel)
    request = health_pb2.HealthCheckRequest(service="provisioning")
    watch = stub.Watch(request, timeout=CALL_SECONDS)
    told = [(await watch.read()).status]
    await suite.provisioning.set_serving(serving=False)
    told.append((await watch.read()).status)
    await suite.provisioning.set_serving(serving=True)
    told.append((await watch.read()).status)
    assert told == [SERVING, NOT_SERVING, SERVING]


async def test_check_of_an_unknown_name_is_not_found(suite: Suite) -> None:
    """Check refuses a name that the contracts do not have."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await check(suite, "pospago.nowhere.v1.NoService")
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_watch_of_an_unknown_name_says_so_and_stays(suite: Suite) -> None:
    """Watch answers SERVICE_UNKNOWN, as the health protocol has it."""
    stub = health_pb2_grpc.HealthStub(suite.channel)
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="nowhere"), timeout=CALL_SECONDS)
    assert (await watch.read()).status == SERVICE_UNKNOWN
