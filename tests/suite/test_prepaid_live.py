"""Prepaid, live, through the gateway: not activated, paid ahead, run out, topped up."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pytest
from google.type import date_pb2, money_pb2
from pospago.billing.v1 import invoice_pb2, payment_pb2
from pospago.billing.v1 import subscription_pb2 as pb
from pospago.billing.v1.payment_pb2_grpc import PaymentServiceStub
from pospago.billing.v1.subscription_pb2_grpc import SubscriptionServiceStub
from pospago.provisioning.v1 import resource_pb2

from tests.suite.devices import ANNIVERSARY, OPENED, Desk, lived, refusal
from tests.suite.hybrid import held_quantities

ACCOUNT: Final = "ahead"
NAME: Final = f"accounts/{ACCOUNT}/subscriptions/main"
# A year of Growth for 2,390.00 and two seats a month for 78.00: all of it in advance.
SEATS: Final = {"seats": 2}
RUN_OUT: Final = OPENED + timedelta(days=32)


@dataclass(slots=True)
class Played:
    """Where the subscription stood at each step, and what came of a seat meanwhile."""

    states: list[str]
    seats: list[str]
    more_seats: str
    suspended: resource_pb2.Resource
    restored: resource_pb2.Resource
    invoices: list[invoice_pb2.Invoice]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """An account that pays ahead, from its first day to the second month."""
    with lived(tmp_path_factory.mktemp("prepaid")) as desk:
        desk.open(ACCOUNT)
        states = [_subscribe(desk)]
        seats = [desk.hold(ACCOUNT, "seats", "early")]
        _pay(desk, 2_500, OPENED)
        states.append(_state(desk))
        seats.append(desk.hold(ACCOUNT, "seats", "one"))
        more_seats = refusal(desk.operator, ACCOUNT, "growth", {"seats": 9})
        desk.move_to(RUN_OUT)
        states.append(_state(desk))
        suspended = desk.resource(ACCOUNT, "one")
        _pay(desk, 100, RUN_OUT)
        states.append(_state(desk))
        restored = desk.resource(ACCOUNT, "one")
        return Played(states, seats, more_seats, suspended, restored, desk.invoices(ACCOUNT))


def _subscribe(desk: Desk) -> str:
    wanted = pb.Subscription(
        plan="plans/growth",
        held=held_quantities(SEATS),
        anchor=pb.Subscription.Anchor(date=ANNIVERSARY),
        prepaid=True,
    )
    request = pb.CreateSubscriptionRequest(
        parent=f"accounts/{ACCOUNT}",
        subscription_id="main",
        subscription=wanted,
        request_id=str(uuid.uuid4()),
    )
    created = desk.operator.stub(SubscriptionServiceStub).CreateSubscription(request)
    return _told(created.subscription)


def _pay(desk: Desk, units: int, at: datetime) -> None:
    """Money comes in."""
    request = payment_pb2.RecordPaymentRequest(
        parent=f"accounts/{ACCOUNT}",
        payment_id=f"p{units}",
        amount=money_pb2.Money(currency_code="BRL", units=units),
        value_date=date_pb2.Date(year=at.year, month=at.month, day=at.day),
        request_id=str(uuid.uuid4()),
    )
    desk.operator.stub(PaymentServiceStub).RecordPayment(request)


def _state(desk: Desk) -> str:
    request = pb.GetSubscriptionRequest(name=NAME)
    answer = desk.operator.stub(SubscriptionServiceStub).GetSubscription(request)
    return _told(answer.subscription)


def _told(subscription: pb.Subscription) -> str:
    return pb.Subscription.State.Name(subscription.state).removeprefix("STATE_")


def test_it_is_in_force_as_long_as_it_is_paid(played: Played) -> None:
    """Not activated without balance; then paid for, run out a month later, and topped up."""
    assert played.states == ["UNPAID", "ACTIVE", "UNPAID", "ACTIVE"]


def test_seats_are_had_only_where_it_is_paid(played: Played) -> None:
    """Refused before the first payment, and allowed after it."""
    assert (played.seats[0] != "", played.seats[1]) == (True, "")


def test_seats_that_nobody_pays_cannot_be_added(played: Played) -> None:
    """The balance would not cover seven more."""
    assert played.more_seats == "PREPAYMENT_NEEDED"


def test_what_is_held_rests_while_it_is_unpaid(played: Played) -> None:
    """The seat is suspended, and comes back with the top-up."""
    state = resource_pb2.Resource.State
    assert (played.suspended.state, played.restored.state) == (
        state.STATE_SUSPENDED,
        state.STATE_ACTIVE,
    )


def test_each_invoice_was_settled_as_it_was_issued(played: Played) -> None:
    """One for the first period and one for the rest of the second: nothing is owed."""
    settled = invoice_pb2.Invoice.STATE_SETTLED
    assert [each.state for each in played.invoices] == [settled, settled]
