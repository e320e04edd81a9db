"""What can be read of charges."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, func, select, tuple_

from billing_service.domain.allowance import Coverage, PartUnit
from billing_service.domain.invoice_line import LinePart
from billing_service.domain.price import Price
from billing_service.domain.price_models import Usage
from billing_service.storage.charge_rows import usage_from_row
from billing_service.storage.price_text import price_from_text
from billing_service.storage.tables import table
from chassis.database import Transaction

_CHARGES: Final = table("charges")
_LINES: Final = table("invoice_lines")
_SUBSCRIPTIONS: Final = table("subscriptions")
_OUTDATED: Final = table("outdated_charges")

# Before the first entry of a list.
ChargePlace = tuple[int, str, str, str, int]
FIRST_CHARGE: Final[ChargePlace] = (0, "", "", "", 0)


@dataclass(frozen=True, slots=True)
class InvoiceCharge:
    """What an item of a subscription costs for one service period, on which line.

    `month` is that on whose invoice it belongs by its period. `instance` is '' of a plan. `review`
    is the one that decided it, or ''; `outdated_at` since when its usage is known to be
    another (None: it is not).
    """

    account: str
    subscription: str
    line_number: int
    month: date
    amount_minor: int
    currency: str
    price: str
    quantity: Decimal
    period_start_on: date
    period_end_on: date
    instance: str
    review: str
    outdated_at: int | None
    revision: int
    reverses_revision: int | None

    @property
    def key(self) -> ChargePlace:
        """Its place in the list."""
        start_on = self.period_start_on.isoformat()
        return (self.line_number, self.account, self.subscription, start_on, self.revision)


@dataclass(frozen=True, slots=True)
class LineCharges:
    """What the charges of a line have in common, from which each can be rated again.

    `included` is None where there is no allowance; `full_minor` is what it came to without a
    decision, `amount_minor` with it; they differ only with a `review`. `before_minor` is what was
    billed before, and taken back (None: nothing). `agreed_price` is None where
    the price is as the version states it.
    """

    account: str
    plan: str
    plan_version: int
    band: int
    currency: str
    price: str
    usage: Usage
    included: Decimal | None
    coverage: Coverage
    price_index: Decimal
    amount_minor: int
    review: str
    full_minor: int
    count: int
    agreed_price: Price | None = None
    before_minor: int | None = None


def list_charges(
    tx: Transaction, payer: str, invoice: str, *, line_number: int, after: ChargePlace, limit: int
) -> list[InvoiceCharge]:
    """The charges behind an invoice (or one of its lines) by line, account and subscription."""
    columns = _CHARGES.c
    order: tuple[ColumnElement[Any], ...] = (
        columns.line_number,
        columns.account,
        columns.subscription,
        columns.period_start_on,
        columns.revision,
    )
    key = (*after[:3], date.fromisoformat(after[3]) if after[3] else date.min, after[4])
    query = (
        select(_CHARGES, _SUBSCRIPTIONS.c.instance, _OUTDATED.c.outdated_at)
        .outerjoin(_SUBSCRIPTIONS, _is_same(_SUBSCRIPTIONS, "account", "subscription"))
        .outerjoin(
            _OUTDATED,
            _is_same(_OUTDATED, "account", "subscription", "item", "period_start_on", "revision"),
        )
        .where(_is_on(payer, invoice), tuple_(*order) > key)
        .order_by(*order)
        .limit(limit)
    )
    if line_number:
        own = _charged_line(tx, payer, invoice, line_number)
        query = query.where(columns.line_number == own)
    return [_charge(row) for row in tx.all(query)]


def charges_of_line(
    tx: Transaction, payer: str, invoice: str, line_number: int
) -> LineCharges | None:
    """The charges of a line that there is, as one; None if it takes back, and charges nothing."""
    columns = _CHARGES.c
    own = _charged_line(tx, payer, invoice, line_number)
    on_line = and_(_is_on(payer, invoice), columns.line_number == own)
    is_of_line = and_(on_line, columns.reverses_revision.is_(None))
    is_reversal = and_(on_line, columns.reverses_revision.is_not(None))
    reversal = tx.one(select(columns.amount_minor).where(is_reversal).limit(1))
    first = tx.one(select(_CHARGES).where(is_of_line).limit(1))
    count = tx.one(select(func.count()).where(is_of_line))
    if first is None and reversal is not None:
        return None
    if first is None or count is None:
        raise LookupError(f"line {line_number} of {payer}/{invoice} has no charge")
    return LineCharges(
        account=first.account,
        plan=first.plan,
        plan_version=first.plan_version,
        band=first.band,
        currency=first.currency,
        price=first.item,
        usage=usage_from_row(first),
        included=None if first.included is None else Decimal(first.included),
        coverage=Coverage(first.part_charged, first.part_full, PartUnit(first.part_unit)),
        price_index=Decimal(first.price_index),
        amount_minor=first.amount_minor,
        review=first.review,
        full_minor=first.amount_minor if first.full_minor is None else first.full_minor,
        count=count[0],
        agreed_price=price_from_text(first.agreed_price) if first.agreed_price else None,
        before_minor=None if reversal is None else -reversal.amount_minor,
    )


def _charged_line(tx: Transaction, payer: str, invoice: str, line_number: int) -> int:
    """The line that has the charge of a line: what is included comes right before the rest."""
    columns = _LINES.c
    query = select(columns.line_number, columns.part).where(
        columns.payer == payer,
        columns.invoice == invoice,
        columns.line_number.in_((line_number, line_number + 1)),
    )
    parts = {row.line_number: row.part for row in tx.all(query)}
    is_split = parts.get(line_number) == LinePart.INCLUDED.value
    if is_split and parts.get(line_number + 1) == LinePart.EXCESS.value:
        return line_number + 1
    return line_number


def _charge(row: Row[Any]) -> InvoiceCharge:
    return InvoiceCharge(
        account=row.account,
        subscription=row.subscription,
        line_number=row.line_number,
        month=row.invoice_month,
        amount_minor=row.amount_minor,
        currency=row.currency,
        price=row.item,
        quantity=Decimal(row.quantity),
        period_start_on=row.period_start_on,
        period_end_on=row.period_end_on,
        instance=row.instance or "",
        review=row.review,
        outdated_at=row.outdated_at,
        revision=row.revision,
        reverses_revision=row.reverses_revision,
    )


def _is_on(payer: str, invoice: str) -> ColumnElement[bool]:
    """Whether a charge is on the lines of an invoice."""
    columns = _CHARGES.c
    return and_(columns.payer == payer, columns.invoice == invoice, columns.credit_note == "")


def _is_same(other: Any, *names: str) -> ColumnElement[bool]:
    return and_(*(other.c[name] == _CHARGES.c[name] for name in names))
