"""Streams of requests: answered in order, bounded, refused as other calls are, and cleaned up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from chassis.rpc.channel import ClientMetadata, open_channel
from chassis.rpc.exchange import UNDER_WAY_MAX
from chassis.rpc.server import Listening
from tests.chassis_rpc.echo_service import ECHO, NOTE, TEXT_LENGTH_MAX, EchoService, note
from tests.chassis_rpc.echo_service import running_echo as running
from tests.chassis_rpc.small_service import ACME_SECRET, details_of, refusal_of

Code = grpc.StatusCode
Call = grpc.aio.StreamStreamCall[Any, Any]


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[EchoService]:
    """The running service, which holds few streams and few bytes."""
    listening = Listening(streams_max=2, bytes_max=5 * 1024 * 1024, stop_seconds=1)
    async with running(tmp_path, listening) as own:
        yield own


@pytest.fixture
async def opened(service: EchoService) -> AsyncIterator[Callable[[str], Call]]:
    """Opens a stream with a secret."""
    channels = []

    def opened(secret: str) -> Call:
        channels.append(open_channel(service.address, ClientMetadata(secret)))
        multi: Any = channels[-1].stream_stream(
            f"/{ECHO}/Echo",
            request_serializer=lambda each: (
                each if isinstance(each, bytes) else each.SerializeToString()
            ),
            response_deserializer=NOTE.FromString,
        )
        call: Call = multi(timeout=60)
        return call

    yield opened
    for each in channels:
        await each.close()


@pytest.fixture
async def stream(service: EchoService, opened: Callable[[str], Call]) -> Call:
    """A stream of the operator's."""
    return opened(service.operator_secret)


async def refusal(stream: Call) -> tuple[grpc.StatusCode, str]:
    """Read to the end; gives the code and the reason."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await read_to_the_end(stream)
    return refusal_of(failed.value)


async def read_to_the_end(stream: Call) -> None:
    """Read all that comes."""
    while await stream.read() is not grpc.aio.EOF:
        pass


async def text_of_next(stream: Call) -> str:
    """The text of the next answer."""
    answer: Any = await stream.read()
    return str(answer.text)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.005)


async def test_answers_in_order(stream: Call) -> None:
    """Each request is answered, in their order."""
    texts = [f"note {number}" for number in range(50)]

    async def write() -> None:
        for each in texts:
            await stream.write(note(each))
        await stream.done_writing()

    writing = asyncio.create_task(write())
    answers = [each.text async for each in stream]
    await writing
    assert answers == texts


async def test_answers_in_order_although_a_later_one_is_ready(
    service: EchoService, stream: Call
) -> None:
    """An answer waits for those before it."""
    await stream.write(note("hold"))
    await stream.write(note("quick"))
    await until(lambda: service.echo.seen == ["hold", "quick"])
    service.echo.let_go.set()
    assert [await text_of_next(stream), await text_of_next(stream)] == ["hold", "quick"]


async def test_reads_no_more_than_may_be_under_way(service: EchoService, stream: Call) -> None:
    """While eight requests are under way the next one is not read."""

    async def write() -> None:
        for number in range(UNDER_WAY_MAX + 3):
            await stream.write(note(f"hold {number}"))

    writing = asyncio.create_task(write())
    await until(lambda: service.echo.under_way_count == UNDER_WAY_MAX)
    await asyncio.sleep(0.05)
    assert len(service.echo.seen) == UNDER_WAY_MAX
    service.echo.let_go.set()
    await writing


async def test_waits_for_room_for_its_bytes(service: EchoService, stream: Call) -> None:
    """A request is not served before there is room for what it holds."""
    large = "hold " + "x" * (TEXT_LENGTH_MAX - 5)
    room = 5 * 1024 * 1024 - 2 * TEXT_LENGTH_MAX
    gate: Any = service.server._gate
    assert gate.request_bytes.enter(room)
    await stream.write(note(large))
    await stream.write(note(large))
    await until(lambda: len(service.echo.seen) == 1)
    await asyncio.sleep(0.02)
    assert len(service.echo.seen) == 1
    gate.request_bytes.leave(room)
    await until(lambda: len(service.echo.seen) == 2)


async def test_tells_the_position_of_its_last_write(stream: Call) -> None:
    """The trailers tell where the last write stands, once."""
    for number in range(3):
        await stream.write(note(str(number)))
    await stream.done_writing()
    await read_to_the_end(stream)
    positions = [each for each in await stream.trailing_metadata() if each[0] == "pospago-position"]
    assert positions == [("pospago-position", "echo/1/3")]


@pytest.mark.parametrize("secret", ["", "pspg_it_nobodys"])
async def test_refuses_who_has_no_active_secret(opened: Callable[[str], Call], secret: str) -> None:
    """A stream is refused before its first request."""
    assert await refusal(opened(secret)) == (Code.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_refuses_a_foreign_account(opened: Callable[[str], Call]) -> None:
    """A bound caller's request about another account ends the stream."""
    stream = opened(ACME_SECRET)
    await stream.write(note("mine"))
    await stream.write(note("theirs", "accounts/other"))
    assert await text_of_next(stream) == "mine"
    assert await refusal(stream) == (Code.PERMISSION_DENIED, "ACCESS_DENIED")


