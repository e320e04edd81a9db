"""Periods that were billed, and turn out never to have been subscribed: all of it comes back."""

from decimal import Decimal
from typing import Final

import pytest

from billing_service.domain.price import Price, Recurring, Schedule, Timing
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import ProrationMode
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from tests.billing.builders import Billing
from tests.billing.subscribing.changing import change, move
from tests.billing.subscribing.live import Live, plan_of

ADVANCE: Final = Schedule(timing=Timing.ADVANCE)
BIG, SMALL = (
    plan_of(Price("base", "USD", Recurring(), Flat(Decimal(amount))), plan=name, schedule=ADVANCE)
    for name, amount in (("big", 60), ("small", 30))
)


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account on the small plan since 1 March, of which March and April are billed."""
    found = Live.on(billing, BIG, SMALL)
    found.subscribe("small")
    found.billing.go_to("2026-05-05 12:00")
    return found


def given_back(live: Live) -> list[int]:
    """What each credit note comes to."""
    notes = live.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=10)
    )
    return sorted(each.note.total_minor for each in notes)


def test_month_after_an_end_that_is_told_late_is_given_back(live: Live) -> None:
    """Over since 1 April: all of April comes back, and nothing of March."""
    move(live, "cancel", "2026-04-01")
    live.billing.go_to("2026-06-01 00:00:03")
    assert (live.amounts(), given_back(live)) == ([[3000], [3000]], [3000])


def test_end_that_is_told_late_leaves_its_part_of_a_month(live: Live) -> None:
    """Over since 16 March: of 31 days 15 stay, at 14.52; 15.48 and all of April come back."""
    move(live, "cancel", "2026-03-16")
    live.billing.go_to("2026-06-01 00:00:03")
    assert (live.amounts(), given_back(live)) == ([[3000], [3000]], [1548, 3000])


def test_nothing_that_was_withdrawn_is_given_back_twice(live: Live) -> None:
    """The closes after it find nothing more."""
    move(live, "cancel", "2026-04-01")
    live.billing.go_to("2026-08-01 00:00:03")
    assert given_back(live) == [3000]


def test_month_that_was_paused_and_is_not_is_charged_again(live: Live) -> None:
    """April came back whole; its last ten days are charged again when that is told, too."""
    move(live, "pause", "2026-04-01")
    live.billing.go_to("2026-06-05 12:00")
    move(live, "resume", "2026-04-21")
    live.billing.go_to("2026-07-01 00:00:03")
    assert (sorted(live.amounts()[-1]), given_back(live)) == ([1000, 3000, 3000], [3000])


def test_new_cycle_that_never_began_is_given_back(live: Live) -> None:
    """Charged in full on 5 May, for a month; it turns out that all was over on the 3rd."""
    change(live, "big", mode=ProrationMode.FULL_NOW)
    move(live, "cancel", "2026-05-03")
    live.billing.go_to("2026-06-01 00:00:03")
    billed = sum(sum(each) for each in live.amounts())
    # March and April, and two days of May.
    assert billed - sum(given_back(live)) == 3000 + 3000 + 194
