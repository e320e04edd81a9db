"""Credits before tax come back as what they lowered is given back, and never as money."""

import pytest

from billing_service.domain.credit_grant import CreditScope
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.credit_note_errors import CreditExceedsLine
from billing_service.use_cases.create_credit_note import (
    CREATE_CREDIT_NOTE,
    CreateCreditNote,
    LineToCredit,
)
from tests.billing.builders import Billing
from tests.billing.credits.giving import BEFORE, amount_of, credits_of, grant, said
from tests.billing.taxing import create_tax_profile, rates_of, tax_version
from tests.billing.usage.guarded import MEGABYTES, PEAK, Guarded
from tests.billing.usage.test_outdated import void

CLOSES = "2026-04-02 12:00"
ANYTHING = CreditScope()


def used(billing: Billing, amount: str, scope: CreditScope = ANYTHING) -> Guarded:
    """March for 5.00 of megabytes and 10% of tax, lowered by a credit."""
    made = Guarded.on(billing, MEGABYTES, PEAK)
    create_tax_profile(billing, tax_version(rates=rates_of(other="10")))
    billing.set_profile("acme", tax_profile="home")
    grant(billing, amount=amount, application=BEFORE, scope=scope)
    made.use("4", "transfer")
    made.use("6", "transfer")
    if scope != ANYTHING:
        made.use("6", "load")
    billing.go_to(CLOSES)
    return made


def give_back(billing: Billing, amount: str = "") -> IssuedCreditNote:
    """An operator gives back so much of the first line of March, or all that is left of it."""
    lines = (LineToCredit(1, amount_of(amount) if amount else None),)
    return billing.do(CREATE_CREDIT_NOTE, CreateCreditNote("acme", "inv-000001", lines, "sorry"))


def figures(issued: IssuedCreditNote) -> tuple[list[int], int, int]:
    """The lines of a credit note, its tax and its total."""
    return (
        [each.amount_minor for each in issued.lines],
        issued.note.tax_minor,
        issued.note.total_minor,
    )


@pytest.mark.parametrize(
    ("amount", "told", "left"),
    [
        ("0.01", ([1], 0, 1), 0),
        ("2", ([200], 20, 220), 0),
        ("2.01", ([201, -1], 20, 220), 1),
        ("4.99", ([499, -299], 20, 220), 299),
        ("", ([500, -300], 20, 220), 300),
    ],
)
def test_credit_that_nothing_is_left_for_comes_back(
    billing: Billing, amount: str, told: tuple[list[int], int, int], left: int
) -> None:
    """Credit of 3.00 lowers 5.00 to 2.00, with 0.20 of tax: no more than that is money."""
    used(billing, "3")
    assert (figures(give_back(billing, amount)), credits_of(billing)) == (told, {"c": left})


def test_line_that_credit_covers_comes_back_to_it(either: Billing) -> None:
    """Nothing was to be paid, and nothing is."""
    used(either, "20")
    issued = give_back(either, "4")
    assert (figures(issued), credits_of(either), either.profile().credit[0]) == (
        ([400, -400], 0, 0),
        {"c": 1900},
        0,
    )


def test_several_credit_notes_give_back_what_one_would(billing: Billing) -> None:
    """Part by part, to the last cent; then nothing is left of the line."""
    used(billing, "3")
    total_minor = sum(give_back(billing, part).note.total_minor for part in ("1.50", "1.50", ""))
    with pytest.raises(CreditExceedsLine):
        give_back(billing, "0.01")
    assert (total_minor, credits_of(billing)) == (220, {"c": 300})


def test_ledger_tells_what_came_back(billing: Billing) -> None:
    """Granted, applied, and returned."""
    used(billing, "3")
    give_back(billing)
    assert said(billing)[-1] == ("returned", "c", 300, 300)


def test_correction_gives_back_to_credit_what_was_void(billing: Billing) -> None:
    """Void, 4 of 10 megabytes are 2.00, all of them money; then 6 more are credit, too."""
    made = used(billing, "3")
    void(made, "e1")
    billing.go_to("2026-05-02 12:00")
    before = credits_of(billing)
    void(made, "e2")
    billing.go_to("2026-06-02 12:00")
    assert (before, credits_of(billing)) == ({"c": 0}, {"c": 300})


def test_credit_comes_back_from_the_line_that_it_lowered(billing: Billing) -> None:
    """It lowered megabytes, all 5.00; the money of the invoice was for the load."""
    used(billing, "6", CreditScope(meters=frozenset({"megabytes"})))
    assert (figures(give_back(billing)), credits_of(billing)) == (([500, -500], 0, 0), {"c": 600})
