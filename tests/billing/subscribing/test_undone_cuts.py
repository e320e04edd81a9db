"""What was billed up to a cut that is taken back, or that another close has yet to see."""

from decimal import Decimal
from typing import Final

import pytest

from billing_service.domain.price import (
    Anchor,
    IntervalUnit,
    Price,
    Recurring,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import ProrationMode
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from tests.billing.builders import Billing
from tests.billing.subscribing.changing import change, undo
from tests.billing.subscribing.live import Live, plan_of

YEARLY: Final = Schedule(IntervalUnit.YEAR, 1, Timing.ADVANCE, Anchor.ANNIVERSARY)
# One costs nothing; of the others, a day of a year of 365 costs 1.00 and 2.00.
FREE, SMALL, BIG = (
    plan_of(Price("base", "USD", Recurring(), Flat(Decimal(amount))), plan=name, schedule=YEARLY)
    for name, amount in (("free", 0), ("small", 365), ("big", 730))
)


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account without a subscription; it is 2 March, 09:00."""
    return Live.on(billing, FREE, SMALL, BIG)


def given_back(live: Live) -> int:
    """What credit notes come to."""
    notes = live.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=10)
    )
    return sum(each.note.total_minor for each in notes)


def test_year_whose_new_cycle_was_undone_is_given_back_from_a_later_change(live: Live) -> None:
    """The year was billed up to a new cycle that never began; it is changed on day 153 instead."""
    live.subscribe("small")
    change(live, "big", when="2026-06-10", mode=ProrationMode.FULL_NOW)
    live.billing.go_to("2026-04-02 00:00")
    undo(live, 2)
    live.billing.go_to("2026-08-01 12:00")
    change(live, "big", when="2026-08-01")
    live.billing.go_to("2026-09-01 00:00:03")
    assert (live.amounts(), given_back(live)) == ([[36500], [2 * 21200]], 21200)


def test_year_whose_new_cycle_was_undone_is_charged_on_from_a_change_at_once(live: Live) -> None:
    """The new part is invoiced with the change, which gives back what was not used at once."""
    live.subscribe("small")
    change(live, "big", when="2026-06-10", mode=ProrationMode.FULL_NOW)
    live.billing.go_to("2026-04-02 00:00")
    undo(live, 2)
    live.billing.go_to("2026-08-01 12:00")
    change(live, "big", mode=ProrationMode.PRORATE_NOW)
    assert (live.amounts(), given_back(live)) == ([[36500], [2 * 21200]], 21200)


def test_what_a_change_gave_back_at_once_is_not_given_back_by_the_close(live: Live) -> None:
    """The next close finds nothing more to charge, and nothing more to give back."""
    live.subscribe("small")
    change(live, "big", when="2026-06-10", mode=ProrationMode.FULL_NOW)
    live.billing.go_to("2026-04-02 00:00")
    undo(live, 2)
    live.billing.go_to("2026-08-01 12:00")
    change(live, "big", mode=ProrationMode.PRORATE_NOW)
    live.billing.go_to("2026-09-01 00:00:03")
    assert (live.amounts(), given_back(live)) == ([[36500], [2 * 21200]], 21200)


def test_free_year_whose_change_was_undone_is_left_by_a_later_one(live: Live) -> None:
    """It was billed at 0 up to the first change, and is so up to the second one."""
    live.subscribe("free")
    change(live, "small", when="2026-06-10")
    live.billing.go_to("2026-04-02 00:00")
    undo(live, 2)
    live.billing.go_to("2026-08-01 12:00")
    change(live, "big", when="2026-08-01")
    live.billing.go_to("2026-09-01 00:00:03")
    assert live.amounts() == [[0], [2 * 21200]]


def test_change_told_before_an_earlier_month_closes_is_looked_at_by_its_own(live: Live) -> None:
    """April closes late, on account of a change of its own; what is left of the year is for May."""
    live.subscribe("big")
    live.billing.go_to("2026-04-20 12:00")
    change(live, "free", mode=ProrationMode.NONE_UNTIL_RENEWAL)
    live.billing.jump_to("2026-05-01 09:00", told=False)
    change(live, "small", mode=ProrationMode.DIFFERENCE_NOW)
    live.billing.go_to("2026-06-01 00:00:03")
    assert (live.amounts(), given_back(live)) == ([[73000], [30400]], 60800)


def test_year_that_costs_as_before_by_a_difference_is_charged_whole(live: Live) -> None:
    """The part up to the cheaper plan stays as it was billed, and what follows makes it 730.00."""
    live.subscribe("big")
    live.billing.go_to("2026-06-10 12:00")
    change(live, "small", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    live.billing.go_to("2026-08-01 12:00")
    change(live, "big", mode=ProrationMode.DIFFERENCE_NOW)
    live.billing.go_to("2026-09-01 12:00")
    charged = sum(each.invoice.total_minor for each in live.billing.invoices("acme"))
    assert charged - given_back(live) == 73000
