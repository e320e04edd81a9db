"""What the gateway asks twice, and what it never does."""

import asyncio

import grpc
import grpc.aio
import pytest

from gateway.server import running_gateway
from gateway.settings import GatewaySettings
from tests.gateway.calling import Metadata, unary
from tests.gateway.conftest import Suite
from tests.gateway.echo_backend import Answer, Context, EchoBackend
from tests.gateway.echo_contract import INSTANCES, MUTATE, READ


def unavailable_times(times: int) -> Answer:
    """Give an answer that is UNAVAILABLE so many times, then the echo."""
    left = times

    async def answer(request: bytes, context: Context) -> bytes:
        nonlocal left
        if left:
            left -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "busy")
        return request

    return answer


async def test_read_is_asked_again(suite: Suite) -> None:
    """A read that finds the service unavailable once succeeds all the same."""
    suite.provisioning.answer = unavailable_times(1)
    assert await unary(suite.channel, INSTANCES, READ, request=b"again") == b"again"


async def test_retries_of_a_read_are_bounded(suite: Suite) -> None:
    """A read that never succeeds is tried three times in all."""
    suite.provisioning.answer = unavailable_times(100)
    with pytest.raises(grpc.aio.AioRpcError):
        await unary(suite.channel, INSTANCES, READ)
    assert len(suite.provisioning.calls) == 3


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param((), id="plain"),
        pytest.param(
            (("x-envoy-retry-grpc-on", "unavailable"), ("x-envoy-max-retries", "3")), id="asked for"
        ),
    ],
)
async def test_mutation_is_never_asked_again(suite: Suite, metadata: Metadata) -> None:
    """A mutation that may have had its effect is sent once, whatever the caller's headers."""
    suite.provisioning.answer = unavailable_times(1)
    with pytest.raises(grpc.aio.AioRpcError):
        await unary(suite.channel, INSTANCES, MUTATE, metadata=metadata)
    assert len(suite.provisioning.calls) == 1


async def test_read_goes_to_another_process_of_the_service(
    settings: GatewaySettings, backends: tuple[EchoBackend, EchoBackend]
) -> None:
    """With two processes of a service and one of them down, every read is answered."""
    spare = EchoBackend(INSTANCES)
    await spare.start()
    both = {"provisioning_addresses": (backends[0].address, spare.address)}
    async with (
        running_gateway(settings.model_copy(update=both)) as gateway,
        grpc.aio.insecure_channel(str(gateway.address)) as channel,
    ):
        await spare.stop()
        calls = [unary(channel, INSTANCES, READ, request=b"answered") for _ in range(20)]
        assert set(await asyncio.gather(*calls)) == {b"answered"}
