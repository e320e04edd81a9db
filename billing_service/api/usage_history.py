"""Events after they came: amended, voided, listed, aged out; and their messages."""

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from pospago.billing.v1 import usage_pb2 as pb

from billing_service.api.reading import Page, Reads
from billing_service.api.usage_intake import data_fault
from billing_service.api.values import (
    YEAR_MAX,
    YEAR_MIN,
    from_proto_month,
    from_proto_timestamp,
    to_proto_timestamp,
)
from billing_service.domain.calendar import first_instant, month_of, next_month
from billing_service.domain.usage.correction import Correction, CorrectionKind, RecordedEvent, Why
from billing_service.domain.usage.event_errors import InvalidEvent
from billing_service.domain.usage.reading_errors import InvalidTimeRange
from billing_service.storage.subscribed_reading import find_world
from billing_service.storage.usage_events import EventFilter, list_events
from billing_service.use_cases.age_out_events import AGE_OUT_EVENTS, AgedOut, AgeOutEvents
from billing_service.use_cases.amend_event import AMEND_EVENT, AmendEvent
from billing_service.use_cases.void_events import (
    EVENTS_MAX,
    VOID_EVENTS,
    VoidedEvents,
    VoidEvents,
)
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.rpc.call import Call
from chassis.rpc.names import ACCOUNT, account_id
from chassis.rpc.writes import Writes, whole

_KINDS: Final = {
    CorrectionKind.AMENDED: pb.EventCorrection.KIND_AMENDED,
    CorrectionKind.VOIDED: pb.EventCorrection.KIND_VOIDED,
}
_FIRST: Final = (0, "")
_SECONDS_MIN: Final = 0
# The first second of the year after the last.
_SECONDS_END: Final = 7_258_118_400
_NANOS_END: Final = 1_000_000_000


class UsageHistory:
    """What UsageService does with events that were taken in."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def amend(self, request: pb.AmendEventRequest, call: Call) -> bytes:
        """Replace an event's data from now on."""
        fault = data_fault(request.data)
        if fault is not None:
            raise InvalidEvent(fault[0], fault[1])
        command = AmendEvent(
            account=account_id(request.parent, "parent"),
            source=request.event.source,
            event_id=request.event.id,
            data=dict(request.data),
            why=Why(request.reason, call.caller.actor),
        )
        return await self._writes.run(call, AMEND_EVENT, command, _AMENDED)

    async def void(self, request: pb.VoidEventsRequest, call: Call) -> bytes:
        """Take events back."""
        account = account_id(request.parent, "parent")
        why = Why(request.reason, call.caller.actor)
        if request.WhichOneof("which") == "keys":
            names = tuple((each.source, each.id) for each in request.keys.keys)
            command, weight = VoidEvents(account, why, names=names), len(names)
        else:
            meant = _from_proto_range(account, request.range)
            command, weight = VoidEvents(account, why, range=meant), EVENTS_MAX
        return await self._writes.run(call, VOID_EVENTS, command, _VOIDED, weight=weight)

    async def age_out(self, request: pb.AgeOutEventsRequest, call: Call) -> bytes:
        """Drop the events of old months."""
        command = AgeOutEvents(from_proto_month(request.before_month, "before_month"))
        return await self._writes.run(call, AGE_OUT_EVENTS, command, _AGED_OUT)

    async def listed(self, request: pb.ListUsageEventsRequest) -> pb.ListUsageEventsResponse:
        """A page of an account's events."""
        page = self._reads.page(request, _FIRST)
        found = await self._reads.run(lambda tx: self._found(tx, request, page))
        entries, token = page.cut(found, lambda each: (each.time_at, each.event_key.hex()))
        events = [to_proto_recorded(each) for each in entries]
        return pb.ListUsageEventsResponse(events=events, next_page_token=token)

    def _found(
        self, tx: Transaction, request: pb.ListUsageEventsRequest, page: Page
    ) -> list[RecordedEvent]:
        account = account_id(request.parent, "parent")
        world = find_world(tx, account, self._reads.now_in(tx, ""))
        if world is None:
            raise AccountNotFound(account)
        zone, now_at = world
        wanted = _from_proto_filter(request, zone, now_at)
        time_at, event_key = page.after
        after = (int(time_at), bytes.fromhex(str(event_key))) if event_key else None
        return list_events(tx, wanted, after=after, limit=page.limit)


def to_proto_recorded(event: RecordedEvent) -> pb.RecordedUsageEvent:
    """An event and what became of it, as the contract tells it."""
    return pb.RecordedUsageEvent(
        event=pb.UsageEvent(
            source=event.source,
            id=event.event_id,
            subject=ACCOUNT.format(event.account),
            type=event.type,
            time=to_proto_timestamp(event.time_at),
            data=event.data,
        ),
        record_time=to_proto_timestamp(event.recorded_at),
        corrections=map(_to_proto_correction, event.corrections),
        counts=event.counts,
    )


def _to_proto_correction(correction: Correction) -> pb.EventCorrection:
    return pb.EventCorrection(
        kind=_KINDS[correction.kind],
        data=correction.data,
        reason=correction.why.reason,
        author=correction.why.author,
        record_time=to_proto_timestamp(correction.recorded_at),
    )


def _from_proto_range(account: str, message: pb.VoidEventsRequest.Range) -> EventFilter:
    return EventFilter(
        account,
        _instant(message.start_time, "range.start_time"),
        _instant(message.end_time, "range.end_time"),
        message.type,
        message.source,
    )


def _from_proto_filter(request: pb.ListUsageEventsRequest, zone: str, now: int) -> EventFilter:
    """What a list is asked for; the present month, or that of its start, unless it says more.

    Errors:  InvalidTimeRange.
    """
    start_at = first_instant(month_of(now, zone), zone)
    if request.HasField("start_time"):
        start_at = _instant(request.start_time, "start_time")
    if request.HasField("end_time"):
        end_at = _instant(request.end_time, "end_time")
    else:
        end_at = first_instant(next_month(month_of(start_at, zone)), zone)
    if start_at >= end_at:
        raise InvalidTimeRange("end_time", "must be later than start_time")
    account = account_id(request.parent, "parent")
    return EventFilter(account, start_at, end_at, request.type, request.source)


def _instant(timestamp: Timestamp, field: str) -> int:
    if not (_SECONDS_MIN <= timestamp.seconds < _SECONDS_END and 0 <= timestamp.nanos < _NANOS_END):
        raise InvalidTimeRange(field, f"must lie from {YEAR_MIN} to {YEAR_MAX}")
    return from_proto_timestamp(timestamp)


def _amended(event: RecordedEvent) -> pb.AmendEventResponse:
    return pb.AmendEventResponse(event=to_proto_recorded(event))


def _voided(voided: VoidedEvents) -> pb.VoidEventsResponse:
    return pb.VoidEventsResponse(
        voided_count=voided.voided_count, already_voided_count=voided.already_voided_count
    )


def _aged_out(aged: AgedOut) -> pb.AgeOutEventsResponse:
    return pb.AgeOutEventsResponse(
        months=[Date(year=each.year, month=each.month, day=1) for each in aged.months],
        events_count=aged.events_count,
    )


_AMENDED: Final = whole(_amended)
_VOIDED: Final = whole(_voided)
_AGED_OUT: Final = whole(_aged_out)