async def test_ends_the_stream_of_a_secret_that_ended(
    service: EchoService, opened: Callable[[str], Call]
) -> None:
    """A bound caller's secret is looked at again with each request."""
    stream = opened(ACME_SECRET)
    await stream.write(note("one"))
    await stream.read()
    service.tokens.active = False
    await stream.write(note("two"))
    assert await refusal(stream) == (Code.UNAUTHENTICATED, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [(b"\xff", "MALFORMED_REQUEST"), (note("x" * (TEXT_LENGTH_MAX + 1)), "INVALID_FIELD")],
)
async def test_answers_what_came_before_a_bad_request(
    stream: Call, service: EchoService, bad: Any, reason: str
) -> None:
    """A malformed request ends the stream, after the answers to those before it."""
    await stream.write(note("hold"))
    await stream.write(bad)
    await until(lambda: service.echo.under_way_count == 1)
    service.echo.let_go.set()
    assert await text_of_next(stream) == "hold"
    assert await refusal(stream) == (Code.INVALID_ARGUMENT, reason)


async def test_refuses_a_large_message_in_our_words(stream: Call) -> None:
    """A request that is too large ends the stream, and is told how much is taken."""
    await stream.write(b"\0" * (4 * 1024 * 1024 + 1))
    assert await refusal(stream) == (Code.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("full", (Code.RESOURCE_EXHAUSTED, "OVERLOADED")),
        ("break", (Code.INTERNAL, "INTERNAL")),
    ],
)
async def test_ends_with_the_failure_of_a_request(
    stream: Call, text: str, told: tuple[grpc.StatusCode, str]
) -> None:
    """What a servicer raises for one request ends the stream with its status."""
    await stream.write(note("fine"))
    await stream.write(note(text))
    assert await text_of_next(stream) == "fine"
    assert await refusal(stream) == told


async def test_text_is_left_to_a_servicer_that_judges_it(stream: Call) -> None:
    """A servicer that says so gets requests that hold NUL."""
    await stream.write(note("a\0b"))
    assert await text_of_next(stream) == "a\0b"


async def test_refuses_more_streams_than_it_takes(
    service: EchoService, opened: Callable[[str], Call]
) -> None:
    """One stream too many is refused, with the time after which to try again."""
    for _ in range(2):
        stream = opened(service.operator_secret)
        await stream.write(note("open"))
        await stream.read()
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await opened(service.operator_secret).read()
    assert failed.value.code() == Code.RESOURCE_EXHAUSTED
    assert details_of(failed.value)[1].retry_delay.ToMilliseconds() > 0


async def test_ends_when_the_server_stops(service: EchoService, stream: Call) -> None:
    """A server that stops ends a stream that waits for a request, and says so."""
    await stream.write(note("one"))
    await stream.read()
    stopping = asyncio.create_task(service.server.stop())
    assert await refusal(stream) == (Code.UNAVAILABLE, "TEMPORARILY_UNAVAILABLE")
    await stopping


async def test_leaves_nothing_behind_when_its_caller_goes(
    service: EchoService, stream: Call
) -> None:
    """A caller that goes away frees the stream's place, its bytes and what served its requests."""
    for number in range(UNDER_WAY_MAX):
        await stream.write(note(f"hold {number}"))
    await until(lambda: service.echo.under_way_count == UNDER_WAY_MAX)
    stream.cancel()
    await until(lambda: service.server.under_way_count == 0)
    assert (service.echo.under_way_count, service.held("rpc_request_bytes")) == (0, 0)


async def test_gives_its_room_back(service: EchoService, stream: Call) -> None:
    """A stream that ended well holds nothing any more."""
    await stream.write(note("one"))
    await stream.done_writing()
    await read_to_the_end(stream)
    await until(lambda: service.server.under_way_count == 0)
    assert service.held("rpc_request_bytes") == 0
