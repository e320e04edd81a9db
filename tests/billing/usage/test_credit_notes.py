"""Too much was billed of a closed month: a credit note gives it back, with the tax on it."""

import pytest

from billing_service.domain.credit_note import CreditNoteKind, IssuedCreditNote
from billing_service.domain.credit_note_errors import CreditExceedsLine, PaymentNotReversible
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from billing_service.use_cases.create_credit_note import (
    CREATE_CREDIT_NOTE,
    CreateCreditNote,
    LineToCredit,
)
from billing_service.use_cases.preview_invoice import preview_invoices
from tests.billing.builders import Billing
from tests.billing.credits.giving import credits_of, grant
from tests.billing.taxing import create_tax_profile, rates_of, tax_version
from tests.billing.usage.guarded import MEGABYTES, Guarded
from tests.billing.usage.test_outdated import MARCH_AT, outdated, void


@pytest.fixture
def closed(billing: Billing) -> Guarded:
    """An account whose March is charged: 10 megabytes for 5.00, and 10% of tax."""
    made = Guarded.on(billing, MEGABYTES)
    create_tax_profile(billing, tax_version(rates=rates_of(other="10")))
    billing.set_profile("acme", tax_profile="home")
    made.use("4", "transfer")
    made.use("6", "transfer")
    billing.go_to("2026-04-02 12:00")
    return made


def notes(guarded: Guarded) -> list[IssuedCreditNote]:
    """The credit notes of the account."""
    return guarded.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=100)
    )


def totals(guarded: Guarded) -> list[tuple[int, int, int]]:
    """Subtotal, tax and total of each credit note."""
    found = [each.note for each in notes(guarded)]
    return [(each.subtotal_minor, each.tax_minor, each.total_minor) for each in found]


