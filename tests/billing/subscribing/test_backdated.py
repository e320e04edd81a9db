"""Subscriptions that began before they were told: charged as if told in time, once."""

from decimal import Decimal
from typing import Any, Final

import pytest

from billing_service.domain.item_rate import MONTHLY
from billing_service.domain.price import (
    Anchor,
    IntervalUnit,
    Licensed,
    Metered,
    MinimumSpend,
    Price,
    Recurring,
    Review,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.subscription import SubscriptionState
from tests.billing.builders import Billing, at, day
from tests.billing.subscribing.changing import change, move
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.usage.ingesting import meter_of

_USD: Final = "USD"
BASE: Final = Price("base", _USD, Recurring(), Flat(Decimal(31)))
SEATS: Final = Price(
    "seats", _USD, Licensed("seat"), PerUnit(Decimal(62)), schedule=Schedule(timing=Timing.ARREARS)
)
YEARLY: Final = Price(
    "support", _USD, Recurring(), Flat(Decimal(365)), schedule=Schedule(IntervalUnit.YEAR)
)
CALLS: Final = Price("calls", _USD, Metered("calls"), PerUnit(Decimal(1)))
PLAN: Final = plan_of(BASE, plan="plain", schedule=Schedule(timing=Timing.ADVANCE))
LEAST: Final = MinimumSpend(_USD, Decimal(300))
PRO: Final = plan_of(BASE, SEATS, YEARLY, CALLS, minimum_spends=(LEAST,))
WHOLE: Final = plan_of(BASE, plan="whole", schedule=MONTHLY)


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """Two accounts that nothing was charged to; it is 2 March, 09:00."""
    found = Live.on(sqlite_billing, PRO, PLAN, WHOLE, meters=(meter_of("calls", kind="call"),))
    found.account("bravo")
    return found


def charged(live: Live, account: str) -> list[tuple[Any, ...]]:
    """What an account was charged for, and how much, in order."""
    return sorted(
        (each.price, each.period_start_on, each.revision, each.amount_minor)
        for each in live.billing.charges(account)
    )


@pytest.mark.parametrize("told", ["2026-04-01 09:00", "2026-05-20 12:00"])
@pytest.mark.parametrize("is_known", [False, True])
def test_what_is_told_late_is_charged_as_if_told_in_time(
    live: Live, told: str, *, is_known: bool
) -> None:
    """Whether its months were closed meanwhile or not: the same charges, each once."""
    terms: dict[str, Any] = {
        "begins": "2026-03-10",
        "anchor": Anchor.ANNIVERSARY,
        "anchor_on": day("2026-02-05"),
    }
    live.subscribe(held={"seats": 2}, account="bravo", **terms)
    if is_known:
        live.subscribe("plain", subscription="other")
        live.subscribe("plain", subscription="other", account="bravo")
    live.billing.go_to("2026-03-12 12:00")
    for account in ("acme", "bravo"):
        live.use("call", count=3, account=account)
    live.billing.go_to(told)
    live.subscribe(held={"seats": 2}, **terms)
    live.billing.go_to("2026-07-01 00:00:03")
    assert charged(live, "acme") == charged(live, "bravo") != []


@pytest.mark.parametrize("is_known", [False, True])
def test_whole_months_are_whole_in_the_past(live: Live, *, is_known: bool) -> None:
    """A plan that is charged by whole months, from 17 March to 16 April: both of them."""
    if is_known:
        live.subscribe("plain", subscription="other", ends="2026-05-01")
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe("whole", begins="2026-03-17", ends="2026-04-16")
    live.billing.go_to("2026-07-01 00:00:03")
    assert live.amounts()[-1] == [3100, 3100]


def test_past_months_are_on_the_next_invoice(live: Live) -> None:
    """Told in May: March, April and May on that of May, each line with its own period."""
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe("plain", begins="2026-03-17")
    live.billing.go_to("2026-06-01 00:00:03")
    lines = [(each.period_start_on, each.amount_minor) for each in live.lines()]
    assert (len(live.billing.invoices("acme")), lines) == (
        1,
        [(day("2026-03-17"), 1500), (day("2026-04-01"), 3100), (day("2026-05-01"), 3100)],
    )


def test_closed_months_are_on_the_next_invoice(live: Live) -> None:
    """March and April are invoiced for another subscription: what is late is on that of May."""
    live.subscribe("plain", subscription="other")
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe("plain", begins="2026-03-17")
    live.billing.go_to("2026-07-01 00:00:03")
    assert [sum(each) for each in live.amounts()] == [3100, 3100, 1500 + 3 * 3100, 2 * 3100]


def test_preview_tells_what_is_late(live: Live) -> None:
    """What the next invoice would be is what it becomes."""
    live.subscribe("plain", subscription="other")
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe("plain", begins="2026-03-17")
    (previewed,) = live.billing.preview()
    live.billing.go_to("2026-06-01 00:00:03")
    assert list(previewed.lines) == live.lines()


@pytest.mark.parametrize("is_known", [False, True])
def test_what_was_over_before_it_was_told_is_charged_once(live: Live, *, is_known: bool) -> None:
    """From 17 March to 16 April: 15.00 and 15.50, on the invoice of May, and no more."""
    if is_known:
        live.subscribe("plain", subscription="other", ends="2026-05-01")
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe("plain", begins="2026-03-17", ends="2026-04-16")
    state = live.billing.states()["main"]
    live.billing.go_to("2026-08-01 00:00:03")
    late = live.amounts()[2:] if is_known else live.amounts()
    assert (state, late) == (SubscriptionState.ENDED, [[1500, 1550]])


def test_past_usage_is_priced(live: Live) -> None:
    """Three calls in March, before anybody had subscribed."""
    live.use("call", count=3, on="2026-03-01 12:00")
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe(begins="2026-03-01")
    live.billing.go_to("2026-06-01 00:00:03")
    assert [each.amount_minor for each in live.lines() if each.price == "calls"] == [300, 0, 0]


def test_past_usage_waits_for_its_review(sqlite_billing: Billing) -> None:
    """A price whose charges are held holds those of March; April and May cost nothing."""
    held = Price("calls", _USD, Metered("calls"), PerUnit(Decimal(1)), review=Review.HELD)
    live = Live.on(sqlite_billing, plan_of(BASE, held), meters=(meter_of("calls", kind="call"),))
    live.use("call", count=3, on="2026-03-01 12:00")
    sqlite_billing.go_to("2026-05-20 12:00")
    live.subscribe(begins="2026-03-01")
    sqlite_billing.go_to("2026-06-01 00:00:03")
    assert [each.amount_minor for each in live.lines() if each.price == "calls"] == [0, 0]


def test_service_does_not_expire_for_what_is_late(live: Live) -> None:
    """The earliest month that is not settled is the one that is invoiced next."""
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe("plain", begins="2026-03-17")
    assert live.billing.expires_on() == "2026-06-10"


def test_it_is_in_force_at_once(live: Live) -> None:
    """Told late, it is active from the beginning on."""
    live.billing.go_to("2026-05-20 12:00")
    created = live.subscribe("plain", begins="2026-03-17")
    assert (live.billing.states()["main"], created.facts[0].effective_at) == (
        SubscriptionState.ACTIVE,
        at("2026-03-17"),
    )


def test_change_of_what_is_late_is_charged_in_its_months(live: Live) -> None:
    """From 1 March on, changed since 16 April to what costs 62.00 more a month, told in May."""
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe(begins="2026-03-01")
    change(live, held={"seats": 1}, when="2026-04-16")
    live.billing.go_to("2026-06-01 00:00:03")
    seats = [each.amount_minor for each in live.lines() if each.price == "seats"]
    assert [each for each in seats if each] == [3100, 6200]


def test_end_of_what_is_late_may_lie_before_it_was_told(live: Live) -> None:
    """Cancelled in the same hour as of 16 April: half of that month, and nothing since."""
    live.billing.go_to("2026-05-20 12:00")
    live.subscribe("plain", begins="2026-04-01")
    move(live, "cancel", "2026-04-16")
    live.billing.go_to("2026-08-01 00:00:03")
    assert live.amounts() == [[1550]]


def test_payer_of_another_account_is_charged(live: Live) -> None:
    """On the next invoice of whoever pays, though its months are closed."""
    live.subscribe("plain")
    live.billing.go_to("2026-05-20 12:00")
    live.account("client", payer="acme")
    live.subscribe("plain", account="client", begins="2026-04-01")
    live.billing.go_to("2026-06-01 00:00:03")
    assert live.amounts()[2] == [3100, 3100, 3100]


def test_a_year_back_is_the_earliest(live: Live) -> None:
    """366 days before today it may begin."""
    created = live.subscribe("plain", begins="2025-03-01")
    live.billing.go_to("2026-04-01 00:00:03")
    assert created.plan_terms is not None
    assert live.amounts() == [[3100] * 13]
