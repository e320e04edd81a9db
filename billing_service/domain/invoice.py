"""Invoices: charges summed to lines, lines to a total; never changed once issued."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from billing_service.domain.account import Account, BillingProfile
from billing_service.domain.calendar import month_key
from billing_service.domain.charge import Charge, RatedItem, charges_of
from billing_service.domain.charge_lines import charge_lines
from billing_service.domain.credit_grant import AppliedCredit
from billing_service.domain.dunning import (
    DunningDates,
    StopAndDeletion,
    overdue_at,
    stop_and_deletion,
)
from billing_service.domain.invoice_line import InvoiceLine
from billing_service.domain.party import Issuer, NumberSeries, Party, numbered
from billing_service.domain.plan import Plan
from billing_service.domain.tax import Taxation, Taxes, TaxSubtotal, line_tax, tax
from billing_service.domain.terms import TermsVersion


class InvoiceState(Enum):
    """Where an invoice stands."""

    PREVIEW = "preview"
    DRAFT = "draft"
    OPEN = "open"
    OVERDUE = "overdue"
    SETTLED = "settled"


class InvoiceKind(Enum):
    """What brings an invoice about: a month that has ended, or something that is due at once."""

    MONTHLY = "monthly"
    IMMEDIATE = "immediate"


@dataclass(frozen=True, slots=True)
class InvoiceCause:
    """What brought an invoice about: one for each cause, payer and currency.

    `key` tells it from others of its kind: the month, or the change that is charged at once.
    """

    kind: InvoiceKind
    key: str


def monthly(month: date) -> InvoiceCause:
    """The cause of the invoice of a month."""
    return InvoiceCause(InvoiceKind.MONTHLY, month_key(month))


def immediate(account: str, what: str) -> InvoiceCause:
    """The cause of an invoice of what is due at once; `what` tells it from others of the account.

    One payer may pay for accounts whose subscriptions have the same ids.
    """
    return InvoiceCause(InvoiceKind.IMMEDIATE, f"{account}/{what}")


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill for one payer and one currency. `series` and `number` are '' in a preview.

    `sequence` is its number in the series, `month` the one that it bills or is issued in, and
    `overdue_at` the first instant after its due date.
    """

    payer: str
    invoice_id: str
    series: str
    sequence: int
    number: str
    currency: str
    month: date
    cause: InvoiceCause
    issuer: Party
    buyer: Party
    reference_text: str
    bank_details: str
    payment_reference: str
    dates: DunningDates
    overdue_at: int
    stop_and_deletion: StopAndDeletion
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    prices_include_tax: bool
    tax_note: str
    terms_id: str
    terms_version: int
    time_zone: str
    sandbox: str
    issued_at: int

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its payer and its id."""
        return (self.payer, self.invoice_id)

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"accounts/{self.payer}/invoices/{self.invoice_id}"


@dataclass(frozen=True, slots=True)
class InvoiceAccount:
    """An account with a charge on an invoice, and when it is stopped and deleted for that one."""

    payer: str
    invoice: str
    account: str
    stop_at: int
    deletion_at: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is paid of an invoice: derived from the allocations, kept to be searched.

    `credited_minor` is the part of it that credits pay, after tax.
    """

    payer: str
    invoice: str
    total_minor: int
    paid_minor: int
    settled_on: date | None
    settled_late: bool
    credited_minor: int = 0

    def state(self, *, overdue_at: int, now: int) -> InvoiceState:
        """Where its invoice stands at an instant."""
        if self.settled_on is not None:
            return InvoiceState.SETTLED
        return InvoiceState.OVERDUE if now >= overdue_at else InvoiceState.OPEN


