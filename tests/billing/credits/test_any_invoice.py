"""Any credits against any invoice: nothing below nothing, nothing lost, whatever the tax."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.credit_grant import CreditApplication, CreditGrant
from billing_service.domain.credited_invoice import CreditsToUse, credited
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.tax import Taxation, TaxRounding, first_tax_profile, tax
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
        replace(
            sketch.lines[0], line_number=n, amount_minor=amount, tax_category=category, plan=plan
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


def test_unscoped_credit_pays_all_of_any_total(sketch: IssuedInvoice) -> None:
    """What is rounded goes to some part, so that no cent stays open."""
    lines = lines_of(sketch, [(33, "food", "a"), (34, "food", "b"), (1, "", "a")])
    taxation = Taxation(first_tax_profile("home", "Home", tax_version("8.5")))
    invoice = replace(sketch.invoice, total_minor=taxed(sketch, lines, taxation))
    to_use = CreditsToUse((grant_of(amount_minor=10_000),), taxation, at=1)
    (found,) = credited([replace(sketch, lines=tuple(lines), invoice=invoice)], to_use)
    assert [each.amount_minor for each in found.credits] == [invoice.total_minor]
