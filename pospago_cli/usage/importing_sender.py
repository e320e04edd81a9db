"""Batches of events on a stream: sent ahead of their answers, and again if it breaks."""

import itertools
import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from pospago.billing.v1 import usage_pb2 as pb

from pospago_cli.failures import CommandFailed
from pospago_cli.usage.importing_rows import Row

# The server reads so many batches ahead of its answers; more would only lie about.
WINDOW: Final = 8
BATCH_BYTES_MAX: Final = 2 << 20
ATTEMPTS_MAX: Final = 12
BACK_OFF_SECONDS: Final = 0.2
BACK_OFF_SECONDS_MAX: Final = 10.0
# What a call may end with because the server, the gateway or the way to them went away.
BROKEN: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    }
)


class StreamEnded(Exception):
    """The server ended a stream of which it had not answered all."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are sent together; those that state no event are only carried along."""

    number: int
    rows: Sequence[Row]

    @property
    def events(self) -> list[pb.UsageEvent]:
        """The events, in the order of their rows."""
        return [row.event for row in self.rows if row.event is not None]


class Stream(Protocol):
    """A stream of answers that can be given up."""

    def __iter__(self) -> Iterator[pb.StreamEventsResponse]:
        """The answers in order."""
        ...

    def cancel(self) -> bool:
        """Give it up."""
        ...


OpenStream = Callable[[Iterator[pb.StreamEventsRequest]], Stream]


def batches_of(rows: Iterable[Row], size: int) -> Iterator[Batch]:
    """The rows in batches of up to `size`, and of up to about 2 MiB."""
    number, kept, kept_bytes = 0, list[Row](), 0
    for row in rows:
        row_bytes = row.event.ByteSize() if row.event else 0
        if kept and (len(kept) >= size or kept_bytes + row_bytes > BATCH_BYTES_MAX):
            number += 1
            yield Batch(number, kept)
            kept, kept_bytes = [], 0
        kept.append(row)
        kept_bytes += row_bytes
    if kept:
        yield Batch(number + 1, kept)


@dataclass(slots=True)
class Sender:
    """Sends batches over streams that may break; each is acknowledged once, in order.

    `told` hears why it waits, and for how long.
    """

    open_stream: OpenStream
    told: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep

    def acknowledged(
        self, batches: Iterator[Batch]
    ) -> Iterator[tuple[Batch, pb.StreamEventsResponse]]:
        """Each batch with its answer, when all before it were answered.

        Errors:  CommandFailed when the server stays away; grpc.RpcError when it refuses.
        """
        waiting: deque[Batch] = deque()
        attempts = 0
        while True:
            try:
                for batch, answer in self._over_one_stream(waiting, batches):
                    attempts = 0
                    yield batch, answer
            except grpc.RpcError as broken:
                if broken.code() not in BROKEN:
                    raise
                attempts += 1
                said = f"{broken.code().name}, {broken.details()}"
                self._wait(said, attempts, _asked_for(broken))
            except StreamEnded:
                attempts += 1
                self._wait("it ended the stream", attempts, 0.0)
            else:
                return

    def _over_one_stream(
        self, waiting: deque[Batch], batches: Iterator[Batch]
    ) -> Iterator[tuple[Batch, pb.StreamEventsResponse]]:
        """Answers for as long as a stream holds; what stays in `waiting` was not answered."""
        requests: queue.SimpleQueue[pb.StreamEventsRequest | None] = queue.SimpleQueue()
        stream = self.open_stream(iter(requests.get, None))
        try:
            answers = iter(stream)
            for batch in tuple(waiting):
                _send(requests, batch)
            while True:
                for batch in itertools.islice(batches, WINDOW - len(waiting)):
                    waiting.append(batch)
                    _send(requests, batch)
                if not waiting:
                    requests.put(None)
                    # The server ends the call when it has read to the end.
                    next(answers, None)
                    return
                answer = _answer_to(waiting[0], answers)
                yield waiting.popleft(), answer
        finally:
            # Ends the thread that takes the requests, and the call.
            requests.put(None)
            stream.cancel()

    def _wait(self, said: str, attempts: int, asked_seconds: float) -> None:
        """Wait as long as the server asks to, or longer and longer."""
        if attempts >= ATTEMPTS_MAX:
            raise CommandFailed(
                f"The server takes nothing in: {said}",
                "Once it does, run the same command again: it goes on from here.",
            )
        seconds = asked_seconds or min(BACK_OFF_SECONDS * 2 ** (attempts - 1), BACK_OFF_SECONDS_MAX)
        self.told(f"{said}: in {seconds:.1f} s what was not acknowledged is sent again.")
        self.sleep(seconds)


def _send(requests: "queue.SimpleQueue[pb.StreamEventsRequest | None]", batch: Batch) -> None:
    if events := batch.events:
        requests.put(pb.StreamEventsRequest(batch=batch.number, events=events))


def _answer_to(batch: Batch, answers: Iterator[pb.StreamEventsResponse]) -> pb.StreamEventsResponse:
    """The answer to a batch; one without events needs none."""
    if not batch.events:
        return pb.StreamEventsResponse(batch=batch.number)
    answer = next(answers, None)
    if answer is None:
        raise StreamEnded
    if answer.batch != batch.number or len(answer.outcomes) != len(batch.events):
        raise CommandFailed(
            f"The server acknowledged batch {answer.batch} with {len(answer.outcomes)} outcomes,"
            f" where batch {batch.number} with {len(batch.events)} was due.",
            "Run the same command again: it goes on from what was acknowledged.",
        )
    return answer


def _asked_for(refused: grpc.RpcError) -> float:
    """How long the server asks to wait; 0 where it does not say."""
    try:
        status = rpc_status.from_call(cast("grpc.Call", refused))
    except ValueError:  # the rich status is of another call than the plain one
        status = None
    delay = error_details_pb2.RetryInfo()
    for detail in status.details if status is not None else ():
        if detail.Unpack(delay):
            return delay.retry_delay.ToTimedelta().total_seconds()
    return 0.0
