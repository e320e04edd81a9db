"""Changing, cancelling, pausing and resuming subscriptions: what is stored, told and invoiced."""

from decimal import Decimal
from typing import Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.change_errors import (
    ChangeInEffect,
    ChangeNotFound,
    InvalidProration,
    SubscriptionNotChangeable,
)
from billing_service.domain.price import AddOn, Licensed, Price, Recurring
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.proration import ProrationMode
from billing_service.domain.subscription import SubscriptionState
from billing_service.domain.subscription_errors import InvalidDates
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from billing_service.use_cases.change_subscription import CHANGE_SUBSCRIPTION
from chassis.errors import EtagMismatch
from tests.billing.builders import Billing, at
from tests.billing.subscribing.changing import change, change_of, changed, move, undo
from tests.billing.subscribing.live import Live, plan_of

_USD: Final = "USD"
BASE: Final = Price("base", _USD, Recurring(), Flat(Decimal(62)))
SEATS: Final = Price("seats", _USD, Licensed("seat"), PerUnit(Decimal(31)))
EXTRA: Final = Price("extra", _USD, Recurring(), Flat(Decimal(31)), add_on=AddOn())
PRO: Final = plan_of(BASE, SEATS, EXTRA)
BIG: Final = plan_of(BASE, plan="big")
SMALL: Final = plan_of(Price("base", _USD, Recurring(), Flat(Decimal(31))), plan="small")


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account on the small plan since 1 March; it is 2 March, 09:00."""
    found = Live.on(billing, PRO, BIG, SMALL)
    found.subscribe("small")
    return found


def test_upgrade_is_charged_by_days_on_the_next_invoice(live: Live) -> None:
    """Of 31 days, 9 at 31.00 and 22 at 62.00 a month: 9.00 and 44.00."""
    live.billing.go_to("2026-03-10 12:00")
    change(live, "big")
    live.billing.go_to("2026-04-01 00:00:03")
    assert sorted(live.amounts()[0]) == [900, 4400]


def test_backdated_change_is_charged_as_if_told_then(live: Live) -> None:
    """What is told on the 20th and holds since the 10th costs what it would have cost then."""
    live.billing.go_to("2026-03-20 12:00")
    change(live, "big", when="2026-03-10")
    live.billing.go_to("2026-04-01 00:00:03")
    assert sorted(live.amounts()[0]) == [900, 4400]


def test_change_at_renewal_leaves_the_present_period(live: Live) -> None:
    """March stays as it was; April is the new plan's."""
    change(live, "big", when="renewal")
    live.billing.go_to("2026-05-01 00:00:03")
    assert live.amounts() == [[3100], [6200]]


def test_quantities_and_add_ons_are_the_whole_new_set(live: Live) -> None:
    """What is not stated any more is not held any more."""
    change(live, "pro", {"seats": 2, "extra": 1}, when="2026-03-01")
    live.billing.go_to("2026-03-16 12:00")
    change(live, "pro", {"seats": 1})
    live.billing.go_to("2026-04-01 00:00:03")
    # Base 62; seats 15 days of 62 and 16 of 31; the add-on for 15 days.
    assert sorted(live.amounts()[0]) == [1500, 1600, 3000, 6200]


def test_change_is_told_at_once_and_when_it_takes_effect(live: Live) -> None:
    """The feed tells of it when it is asked for, then with the plan in force."""
    change(live, "big", when="renewal")
    live.billing.go_to("2026-04-01 00:00:03")
    told = [message for _, message in live.billing.told(events_pb2.SubscriptionChanged())]
    changes = [each for each in told if isinstance(each, events_pb2.SubscriptionChanged)]
    assert [each.subscription.plan for each in changes] == [
        "plans/small",
        "plans/small",
        "plans/big",
    ]


def test_cancelled_now_is_charged_to_the_day(live: Live) -> None:
    """Nine days of March are charged, and no more."""
    live.billing.go_to("2026-03-10 00:00")
    move(live, "cancel")
    live.billing.go_to("2026-06-01 00:00:03")
    assert live.amounts() == [[900]]


