"""Follows the other service's feed and applies it here, event by event, never twice."""

import asyncio
import contextlib
import random
import secrets
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import grpc
import grpc.aio
import structlog
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from pospago.event.v1 import event_pb2

from chassis.clock import SystemClock
from chassis.entry import PeerEvent
from chassis.errors import PositionNotReached
from chassis.feed import Cursor, hold_cursor, read_cursor
from chassis.rpc.absence import Absence
from chassis.rpc.call import Position
from chassis.rpc.events import from_proto_timestamp
from chassis.rpc.metrics import Metrics
from chassis.workers import SubmissionOf
from chassis.writer import Writer

HOLD_US: Final = 5_000_000
RENEW_SECONDS: Final = 1.5
BACKOFF_FIRST_SECONDS: Final = 0.05
BACKOFF_LAST_SECONDS: Final = 2.0
# A broken cursor is for people to mend; until then it is looked at now and then.
BROKEN_PAUSE_SECONDS: Final = 15.0
_SILENCE_SECONDS: Final = 10.0
_REFRESH_SECONDS: Final = 0.1
_log = structlog.get_logger("feed")


@dataclass(frozen=True, slots=True)
class PeerFeed:
    """The feed to follow: the peer's name, a channel to it, and its `event_service` messages."""

    source: str
    channel: grpc.aio.Channel
    messages: Any
    heartbeat_seconds: float = 0.5

    def watch(self, cursor: Cursor) -> Any:
        """A call that streams what follows the cursor."""
        package = self.messages.DESCRIPTOR.package
        stub = self.channel.unary_stream(
            f"/{package}.EventService/WatchEvents",
            request_serializer=_serialize,
            response_deserializer=self.messages.WatchEventsResponse.FromString,
        )
        heartbeat = Duration()
        heartbeat.FromTimedelta(timedelta(seconds=self.heartbeat_seconds))
        after = event_pb2.FeedPosition(epoch=cursor.epoch, seq=cursor.seq)
        return stub(self.messages.WatchEventsRequest(after=after, heartbeat=heartbeat))


