"""Credit notes: what is given back of an issued invoice, with the tax that was charged on it.

Never changed once issued, and never more than what is left of a line: all the credit notes of an
invoice together give back at most what it charged, to the minor unit.

Units:   amounts are positive, in minor units; those of lines that credits lowered are negative.
Source:  docs/decisions/0026-adjustments-and-credit-notes.md
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from hashlib import sha256

from billing_service.domain.billed import BilledLine
from billing_service.domain.invoice import Invoice
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.lowered_lines import LoweredLines
from billing_service.domain.party import NumberSeries, Party, numbered
from billing_service.domain.tax import LineTax, TaxSubtotal, tax_on


class CreditNoteKind(Enum):
    """What brings a credit note about: a later fact, or somebody's decision."""

    CORRECTION = "correction"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class CreditNote:
    """What is given back of an invoice. `series` and `number` are '' in a preview."""

    payer: str
    credit_note_id: str
    series: str
    sequence: int
    number: str
    invoice: str
    invoice_number: str
    kind: CreditNoteKind
    reason: str
    currency: str
    issuer: Party
    buyer: Party
    issued_on: date
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    prices_include_tax: bool
    tax_note: str
    sandbox: str
    issued_at: int

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its payer and its id."""
        return (self.payer, self.credit_note_id)

    @property
    def payment_id(self) -> str:
        """The payment that it counts as: an id that nobody chooses."""
        if not self.credit_note_id:
            return ""
        return f"credit-note-{sha256('/'.join(self.key).encode()).hexdigest()[:32]}"


@dataclass(frozen=True, slots=True)
class CreditNoteLine:
    """What is given back of a line of an invoice."""

    line_number: int
    invoice_line_number: int
    description: str
    amount_minor: int
    period_start_on: date
    period_end_on: date
    tax_category: str
    taxed: LineTax | None


@dataclass(frozen=True, slots=True)
class IssuedCreditNote:
    """A credit note with all that it is made of."""

    note: CreditNote
    lines: tuple[CreditNoteLine, ...]
    taxes: tuple[TaxSubtotal, ...]

    @property
    def credits(self) -> list["LineCredit"]:
        """What is given back of the lines of its invoice."""
        return [LineCredit(each.invoice_line_number, each.amount_minor) for each in self.lines]


@dataclass(frozen=True, slots=True)
class LineCredit:
    """What is to be given back of a line, and what is said of it ('': as the line says).

    Negative: so much of a line of credit comes back to its credit, and is not given back.
    """

    line_number: int
    amount_minor: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class CreditedInvoice:
    """An issued invoice, and what was given back of its lines already.

    Shapes:  `credited` is what credit notes gave back of each line, `corrected` what lines of later
             invoices did; `lowered` is None where no credit before tax lowered any; `took_back`
             is what its own lines took back of those of others.
    """

    invoice: Invoice
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[TaxSubtotal, ...]
    credited: Mapping[int, int]
    corrected: Mapping[int, int]
    lowered: LoweredLines | None = None
    took_back: tuple[BilledLine, ...] = ()

    def line(self, line_number: int) -> InvoiceLine | None:
        """A line by its number."""
        return next((each for each in self.lines if each.line_number == line_number), None)

    def left_of(self, line: InvoiceLine) -> int:
        """What can still be given back of a line, to credits or as money, within its tax group."""
        if line.part is LinePart.CREDIT:
            return 0
        return max(min(self._rest_of(line), self._left_of_group(line.taxed)), 0)

    def wanting_of(self, line: InvoiceLine, amount_minor: int) -> int:
        """How much of an amount is left of a line, but not of its tax group.

        The invoice took as much back of others.
        """
        return max(min(self._rest_of(line), amount_minor) - self.left_of(line), 0)

    def room_of(self, line: InvoiceLine) -> int:
        """What can be given back of a line, even if a later invoice took it back.

        That is for what the later one charged, where it comes to too little to give that back.
        """
        rest = line.amount_minor - self.credited.get(line.line_number, 0)
        return max(min(rest, self._left_of_group(line.taxed)), 0)

    def returning(self, given: Iterable[LineCredit]) -> list[LineCredit]:
        """What comes back to credits before tax as lines are given back, by the lines of credit."""
        if self.lowered is None:
            return []
        after = self.after(given)
        charging = [each for each in self.lines if each.part is not LinePart.CREDIT]
        # Of what a later invoice took back nothing is left, even if it is given back for that one.
        left = {
            each.line_number: max(after._rest_of(each), min(each.amount_minor, 0))
            for each in charging
        }
        still = self.lowered.still_used(left)
        found = []
        for line in self.lines:
            back = self._used_of(line) - still.get((line.credit, line.tax_category), 0)
            if line.part is LinePart.CREDIT and back > 0:
                text = f"{line.description}, returned"
                found.append(LineCredit(line.line_number, -back, text))
        return found

    def taxed_of(self, line: InvoiceLine) -> LineTax | None:
        """How a line is taxed; one of credit as those that it lowers."""
        if line.part is not LinePart.CREDIT:
            return line.taxed
        category = line.tax_category
        return next((each.taxed for each in self.lines if each.tax_category == category), None)

    def after(self, given: Iterable[LineCredit]) -> "CreditedInvoice":
        """The same after more was given back."""
        credited = dict(self.credited)
        for each in given:
            number = each.line_number
            credited[number] = credited.get(number, 0) + each.amount_minor
        return replace(self, credited=credited)

    def taxes_on(self, lines: Sequence[CreditNoteLine]) -> tuple[TaxSubtotal, ...]:
        """The taxes that are given back with lines: what is left once all of a rate is."""
        rates: dict[tuple[str, str, str], LineTax] = {}
        amounts: dict[tuple[str, str, str], int] = defaultdict(int)
        for each in lines:
            if each.taxed is not None:
                rates[_order(each.taxed)] = each.taxed
                amounts[_order(each.taxed)] += each.amount_minor
        return tuple(self._subtotal(rates[each], amounts[each]) for each in sorted(rates))

    def _rest_of(self, line: InvoiceLine) -> int:
        """What is left of what a line charged, before credits."""
        number = line.line_number
        return line.amount_minor - self.credited.get(number, 0) - self.corrected.get(number, 0)

    def _left_of_group(self, taxed: LineTax | None) -> int:
        """What is left of all that is taxed alike, before credits."""
        left = self._whole(taxed) - self._credited_of(taxed)
        return left + sum(self._used_of(each) for each in self._lowering(taxed))

    def _used_of(self, line: InvoiceLine) -> int:
        """What a line of credit still uses."""
        return -line.amount_minor + self.credited.get(line.line_number, 0)

    def _lowering(self, taxed: LineTax | None) -> list[InvoiceLine]:
        """The lines of credit that lower a tax group, if what they lowered is known."""
        if self.lowered is None:
            return []
        found = (each for each in self.lines if each.part is LinePart.CREDIT)
        return [each for each in found if _same_rate(self.taxed_of(each), taxed)]

    def _subtotal(self, taxed: LineTax, amount_minor: int) -> TaxSubtotal:
        before = self._credited_of(taxed)
        after_minor = self._tax_of(taxed, before + amount_minor)
        tax_minor = after_minor - self._tax_of(taxed, before)
        is_inclusive = self.invoice.prices_include_tax
        return TaxSubtotal(
            tax_category=taxed.rate.tax_category,
            display_name=taxed.rate.display_name,
            percent=taxed.rate.percent,
            treatment=taxed.treatment,
            taxable_minor=amount_minor - (tax_minor if is_inclusive else 0),
            tax_minor=tax_minor,
        )

    def _tax_of(self, taxed: LineTax, amount_minor: int) -> int:
        """The tax on a part of what was taxed alike: on all of it, that of the invoice."""
        whole = sum(each.tax_minor for each in self._of_group(taxed))
        if amount_minor >= self._whole(taxed):
            return whole
        is_inclusive = self.invoice.prices_include_tax
        return min(tax_on(amount_minor, taxed.rate.percent, is_inclusive=is_inclusive), whole)

    def _whole(self, taxed: LineTax | None) -> int:
        """What all lines that are taxed alike come to, as lines state their amounts."""
        if taxed is None:
            return self.invoice.subtotal_minor
        is_inclusive = self.invoice.prices_include_tax
        return sum(
            each.taxable_minor + (each.tax_minor if is_inclusive else 0)
            for each in self._of_group(taxed)
        )

    def _of_group(self, taxed: LineTax) -> list[TaxSubtotal]:
        group = (taxed.rate.tax_category, taxed.rate.percent, taxed.treatment)
        return [
            each
            for each in self.taxes
            if (each.tax_category, each.percent, each.treatment) == group
        ]

    def _credited_of(self, taxed: LineTax | None) -> int:
        return sum(
            self.credited.get(line.line_number, 0)
            for line in self.lines
            if _same_rate(self.taxed_of(line), taxed)
        )


def draft_credit_note(
    credited: CreditedInvoice,
    given: Sequence[LineCredit],
    *,
    kind: CreditNoteKind,
    reason: str,
    issued_on: date,
    issued_at: int,
) -> IssuedCreditNote:
    """The credit note for lines of an invoice, without a number.

    What credits before tax lowered of them comes back to these, on lines of its own.

    Shapes:  no credit is more than what is left of its line.
    """
    lines = tuple(
        _line(place, credited, each)
        for place, each in enumerate((*given, *credited.returning(given)), start=1)
    )
    taxes = credited.taxes_on(lines)
    invoice = credited.invoice
    amount_minor = sum(each.amount_minor for each in lines)
    tax_minor = sum(each.tax_minor for each in taxes)
    is_inclusive = invoice.prices_include_tax
    subtotal_minor = amount_minor - (tax_minor if is_inclusive else 0)
    note = CreditNote(
        payer=invoice.payer,
        credit_note_id="",
        series="",
        sequence=0,
        number="",
        invoice=invoice.invoice_id,
        invoice_number=invoice.number,
        kind=kind,
        reason=reason,
        currency=invoice.currency,
        issuer=invoice.issuer,
        buyer=invoice.buyer,
        issued_on=issued_on,
        subtotal_minor=subtotal_minor,
        tax_minor=tax_minor,
        total_minor=subtotal_minor + tax_minor,
        prices_include_tax=is_inclusive,
        tax_note=invoice.tax_note,
        sandbox=invoice.sandbox,
        issued_at=issued_at,
    )
    return IssuedCreditNote(note, lines, taxes)


def number_credit_note(
    drafted: IssuedCreditNote, series: NumberSeries
) -> tuple[IssuedCreditNote, NumberSeries]:
    """The credit note with the next number of its series, and the series after that."""
    taken = replace(series, last=series.last + 1)
    printed, credit_note_id = numbered(series.series, taken.last)
    note = replace(
        drafted.note,
        credit_note_id=credit_note_id,
        series=series.series,
        sequence=taken.last,
        number=printed,
    )
    return replace(drafted, note=note), taken


def _line(place: int, credited: CreditedInvoice, credit: LineCredit) -> CreditNoteLine:
    line = credited.line(credit.line_number)
    if line is None:
        raise ValueError(f"no line {credit.line_number}")
    return CreditNoteLine(
        line_number=place,
        invoice_line_number=line.line_number,
        description=credit.description or line.description,
        amount_minor=credit.amount_minor,
        period_start_on=line.period_start_on,
        period_end_on=line.period_end_on,
        tax_category=line.tax_category,
        taxed=credited.taxed_of(line),
    )


def _same_rate(one: LineTax | None, other: LineTax | None) -> bool:
    if one is None or other is None:
        return one is other
    return _order(one) == _order(other)


def _order(taxed: LineTax) -> tuple[str, str, str]:
    rate = taxed.rate
    return (rate.tax_category, str(rate.percent.normalize()), taxed.treatment.value)