def test_cancelled_at_renewal_is_charged_to_the_end_of_the_period(live: Live) -> None:
    """March is charged in full, April not at all."""
    live.billing.go_to("2026-03-10 00:00")
    move(live, "cancel", "renewal")
    live.billing.go_to("2026-06-01 00:00:03")
    assert live.amounts() == [[3100]]


def test_cancellation_that_was_undone_never_was(live: Live) -> None:
    """A scheduled end is taken back, and it goes on."""
    move(live, "cancel", "renewal")
    undo(live, 2)
    live.billing.go_to("2026-05-01 00:00:03")
    assert live.amounts() == [[3100], [3100]]


def test_paused_time_is_not_charged(live: Live) -> None:
    """Paused from the 10th to the 20th: 9 and 12 of 31 days."""
    live.billing.go_to("2026-03-10 00:00")
    move(live, "pause")
    live.billing.go_to("2026-03-20 00:00")
    move(live, "resume")
    live.billing.go_to("2026-04-01 00:00:03")
    assert sorted(live.amounts()[0]) == [900, 1200]


def test_paused_subscription_says_so(live: Live) -> None:
    """It stands as paused, and holds nothing."""
    paused = move(live, "pause").subscription
    assert (paused.state, paused.subscription.is_paused) == (SubscriptionState.PAUSED, True)


def test_stale_etag_is_refused_with_the_fresh_one(live: Live) -> None:
    """The message names the etag to come back with."""
    change(live, "big")
    with pytest.raises(EtagMismatch, match="2"):
        change(live, "small", etag="1")


def test_change_in_effect_is_not_undone(live: Live) -> None:
    """What holds already can only be changed again."""
    change(live, "big")
    with pytest.raises(ChangeInEffect):
        undo(live, 2)


@pytest.mark.parametrize("ordinal", [0, 1, 3])
def test_what_is_no_change_is_not_undone(live: Live, ordinal: int) -> None:
    """Neither the beginning nor what nobody asked for."""
    change(live, "big", when="renewal")
    with pytest.raises(ChangeNotFound):
        undo(live, ordinal)


def test_change_is_undone_once(live: Live) -> None:
    """What was undone is no change any more."""
    change(live, "big", when="renewal")
    undo(live, 2)
    with pytest.raises(ChangeNotFound):
        undo(live, 2)


@pytest.mark.parametrize("when", ["2026-02-28", "2027-04-01"])
def test_times_out_of_bounds_are_refused(live: Live, when: str) -> None:
    """Before it began, and more than a year ahead."""
    with pytest.raises(InvalidDates):
        change(live, "big", when=when)


def test_what_is_over_is_not_changed(live: Live) -> None:
    """Nothing takes effect after the end."""
    move(live, "cancel")
    with pytest.raises(SubscriptionNotChangeable):
        change(live, "big")


@pytest.mark.parametrize("mode", [ProrationMode.FULL_NOW, ProrationMode.DIFFERENCE_NOW])
@pytest.mark.parametrize("verb", ["cancel", "pause"])
def test_what_ends_cannot_be_charged_anew(live: Live, verb: str, mode: ProrationMode) -> None:
    """Nothing begins with it."""
    with pytest.raises(InvalidProration):
        move(live, verb, mode=mode)


def test_one_of_two_changes_at_once_wins(live: Live) -> None:
    """Two with one etag in one list: the second is told the fresh one."""
    etag = str(len(live.subscription().facts))
    first, second = live.billing.do_all(
        CHANGE_SUBSCRIPTION, [change_of("big", etag=etag), change_of("big", etag=etag)]
    )
    assert (isinstance(second, EtagMismatch), first.subscription.subscription.plan) == (True, "big")


def test_renewal_of_a_scheduled_subscription_is_the_end_of_its_first_period(
    billing: Billing,
) -> None:
    """It has not begun, and its first month is still charged as it was subscribed."""
    live = Live.on(billing, PRO, BIG, SMALL)
    live.subscribe("small", begins="2026-04-01")
    later = change(live, "big", when="renewal")
    assert later.facts[-1].effective_at == at("2026-05-01")


