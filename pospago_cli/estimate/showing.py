"""Estimates as people read them: a table for each month, then what all come to."""

from collections.abc import Iterator, Sequence

from pospago.billing.v1 import estimate_pb2 as pb
from pospago.billing.v1.invoice_pb2 import InvoiceLine
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pospago_cli.invoice_showing import taxes_of
from pospago_cli.tables import date_text, field_text, money_text, table_of

FIGURES = ("quantity", "unit_price", "amount")
# Sentences are folded, so that the figures stay beside their lines.
LINE_WIDTH_MAX = 72


def shown(answer: pb.EstimateResponse) -> RenderableType:
    """An estimate as one would print it: month by month, and what several come to together."""
    first, *others = map(_month, answer.invoices)
    if not others:
        return first
    total = f"total of {len(answer.invoices)} months {money_text(answer.total)}"
    parted = (part for month in others for part in (Text(), month))
    return Group(first, *parted, Text(), Text(total, style="bold"))


def _month(invoice: pb.EstimatedInvoice) -> RenderableType:
    """One invoice: lines, taxes and total; apart from them, what is held."""
    month = date_text(invoice.month)[:7]
    parts: list[RenderableType] = []
    if invoice.lines:
        parts += [_table(month, invoice.lines), *taxes_of(invoice)]
    else:
        parts.append(Text(f"{month}: nothing would be charged."))
    parts.append(Text(f"total {money_text(invoice.total)}"))
    if invoice.held_lines:
        parts.append(Text())
        parts.append(_table(f"{month}, held for a decision and in no total", invoice.held_lines))
    return Group(*parts)


def _table(title: str, lines: Sequence[InvoiceLine]) -> Table:
    """Lines with their figures; below each its tiers and how it came about, if it tells them."""
    table = table_of(title, (), f"description {' '.join(FIGURES)}")
    table.columns[0].header = "line"
    table.columns[0].max_width = LINE_WIDTH_MAX
    for line, after in zip(lines, (*lines[1:], InvoiceLine()), strict=True):
        table.add_row(Text(line.description), *_figures(line))
        for tier in line.tiers:
            table.add_row(_below(_tier_text(tier)), *_figures(tier))
        # What is included and what is beyond it came about together: that is told once.
        if line.explanation != after.explanation:
            for step in line.explanation.steps:
                table.add_row(_below(step))
    return table


def _figures(message: InvoiceLine | InvoiceLine.TierShare) -> Iterator[Text]:
    return (Text(field_text(message, name)) for name in FIGURES)


def _tier_text(tier: InvoiceLine.TierShare) -> str:
    """Which tier it is, and what it costs to reach it."""
    bound = f"up to {tier.up_to.value}" if tier.HasField("up_to") else "without bound"
    fee = tier.flat_fee.value
    return f"{bound}, flat fee {fee}" if fee not in ("", "0") else bound


def _below(text: str) -> RenderableType:
    """A text that is indented on each of its lines."""
    return Padding(Text(text), (0, 0, 0, 2))
