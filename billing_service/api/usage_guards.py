"""Guards and reservations: the servicer of UsageGuardService."""

from collections.abc import Sequence
from typing import Final

from pospago.billing.v1 import usage_guard_pb2 as pb
from pospago.billing.v1 import usage_pb2

from billing_service.api.guard_messages import STATES, to_proto_guard, to_proto_reservation
from billing_service.api.reading import Reads
from billing_service.api.usage_events import EventTimes
from billing_service.api.usage_intake import from_proto_events, to_proto_outcomes
from billing_service.api.values import (
    RESERVATION,
    SUBSCRIPTION,
    USAGE_GUARD,
    from_proto_decimal,
    to_proto_decimal,
)
from billing_service.domain.stated_amount import StatedAmount
from billing_service.domain.usage.event import UsageEvent
from billing_service.domain.usage.event_errors import InvalidEvent
from billing_service.domain.usage.guard import UsageGuard
from billing_service.domain.usage.guard_errors import ReservationNotFound
from billing_service.domain.usage.reservation import Reservation
from billing_service.storage.guard_queries import (
    ReservationFilter,
    find_reservation,
    list_reservations,
)
from billing_service.use_cases.ingest import IngestEvents
from billing_service.use_cases.release_reservation import (
    RELEASE_RESERVATION,
    ReleaseReservation,
)
from billing_service.use_cases.reserve_usage import RESERVE_USAGE, Reserved, ReserveUsage
from billing_service.use_cases.set_usage_guard import (
    SET_USAGE_GUARD,
    SetUsageGuard,
    read_guard,
)
from billing_service.use_cases.settle_reservation import (
    SETTLE_RESERVATION,
    Settled,
    SettleReservation,
)
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.ids import Ids
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole


class UsageGuards:
    """The servicer of UsageGuardService."""

    def __init__(
        self, writes: Writes, reads: Reads, ids: Ids, clock: Clock, times: EventTimes
    ) -> None:
        self._writes = writes
        self._reads = reads
        self._ids = ids
        self._clock = clock
        self._times = times

    async def SetUsageGuard(self, request: pb.SetUsageGuardRequest, call: Call) -> bytes:
        """State thresholds and a ceiling."""
        command = from_proto_guard(request.guard)
        return await self._writes.run(call, SET_USAGE_GUARD, command, _SET)

    async def GetUsageGuard(
        self, request: pb.GetUsageGuardRequest, _call: Call
    ) -> pb.GetUsageGuardResponse:
        """Give the guard of a price."""
        account, subscription, price = USAGE_GUARD.parse(request.name)
        guard = await self._reads.of_account(
            account, lambda tx, now: read_guard(tx, account, subscription, price, now)
        )
        return pb.GetUsageGuardResponse(guard=to_proto_guard(guard))

    async def ReserveUsage(self, request: pb.ReserveUsageRequest, call: Call) -> bytes:
        """Reserve usage."""
        account, subscription = SUBSCRIPTION.parse(request.subscription, "subscription")
        command = ReserveUsage(
            account=account,
            reservation_id=self._ids.new("reservation"),
            subscription=subscription,
            price=request.price,
            quantity=from_proto_decimal(request.quantity, "quantity"),
            hold_us=request.hold.ToMicroseconds(),
            asked_at=self._clock.now(),
        )
        return await self._writes.run(call, RESERVE_USAGE, command, _RESERVED)

    async def SettleReservation(self, request: pb.SettleReservationRequest, call: Call) -> bytes:
        """Take in the event that a reservation was for."""
        account, reservation_id = RESERVATION.parse(request.name)
        usage = IngestEvents(
            (from_proto_event(request.event, account),),
            self._clock.now(),
            self._times.tolerance_us,
            self._times.age_max_us,
        )
        command = SettleReservation(account, reservation_id, usage)
        return await self._writes.run(call, SETTLE_RESERVATION, command, _SETTLED)

    async def ReleaseReservation(self, request: pb.ReleaseReservationRequest, call: Call) -> bytes:
        """Give a reservation back."""
        command = ReleaseReservation(*RESERVATION.parse(request.name))
        return await self._writes.run(call, RELEASE_RESERVATION, command, _RELEASED)

    async def GetReservation(
        self, request: pb.GetReservationRequest, _call: Call
    ) -> pb.GetReservationResponse:
        """Give one reservation."""
        account, reservation_id = RESERVATION.parse(request.name)

        def query(tx: Transaction, now: int) -> pb.Reservation:
            found = find_reservation(tx, account, reservation_id)
            if found is None:
                raise ReservationNotFound(request.name)
            return to_proto_reservation(found, now)

        found = await self._reads.of_account(account, query)
        return pb.GetReservationResponse(reservation=found)

    async def ListReservations(
        self, request: pb.ListReservationsRequest, _call: Call
    ) -> pb.ListReservationsResponse:
        """Give a page of an account's reservations."""
        page = self._reads.page(request)
        account = account_id(request.parent, "parent")
        states = {STATES[each] for each in request.states if each in STATES}
        wanted = ReservationFilter(account, request.subscription_id, states)

        def query(tx: Transaction, now: int) -> Sequence[tuple[str, pb.Reservation]]:
            found = list_reservations(tx, wanted, now=now, after=page.after_id, limit=page.limit)
            return [(each.reservation_id, to_proto_reservation(each, now)) for each in found]

        found = await self._reads.of_account(account, query)
        entries, token = page.cut(found, lambda each: (each[0],))
        return pb.ListReservationsResponse(
            reservations=[message for _, message in entries], next_page_token=token
        )


