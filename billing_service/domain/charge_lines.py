"""The lines that charges have on an invoice, still without their numbers."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from billing_service.domain.billed import Adjusts
from billing_service.domain.charge import OfPlan, RatedItem
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.item_lines import Item, description_of, lines_of, name_of
from billing_service.domain.one_off_lines import one_off_lines

_ZERO: Final = Decimal(0)


def charge_lines(items: Sequence[RatedItem], plan_name: str) -> tuple[InvoiceLine, ...]:
    """The lines for items that share them: equal ones of instances, or a single other one.

    Of what a plan includes there is a line of its own, before that of what exceeds it. What was
    billed before, and is another amount now, comes to one line: the difference.
    """
    first = items[0]
    if first.adjusts is not None and first.of_plan is not None:
        return (_difference_line(first, first.of_plan, first.adjusts, plan_name),)
    if first.of_plan is None:
        return (_sum_line(items, plan_name),)
    if first.of_plan.one_off is not None:
        return one_off_lines(first.of_plan.one_off, first.rate.rated, subject=first.of_plan.subject)
    return _plan_lines(first, first.of_plan, plan_name)


def _sum_line(items: Sequence[RatedItem], plan_name: str) -> InvoiceLine:
    """The line of equal items of instances."""
    month, rate = items[0].invoice_month, items[0].rate
    name = name_of(plan_name or rate.plan, rate.price)
    return InvoiceLine(
        line_number=0,
        description=f"{name}, band {rate.band}, {month:%Y-%m}",
        plan=rate.plan,
        plan_version=rate.plan_version,
        band=rate.band,
        quantity=Decimal(len(items)),
        unit_price=rate.unit_price,
        amount_minor=rate.amount_minor * len(items),
        period_start_on=month,
        period_end_on=items[0].period_end_on,
        price=rate.price.code,
        part=LinePart.WHOLE,
        tax_category=rate.tax_category,
        unit="",
    )


def _plan_lines(rated: RatedItem, told: OfPlan, plan_name: str) -> tuple[InvoiceLine, ...]:
    *before, last = lines_of(rated.rate.rated, _item_of(rated, told, plan_name))
    return (*before, _as_decided(rated, last))


def _difference_line(
    rated: RatedItem, told: OfPlan, adjusts: Adjusts, plan_name: str
) -> InvoiceLine:
    """The line that takes what was billed to what it should have been, taxed as that was."""
    billed, item = adjusts.billed, _item_of(rated, told, plan_name)
    is_shorter = told.period_end_on < billed.period_end_on or adjusts.is_withdrawn
    what = "corrected"
    if is_shorter and rated.due_minor < 0:
        start_on = item.period_start_on if adjusts.is_withdrawn else told.period_end_on
        item = item._replace(period_start_on=start_on, period_end_on=billed.period_end_on)
        what = "not used"
    return InvoiceLine(
        line_number=0,
        description=f"{description_of(rated.rate.rated, item)}, {what}",
        plan=item.plan,
        plan_version=item.plan_version,
        band=item.band,
        quantity=rated.rate.rated.usage.quantity - billed.quantity,
        unit_price=None,
        amount_minor=rated.due_minor,
        period_start_on=item.period_start_on,
        period_end_on=item.period_end_on,
        price=rated.rate.price.code,
        part=LinePart.WHOLE,
        tax_category=item.tax_category,
        unit=item.unit,
        taxed=billed.taxed,
    )


def _item_of(rated: RatedItem, told: OfPlan, plan_name: str) -> Item:
    """What its lines say besides figures."""
    rate = rated.rate
    return Item(
        plan=rate.plan,
        plan_name=plan_name,
        plan_version=rate.plan_version,
        band=rate.band,
        tax_category=rate.tax_category,
        unit=told.unit,
        period_start_on=rated.key.period_start_on,
        period_end_on=told.period_end_on,
        instalment=told.instalment,
        subject=told.subject,
    )


def _as_decided(rated: RatedItem, line: InvoiceLine) -> InvoiceLine:
    """The line that says the amount, as somebody reduced or waived it."""
    amount_minor = rated.amount_minor
    if amount_minor == rated.full_minor:
        return line
    return line._replace(
        description=f"{line.description}, {'reduced' if amount_minor else 'waived'}",
        unit_price=None if amount_minor else _ZERO,
        amount_minor=amount_minor,
    )
