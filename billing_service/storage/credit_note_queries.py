"""What can be read of credit notes, and what use cases gather to issue some."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, and_, func, select, tuple_

from billing_service.domain.billed import BilledLine, taken_back
from billing_service.domain.credit_note import CreditedInvoice, IssuedCreditNote
from billing_service.storage import credit_note_rows, gathering_credits, gathering_documents
from billing_service.storage.document_queries import lines_of, taxes_of
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.lowered_reading import lowered_lines
from billing_service.storage.tables import table
from billing_service.storage.tax_rows import tax_subtotal_from_row
from chassis.database import Transaction

_NOTES: Final = table("credit_notes")
_NOTE_LINES: Final = table("credit_note_lines")
_NOTE_TAXES: Final = table("credit_note_taxes")
_CHARGES: Final = table("charges")
_CHARGE_KEY: Final = ("account", "subscription", "item", "period_start_on", "part")

NotePlace = tuple[str, int]
FIRST_NOTE: Final[NotePlace] = ("", 0)


def find_credit_note(tx: Transaction, payer: str, credit_note: str) -> IssuedCreditNote | None:
    """A credit note by its payer and id."""
    query = select(_NOTES).where(_NOTES.c.payer == payer, _NOTES.c.credit_note == credit_note)
    found = _in_full(tx, query)
    return found[0] if found else None


def list_credit_notes(
    tx: Transaction, payer: str, *, invoice: str, after: NotePlace, limit: int
) -> list[IssuedCreditNote]:
    """A payer's credit notes by number, those that follow `after`; of one invoice, or all ('')."""
    order = (_NOTES.c.series, _NOTES.c.sequence)
    query = select(_NOTES).where(_NOTES.c.payer == payer, tuple_(*order) > after)
    if invoice:
        query = query.where(_NOTES.c.invoice == invoice)
    return _in_full(tx, query.order_by(*order).limit(limit))


def gather_credited(tx: Transaction, facts: Facts, invoices: Iterable[DocumentKey]) -> None:
    """Invoices with their lines and taxes, and what was given back of them; what they are paid.

    With what they use of credits, which comes back first. Invoices that there are not are left out.
    """
    wanted = sorted(set(invoices) - facts.credited.keys())
    if not wanted:
        return
    gathering_documents.gather_invoices(tx, facts, wanted)
    gathering_documents.gather_ledgers(tx, facts, wanted)
    gathering_credits.gather_credit_uses(tx, facts, wanted)
    lines, taxes = lines_of(tx, wanted), taxes_of(tx, wanted)
    credited, (corrected, took_back) = _credited(tx, wanted), _corrected(tx, wanted)
    lowered = lowered_lines(tx, facts, {key: lines[key] for key in wanted})
    for key in wanted:
        if key in facts.invoices:
            facts.credited[key] = CreditedInvoice(
                invoice=facts.invoices[key],
                lines=tuple(lines[key]),
                taxes=tuple(taxes[key]),
                credited=credited[key],
                corrected=corrected[key],
                lowered=lowered.get(key),
                took_back=tuple(took_back[key]),
            )


def with_taken_back(tx: Transaction, invoices: Iterable[DocumentKey]) -> set[DocumentKey]:
    """Invoices, and those of which their lines may have taken something back, and so on."""
    found: set[DocumentKey] = set()
    reversal = _CHARGES.alias("reversal")
    same = and_(*(reversal.c[name] == _CHARGES.c[name] for name in _CHARGE_KEY))
    query = (
        select(_CHARGES.c.payer, _CHARGES.c.invoice)
        .join(reversal, and_(same, reversal.c.reverses_revision.is_not(None)))
        .where(reversal.c.credit_note == "")
        .distinct()
    )
    key: Any = tuple_(reversal.c.payer, reversal.c.invoice)
    more = set(invoices)
    while more:
        found |= more
        rows = tx.where_in(query, key, sorted(more))
        more = {(row.payer, row.invoice) for row in rows} - found
    return found


