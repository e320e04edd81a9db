"""Prepaid subscriptions that begin on trial, on a day of their own, or in the past."""

from typing import Any, Final

import pytest

from billing_service.domain.payment_request import PaymentRequestState
from billing_service.domain.price import Anchor
from billing_service.domain.subscription import SubscriptionState
from tests.billing.builders import Billing, day
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.paying import requests, settle
from tests.billing.subscribing.prepaying import (
    balance,
    pay,
    prepaid_in_sandbox,
    prepaid_on,
    prepay,
)

_ACTIVE: Final = {"main": SubscriptionState.ACTIVE}
_UNPAID: Final = {"main": SubscriptionState.UNPAID}


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account without any balance; it is 2 March, 09:00."""
    return prepaid_on(sqlite_billing)


def test_trial_needs_no_balance_and_its_end_does(live: Live) -> None:
    """It is active to the 16th of March, and lapses then."""
    prepay(live, begins="2026-03-02", trial_ends_on=day("2026-03-17"))
    live.billing.go_to("2026-03-16 23:00")
    on_trial = live.billing.states()
    live.billing.go_to("2026-03-17 00:00:03")
    assert (on_trial, live.billing.states(), live.amounts()) == (_ACTIVE, _UNPAID, [])


def test_first_period_is_paid_as_the_trial_ends(live: Live) -> None:
    """The 15 days from 17 March on cost 15.00 of 31.00, and April 31.00."""
    pay(live, "100.00")
    prepay(live, begins="2026-03-02", trial_ends_on=day("2026-03-17"))
    live.billing.go_to("2026-04-01 00:00:03")
    assert (live.amounts(), balance(live)) == ([[1500], [3100]], 5400)


def test_period_by_an_anniversary_is_paid_on_its_day(live: Live) -> None:
    """From 2 to 9 March 8 of 28 days since 10 February, 8.86; then on the 10th of each month."""
    pay(live, "100.00")
    anchored: dict[str, Any] = {"anchor": Anchor.ANNIVERSARY, "anchor_on": day("2025-08-10")}
    prepay(live, begins="2026-03-02", **anchored)
    live.billing.go_to("2026-04-10 00:00:03")
    assert live.amounts() == [[886], [3100], [3100]]


@pytest.mark.parametrize("is_known", [False, True])
def test_past_periods_are_paid_at_once(live: Live, *, is_known: bool) -> None:
    """From 17 March on, told in May: 15.00, 31.00 and 31.00 on one invoice that is settled."""
    if is_known:
        live.subscribe("later", subscription="other", ends="2026-05-01")
    live.billing.go_to("2026-05-20 12:00")
    before = len(live.amounts())
    pay(live, "200.00")
    left = balance(live)
    prepay(live, begins="2026-03-17")
    live.billing.go_to("2026-05-31 12:00")
    assert (live.amounts()[before:], left - balance(live)) == ([[1500, 3100, 3100]], 7700)


@pytest.mark.parametrize("is_known", [False, True])
def test_past_that_is_not_covered_is_not_charged(live: Live, *, is_known: bool) -> None:
    """One cent less than all that has begun, and 62.00 of other invoices: nothing is held."""
    if is_known:
        live.subscribe("later", subscription="other", ends="2026-05-01")
    live.billing.go_to("2026-05-20 12:00")
    before = len(live.amounts())
    pay(live, "138.99" if is_known else "76.99")
    prepay(live, begins="2026-03-17")
    live.billing.go_to("2026-07-01 00:00:03")
    assert (live.amounts()[before:], live.billing.states()["main"]) == ([], _UNPAID["main"])


@pytest.fixture
def collected(live: Live) -> Live:
    """The same, with somebody who collects of its payer, later."""
    live.billing.set_profile(payment_provider="manual")
    return live


def test_what_is_asked_for_is_what_it_costs_to_go_on_from_then(collected: Live) -> None:
    """Told a day late, it goes on from the second day: 30 of 31 days, and nothing is left over."""
    prepay(collected, begins="2026-03-01")
    (request,) = requests(collected)
    settle(collected, request.request_id)
    assert (request.amount_minor, collected.amounts(), balance(collected)) == (3000, [[3000]], 0)


def test_who_has_enough_to_go_on_is_asked_for_nothing(collected: Live) -> None:
    """30.00 do not pay March from the first day, but from the second one on."""
    pay(collected, "30.00")
    created = prepay(collected, begins="2026-03-01")
    assert (requests(collected), collected.amounts(), balance(collected)) == ([], [[3000]], 0)
    assert not created.is_lapsed


def test_what_is_collected_at_once_is_charged_since_it_began(sqlite_billing: Billing) -> None:
    """All of March, though it is told a day late: it never lapsed."""
    live = prepaid_in_sandbox(sqlite_billing, "accept")
    prepay(live, begins="2026-03-01")
    (request,) = requests(live)
    assert (request.amount_minor, request.state) == (3100, PaymentRequestState.PAID)
