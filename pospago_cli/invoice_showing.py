"""Invoices and credit notes as people read them."""

from collections.abc import Iterable, Iterator
from typing import Final

from pospago.billing.v1 import invoice_pb2 as pb
from pospago.billing.v1.estimate_pb2 import EstimatedInvoice
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pospago_cli.tables import date_text, field_text, instant_text, money_text, table_of

_LINES: Final = "line_number description band quantity unit_price amount"
_NOTE_LINES: Final = "line_number invoice_line_number description amount"
_TAXES: Final = "display_name tax_category percent treatment taxable_amount tax_amount"


def explained(answer: pb.ExplainInvoiceLineResponse) -> RenderableType:
    """How a line came about, as one would tell it: what it is, and each step of one charge."""
    told, line = answer.explanation, answer.line
    if line.credit:
        return Text(f"{line.description}: {money_text(line.amount)} of {line.credit}")
    charges = f"{answer.charges_count} times {told.price} of {told.plan}"
    return Group(
        Text(f"{line.description}: {money_text(line.amount)}"),
        Text(f"{charges}, version {told.plan_version}"),
        *(Text(f"  {step}") for step in told.steps),
    )


def rendered(bill: pb.Invoice) -> RenderableType:
    """An invoice as one would print it: parties, dates, lines, taxes, totals."""
    facts = (
        ("issuer", f"{bill.issuer.legal_name} {bill.issuer.registration_number}".strip()),
        ("buyer", bill.buyer.legal_name or bill.buyer.name),
        ("month", date_text(bill.month)[:7]),
        ("due", date_text(bill.due_date)),
        ("last day of service if unpaid", date_text(bill.last_service_date)),
    )
    head = _head((*facts, *_rest_of(bill)))
    lines = table_of("", bill.lines, _LINES) if bill.lines else Text("Nothing is charged.")
    state = field_text(bill, "state")
    foot = Text(f"total {money_text(bill.total)} · paid {money_text(bill.amount_paid)} · {state}")
    number = bill.number or ("draft" if bill.state == pb.Invoice.STATE_DRAFT else "preview")
    note = [Text(bill.tax_note)] if bill.tax_note else []
    parts = (head, lines, *taxes_of(bill), *note, *_credits_of(bill), foot)
    return Panel(Group(*parts), title=f"Invoice {number}", expand=False)


def rendered_note(note: pb.CreditNote) -> RenderableType:
    """A credit note as one would print it: of which invoice and why, lines, taxes, total."""
    head = _head(
        (
            ("invoice", note.invoice_number),
            ("issuer", f"{note.issuer.legal_name} {note.issuer.registration_number}".strip()),
            ("buyer", note.buyer.legal_name or note.buyer.name),
            ("issued", date_text(note.issue_date)),
            ("because", note.reason),
            ("counts as", note.payment),
        )
    )
    lines = table_of("", note.lines, _NOTE_LINES)
    text = [Text(note.tax_note)] if note.tax_note else []
    foot = Text(f"given back {money_text(note.total)}")
    title = f"Credit note {note.number or 'preview'}"
    return Panel(Group(head, lines, *taxes_of(note), *text, foot), title=title, expand=False)


def taxes_of(bill: pb.Invoice | pb.CreditNote | EstimatedInvoice) -> list[RenderableType]:
    """Subtotal, taxes by category and rate, and their sum; nothing without taxes."""
    if not bill.taxes:
        return []
    how = "included in the lines" if bill.prices_include_tax else "added to the lines"
    return [
        Text(f"subtotal {money_text(bill.subtotal)}"),
        table_of("", bill.taxes, _TAXES),
        Text(f"taxes {money_text(bill.tax_total)}, {how}"),
    ]


def _head(facts: Iterable[tuple[str, str]]) -> Table:
    """What a document says above its lines, as far as it is known."""
    head = Table.grid(padding=(0, 2))
    head.add_column(style="dim")
    for heading, value in facts:
        if value:
            head.add_row(heading, Text(value))
    return head


def _rest_of(bill: pb.Invoice) -> Iterator[tuple[str, str]]:
    """How a draft rests: until when by itself, or since when it is held, by whom and why."""
    draft = bill.draft
    if draft.HasField("issue_time"):
        yield "rests until", instant_text(draft.issue_time)
    if draft.HasField("hold_time"):
        yield "held since", instant_text(draft.hold_time)
        yield "held by", draft.author or "the billing profile"
    if draft.note:
        yield "held because", draft.note


def _credits_of(bill: pb.Invoice) -> list[RenderableType]:
    """The credits that pay the total; those that lower what is taxed have lines."""
    return [
        Text(f"{each.credit} pays {money_text(each.amount)}")
        for each in bill.credits
        if each.after_tax
    ]