def _credited(
    tx: Transaction, invoices: Sequence[DocumentKey]
) -> defaultdict[DocumentKey, dict[int, int]]:
    """What credit notes gave back of each line of the invoices."""
    number = _NOTE_LINES.c.invoice_line_number
    same = and_(
        _NOTES.c.payer == _NOTE_LINES.c.payer, _NOTES.c.credit_note == _NOTE_LINES.c.credit_note
    )
    query = (
        select(_NOTES.c.payer, _NOTES.c.invoice, number, func.sum(_NOTE_LINES.c.amount_minor))
        .join(_NOTE_LINES, same)
        .group_by(_NOTES.c.payer, _NOTES.c.invoice, number)
    )
    key: Any = tuple_(_NOTES.c.payer, _NOTES.c.invoice)
    found: defaultdict[DocumentKey, dict[int, int]] = defaultdict(dict)
    for payer, invoice, line_number, total in tx.where_in(query, key, invoices):
        found[payer, invoice][line_number] = int(total)
    return found


def _corrected(
    tx: Transaction, invoices: Sequence[DocumentKey]
) -> tuple[defaultdict[DocumentKey, dict[int, int]], defaultdict[DocumentKey, list[BilledLine]]]:
    """What lines of later invoices took back of each line of the invoices, and theirs of others."""
    reversal = _CHARGES.alias("reversal")
    same = and_(*(reversal.c[name] == _CHARGES.c[name] for name in _CHARGE_KEY))
    query = (
        select(*(_CHARGES.c[name] for name in _CHARGE_KEY))
        .join(reversal, and_(same, reversal.c.reverses_revision.is_not(None)))
        .where(reversal.c.credit_note == "")
        .distinct()
    )
    key: Any = tuple_(_CHARGES.c.payer, _CHARGES.c.invoice)
    keys = sorted(tuple(row) for row in tx.where_in(query, key, invoices))
    corrected: defaultdict[DocumentKey, dict[int, int]] = defaultdict(dict)
    took_back: defaultdict[DocumentKey, list[BilledLine]] = defaultdict(list)
    for history in _histories(tx, keys):
        for by, part in taken_back(history):
            of_invoice = corrected[part.payer, part.invoice]
            number = part.line_number
            of_invoice[number] = of_invoice.get(number, 0) + part.amount_minor
            took_back[by.payer, by.invoice].append(part)
    return corrected, took_back


def _histories(tx: Transaction, keys: Sequence[tuple[Any, ...]]) -> Iterable[list[BilledLine]]:
    """What was charged and taken back for each key on invoices, in order."""
    whole: Any = tuple_(*(_CHARGES.c[name] for name in _CHARGE_KEY))
    ordered = select(_CHARGES).where(_CHARGES.c.credit_note == "").order_by(_CHARGES.c.revision)
    found: dict[tuple[Any, ...], list[BilledLine]] = defaultdict(list)
    for row in tx.where_in(ordered, whole, keys):
        line = BilledLine(row.payer, row.invoice, row.line_number, row.amount_minor)
        found[tuple(getattr(row, name) for name in _CHARGE_KEY)].append(line)
    return found.values()


def _in_full(tx: Transaction, query: Select[Any]) -> list[IssuedCreditNote]:
    notes = [credit_note_rows.credit_note_from_row(row) for row in tx.all(query)]
    keys = [each.key for each in notes]
    lines: dict[DocumentKey, list[Any]] = defaultdict(list)
    for row in _of_notes(tx, _NOTE_LINES, _NOTE_LINES.c.line_number, keys):
        lines[row.payer, row.credit_note].append(credit_note_rows.line_from_row(row))
    taxes: dict[DocumentKey, list[Any]] = defaultdict(list)
    for row in _of_notes(tx, _NOTE_TAXES, _NOTE_TAXES.c.ordinal, keys):
        taxes[row.payer, row.credit_note].append(tax_subtotal_from_row(row))
    return [
        IssuedCreditNote(each, tuple(lines[each.key]), tuple(taxes[each.key])) for each in notes
    ]


def _of_notes(
    tx: Transaction, owner: Any, order: Any, keys: Sequence[DocumentKey]
) -> Sequence[Row[Any]]:
    key: Any = tuple_(owner.c.payer, owner.c.credit_note)
    return tx.where_in(select(owner).order_by(order), key, keys)