def from_proto_guard(message: pb.UsageGuard) -> SetUsageGuard:
    """The guard that a message states."""
    account, subscription, price = USAGE_GUARD.parse(message.name, "guard.name")
    has_ceiling = message.HasField("ceiling")
    return SetUsageGuard(
        account=account,
        subscription=subscription,
        price=price,
        percents=tuple(
            from_proto_decimal(each, f"guard.percents[{place}]")
            for place, each in enumerate(message.percents)
        ),
        amounts=tuple(
            StatedAmount(each.units, each.nanos, each.currency_code) for each in message.amounts
        ),
        ceiling=from_proto_decimal(message.ceiling, "guard.ceiling") if has_ceiling else None,
        etag=message.etag,
    )


def from_proto_event(message: usage_pb2.UsageEvent, account: str) -> UsageEvent:
    """The one event of an account that a message states.

    Errors:  InvalidEvent.
    """
    read = from_proto_events([message])
    for refusal in read.refusals:
        raise InvalidEvent(f"event.{refusal.field}", refusal.message)
    (event,) = read.events
    if event.account != account:
        text = f"must be accounts/{account}, which the reservation is of"
        raise InvalidEvent("event.subject", text)
    return event


def _set(guard: UsageGuard) -> pb.SetUsageGuardResponse:
    return pb.SetUsageGuardResponse(guard=to_proto_guard(guard))


def _reserved(result: Reserved) -> pb.ReserveUsageResponse:
    message = pb.ReserveUsageResponse(
        reservation=to_proto_reservation(result.reservation, result.made_at)
    )
    if result.remaining is not None:
        message.remaining_quantity.CopyFrom(to_proto_decimal(result.remaining))
    return message


def _settled(result: Settled) -> pb.SettleReservationResponse:
    (outcome,) = to_proto_outcomes([result.outcome])
    return pb.SettleReservationResponse(
        reservation=to_proto_reservation(result.reservation, result.settled_at), outcome=outcome
    )


def _released(reservation: Reservation) -> pb.ReleaseReservationResponse:
    # Released or not, it never runs out any more: any instant tells the same.
    return pb.ReleaseReservationResponse(
        reservation=to_proto_reservation(reservation, reservation.created_at)
    )


_SET: Final = whole(_set)
_RESERVED: Final = whole(_reserved)
_SETTLED: Final = whole(_settled)
_RELEASED: Final = whole(_released)