class FeedConsumer:
    """Applies a peer's feed through the writer; of several processes one does it at a time.

    `fault` is empty, or what keeps the feed from being applied until somebody mends it.
    """

    def __init__(
        self,
        feed: PeerFeed,
        writer: Writer,
        submission_of: SubmissionOf,
        metrics: Metrics | None = None,
    ) -> None:
        self.fault = ""
        self.head_seq = 0
        self._feed = feed
        self._writer = writer
        self._submission_of = submission_of
        self._tables = writer.tools.tables
        # The embedded store has one process; a restarted one need not wait for its former self.
        embedded = writer.database.dialect == "sqlite"
        self._holder = "embedded" if embedded else secrets.token_hex(8)
        self._holding = False
        self._renewed = 0.0
        self._absence = Absence()
        self._cursor = writer.database.read(lambda tx: read_cursor(tx, self._tables, feed.source))
        self._moved = asyncio.Event()
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._applying = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        if metrics is not None:
            self._show(metrics)

    @property
    def submission_of(self) -> SubmissionOf:
        """What turns an event of the feed into what it amounts to here."""
        return self._submission_of

    @property
    def cursor(self) -> Cursor:
        """How far the feed is applied, as far as this process knows."""
        return self._cursor

    def start(self) -> None:
        """Begin to follow, in the running event loop."""
        self._task = asyncio.create_task(self._run(), name=f"feed/{self._feed.source}")

    async def stop(self) -> None:
        """Stop following, and leave the feed to another process."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        if self._holding:
            await self._hold(until_us=0)

    async def pause(self) -> None:
        """Apply nothing more until resumed; when this returns nothing is being applied."""
        self._resumed.clear()
        async with self._applying:
            pass

    def resume(self) -> None:
        """Go on applying."""
        self._resumed.set()

    async def wait(self, epoch: int, seq: int, until: float) -> None:
        """Return when the position is applied; PositionNotReached at `until` (monotonic)."""
        while not self._has_applied(epoch, seq):
            left = until - time.monotonic()
            if left <= 0:
                raise PositionNotReached(str(Position(self._feed.source, epoch, seq)))
            # Another process may be the one that applies: then only the store tells.
            step = left if self._holding else min(left, _REFRESH_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(step):
                    await self._moved.wait()
            if not self._holding:
                self._take(await self._read_cursor())

    def _has_applied(self, epoch: int, seq: int) -> bool:
        return self._cursor.epoch >= epoch and self._cursor.seq >= seq

    # --- following ----------------------------------------------------------------------------

    async def _run(self) -> None:
        backoff = BACKOFF_FIRST_SECONDS
        while True:
            started = time.monotonic()
            try:
                await self._follow()
            except grpc.aio.AioRpcError as failure:
                self._note(failure)
            except Exception:  # noqa: BLE001 - the feed is tried again, whatever it was
                _log.exception("feed not applied", source=self._feed.source)
            if time.monotonic() - started > BACKOFF_LAST_SECONDS:
                backoff = BACKOFF_FIRST_SECONDS
            pause = BROKEN_PAUSE_SECONDS if self.fault else backoff
            await asyncio.sleep(pause * random.uniform(0.7, 1.0))  # noqa: S311 - spreads load
            backoff = min(backoff * 2, BACKOFF_LAST_SECONDS)

    async def _follow(self) -> None:
        """Apply what the peer streams, as long as this process holds the feed."""
        if not await self._hold(HOLD_US):
            self._take(await self._read_cursor())
            return
        self._take(await self._read_cursor())
        call = self._feed.watch(self._cursor)
        try:
            while True:
                silence = self._feed.heartbeat_seconds + _SILENCE_SECONDS
                # Not `wait_for`: in Python 3.11 it loses a cancellation that meets an answer.
                async with asyncio.timeout(silence):
                    told = await call.read()
                if told is grpc.aio.EOF:
                    return
                self.fault = ""
                if self._absence.ended():
                    _log.info("feed back", source=self._feed.source)
                await self._apply_unless_paused(told)
                if not await self._still_held():
                    return
        finally:
            call.cancel()

    async def _apply_unless_paused(self, told: Any) -> None:
        while True:
            await self._resumed.wait()
            async with self._applying:
                # It may have been paused again while it waited for the lock.
                if self._resumed.is_set():
                    await self._apply(told)
                    return

    async def _apply(self, told: Any) -> None:
        events = [self._to_peer_event(each) for each in told.events]
        at_head = told.next.seq == told.head.seq
        watermark_at = (
            from_proto_timestamp(told.watermark) if at_head else self._cursor.watermark_at
        )
        cursor = Cursor(told.next.epoch, told.next.seq, watermark_at)
        self.head_seq = told.head.seq
        if cursor == self._cursor:
            return
        source = self._feed.source
        await self._writer.call(lambda: self._writer.apply_feed(source, events, cursor))
        self._take(cursor)

    def _to_peer_event(self, event: event_pb2.Event) -> PeerEvent:
        told = PeerEvent(
            source=self._feed.source,
            seq=event.position.seq,
            account=event.account.removeprefix("accounts/"),
            effective_at=from_proto_timestamp(event.effective_time),
            type=event.payload.type_url.rpartition("/")[2],
            payload=event.payload.value,
            submission=None,
        )
        return replace(told, submission=self._submission_of(told))

    def _take(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._moved.set()
        self._moved = asyncio.Event()

    # --- who holds the feed -------------------------------------------------------------------

    async def _still_held(self) -> bool:
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return True
        return await self._hold(HOLD_US)

    async def _hold(self, until_us: int) -> bool:
        """Claim the feed for a while by the real clock, whatever clock the service lives by."""
        now_at = SystemClock().now()

        def claim() -> bool:
            return self._writer.in_transaction(
                lambda tx: hold_cursor(
                    tx,
                    self._tables,
                    self._feed.source,
                    holder=self._holder,
                    now_at=now_at,
                    until_at=now_at + until_us,
                )
            )

        self._holding = await self._writer.call(claim) and until_us > 0
        self._renewed = time.monotonic()
        return self._holding

    async def _read_cursor(self) -> Cursor:
        source = self._feed.source
        return await self._writer.database.reading(lambda tx: read_cursor(tx, self._tables, source))

    # --- telling ------------------------------------------------------------------------------

    def _note(self, failure: grpc.aio.AioRpcError) -> None:
        source = self._feed.source
        if failure.code() is grpc.StatusCode.OUT_OF_RANGE:
            self.fault = failure.details() or "position out of range"
            _log.error("feed broken", source=source, remedy=self.fault)
        elif self._absence.noted(time.monotonic()):
            code = failure.code().name
            _log.warning("feed away", source=source, code=code, error=failure.details())

    def _show(self, metrics: Metrics) -> None:
        metrics.gauge(
            "feed_lag_events",
            "Events of the other service that are not applied yet.",
            lambda: max(self.head_seq - self._cursor.seq, 0),
        )
        metrics.gauge(
            "feed_broken", "1 if the other feed needs mending.", lambda: int(bool(self.fault))
        )


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()
