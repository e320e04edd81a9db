"""Prepaid subscriptions: paid before each period, lapsed where they are not, topped up."""

import pytest

from billing_service.domain.change_errors import PrepaymentNeeded
from billing_service.domain.proration import ProrationMode
from billing_service.domain.subscription import SubscriptionState
from billing_service.domain.subscription_errors import PlanNotSubscribable
from billing_service.storage.queries import list_subscriptions
from tests.billing.builders import Billing
from tests.billing.subscribing.changing import change, changed, move
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.prepaying import balance, pay, prepaid_on, prepay

_ACTIVE = SubscriptionState.ACTIVE
_UNPAID = SubscriptionState.UNPAID


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account without any balance; it is 2 March, 09:00."""
    return prepaid_on(billing)


def test_first_period_is_charged_of_the_balance_at_once(live: Live) -> None:
    """31.00 for March, of the 100.00 that were paid in."""
    pay(live, "100.00")
    prepay(live)
    assert (live.amounts(), balance(live), live.billing.states()) == (
        [[3100]],
        6900,
        {"main": _ACTIVE},
    )


def test_without_balance_it_is_not_activated(live: Live) -> None:
    """Nothing is invoiced, and nothing is held from the first instant on."""
    created = prepay(live)
    assert (
        live.amounts(),
        live.billing.states(),
        created.holding_at(live.billing.clock.now()),
    ) == (
        [],
        {"main": _UNPAID},
        None,
    )


def test_lists_tell_those_that_are_unpaid(live: Live) -> None:
    """One that lapsed is among them, and not among the active ones."""
    prepay(live)
    now = live.billing.clock.now()

    def in_state(state: SubscriptionState) -> int:
        found = live.billing.database.read(
            lambda tx: list_subscriptions(tx, "acme", states={state}, after="", limit=10, now=now)
        )
        return len(found)

    assert (in_state(_UNPAID), in_state(_ACTIVE)) == (1, 0)


def test_each_period_is_paid_as_it_begins(live: Live) -> None:
    """March, April and May, one invoice each, all of them settled."""
    pay(live, "100.00")
    prepay(live)
    live.billing.go_to("2026-05-02 00:00")
    assert (live.amounts(), balance(live)) == ([[3100]] * 3, 700)


def test_accounts_of_one_payer_renew_at_once_under_the_same_ids(live: Live) -> None:
    """Two subscriptions called the same, as long as ids get: an invoice each for both months."""
    client, called = "c" * 63, "s" * 63
    live.account(client, payer="acme")
    pay(live, "124.00")
    for account in ("acme", client):
        prepay(live, account=account, subscription=called)
    live.billing.go_to("2026-04-02 00:00")
    assert (live.amounts(), balance(live)) == ([[3100]] * 4, 0)


def test_it_lapses_where_the_balance_runs_out(live: Live) -> None:
    """Two periods are paid, the third is not charged."""
    pay(live, "70.00")
    prepay(live)
    live.billing.go_to("2026-05-02 00:00")
    assert (live.amounts(), balance(live), live.billing.states()) == (
        [[3100]] * 2,
        800,
        {"main": _UNPAID},
    )


def test_top_up_goes_on_from_the_day_it_comes(live: Live) -> None:
    """Lapsed on 1 April; paid up on the 16th, the 15 days that are left cost 15.50 of 31.00."""
    pay(live, "31.00")
    prepay(live)
    live.billing.go_to("2026-04-16 12:00")
    pay(live, "50.00")
    assert (live.amounts(), balance(live), live.billing.states()) == (
        [[3100], [1550]],
        3450,
        {"main": _ACTIVE},
    )


def test_top_up_that_does_not_suffice_leaves_it_unpaid(live: Live) -> None:
    """15.50 would be due, and 15.49 are there: they stay the payer's."""
    pay(live, "31.00")
    prepay(live)
    live.billing.go_to("2026-04-16 12:00")
    pay(live, "15.49")
    assert (live.amounts(), balance(live), live.billing.states()) == (
        [[3100]],
        1549,
        {"main": _UNPAID},
    )


def test_topped_up_subscription_is_renewed_again(live: Live) -> None:
    """What is left after the part of April pays May, and not June."""
    pay(live, "31.00")
    prepay(live)
    live.billing.go_to("2026-04-16 12:00")
    pay(live, "50.00")
    live.billing.go_to("2026-06-02 00:00")
    assert (live.amounts(), live.billing.states()) == (
        [[3100], [1550], [3100]],
        {"main": _UNPAID},
    )


def test_topped_up_on_the_day_it_lapsed_it_is_as_if_it_never_had(live: Live) -> None:
    """Days are not divided: all of April is charged."""
    pay(live, "31.00")
    prepay(live)
    live.billing.go_to("2026-04-01 12:00")
    pay(live, "31.00")
    assert live.amounts() == [[3100], [3100]]


def test_activated_late_it_is_charged_from_then_on(live: Live) -> None:
    """Created on 2 March without balance, paid up on the 22nd: 10 of 31 days."""
    prepay(live)
    live.billing.go_to("2026-03-22 12:00")
    pay(live, "10.00")
    assert (live.amounts(), live.billing.states()) == ([[1000]], {"main": _ACTIVE})


