"""Subscriptions on trial, as they are billed: nothing, until the first day that is charged."""

from decimal import Decimal
from typing import Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.price import (
    Fixed,
    Licensed,
    Limit,
    Metered,
    MinimumSpend,
    Price,
    Recurring,
)
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.proration import ProrationMode
from billing_service.domain.subscription import SubscriptionState
from tests.billing.builders import Billing, day
from tests.billing.subscribing.changing import change, changed, move
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.usage.ingesting import meter_of

_USD: Final = "USD"
BASE: Final = Price("base", _USD, Recurring(), Flat(Decimal(31)))
SEATS: Final = Price("seats", _USD, Licensed("seat"), PerUnit(Decimal(62)))
CALLS: Final = Price("calls", _USD, Metered("calls"), PerUnit(Decimal(1)))
LEAST: Final = MinimumSpend(_USD, Decimal(62))
PRO: Final = plan_of(
    BASE, SEATS, CALLS, limits=(Limit("seats", "", Fixed(Decimal(1)), raised_by="seats"),)
)
COMMITTED: Final = plan_of(BASE, plan="committed", minimum_spends=(LEAST,))
ENDS: Final = day("2026-04-16")


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account; it is 2 March, 09:00."""
    return Live.on(sqlite_billing, PRO, COMMITTED, meters=(meter_of("calls", kind="call"),))


def test_month_on_trial_has_no_invoice(live: Live) -> None:
    """On trial from March to 15 April: only April is invoiced, 15 of its 30 days."""
    live.subscribe("committed", begins="2026-03-02", trial_ends_on=ENDS)
    live.billing.go_to("2026-05-01 00:00:03")
    assert [sum(each) for each in live.amounts()] == [3100]


def test_minimum_spend_is_for_the_days_that_are_charged(live: Live) -> None:
    """Of 62.00 a month 31.00 for 15 of 30 days, of which the fee is one half."""
    live.subscribe("committed", begins="2026-03-02", trial_ends_on=ENDS)
    live.billing.go_to("2026-05-01 00:00:03")
    assert live.amounts() == [[1550, 1550]]


def test_usage_on_trial_costs_nothing(live: Live) -> None:
    """Three calls on its last day, and two on the first day that is charged."""
    live.subscribe(begins="2026-03-02", trial_ends_on=ENDS)
    live.billing.go_to("2026-04-15 23:59")
    live.use("call", count=3)
    live.billing.go_to("2026-04-16 00:01")
    live.use("call", count=2)
    live.billing.go_to("2026-05-01 00:00:03")
    assert [each.amount_minor for each in live.lines() if each.price == "calls"] == [200]


def test_what_is_held_on_trial_is_entitled(live: Live) -> None:
    """From the first day on, and nothing is told as the trial ends."""
    live.subscribe(held={"seats": 2}, begins="2026-03-02", trial_ends_on=ENDS)
    live.billing.go_to("2026-05-01 00:00:03")
    told = live.billing.told(events_pb2.EntitlementsChanged())
    assert [str(each.limits[0].quantity.value) for _, each in told] == ["3"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", ProrationMode)
def test_change_on_trial_is_charged_from_its_end_on(live: Live, mode: ProrationMode) -> None:
    """Nothing is due at once, however it is charged; two seats for 15 of 30 days are 62.00."""
    live.subscribe(begins="2026-03-02", trial_ends_on=ENDS)
    due = changed(live, held={"seats": 2}, mode=mode).invoices
    live.billing.go_to("2026-05-01 00:00:03")
    seats = [each.amount_minor for each in live.lines() if each.price == "seats"]
    assert (due, seats) == ((), [6200])


def test_what_is_cancelled_at_renewal_on_trial_is_never_charged(live: Live) -> None:
    """It is over as the trial ends."""
    live.subscribe(begins="2026-03-02", trial_ends_on=ENDS)
    move(live, "cancel", "renewal")
    live.billing.go_to("2026-04-15 23:59")
    before = live.billing.states()["main"]
    live.billing.go_to("2026-06-01 00:00:03")
    assert (before, live.billing.states()["main"], live.amounts()) == (
        SubscriptionState.ACTIVE,
        SubscriptionState.ENDED,
        [],
    )


def test_what_is_paused_on_trial_is_charged_when_resumed(live: Live) -> None:
    """Paused in March and resumed on 21 April: 10 of 30 days, 10.33."""
    live.subscribe(begins="2026-03-02", trial_ends_on=ENDS)
    move(live, "pause")
    live.billing.go_to("2026-04-10 12:00")
    move(live, "resume", "2026-04-21")
    live.billing.go_to("2026-05-01 00:00:03")
    assert [each.amount_minor for each in live.lines() if each.price == "base"] == [1033]


def test_change_after_the_trial_is_charged_by_its_part(live: Live) -> None:
    """A seat from 21 April on, 10 of 30 days of 62.00."""
    live.subscribe(begins="2026-03-02", trial_ends_on=ENDS)
    live.billing.go_to("2026-04-21 12:00")
    change(live, held={"seats": 1})
    live.billing.go_to("2026-05-01 00:00:03")
    seats = [each.amount_minor for each in live.lines() if each.price == "seats"]
    assert sum(seats) == 2067
