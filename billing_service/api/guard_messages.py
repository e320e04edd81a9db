"""Guards and reservations as the contract tells them."""

from typing import Final

from pospago.billing.v1 import usage_guard_pb2 as pb

from billing_service.api.values import (
    RESERVATION,
    SUBSCRIPTION,
    USAGE_GUARD,
    to_proto_date,
    to_proto_decimal,
    to_proto_money,
    to_proto_timestamp,
)
from billing_service.domain.usage.guard import UsageGuard
from billing_service.domain.usage.reservation import Reservation, ReservationState

STATES: Final = {
    pb.Reservation.STATE_OPEN: ReservationState.OPEN,
    pb.Reservation.STATE_SETTLED: ReservationState.SETTLED,
    pb.Reservation.STATE_RELEASED: ReservationState.RELEASED,
    pb.Reservation.STATE_EXPIRED: ReservationState.EXPIRED,
}
_STATE_NUMBERS: Final = {state: number for number, state in STATES.items()}


def to_proto_guard(guard: UsageGuard) -> pb.UsageGuard:
    """A guard as the contract tells it."""
    message = pb.UsageGuard(
        name=USAGE_GUARD.format(*guard.key),
        percents=[to_proto_decimal(each) for each in guard.percents],
        amounts=[to_proto_money(each, guard.currency) for each in guard.amounts_minor],
        etag=guard.etag,
    )
    if guard.ceiling is not None:
        message.ceiling.CopyFrom(to_proto_decimal(guard.ceiling))
    return message


def to_proto_reservation(reservation: Reservation, now: int) -> pb.Reservation:
    """A reservation as the contract tells it, where it stands at an instant."""
    return pb.Reservation(
        name=RESERVATION.format(*reservation.key),
        subscription=SUBSCRIPTION.format(reservation.account, reservation.subscription),
        price=reservation.price,
        quantity=to_proto_decimal(reservation.quantity),
        state=_STATE_NUMBERS[reservation.state(now)],
        expire_time=to_proto_timestamp(reservation.expire_at),
        create_time=to_proto_timestamp(reservation.created_at),
        period_start_date=to_proto_date(reservation.period_start_on),
    )
