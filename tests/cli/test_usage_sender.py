"""How batches are sent over streams that break, are refused, or answer what was not asked."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from pospago.billing.v1 import usage_pb2 as pb
from pospago.billing.v1 import usage_pb2_grpc

from pospago_cli.failures import CommandFailed
from pospago_cli.usage.importing_rows import Row
from pospago_cli.usage.importing_sender import (
    ATTEMPTS_MAX,
    BATCH_BYTES_MAX,
    WINDOW,
    Sender,
    batches_of,
)

SERVICE: Final = "pospago.billing.v1.UsageService"
Requests = Iterator[pb.StreamEventsRequest]
Context = grpc.ServicerContext
# What a server does with one stream after another.
Script = Callable[[Requests, Context], Iterator[pb.StreamEventsResponse]]


@dataclass(slots=True)
class Told:
    """What a sender said and how long it would have waited."""

    words: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


class Server:
    """The other side of the contract: each stream goes as the next script says."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = iter(scripts)
        self.received: list[int] = []

    def StreamEvents(
        self, request_iterator: Requests, context: Context
    ) -> Iterator[pb.StreamEventsResponse]:
        return next(self._scripts)(self._noted(request_iterator), context)

    def _noted(self, requests: Requests) -> Requests:
        for request in requests:
            self.received.append(request.batch)
            yield request


def answered(request: pb.StreamEventsRequest) -> pb.StreamEventsResponse:
    accepted = [pb.EVENT_OUTCOME_ACCEPTED] * len(request.events)
    return pb.StreamEventsResponse(
        batch=request.batch, outcomes=accepted, accepted_count=len(accepted)
    )


def all_of_it(requests: Requests, _context: Context) -> Iterator[pb.StreamEventsResponse]:
    yield from map(answered, requests)


def two_and_gone(requests: Requests, context: Context) -> Iterator[pb.StreamEventsResponse]:
    yield answered(next(requests))
    yield answered(next(requests))
    context.abort(grpc.StatusCode.UNAVAILABLE, "going down")


def two_and_over(requests: Requests, _context: Context) -> Iterator[pb.StreamEventsResponse]:
    yield answered(next(requests))
    yield answered(next(requests))


def overloaded(_requests: Requests, context: Context) -> Iterator[pb.StreamEventsResponse]:
    yield from ()
    detail = AnyMessage()
    detail.Pack(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=7)))
    code, _ = grpc.StatusCode.RESOURCE_EXHAUSTED.value
    status = status_pb2.Status(code=code, message="too much", details=[detail])
    context.abort_with_status(rpc_status.to_status(status))


def gone(_requests: Requests, context: Context) -> Iterator[pb.StreamEventsResponse]:
    yield from ()
    context.abort(grpc.StatusCode.UNAVAILABLE, "not there")


def not_allowed(_requests: Requests, context: Context) -> Iterator[pb.StreamEventsResponse]:
    yield from ()
    context.abort(grpc.StatusCode.PERMISSION_DENIED, "not you")


def another_batch(requests: Requests, _context: Context) -> Iterator[pb.StreamEventsResponse]:
    next(requests)
    yield pb.StreamEventsResponse(batch=99)


@contextmanager
def served(server: Server, told: Told) -> Iterator[Sender]:
    """A sender to that server, which does not really wait."""
    running = grpc.server(ThreadPoolExecutor(4))
    handler = grpc.stream_stream_rpc_method_handler(
        server.StreamEvents,
        request_deserializer=pb.StreamEventsRequest.FromString,
        response_serializer=pb.StreamEventsResponse.SerializeToString,
    )
    running.add_registered_method_handlers(SERVICE, {"StreamEvents": handler})
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = usage_pb2_grpc.UsageServiceStub(channel)
        yield Sender(stub.StreamEvents, told.words.append, told.waits.append)
    running.stop(None).wait()


def rows(count: int) -> Iterator[Row]:
    return (Row(each, "", event=pb.UsageEvent(id=str(each))) for each in range(1, count + 1))


