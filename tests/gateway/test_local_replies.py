"""What the gateway says when it answers by itself."""

import asyncio

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.rpc import error_details_pb2

from gateway.contract import read_contract
from gateway.local_replies import ERROR_DOMAIN, LOCAL_REPLIES, LocalReply, status_of
from tests.gateway.calling import CALL_SECONDS, Metadata, Refusal, refused, unary
from tests.gateway.conftest import Suite
from tests.gateway.echo_backend import Context
from tests.gateway.echo_contract import INSTANCES, INVOICES, MUTATE, READ

UNKNOWN_METHOD = Refusal(
    code=grpc.StatusCode.UNIMPLEMENTED,
    reasons=["UNKNOWN_METHOD"],
    domains={"pospago"},
    services=[],
    retry_after_seconds=[],
)


def unavailable(service: str) -> Refusal:
    return Refusal(
        code=grpc.StatusCode.UNAVAILABLE,
        reasons=["UPSTREAM_UNAVAILABLE"],
        domains={"pospago"},
        services=[service],
        retry_after_seconds=[1],
    )


def each_reply(reply: LocalReply) -> str:
    return f"{reply.reason}-{','.join(reply.flags) or reply.http_statuses}"


@pytest.mark.parametrize("reply", LOCAL_REPLIES, ids=each_reply)
def test_reply_says_why_in_exactly_one_error_info(reply: LocalReply) -> None:
    """Every reply of the gateway's own has one ErrorInfo of our domain."""
    unpacked = error_details_pb2.ErrorInfo()
    infos = [detail for detail in status_of(reply).details if detail.Unpack(unpacked)]
    assert (len(infos), unpacked.reason, unpacked.domain) == (1, reply.reason, ERROR_DOMAIN)


def test_reasons_are_published() -> None:
    """Every reason of the gateway's own stands in the contract's enum."""
    assert {reply.reason for reply in LOCAL_REPLIES} <= published_reasons(read_contract(None))


def published_reasons(contract: FileDescriptorSet) -> set[str]:
    return {
        value.name.removeprefix("ERROR_REASON_")
        for file in contract.file
        for enum in file.enum_type
        for value in enum.value
        if value.name.startswith("ERROR_REASON_")
    }


@pytest.mark.parametrize(
    ("service", "rpc"),
    [
        pytest.param("pospago.nowhere.v1.NoService", READ, id="service"),
        pytest.param(INVOICES, "NoSuchRpc", id="rpc"),
    ],
)
async def test_unknown_rpc_is_unimplemented(suite: Suite, service: str, rpc: str) -> None:
    """A service or an rpc that no contract has is refused by the gateway itself."""
    assert await refused(unary(suite.channel, service, rpc)) == UNKNOWN_METHOD


@pytest.mark.parametrize("rpc", [READ, MUTATE])
async def test_dead_backend_is_unavailable(suite: Suite, rpc: str) -> None:
    """A call to a backend that is down names the service and when to retry."""
    await suite.billing.stop()
    assert await refused(unary(suite.channel, INVOICES, rpc)) == unavailable("billing")


async def test_dead_backend_leaves_the_other_alone(suite: Suite) -> None:
    """While billing is down, provisioning answers."""
    await suite.billing.stop()
    assert await unary(suite.channel, INSTANCES, MUTATE, request=b"up") == b"up"


async def test_restarted_backend_is_reached_at_once(suite: Suite) -> None:
    """The first call after a backend is back succeeds."""
    await suite.billing.stop()
    await refused(unary(suite.channel, INVOICES, MUTATE))
    await suite.billing.start()
    assert await unary(suite.channel, INVOICES, MUTATE, request=b"back") == b"back"


async def answer_never(request: bytes, context: Context) -> bytes:
    await asyncio.sleep(CALL_SECONDS)
    return request


@pytest.mark.parametrize("settings", [{"stream_idle_seconds": 0.2}], indirect=True)
async def test_silent_call_is_ended(suite: Suite) -> None:
    """A call that carries nothing for longer than the idle time ends as retryable."""
    suite.provisioning.answer = answer_never
    assert await refused(unary(suite.channel, INSTANCES, MUTATE)) == Refusal(
        code=grpc.StatusCode.UNAVAILABLE,
        reasons=["TEMPORARILY_UNAVAILABLE"],
        domains={"pospago"},
        services=[],
        retry_after_seconds=[1],
    )


async def test_large_metadata_costs_no_other_call(suite: Suite) -> None:
    """Metadata larger than a service takes fails its own call; the connection stays."""

    async def answer(request: bytes, context: Context) -> bytes:
        await asyncio.sleep(0.3)
        return request

    # A service enforces its limit from the second call of a connection on.
    await unary(suite.channel, INVOICES, MUTATE)
    large: Metadata = tuple((f"note-{index}", "~" * 20_000) for index in range(5))
    suite.provisioning.answer = answer
    neighbour = unary(suite.channel, INSTANCES, MUTATE, request=b"unharmed")
    with pytest.raises(grpc.aio.AioRpcError):
        await unary(suite.channel, INVOICES, MUTATE, metadata=large)
    assert await neighbour == b"unharmed"