def test_several_are_revived_in_order_as_far_as_the_balance_goes(live: Live) -> None:
    """The oldest first; what is left does not cover the second, but the third."""
    prepay(live, "small", subscription="first", begins="2026-03-01")
    prepay(live, "big", subscription="second", begins="2026-03-02")
    live.billing.go_to("2026-03-02 10:00")
    pay(live, "61.00")
    assert live.billing.states() == {"first": _ACTIVE, "second": _UNPAID}


def test_upgrade_that_is_covered_is_charged_at_once(live: Live) -> None:
    """Whatever the mode says: on the 17th, 15 of 31 days at 31.00 more."""
    pay(live, "100.00")
    prepay(live)
    live.billing.go_to("2026-03-17 09:00")
    change(live, "big")
    assert (sum(sum(each) for each in live.amounts()), balance(live)) == (4600, 5400)


def test_upgrade_that_is_not_covered_is_refused(live: Live) -> None:
    """The message names what is missing, and nothing is changed."""
    pay(live, "40.00")
    prepay(live)
    live.billing.go_to("2026-03-17 09:00")
    with pytest.raises(PrepaymentNeeded, match=r"6\.00 USD"):
        changed(live, "big")
    assert (live.amounts(), live.subscription().plan) == ([[3100]], "small")


def test_change_ahead_that_is_not_covered_lapses_when_it_begins(live: Live) -> None:
    """The balance pays April on the small plan, not on the big one."""
    pay(live, "70.00")
    prepay(live)
    change(live, "big", when="renewal")
    live.billing.go_to("2026-04-02 00:00")
    assert (live.amounts(), live.billing.states()) == ([[3100]], {"main": _UNPAID})


def test_difference_is_charged_when_it_takes_effect_and_not_before(live: Live) -> None:
    """April begins on the small plan; on the 10th the difference of the whole month is charged."""
    pay(live, "93.00")
    prepay(live)
    change(live, "big", when="2026-04-10", mode=ProrationMode.DIFFERENCE_NOW)
    live.billing.go_to("2026-04-09 00:00")
    before = live.amounts()
    live.billing.go_to("2026-04-10 00:00")
    assert (before, live.amounts()) == ([[3100], [3100]], [[3100], [3100], [3100]])


def test_smaller_plan_that_the_balance_covers_revives_it(live: Live) -> None:
    """Lapsed on the big plan, it goes on with the small one: 30 of 30 days of April."""
    pay(live, "95.00")
    prepay(live, "big")
    live.billing.go_to("2026-04-01 12:00")
    change(live, "small")
    assert (live.amounts(), live.billing.states()) == ([[6200], [3100]], {"main": _ACTIVE})


def test_usage_is_invoiced_by_the_month_of_the_balance(live: Live) -> None:
    """Seven calls in March at 1.00 are on its invoice; the renewal of April comes after it."""
    pay(live, "100.00")
    prepay(live, "used")
    live.use("api.call", "7")
    live.billing.go_to("2026-04-02 00:00")
    assert (sorted(live.amounts()), balance(live)) == ([[700], [3100], [3100]], 3100)


def test_what_a_year_was_paid_for_comes_back_while_it_is_lapsed(live: Live) -> None:
    """Of 365.00 for 2026, the close of April gives back 275 days; they pay May and the rest."""
    pay(live, "350.00")
    prepay(live, "long")
    live.billing.go_to("2026-04-30 12:00")
    lapsed = live.billing.states()
    live.billing.go_to("2026-05-01 12:00")
    # 350.00 less 31.00 and 306 days, and 275 days back; then 31.00 and 245 days.
    assert (lapsed, live.billing.states(), balance(live)) == (
        {"main": _UNPAID},
        {"main": _ACTIVE},
        35000 - 3100 - 30600 + 27500 - 3100 - 24500,
    )


def test_paused_it_costs_nothing_and_does_not_lapse(live: Live) -> None:
    """April is paused: the balance that would not pay it is left."""
    pay(live, "31.00")
    prepay(live)
    move(live, "pause", "2026-04-01")
    live.billing.go_to("2026-04-16 00:00")
    assert live.billing.states() == {"main": SubscriptionState.PAUSED}


def test_resumption_must_be_covered(live: Live) -> None:
    """15 of 30 days of April are due, and nothing is left."""
    pay(live, "31.00")
    prepay(live)
    move(live, "pause", "2026-04-01")
    live.billing.go_to("2026-04-16 00:00")
    with pytest.raises(PrepaymentNeeded, match=r"15\.50 USD"):
        move(live, "resume")


def test_plan_that_charges_nothing_ahead_cannot_be_prepaid(live: Live) -> None:
    """All of it is charged afterwards."""
    with pytest.raises(PlanNotSubscribable, match="afterwards"):
        prepay(live, "later")


def test_it_begins_ahead_and_is_paid_when_it_does(live: Live) -> None:
    """Nothing is due before 1 April; then April is, in full."""
    prepay(live, begins="2026-04-01")
    pay(live, "31.00")
    live.billing.go_to("2026-03-31 23:00")
    before = live.amounts()
    live.billing.go_to("2026-04-01 12:00")
    assert (before, live.amounts(), live.billing.states()) == ([], [[3100]], {"main": _ACTIVE})
