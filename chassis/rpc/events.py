"""Serves a service's event feed: pages of it, and a stream that goes on as things happen."""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any, Final

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.event.v1 import event_pb2

from chassis.database import Database, Transaction
from chassis.feed import Page, Position, RecordedEvent, check_position, read_events
from chassis.rpc.call import Call
from chassis.rpc.feed_signal import FeedSignal
from chassis.rpc.names import account_id
from chassis.rpc.pages import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from chassis.tables import ChassisTables

WATCH_EVENTS_MAX: Final = 500
# On PostgreSQL other processes commit too, and nobody tells this one.
POLL_SECONDS: Final = 0.2
# Lets a burst of commits become one read.
PAUSE_SECONDS: Final = 0.005
TYPE_URL_PREFIX: Final = "type.googleapis.com/"


class EventFeed:
    """The servicer of a service's EventService."""

    def __init__(
        self,
        database: Database,
        tables: ChassisTables,
        signal: FeedSignal,
        messages: Any,
        *,
        heartbeat_seconds: float = 15.0,
    ) -> None:
        """`messages` is the module generated from the service's `event_service.proto`."""
        self._database = database
        self._tables = tables
        self._signal = signal
        self._list_response: Any = messages.ListEventsResponse
        self._watch_response: Any = messages.WatchEventsResponse
        self._heartbeat_seconds = heartbeat_seconds

    async def ListEvents(self, request: Any, _call: Call) -> Message:  # noqa: N802 - the rpc's name
        """A page of the feed. PositionOutOfRange if `after` is not on it."""
        after = Position(request.after.epoch, request.after.seq)
        limit = min(request.page_size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
        account = account_id(request.account, "account")

        def query(tx: Transaction) -> Page:
            check_position(tx, self._tables, after)
            return read_events(tx, self._tables, after_seq=after.seq, limit=limit, account=account)

        return _filled(self._list_response(), await self._database.reading(query))

    async def WatchEvents(  # noqa: N802 - the rpc's name
        self, request: Any, _call: Call
    ) -> AsyncGenerator[Message, None]:
        """The feed from `after` on, and a heartbeat where nothing happens."""
        after = Position(request.after.epoch, request.after.seq)
        await self._database.reading(lambda tx: check_position(tx, self._tables, after))
        account = account_id(request.account, "account")
        heartbeat = self._heartbeat_seconds
        if request.HasField("heartbeat"):
            heartbeat = request.heartbeat.ToNanoseconds() / 1e9
        seq, told_at = after.seq, time.monotonic() - heartbeat
        while True:
            seen_count = self._signal.commits_count
            page = await self._page_after(seq, account)
            now = time.monotonic()
            if page.events or now - told_at >= heartbeat:
                yield _filled(self._watch_response(), page)
                told_at = now
            seq = page.next_seq
            if seq >= page.head.seq:
                await self._wait(seen_count, told_at + heartbeat - now)

    async def _page_after(self, seq: int, account: str) -> Page:
        return await self._database.reading(
            lambda tx: read_events(
                tx, self._tables, after_seq=seq, limit=WATCH_EVENTS_MAX, account=account
            )
        )

    async def _wait(self, seen_count: int, seconds: float) -> None:
        if self._database.dialect != "sqlite":
            seconds = min(seconds, POLL_SECONDS)
        await self._signal.wait(seen_count, seconds)
        await asyncio.sleep(PAUSE_SECONDS)


def to_proto_event(event: RecordedEvent, epoch: int) -> event_pb2.Event:
    """An event of the feed as the contract tells it."""
    told = event_pb2.Event(
        position=event_pb2.FeedPosition(epoch=epoch, seq=event.seq),
        account=f"accounts/{event.account}" if event.account else "",
        sandbox=f"sandboxes/{event.sandbox}" if event.sandbox else "",
        record_time=to_proto_timestamp(event.record_at),
        effective_time=to_proto_timestamp(event.effective_at),
        actor=event.actor,
        request_id=event.request_id,
    )
    told.payload.type_url = TYPE_URL_PREFIX + event.type
    told.payload.value = event.payload
    return told


def to_proto_timestamp(instant_at: int) -> Timestamp:
    """An instant as the contract tells it."""
    seconds, micros = divmod(instant_at, 1_000_000)
    return Timestamp(seconds=seconds, nanos=micros * 1000)


def from_proto_timestamp(timestamp: Timestamp) -> int:
    """The instant of a timestamp, in microseconds; finer parts are cut off."""
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1000


def _filled(response: Any, page: Page) -> Message:
    """A page of the feed as an answer of either kind."""
    epoch = page.head.epoch
    response.events.extend(to_proto_event(event, epoch) for event in page.events)
    response.next.CopyFrom(event_pb2.FeedPosition(epoch=epoch, seq=page.next_seq))
    response.head.CopyFrom(event_pb2.FeedPosition(epoch=epoch, seq=page.head.seq))
    response.watermark.CopyFrom(to_proto_timestamp(page.watermark_at))
    filled: Message = response
    return filled