def credit(guarded: Guarded, cents: int | None = None, line: int = 1) -> IssuedCreditNote:
    """An operator credits the first invoice."""
    amount = None if cents is None else StatedAmount(cents // 100, cents % 100 * 10_000_000, "BRL")
    invoice = guarded.billing.invoices("acme")[0].invoice.invoice_id
    lines = (LineToCredit(line, amount),)
    return guarded.billing.do(CREATE_CREDIT_NOTE, CreateCreditNote("acme", invoice, lines, "sorry"))


def test_voided_usage_of_a_closed_month_is_credited_with_its_tax(closed: Guarded) -> None:
    """Four of ten megabytes of March: 2.00, and 0.20 of tax."""
    void(closed, "e1")
    closed.billing.go_to("2026-05-02 12:00")
    assert totals(closed) == [(200, 20, 220)]


def test_a_credit_note_refers_to_its_invoice(closed: Guarded) -> None:
    """It names the number, and is no line of a later invoice."""
    void(closed, "e1")
    closed.billing.go_to("2026-05-02 12:00")
    (issued,) = notes(closed)
    numbers = [each.invoice.number for each in closed.billing.invoices("acme")]
    assert (issued.note.number, issued.note.invoice_number) == ("CN-INV-000001", numbers[0])


def test_a_credit_note_pays_its_invoice_first(closed: Guarded) -> None:
    """Of the 5.50 of March 3.30 are left to pay."""
    void(closed, "e1")
    closed.billing.go_to("2026-05-02 12:00")
    settlement = closed.billing.invoices("acme")[0].settlement
    assert (settlement.total_minor, settlement.paid_minor) == (550, 220)


def test_what_a_paid_invoice_is_credited_is_balance(closed: Guarded) -> None:
    """The payer has it for later invoices."""
    first = closed.billing.invoices("acme")[0].invoice.invoice_id
    closed.billing.pay("5.50", invoice=first, value_on="2026-04-02")
    void(closed, "e1")
    closed.billing.go_to("2026-05-02 12:00")
    assert closed.billing.profile().credit == (220, "BRL")


def test_nothing_is_credited_twice(closed: Guarded) -> None:
    """The close after it has nothing to give back."""
    void(closed, "e1")
    closed.billing.go_to("2026-07-02 12:00")
    assert (len(notes(closed)), set(outdated(closed))) == (1, {None})


def test_what_is_too_much_after_a_correction_comes_from_the_latest_line(closed: Guarded) -> None:
    """Two megabytes come late and are charged; then six of the first are taken back."""
    closed.use("2", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-05-02 12:00")
    void(closed, "e2")
    closed.billing.go_to("2026-06-02 12:00")
    found = {each.note.invoice: each.note.subtotal_minor for each in notes(closed)}
    assert found == {"inv-000001": 200, "inv-000002": 100}


def test_a_preview_shows_the_credit_notes_that_would_be_issued(closed: Guarded) -> None:
    """Without numbers, and nothing is written."""
    void(closed, "e1")
    now = closed.billing.clock.now()
    found = closed.billing.database.read(lambda tx: preview_invoices(tx, "acme", now))
    drafted = [(each.note.number, each.note.total_minor) for each in found.credit_notes]
    assert (drafted, notes(closed)) == ([("", 220)], [])


def test_an_operator_credits_a_part_of_a_line(closed: Guarded) -> None:
    """1.00, and the tax on it."""
    issued = credit(closed, 100)
    kind = issued.note.kind
    assert (totals(closed), kind) == ([(100, 10, 110)], CreditNoteKind.DECIDED)


def test_an_operator_credits_all_that_is_left_of_a_line(closed: Guarded) -> None:
    """All the credit notes together give back what was charged, tax and all."""
    credit(closed, 33)
    credit(closed)
    assert sum(each[2] for each in totals(closed)) == 550


def test_more_than_is_left_of_a_line_is_not_credited(closed: Guarded) -> None:
    """What was given back before counts."""
    credit(closed, 400)
    with pytest.raises(CreditExceedsLine):
        credit(closed, 101)


def test_a_correction_gives_back_no_more_than_is_left(closed: Guarded) -> None:
    """4.00 were credited by an operator; then all usage is voided."""
    credit(closed, 400)
    void(closed, "e1")
    void(closed, "e2")
    closed.billing.go_to("2026-05-02 12:00")
    assert sum(each[2] for each in totals(closed)) == 550


def test_the_payment_of_a_credit_note_is_not_reversed(closed: Guarded) -> None:
    """It stands for something that is never changed."""
    issued = credit(closed, 100)
    with pytest.raises(PaymentNotReversible):
        closed.billing.reverse(issued.note.payment_id)


def test_numbers_of_credit_notes_have_no_gaps(closed: Guarded) -> None:
    """They are a series of their own."""
    for _ in range(3):
        credit(closed, 100)
    assert [each.note.sequence for each in notes(closed)] == [1, 2, 3]


def paid_by_credit(billing: Billing) -> Guarded:
    """The same account without tax, whose credit of 5.00 paid March; some usage of it is void."""
    made = Guarded.on(billing, MEGABYTES)
    grant(billing, amount="5")
    made.use("4", "transfer")
    made.use("6", "transfer")
    billing.go_to("2026-04-02 12:00")
    made.use("10", "transfer")
    void(made, "e1")
    return made


def test_credit_that_paid_what_is_given_back_can_be_used_again(billing: Billing) -> None:
    """2.00 of March come back to the credit, which pays as much of April's 5.00."""
    made = paid_by_credit(billing)
    made.billing.go_to("2026-05-02 12:00")
    (used,) = made.billing.invoices("acme")[1].credits
    assert (used.amount_minor, credits_of(billing), billing.profile().credit[0]) == (
        200,
        {"c": 0},
        0,
    )


def test_a_preview_uses_the_credit_that_its_credit_notes_give_back(billing: Billing) -> None:
    """As the close then does."""
    made = paid_by_credit(billing)
    now = billing.clock.now()
    (drafted,) = billing.database.read(lambda tx: preview_invoices(tx, "acme", now)).invoices
    made.billing.go_to("2026-05-02 12:00")
    assert drafted.credits == tuple(billing.invoices("acme")[1].credits)
