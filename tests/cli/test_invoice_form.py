"""Invoices as one would print them."""

import io

import pytest
from google.type.decimal_pb2 import Decimal
from google.type.money_pb2 import Money
from pospago.billing.v1 import explanation_pb2, tax_pb2
from pospago.billing.v1 import invoice_pb2 as pb
from rich.console import Console, RenderableType

from pospago_cli.invoice_showing import explained, rendered, rendered_note
from pospago_cli.invoices import INVOICE


def money(units: int, cents: int = 0) -> Money:
    return Money(currency_code="USD", units=units, nanos=cents * 10_000_000)


def taxed_invoice(*, prices_include_tax: bool = False) -> pb.Invoice:
    tax = tax_pb2.TaxSubtotal(
        display_name="Sales tax",
        percent=Decimal(value="8.5"),
        treatment=tax_pb2.TAX_TREATMENT_STANDARD,
        taxable_amount=money(250, 10),
        tax_amount=money(21, 26),
    )
    return pb.Invoice(
        subtotal=money(250, 10),
        taxes=[tax],
        tax_total=money(21, 26),
        total=money(271, 36),
        prices_include_tax=prices_include_tax,
        tax_note="Zone 4 of the free port",
    )


def printed(invoice: pb.Invoice) -> str:
    """What a reader sees of an invoice, spaces aside."""
    return seen(rendered(invoice))


def seen(shown: RenderableType) -> str:
    """What a reader sees, spaces aside."""
    console = Console(file=io.StringIO(), width=120)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_taxed_invoice_shows_subtotal_taxes_and_total() -> None:
    """Each tax has a row between the sum of the lines and what is to be paid."""
    shown = printed(taxed_invoice())
    places = [
        shown.index(text)
        for text in (
            "subtotal 250.10 USD",
            "Sales tax 8.5 STANDARD 250.10 USD 21.26 USD",
            "taxes 21.26 USD, added to the lines",
            "Zone 4 of the free port",
            "total 271.36 USD · paid",
        )
    ]
    assert places == sorted(places)


def test_invoice_says_when_its_lines_include_tax() -> None:
    """Whoever adds up the lines must know what they come to."""
    shown = printed(taxed_invoice(prices_include_tax=True))
    assert "taxes 21.26 USD, included in the lines" in shown


def test_untaxed_invoice_says_nothing_of_taxes() -> None:
    """Without a tax profile the total stands alone."""
    shown = printed(pb.Invoice(subtotal=money(39, 90), tax_total=money(0), total=money(39, 90)))
    assert "tax" not in shown


def test_draft_without_lines_says_that_nothing_is_charged() -> None:
    """No empty table: the month only gives something back, or comes to nothing."""
    draft = pb.Invoice(state=pb.Invoice.STATE_DRAFT, total=money(0))
    assert "Nothing is charged." in printed(draft)


def test_credit_note_shows_its_lines_as_rows() -> None:
    """Each says of which line of the invoice it is, and how much; what is given back comes last."""
    line = pb.CreditNoteLine(
        line_number=1, invoice_line_number=3, description="Pro, 2026-03", amount=money(4, 84)
    )
    note = pb.CreditNote(
        number="CN-INV-000001",
        invoice_number="INV-000001",
        reason="sorry",
        lines=[line],
        total=money(4, 84),
    )
    shown = seen(rendered_note(note))
    places = [
        shown.index(text)
        for text in (
            "Credit note CN-INV-000001",
            "invoice INV-000001",
            "because sorry",
            "1 3 Pro, 2026-03 4.84 USD",
            "given back 4.84 USD",
        )
    ]
    assert places == sorted(places)


def test_line_is_explained_step_by_step() -> None:
    """The line, how many charges it sums, and the steps of one of them."""
    told = explanation_pb2.Explanation(
        plan="plans/integrator",
        plan_version=2,
        price="instance",
        steps=["Flat: 39.9.", "It comes to USD 39.90."],
    )
    line = pb.InvoiceLine(description="Instance, band 1", amount=money(119, 70))
    answer = pb.ExplainInvoiceLineResponse(explanation=told, charges_count=3, line=line)
    assert seen(explained(answer)) == (
        "Instance, band 1: 119.70 USD 3 times instance of plans/integrator, version 2"
        " Flat: 39.9. It comes to USD 39.90."
    )


@pytest.mark.parametrize(
    "written", ["acme/INV-000001", "accounts/acme/invoices/INV-000001", "acme/inv-000001"]
)
def test_invoice_is_found_by_its_number(written: str) -> None:
    """As it is printed; names have small letters only."""
    assert INVOICE.convert(written, None, None) == "accounts/acme/invoices/inv-000001"
