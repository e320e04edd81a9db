"""Credit notes of an invoice that took back what an earlier one charged."""

from decimal import Decimal
from typing import Final

import pytest

from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.credit_note_errors import CreditExceedsLine
from billing_service.domain.price import Anchor, IntervalUnit, Price, Recurring, Schedule, Timing
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import ProrationMode
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from billing_service.use_cases.create_credit_note import (
    CREATE_CREDIT_NOTE,
    CreateCreditNote,
    LineToCredit,
)
from tests.billing.builders import Billing
from tests.billing.subscribing.changing import change, move
from tests.billing.subscribing.live import Live, plan_of

QUARTERLY: Final = Schedule(IntervalUnit.MONTH, 3, Timing.ADVANCE, Anchor.CALENDAR)
MONTHLY: Final = Schedule(IntervalUnit.MONTH, 1, Timing.ARREARS, Anchor.CALENDAR)
CARE: Final = Price("care", "USD", Recurring(), Flat(Decimal(500)), schedule=MONTHLY)


def base_of(amount: int) -> Price:
    """What is charged ahead for a quarter."""
    return Price("base", "USD", Recurring(), Flat(Decimal(amount)))


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account whose last invoice takes back a part of what the first one charged."""
    big = plan_of(base_of(620), CARE, plan="big", schedule=QUARTERLY)
    small = plan_of(base_of(310), CARE, plan="small", schedule=QUARTERLY)
    found = Live.on(billing, big, small)
    found.subscribe("big", begins="2026-04-01")
    found.billing.go_to("2026-05-05 00:00")
    change(found, "small", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    found.billing.go_to("2026-06-05 12:00")
    return found


def credit(live: Live, *lines: LineToCredit) -> IssuedCreditNote:
    """An operator credits lines of the last invoice."""
    invoice = live.billing.invoices("acme")[-1].invoice.invoice_id
    return live.billing.do(CREATE_CREDIT_NOTE, CreateCreditNote("acme", invoice, lines, "sorry"))


def charging(live: Live) -> list[int]:
    """The numbers of the lines of the last invoice that charge something."""
    return [each.line_number for each in live.lines() if each.amount_minor > 0]


def net_minor(live: Live) -> int:
    """What was invoiced, less what credit notes gave back."""
    notes = live.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=100)
    )
    invoiced = sum(each.invoice.total_minor for each in live.billing.invoices("acme"))
    return invoiced - sum(each.note.total_minor for each in notes)


def test_all_lines_at_once_give_back_what_their_invoice_charged(live: Live) -> None:
    """The lines together charge more than the invoice, which took something back."""
    issued = credit(live, *(LineToCredit(each, None) for each in charging(live)))
    assert issued.note.total_minor == live.billing.invoices("acme")[-1].invoice.total_minor


def test_lines_are_not_credited_more_together_than_their_invoice_charged(live: Live) -> None:
    """Each by itself could be given back."""
    amounts = {each.line_number: each.amount_minor // 100 for each in live.lines()}
    lines = [LineToCredit(e, StatedAmount(amounts[e], 0, "USD")) for e in charging(live)]
    with pytest.raises(CreditExceedsLine):
        credit(live, *lines)


def test_what_an_invoice_has_too_little_for_is_given_back_of_the_earlier_one(live: Live) -> None:
    """Over since May: 30 of 91 days of 620.00 stay, and 500.00, though May's invoice is lower."""
    move(live, "cancel", "2026-05-01", mode=ProrationMode.PRORATE_NOW)
    live.billing.go_to("2026-07-02 12:00")
    assert net_minor(live) == 20440 + 50000


def test_what_is_given_back_beside_a_decided_credit_note_is_charged_again(billing: Billing) -> None:
    """June was raised from 30.00 to 60.00, of which somebody gave the raise back; then 15.00."""
    plans = [plan_of(base_of(amount), plan=f"p{amount}") for amount in (15, 30, 60)]
    live = Live.on(billing, *plans)
    live.subscribe("p30", begins="2026-06-01", ends="2026-07-01")
    for amount, until in ((60, "2026-07-05"), (15, "2026-08-05"), (30, "2026-09-05")):
        live.billing.go_to(f"{until} 12:00")
        mode = ProrationMode.PRORATE_NEXT_INVOICE
        change(live, f"p{amount}", when="2026-06-01", mode=mode)
        if amount == 15:
            credit(live, LineToCredit(1, None))
    live.billing.go_to("2026-10-05 12:00")
    assert net_minor(live) == 3000