def test_upgrade_may_be_due_at_once(live: Live) -> None:
    """9 days at 31.00 and 22 at 62.00 are invoiced with the change; the month leaves nothing."""
    live.billing.go_to("2026-03-10 12:00")
    invoices = changed(live, "big", mode=ProrationMode.PRORATE_NOW).invoices
    live.billing.go_to("2026-04-01 00:00:03")
    told = [line.amount_minor for issued, _ in invoices for line in issued.lines]
    assert (sorted(told), live.amounts()) == ([900, 4400], [told])


def test_whole_difference_may_be_due_at_once(live: Live) -> None:
    """What was invoiced of the month comes off what it costs now."""
    live.billing.go_to("2026-03-10 12:00")
    change(live, "small", mode=ProrationMode.DIFFERENCE_NOW)
    change(live, "big", mode=ProrationMode.DIFFERENCE_NOW)
    change(live, "big", mode=ProrationMode.DIFFERENCE_NOW)
    assert live.amounts() == [[6200]]


def test_accounts_of_one_payer_are_changed_at_once_under_the_same_ids(live: Live) -> None:
    """The first change of each is an invoice of its own."""
    live.account("client", payer="acme")
    live.subscribe("small", account="client")
    for account in ("acme", "client"):
        change(live, "big", account=account, mode=ProrationMode.DIFFERENCE_NOW)
    assert live.amounts() == [[6200], [6200]]


def test_new_cycle_is_charged_in_full_at_once(live: Live) -> None:
    """March as it was, and a month of the new plan from the 10th on."""
    live.billing.go_to("2026-03-10 12:00")
    change(live, "big", mode=ProrationMode.FULL_NOW)
    live.billing.go_to("2026-04-09 12:00")
    assert [sorted(each) for each in live.amounts()] == [[3100, 6200]]


def test_scheduled_change_is_invoiced_when_it_takes_effect(live: Live) -> None:
    """Nothing is due before; then what the change makes due."""
    change(live, "big", when="2026-03-10", mode=ProrationMode.PRORATE_NOW)
    before = live.amounts()
    live.billing.go_to("2026-03-10 00:00:03")
    assert (before, [sorted(each) for each in live.amounts()]) == ([], [[900, 4400]])


def test_what_lies_ahead_makes_nothing_less_due_now(live: Live) -> None:
    """The same upgrade, scheduled for the 20th before, does not put off the difference."""
    change(live, "big", when="2026-03-20", mode=ProrationMode.DIFFERENCE_NOW)
    change(live, "big", mode=ProrationMode.DIFFERENCE_NOW)
    assert live.amounts() == [[6200]]


def test_difference_of_what_lies_ahead_is_not_due_yet(live: Live) -> None:
    """Seats are added now: of the plan that comes on the 20th nothing is due."""
    change(live, "big", when="2026-03-20", mode=ProrationMode.DIFFERENCE_NOW)
    change(live, "pro", {"seats": 1}, mode=ProrationMode.DIFFERENCE_NOW)
    live.billing.go_to("2026-03-19 00:00")
    assert [sorted(each) for each in live.amounts()] == [[3100, 6200]]


def test_downgrade_gives_back_with_the_next_invoice(billing: Billing) -> None:
    """A month invoiced in full, then left after 9 days: a credit note gives 62 - 18 back."""
    live = Live.on(billing, BIG, SMALL)
    live.subscribe("small")
    live.billing.go_to("2026-03-02 10:00")
    change(live, "big", when="2026-03-01", mode=ProrationMode.DIFFERENCE_NOW)
    live.billing.go_to("2026-03-10 12:00")
    due = changed(live, "small", mode=ProrationMode.PRORATE_NOW).invoices
    live.billing.go_to("2026-05-01 00:00:03")
    notes = live.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=10)
    )
    total = sum(sum(each) for each in live.amounts()) - notes[0].note.total_minor
    assert (due, total) == ((), 1800 + 2200 + 3100)