def acknowledged(server: Server, told: Told, given: Iterator[Row]) -> list[int]:
    """The rows that were acknowledged, in that order, sent one by one."""
    with served(server, told) as sender:
        answers = sender.acknowledged(batches_of(given, 1))
        return [row.number for batch, _ in answers for row in batch.rows]


@pytest.mark.parametrize("script", [two_and_gone, two_and_over])
def test_what_was_not_acknowledged_is_sent_again(script: Script) -> None:
    """On a new stream, from the first that has no answer; each is acknowledged once."""
    server, told = Server(script, all_of_it), Told()
    assert acknowledged(server, told, rows(30)) == list(range(1, 31))
    # The second stream began with the third batch, which the first may have taken, too.
    assert server.received[-28:] == list(range(3, 31))


def test_an_overloaded_server_is_waited_for_as_long_as_it_asks() -> None:
    """RetryInfo is what counts, not our own patience."""
    told = Told()
    assert acknowledged(Server(overloaded, all_of_it), told, rows(3)) == [1, 2, 3]
    assert told.waits == [7.0]
    assert told.words[0].startswith("RESOURCE_EXHAUSTED, too much")


def test_patience_grows_and_ends() -> None:
    """Waits get longer up to a bound, and in the end the command says how to go on."""
    told = Told()
    with pytest.raises(CommandFailed, match="takes nothing in") as failure:
        acknowledged(Server(*[gone] * ATTEMPTS_MAX), told, rows(3))
    assert told.waits == sorted(told.waits)
    assert len(told.waits) == ATTEMPTS_MAX - 1
    assert "run the same command again" in failure.value.remedy


def test_progress_renews_patience() -> None:
    """A server that breaks off often, yet takes some in each time, is not given up."""
    scripts = [two_and_gone] * (ATTEMPTS_MAX * 2)
    count = len(scripts) * 2 + 1
    assert len(acknowledged(Server(*scripts, all_of_it), Told(), rows(count))) == count


def test_a_refusal_that_waiting_cannot_help_is_told_at_once() -> None:
    """No right stays no right."""
    told = Told()
    with pytest.raises(grpc.RpcError):
        acknowledged(Server(not_allowed), told, rows(3))
    assert told.waits == []


def test_an_answer_to_another_batch_is_no_answer() -> None:
    """Nothing is taken for acknowledged that was not."""
    with pytest.raises(CommandFailed, match="acknowledged batch 99"):
        acknowledged(Server(another_batch), Told(), rows(3))


def test_rows_without_events_are_carried_along() -> None:
    """They need no answer, and keep their place among the others."""
    given = (Row(each, "", fault="broken") for each in range(1, 20))
    assert acknowledged(Server(all_of_it), Told(), given) == list(range(1, 20))


def test_no_more_is_sent_ahead_than_the_window_holds() -> None:
    """A server that answers nothing gets a few batches, however long the file is."""
    read: list[int] = []

    def given() -> Iterator[Row]:
        for row in rows(1000):
            read.append(row.number)
            yield row

    def silent(requests: Requests, context: Context) -> Iterator[pb.StreamEventsResponse]:
        yield from ()
        for _ in range(WINDOW):
            next(requests)
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "enough")

    with pytest.raises(grpc.RpcError):
        acknowledged(Server(silent), Told(), given())
    # Each batch is known to be full when the row after it was read.
    assert len(read) == WINDOW + 1


def test_batches_are_bounded_by_rows_and_bytes() -> None:
    """A few large events make a batch as many small ones do."""
    large = pb.UsageEvent(id="x", data={"a": "y" * (BATCH_BYTES_MAX // 3)})
    given = [Row(each, "", event=large) for each in range(1, 8)]
    assert [len(batch.rows) for batch in batches_of(given, 1000)] == [2, 2, 2, 1]
    assert [len(batch.rows) for batch in batches_of(rows(5), 2)] == [2, 2, 1]
