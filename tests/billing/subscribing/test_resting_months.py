"""What months charge and give back that are closed late, or after a change of another."""

from decimal import Decimal
from typing import Final

import pytest

from billing_service.domain.price import Licensed, Metered, Price, Recurring, Schedule, Timing
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.proration import ProrationMode
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from tests.billing.builders import Billing
from tests.billing.subscribing.changing import change, move
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.usage.ingesting import meter_of

_USD: Final = "USD"
PRO: Final = plan_of(
    Price("base", _USD, Recurring(), Flat(Decimal(30))),
    Price("seats", _USD, Licensed("seat"), PerUnit(Decimal(10))),
    Price("calls", _USD, Metered("calls"), PerUnit(Decimal(1))),
    schedule=Schedule(timing=Timing.ADVANCE),
)
WAITING: Final = {"rests": {"draft_days": 5}, "waits": {"usage_grace_hours": 72}}
COMES_TO: Final = {
    ProrationMode.PRORATE_NOW: 220_00,
    ProrationMode.FULL_NOW: 300_00,
    ProrationMode.DIFFERENCE_NOW: 240_00,
}


def live_of(billing: Billing, how: str, now: str = "2026-05-03 12:00") -> Live:
    """An account with three seats since 1 March; on 3 May, April is not closed yet."""
    live = Live.on(billing, PRO, meters=(meter_of("calls", kind="call"),))
    billing.set_terms("acme", **WAITING[how])
    live.subscribe("pro", {"seats": 3})
    billing.go_to(now)
    return live


def charged(live: Live) -> int:
    """What the invoices of the account come to, less its credit notes."""
    notes = live.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=100)
    )
    invoiced = sum(each.invoice.total_minor for each in live.billing.invoices("acme"))
    return invoiced - sum(each.note.total_minor for each in notes)


@pytest.mark.parametrize("mode", COMES_TO)
@pytest.mark.parametrize("how", WAITING)
def test_change_of_a_month_that_rests_comes_to_the_same(
    sqlite_billing: Billing, how: str, mode: ProrationMode
) -> None:
    """Six seats since 21 April, told on 3 May: as if April were closed already."""
    live = live_of(sqlite_billing, how)
    change(live, "pro", {"seats": 6}, when="2026-04-21", mode=mode)
    sqlite_billing.go_to("2026-06-07 12:00")
    assert charged(live) == COMES_TO[mode]


def test_what_is_paid_for_the_next_month_is_not_given_back(sqlite_billing: Billing) -> None:
    """Changed in April for its own invoice, and in May, at once, before that is issued."""
    live = live_of(sqlite_billing, "rests", "2026-04-21 12:00")
    change(live, "pro", {"seats": 4}, mode=ProrationMode.PRORATE_NEXT_INVOICE)
    sqlite_billing.go_to("2026-05-03 12:00")
    change(live, "pro", {"seats": 6}, when="2026-05-03", mode=ProrationMode.PRORATE_NOW)
    sqlite_billing.go_to("2026-05-20 12:00")
    assert [each for amounts in live.amounts() for each in amounts if each < 0] == []


def test_what_is_over_since_is_given_back_with_the_month_it_was_for(
    sqlite_billing: Billing,
) -> None:
    """May is paid at once; cancelled then as of 16 April: 60.00 for March, 30.00 for April."""
    live = live_of(sqlite_billing, "rests")
    change(live, "pro", {"seats": 6}, when="2026-05-01", mode=ProrationMode.PRORATE_NOW)
    move(live, "cancel", "2026-04-16", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    sqlite_billing.go_to("2026-06-07 12:00")
    assert charged(live) == 60_00 + 30_00


def test_what_is_over_since_is_given_back_though_another_pays_now(sqlite_billing: Billing) -> None:
    """Over since April, told in May: who comes to pay closes the month that gives it back."""
    live = Live.on(sqlite_billing, PRO, meters=(meter_of("calls", kind="call"),))
    live.account("boss")
    live.subscribe("pro", {"seats": 3}, ends="2026-05-01")
    sqlite_billing.go_to("2026-05-10 12:00")
    move(live, "cancel", "2026-04-16", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    sqlite_billing.set_profile("acme", payer="boss")
    sqlite_billing.go_to("2026-06-01 00:00:03")
    assert charged(live) == 60_00 + 30_00
