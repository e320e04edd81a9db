"""What credits do to an invoice: lines that lower what is taxed, and what they pay of the total.

Nothing is stored here: an invoice that is previewed, and one that is issued, are credited alike.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from billing_service.domain.charge import Charge
from billing_service.domain.credit_grant import (
    AppliedCredit,
    CreditablePart,
    CreditApplication,
    CreditGrant,
    CreditUse,
    apply,
    totals,
)
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.price import Metered
from billing_service.domain.proportion import in_proportion
from billing_service.domain.tax import Taxation, tax, tax_by_line

_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class CreditsToUse:
    """The credits of an invoice's payer, how the payer is taxed, and the instant of the issue."""

    grants: tuple[CreditGrant, ...]
    taxation: Taxation | None
    at: int

    def of(self, currency: str, application: CreditApplication) -> list[CreditGrant]:
        """Those of which something can be used in a currency, in one way."""
        return [
            each
            for each in self.grants
            if each.currency == currency
            and each.application is application
            and each.is_usable(self.at)
        ]


def credited(drafted: Iterable[IssuedInvoice], to_use: CreditsToUse) -> list[IssuedInvoice]:
    """The invoices of a payer with what its credits do to them, the first of them first.

    Errors:  TaxRateNotFound.
    """
    if not to_use.grants:
        return list(drafted)
    found = []
    for each in drafted:
        done = _with_credits(each, to_use)
        used = {applied.credit_id: applied.amount_minor for applied in done.credits}
        left = tuple(
            replace(grant, left_minor=grant.left_minor - used.get(grant.credit_id, 0))
            for grant in to_use.grants
        )
        to_use = replace(to_use, grants=left)
        found.append(done)
    return found


def _with_credits(drafted: IssuedInvoice, to_use: CreditsToUse) -> IssuedInvoice:
    currency = drafted.invoice.currency
    before = to_use.of(currency, CreditApplication.BEFORE_TAX)
    after = to_use.of(currency, CreditApplication.AFTER_TAX)
    if not before and not after:
        return drafted
    parts = _parts(drafted)
    lowering = apply(before, parts)
    left = _lowered(parts, lowering)
    lines = _lines_left(drafted.lines, left)
    invoice = drafted.invoice
    day, zone = invoice.dates.issued_on, invoice.time_zone
    on_lines = tax_by_line(lines, to_use.taxation, issued_on=day, zone=zone)
    taxed = {line.line_number: each for line, each in zip(lines, on_lines, strict=True)}
    paying = apply(after, _with_tax(left, taxed))
    applied = (
        *_applied(lowering, CreditApplication.BEFORE_TAX),
        *_applied(paying, CreditApplication.AFTER_TAX),
    )
    if not lowering:
        return replace(drafted, credits=applied)
    taxes = tax(lines, to_use.taxation, issued_on=day, zone=zone)
    return replace(
        drafted,
        invoice=replace(
            invoice,
            subtotal_minor=taxes.subtotal_minor,
            tax_minor=taxes.tax_minor,
            total_minor=taxes.total_minor,
        ),
        lines=(*drafted.lines, *_credit_lines(drafted.lines, before, parts, lowering)),
        taxes=taxes.subtotals,
        credits=applied,
    )


def _parts(drafted: IssuedInvoice) -> list[CreditablePart]:
    """What the lines are for: the charges on them by account, and what no charge accounts for."""
    amounts: dict[int, dict[tuple[str, str, str, str], int]] = defaultdict(dict)
    for charge in drafted.charges:
        of_line, key = amounts[charge.line_number], _subject(charge)
        of_line[key] = of_line.get(key, 0) + charge.amount_minor
    parts = []
    for line in drafted.lines:
        of_line = amounts[line.line_number]
        rest = line.amount_minor - sum(of_line.values())
        if rest:
            key = ("", line.plan, line.price, "")
            of_line[key] = of_line.get(key, 0) + rest
        for key, amount_minor in sorted(of_line.items()):
            parts.append(CreditablePart(line.line_number, *key, line.tax_category, amount_minor))
    return parts


def _subject(charge: Charge) -> tuple[str, str, str, str]:
    """Whose a charge is, and by which plan, price and meter."""
    rated = charge.rated
    kind = rated.rate.price.kind
    meter = kind.meter if isinstance(kind, Metered) else ""
    return (rated.key.account, rated.rate.plan, rated.rate.price.code, meter)


def _lowered(parts: Sequence[CreditablePart], uses: Iterable[CreditUse]) -> list[CreditablePart]:
    """The parts without what credits take off them."""
    left = [each.amount_minor for each in parts]
    for use in uses:
        left[use.place] -= use.amount_minor
    return [replace(each, amount_minor=amount) for each, amount in zip(parts, left, strict=True)]


def _lines_left(lines: Iterable[InvoiceLine], parts: Iterable[CreditablePart]) -> list[InvoiceLine]:
    """The lines with what is left of their amounts, which is what is taxed.

    Taxed so, and not by the lines of credit, what is rounded on each line is never below 0.
    """
    amounts: dict[int, int] = defaultdict(int)
    for each in parts:
        amounts[each.line_number] += each.amount_minor
    return [line._replace(amount_minor=amounts[line.line_number]) for line in lines]


def _with_tax(parts: Sequence[CreditablePart], taxes: Mapping[int, int]) -> list[CreditablePart]:
    """The parts with the tax on their lines, all in one pool: what is paid is the total."""
    by_line: dict[int, list[CreditablePart]] = defaultdict(list)
    for each in parts:
        by_line[each.line_number].append(each)
    found = []
    for line_number, members in by_line.items():
        weights = [each.amount_minor for each in members]
        shares = in_proportion(taxes[line_number], weights)
        for each, share in zip(members, shares, strict=True):
            found.append(replace(each, pool="", amount_minor=each.amount_minor + share))
    return found


def _applied(uses: Iterable[CreditUse], application: CreditApplication) -> list[AppliedCredit]:
    return [
        AppliedCredit(credit_id, application, amount_minor)
        for credit_id, amount_minor in totals(uses).items()
    ]


def _credit_lines(
    lines: Sequence[InvoiceLine],
    grants: Iterable[CreditGrant],
    parts: Sequence[CreditablePart],
    uses: Iterable[CreditUse],
) -> list[InvoiceLine]:
    """A line for each credit and tax category that it lowers, in the order of their use."""
    by_id = {each.credit_id: each for each in grants}
    by_number = {line.line_number: line for line in lines}
    groups: dict[tuple[str, str], list[CreditUse]] = defaultdict(list)
    for use in uses:
        groups[use.credit_id, parts[use.place].pool].append(use)
    found: list[InvoiceLine] = []
    for (credit_id, tax_category), members in groups.items():
        lowered = [by_number[parts[use.place].line_number] for use in members]
        amount_minor = sum(use.amount_minor for use in members)
        found.append(
            InvoiceLine(
                line_number=len(lines) + len(found) + 1,
                description=f"Credit, {by_id[credit_id].description or credit_id}",
                plan="",
                plan_version=0,
                band=0,
                quantity=_ONE,
                unit_price=None,
                amount_minor=-amount_minor,
                period_start_on=min(line.period_start_on for line in lowered),
                period_end_on=max(line.period_end_on for line in lowered),
                price="",
                part=LinePart.CREDIT,
                tax_category=tax_category,
                unit="",
                credit=credit_id,
            )
        )
    return found