@dataclass(frozen=True, slots=True)
class IssuedInvoice:
    """An invoice with all that it is made of."""

    invoice: Invoice
    lines: tuple[InvoiceLine, ...]
    charges: tuple[Charge, ...]
    accounts: tuple[InvoiceAccount, ...]
    taxes: tuple[TaxSubtotal, ...] = ()
    credits: tuple[AppliedCredit, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """What an invoice says besides its charges. `issuer` is as it is now, `terms` as in force.

    `taxation` is None for a payer whose invoices show no tax.
    """

    payer: Account
    profile: BillingProfile
    month: date
    cause: InvoiceCause
    issuer: Issuer
    terms_id: str
    terms: TermsVersion
    dates: DunningDates
    issued_at: int
    taxation: Taxation | None = None


@dataclass(frozen=True, slots=True)
class InvoiceNumber:
    """What tells an invoice from others once it is issued: the last part of its name, its number.

    `sequence` is its place in the series, which `printed` starts with.
    """

    invoice_id: str
    series: str
    sequence: int
    printed: str


# That of what is not issued.
UNNUMBERED: Final = InvoiceNumber("", "", 0, "")


def next_numbers(
    series: NumberSeries, count: int
) -> tuple[tuple[InvoiceNumber, ...], NumberSeries]:
    """The next numbers of a series, and the series after these."""
    last = series.last + count
    numbers = []
    for sequence in range(series.last + 1, last + 1):
        printed, invoice_id = numbered(series.series, sequence)
        numbers.append(InvoiceNumber(invoice_id, series.series, sequence, printed))
    return tuple(numbers), NumberSeries(series.series, last)


def by_currency(items: Iterable[RatedItem]) -> dict[str, list[RatedItem]]:
    """Rated items by currency, in the order of the codes."""
    split: dict[str, list[RatedItem]] = defaultdict(list)
    for item in items:
        split[item.currency].append(item)
    return dict(sorted(split.items()))


def draft(
    header: Header,
    items: Sequence[RatedItem],
    *,
    plans: Mapping[str, Plan],
    zones: Mapping[str, str],
    number: InvoiceNumber = UNNUMBERED,
) -> IssuedInvoice:
    """The invoice for items of one currency.

    Shapes:  `zones` holds the zone of each account among the items.
    Errors:  TaxRateNotFound.
    """
    lines, charges = _lines_and_charges(header, items, plans, number.invoice_id)
    day, zone = header.dates.issued_on, header.payer.time_zone
    taxes = tax(lines, header.taxation, issued_on=day, zone=zone)
    invoice = _invoice(header, items[0].currency, taxes, number)
    accounts = sorted({item.key.account for item in items})
    return IssuedInvoice(
        invoice,
        lines,
        charges,
        tuple(_on_invoice(invoice, account, zones[account]) for account in accounts),
        taxes.subtotals,
    )


def _lines_and_charges(
    header: Header, items: Sequence[RatedItem], plans: Mapping[str, Plan], invoice_id: str
) -> tuple[tuple[InvoiceLine, ...], tuple[Charge, ...]]:
    """Lines by month, plan, band and what they are for, and the charge of each item on its line.

    Where an item has two lines, its charge is on the last: that of what is not included.

    Errors:  TaxRateNotFound.
    """
    day, zone = header.dates.issued_on, header.payer.time_zone
    groups: dict[tuple[Any, ...], list[RatedItem]] = defaultdict(list)
    for item in items:
        groups[item.line_order].append(item)
    lines: list[InvoiceLine] = []
    charges: list[Charge] = []
    for order in sorted(groups):
        members = groups[order]
        for each in charge_lines(members, _plan_name(members[0], plans)):
            taxed = line_tax(each, header.taxation, issued_on=day, zone=zone)
            lines.append(each._replace(line_number=len(lines) + 1, taxed=taxed))
        for item in members:
            charges += charges_of(
                item, payer=header.payer.account, invoice=invoice_id, line_number=len(lines)
            )
    return tuple(lines), tuple(charges)


def _plan_name(item: RatedItem, plans: Mapping[str, Plan]) -> str:
    """What people call the plan of an item; what is charged once goes by its own name."""
    is_one_off = item.of_plan is not None and item.of_plan.one_off is not None
    return "" if is_one_off else plans[item.rate.plan].display_name


def _invoice(header: Header, currency: str, taxes: Taxes, number: InvoiceNumber) -> Invoice:
    zone = header.payer.time_zone
    return Invoice(
        payer=header.payer.account,
        invoice_id=number.invoice_id,
        series=number.series,
        sequence=number.sequence,
        number=number.printed,
        currency=currency,
        month=header.month,
        cause=header.cause,
        issuer=header.issuer.as_party(),
        buyer=header.profile.as_party(),
        reference_text=header.profile.reference_text,
        bank_details=header.issuer.bank_details,
        payment_reference=_payment_reference(header.issuer, number),
        dates=header.dates,
        overdue_at=overdue_at(header.dates, zone),
        stop_and_deletion=stop_and_deletion(header.dates, zone),
        subtotal_minor=taxes.subtotal_minor,
        tax_minor=taxes.tax_minor,
        total_minor=taxes.total_minor,
        prices_include_tax=taxes.prices_include_tax,
        tax_note=header.taxation.printed_note if header.taxation else "",
        terms_id=header.terms_id,
        terms_version=header.terms.version,
        time_zone=zone,
        sandbox=header.payer.sandbox,
        issued_at=header.issued_at,
    )


def _payment_reference(issuer: Issuer, number: InvoiceNumber) -> str:
    """What to quote when paying, as the issuer states it until there is a number."""
    if number is UNNUMBERED:
        return issuer.payment_reference
    return issuer.payment_reference.replace("{number}", number.printed)


def _on_invoice(invoice: Invoice, account: str, zone: str) -> InvoiceAccount:
    is_alike = zone == invoice.time_zone
    planned = invoice.stop_and_deletion if is_alike else stop_and_deletion(invoice.dates, zone)
    return InvoiceAccount(
        invoice.payer, invoice.invoice_id, account, planned.stop_at, planned.deletion_at
    )
