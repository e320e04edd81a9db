"""What passes through the gateway, both ways."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest

from tests.gateway.calling import CALL_SECONDS, Metadata, follow, unary
from tests.gateway.conftest import Suite
from tests.gateway.echo_backend import Context
from tests.gateway.echo_contract import EXCHANGE, FOLLOW, INSTANCES, INVOICES, MUTATE, READ


async def test_each_service_reaches_its_own_backend(suite: Suite) -> None:
    """An rpc of provisioning arrives at provisioning, one of billing at billing."""
    await unary(suite.channel, INSTANCES, READ)
    await unary(suite.channel, INVOICES, MUTATE)
    arrived = ([c.rpc for c in suite.provisioning.calls], [c.rpc for c in suite.billing.calls])
    assert arrived == ([READ], [MUTATE])


async def test_message_of_four_mebibytes_passes_both_ways(suite: Suite) -> None:
    """A message as large as a gRPC server takes by default comes back unharmed."""
    message = bytes(range(256)) * (4 * 1024 * 1024 // 256)
    assert await unary(suite.channel, INVOICES, MUTATE, request=message) == message


async def test_stream_of_requests_is_answered_one_by_one(suite: Suite) -> None:
    """Each request of a stream passes, and its answer comes back before the next is sent."""
    call: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = suite.channel.stream_stream(
        f"/{INVOICES}/{EXCHANGE}"
    )
    stream = call(timeout=CALL_SECONDS)
    answers = []
    for request in (b"one", b"two", b"three"):
        await stream.write(request)
        answers.append(await stream.read())
    await stream.done_writing()
    assert (answers, await stream.read()) == ([b"one", b"two", b"three"], grpc.aio.EOF)


async def test_metadata_reaches_the_backend(suite: Suite) -> None:
    """Credentials, trace context, request id and binary metadata arrive as they were sent."""
    sent: Metadata = (
        ("authorization", "Bearer secret"),
        ("pospago-after", "billing=7"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("tracestate", "vendor=1"),
        ("x-request-id", "6d3f4d4e-8a0c-4a3c-9a53-0b3cf0a4a5a5"),
        ("proof-bin", bytes(range(256))),
    )
    await unary(suite.channel, INSTANCES, READ, metadata=sent)
    assert set(sent) <= set(suite.provisioning.calls[0].metadata.items())


async def test_request_id_is_made_where_the_caller_sent_none(suite: Suite) -> None:
    """Backend and caller get the same request id, so that one finds the other's log."""
    call = unary(suite.channel, INSTANCES, READ)
    answered = dict(await call.initial_metadata())
    assert answered["x-request-id"] == suite.provisioning.calls[0].metadata["x-request-id"]


async def test_trailers_reach_the_caller(suite: Suite) -> None:
    """Trailing metadata of an answer arrives, binary included."""
    sent: Metadata = (("pospago-position", "provisioning=12"), ("proof-bin", bytes(range(256))))

    async def answer(request: bytes, context: Context) -> bytes:
        context.set_trailing_metadata(sent)
        return request

    suite.provisioning.answer = answer
    call = unary(suite.channel, INSTANCES, MUTATE)
    assert set(sent) <= set(dict(await call.trailing_metadata()).items())


async def test_refusal_of_a_service_passes_unchanged(suite: Suite) -> None:
    """Code, message and details of a service's own error are the service's."""

    async def refuse(request: bytes, context: Context) -> bytes:
        await context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            "say why",
            (("grpc-status-details-bin", b"\x08\x09"),),
        )

    suite.billing.answer = refuse
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await unary(suite.channel, INVOICES, MUTATE)
    error = raised.value
    told = (
        error.code(),
        error.details(),
        dict(error.trailing_metadata())["grpc-status-details-bin"],
    )
    assert told == (grpc.StatusCode.FAILED_PRECONDITION, "say why", b"\x08\x09")


async def test_stream_passes_message_by_message(suite: Suite) -> None:
    """Each message of a stream arrives before the next one is sent."""
    may_go_on = asyncio.Event()

    async def watched(request: bytes, context: Context) -> AsyncIterator[bytes]:
        yield b"first"
        await may_go_on.wait()
        yield b"second"

    suite.billing.follow = watched
    call = follow(suite.channel, INVOICES, FOLLOW)
    received = [await call.read()]
    may_go_on.set()
    received.append(await call.read())
    assert received == [b"first", b"second"]


async def test_cancelling_reaches_the_backend(suite: Suite) -> None:
    """A caller that goes away takes its call at the backend with it."""
    cancelled = asyncio.Event()

    async def watched(request: bytes, context: Context) -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.sleep(CALL_SECONDS)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    suite.billing.follow = watched
    call = follow(suite.channel, INVOICES, FOLLOW)
    await call.read()
    call.cancel()
    assert await asyncio.wait_for(cancelled.wait(), CALL_SECONDS)


async def test_deadline_of_the_caller_reaches_the_backend(suite: Suite) -> None:
    """The backend knows how long the caller still waits."""
    await unary(suite.channel, INSTANCES, READ, timeout_seconds=5)
    remaining = suite.provisioning.calls[0].time_remaining_seconds
    assert remaining is not None
    assert 0 < remaining <= 5


async def test_call_outlasting_its_deadline_ends(suite: Suite) -> None:
    """A call ends with DEADLINE_EXCEEDED when its own time is up."""

    async def answer(request: bytes, context: Context) -> bytes:
        await asyncio.sleep(CALL_SECONDS)
        return request

    suite.provisioning.answer = answer
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await unary(suite.channel, INSTANCES, READ, timeout_seconds=0.2)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_call_may_take_longer_than_the_usual_timeout(suite: Suite) -> None:
    """A call that takes longer than Envoy's own 15 seconds is not cut off by the gateway."""

    async def answer(request: bytes, context: Context) -> bytes:
        await asyncio.sleep(16)
        return request

    suite.provisioning.answer = answer
    call = unary(suite.channel, INSTANCES, READ, request=b"late", timeout_seconds=CALL_SECONDS)
    assert await call == b"late"
