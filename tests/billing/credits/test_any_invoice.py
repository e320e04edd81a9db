"""Any credits against any invoice: nothing below nothing, nothing lost, whatever the tax."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.credit_grant import CreditablePart, CreditApplication, CreditGrant
from billing_service.domain.credit_note import (
    CreditedInvoice,
    CreditNoteKind,
    LineCredit,
    draft_credit_note,
)
from billing_service.domain.credited_invoice import CreditsToUse, credited
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.lowered_lines import LoweredLines
from billing_service.domain.tax import Taxation, TaxRounding, first_tax_profile, line_tax, tax
from tests.billing.builders import Billing
from tests.billing.credits.granting import grant_of, scopes
from tests.billing.taxing import rates_of, tax_version

CATEGORIES = ("", "food")


@pytest.fixture(scope="module")
def sketch(template: Path, tmp_path_factory: pytest.TempPathFactory) -> IssuedInvoice:
    """A draft to be given other lines."""
    folder = tmp_path_factory.mktemp("sketch") / "store"
    shutil.copytree(template, folder)
    running = Billing.at(f"sqlite:///{folder}/billing.sqlite3")
    running.account()
    running.subscribe("a")
    (drafted,) = running.preview()
    running.close()
    return replace(drafted, charges=())


@st.composite
def taxations(draw: st.DrawFn) -> Taxation | None:
    """Any way to be taxed, or none."""
    if draw(st.booleans()):
        return None
    version = tax_version(
        rates=rates_of(food="7.7", other="25"),
        rounding=draw(st.sampled_from(TaxRounding)),
        includes=draw(st.booleans()),
    )
    return Taxation(first_tax_profile("home", "Home", version))


@st.composite
def credits_given(draw: st.DrawFn) -> tuple[CreditGrant, ...]:
    """Credits of either application."""
    ids = draw(st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=4))
    return tuple(
        grant_of(
            each,
            draw(st.integers(1, 400)),
            application=draw(st.sampled_from(CreditApplication)),
            scope=draw(scopes()),
        )
        for each in ids
    )


def lines_of(sketch: IssuedInvoice, drawn: Sequence[tuple[int, str, str]]) -> list[InvoiceLine]:
    """Lines of amounts, in categories, by plans."""
    return [
        sketch.lines[0]._replace(
            line_number=n, amount_minor=amount, tax_category=category, plan=plan
        )
        for n, (amount, category, plan) in enumerate(drawn, start=1)
    ]


def taxed(sketch: IssuedInvoice, lines: Sequence[InvoiceLine], taxation: Taxation | None) -> int:
    """What lines come to with their tax."""
    invoice = sketch.invoice
    day, zone = invoice.dates.issued_on, invoice.time_zone
    return tax(lines, taxation, issued_on=day, zone=zone).total_minor


@settings(max_examples=80)
@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from(CATEGORIES), st.sampled_from("ab")),
        min_size=1,
        max_size=5,
    ),
    given_credits=credits_given(),
    taxation=taxations(),
)
def test_any_credits_leave_an_invoice_in_order(
    sketch: IssuedInvoice,
    drawn: list[tuple[int, str, str]],
    given_credits: tuple[CreditGrant, ...],
    taxation: Taxation | None,
) -> None:
    """The total is not negative nor paid beyond, and lines of credit add up to what they use."""
    lines = lines_of(sketch, drawn)
    whole_minor = taxed(sketch, lines, taxation)
    invoice = replace(sketch.invoice, total_minor=whole_minor)
    to_use = CreditsToUse(given_credits, taxation, at=1)
    (found,) = credited([replace(sketch, lines=tuple(lines), invoice=invoice)], to_use)
    used = {each.credit_id: each.amount_minor for each in found.credits}
    paid = sum(each.amount_minor for each in found.credits if each.is_after_tax)
    lowered = sum(each.amount_minor for each in found.credits if not each.is_after_tax)
    on_lines = [each.amount_minor for each in found.lines if each.part is LinePart.CREDIT]
    total_minor = found.invoice.total_minor
    assert 0 <= paid <= total_minor <= whole_minor
    assert (sum(on_lines), found.lines[: len(lines)]) == (-lowered, tuple(lines))
    assert all(0 < used.get(each.credit_id, 1) <= each.left_minor for each in given_credits)


def lowered_by(
    sketch: IssuedInvoice,
    drawn: Sequence[tuple[int, str, str]],
    grants: Sequence[CreditGrant],
    taxation: Taxation | None,
) -> CreditedInvoice:
    """An invoice that credits before tax lowered, of which nothing was given back yet."""
    day, zone = sketch.invoice.dates.issued_on, sketch.invoice.time_zone
    lines = tuple(
        each._replace(taxed=line_tax(each, taxation, issued_on=day, zone=zone))
        for each in lines_of(sketch, drawn)
    )
    taxes = tax(lines, taxation, issued_on=day, zone=zone)
    invoice = replace(
        sketch.invoice,
        subtotal_minor=taxes.subtotal_minor,
        total_minor=taxes.total_minor,
        prices_include_tax=taxes.total_minor == sum(each.amount_minor for each in lines)
        and taxation is not None,
    )
    drafted = replace(sketch, lines=lines, invoice=invoice, taxes=taxes.subtotals)
    (found,) = credited([drafted], CreditsToUse(tuple(grants), taxation, at=1))
    used = {each.credit_id: each.amount_minor for each in found.credits}
    parts = [
        CreditablePart(n, "", each.plan, each.price, "", each.tax_category, each.amount_minor)
        for n, each in enumerate(lines, start=1)
    ]
    applied = [replace(e, left_minor=used[e.credit_id]) for e in grants if e.credit_id in used]
    lowered = LoweredLines(tuple(applied), tuple(parts)) if applied else None
    return CreditedInvoice(found.invoice, found.lines, found.taxes, {}, {}, lowered)


@settings(max_examples=80)
@given(
    drawn=st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from(CATEGORIES), st.sampled_from("ab")),
        min_size=1,
        max_size=4,
    ),
    grants=credits_given(),
    taxation=taxations(),
    steps=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 100)), max_size=6),
)
def test_any_credit_notes_give_back_what_was_paid_and_used(
    sketch: IssuedInvoice,
    drawn: list[tuple[int, str, str]],
    grants: tuple[CreditGrant, ...],
    taxation: Taxation | None,
    steps: list[tuple[int, int]],
) -> None:
    """None is below 0; once all is given back, they add up to money and credit, to the cent."""
    before = [each for each in grants if each.application is CreditApplication.BEFORE_TAX]
    left = whole = lowered_by(sketch, drawn, before, taxation)
    totals = []
    for number, percent in [*steps, *((number, 100) for number in range(1, len(drawn) + 1))]:
        line = left.line(number)
        given_minor = -(-left.left_of(line) * percent // 100) if line else 0
        if given_minor:
            note = draft_credit_note(
                left,
                [LineCredit(number, given_minor)],
                kind=CreditNoteKind.DECIDED,
                reason="",
                issued_on=whole.invoice.dates.issued_on,
                issued_at=0,
            )
            totals.append(note.note.total_minor)
            left = left.after(note.credits)
    used = [each for each in whole.lines if each.part is LinePart.CREDIT]
    assert min(totals, default=0) >= 0
    assert sum(totals) == whole.invoice.total_minor
    assert [left.credited.get(each.line_number, 0) for each in used] == [
        each.amount_minor for each in used
    ]


def test_unscoped_credit_pays_all_of_any_total(sketch: IssuedInvoice) -> None:
    """What is rounded goes to some part, so that no cent stays open."""
    lines = lines_of(sketch, [(33, "food", "a"), (34, "food", "b"), (1, "", "a")])
    taxation = Taxation(first_tax_profile("home", "Home", tax_version("8.5")))
    invoice = replace(sketch.invoice, total_minor=taxed(sketch, lines, taxation))
    to_use = CreditsToUse((grant_of(amount_minor=10_000),), taxation, at=1)
    (found,) = credited([replace(sketch, lines=tuple(lines), invoice=invoice)], to_use)
    assert [each.amount_minor for each in found.credits] == [invoice.total_minor]
