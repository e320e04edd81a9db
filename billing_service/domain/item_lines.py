"""The lines that an invoice has for one rated item: one, or what is included and what is not."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, Inexact
from typing import Final, NamedTuple, assert_never

from billing_service.domain.calendar import month_key, next_month
from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.money import EXACT
from billing_service.domain.price import (
    AmountDiscount,
    Counting,
    Discount,
    Discounts,
    Licensed,
    Metered,
    Price,
    Recurring,
)
from billing_service.domain.price_models.figures import AMOUNT_DECIMALS_MAX, decimals_of
from billing_service.domain.rating import RatedPrice

_ZERO: Final = Decimal(0)
# The code of the price that goes by the name of its plan.
PLAN_ITEM: Final = "base"
# What quantities are counted in where nothing says it.
UNIT: Final = "unit"
# What a line says of its part of an item.
SAID_OF: Final = {
    LinePart.WHOLE: "",
    LinePart.INCLUDED: ", included",
    LinePart.EXCESS: ", beyond what is included",
}


class Item(NamedTuple):
    """What lines say besides figures. The service period is `[period_start_on, period_end_on)`.

    `plan` is '' for a plan that is not stored; `plan_name` is what people call it. `instalment` is
    the number of the period among those that an interval is charged in. `subject` names whose it
    is ('': it goes without saying).
    """

    plan: str
    plan_name: str
    plan_version: int
    band: int
    tax_category: str
    unit: str
    period_start_on: date
    period_end_on: date
    instalment: int = 1
    subject: str = ""


def lines_of(rated: RatedPrice, item: Item) -> tuple[InvoiceLine, ...]:
    """The lines for a rated price, still without their numbers.

    Usage that an allowance takes something off comes on two lines: what is included, at 0, and
    what exceeds it. Their amounts add up to what the item costs.
    """
    return tuple(
        InvoiceLine(
            line_number=0,
            description=_describe(rated, item, part),
            plan=item.plan,
            plan_version=item.plan_version,
            band=item.band,
            quantity=quantity,
            unit_price=_ZERO if part is LinePart.INCLUDED else unit_price(rated),
            amount_minor=0 if part is LinePart.INCLUDED else rated.amount_minor,
            period_start_on=item.period_start_on,
            period_end_on=item.period_end_on,
            price=rated.price.code,
            part=part,
            tax_category=item.tax_category,
            unit=item.unit,
        )
        for part, quantity in _parts(rated)
    )


def description_of(rated: RatedPrice, item: Item) -> str:
    """What a line says that is about all of an item."""
    return _describe(rated, item, LinePart.WHOLE)


def unit_price(rated: RatedPrice) -> Decimal | None:
    """The price of one for the period charged, which times the quantity is the exact amount.

    None where there is no single one: tiers, fees, a minimum or maximum charge or an amount off
    stand between; or where a decimal of 12 places cannot state it, as with a third of a price.
    """
    price, quantity = rated.price, rated.priced.quantity
    if isinstance(price.kind, Recurring):
        return _ratio(rated.numerator, Decimal(rated.divisor))
    single = price.model.single_price
    if single is None or _is_bounded(price):
        return None
    if not quantity:
        return _stated(EXACT.multiply(single, rated.price_index))
    return _ratio(rated.numerator, EXACT.multiply(quantity, rated.divisor))


def unit_of(price: Price, units: Mapping[str, str]) -> str:
    """What a quantity is counted in; '' for what is simply there.

    Shapes:  `units` says it of each meter.
    """
    match price.kind:
        case Recurring():
            return ""
        case Licensed(unit):
            return unit or UNIT
        case Metered(meter):
            return (units.get(meter) or UNIT) if meter else ""
        case Counting():
            return price.kind.counted
    assert_never(price.kind)


def name_of(plan_name: str, price: Price) -> str:
    """What a line calls an item: by its plan and its own name, or its code if it has none.

    What every subscription of a plan pays for is the plan itself: a price with the code `base` and
    no name goes by the plan's name alone.
    """
    is_plan = price.code == PLAN_ITEM and not price.display_name and plan_name
    return ", ".join(filter(None, (plan_name, "" if is_plan else price.name)))


def _describe(rated: RatedPrice, item: Item, part: LinePart) -> str:
    """What a line says."""
    name = name_of(item.plan_name or item.plan, rated.price)
    subject = f"{item.subject}: " if item.subject else ""
    band = f", band {item.band}" if item.band else ""
    count = rated.instalments
    instalment = f", instalment {item.instalment} of {count}" if count > 1 else ""
    return f"{subject}{name}{SAID_OF[part]}{band}{instalment}, {_period(item)}"


def _parts(rated: RatedPrice) -> Iterator[tuple[LinePart, Decimal]]:
    """The parts of an item, each with its quantity. What was held is told as one line."""
    included, exceeding = rated.included, rated.priced.quantity
    is_split = isinstance(rated.price.kind, Metered) and included is not None
    if not is_split or not rated.usage.quantity:
        yield LinePart.WHOLE, exceeding
        return
    if included:
        yield LinePart.INCLUDED, included
    if exceeding or rated.amount_minor:
        yield LinePart.EXCESS, exceeding


def _is_bounded(price: Price) -> bool:
    bounds = (price.minimum_charge, price.maximum_charge)
    return any(each is not None for each in bounds) or _takes_amount_off(price.discount)


def _takes_amount_off(discount: Discount | None) -> bool:
    if isinstance(discount, Discounts):
        return any(_takes_amount_off(each.discount) for each in discount.in_order)
    return isinstance(discount, AmountDiscount)


def _ratio(numerator: Decimal, divisor: Decimal) -> Decimal | None:
    try:
        return _stated(EXACT.divide(numerator, divisor))
    except Inexact:
        return None


def _stated(figure: Decimal) -> Decimal | None:
    """A figure, if it has no more decimals than prices may have."""
    return figure if decimals_of(figure) <= AMOUNT_DECIMALS_MAX else None


def _period(item: Item) -> str:
    start_on, end_on = item.period_start_on, item.period_end_on
    if start_on.day == 1 and end_on == next_month(start_on):
        return month_key(start_on)
    return f"{start_on.isoformat()} to {(end_on - timedelta(days=1)).isoformat()}"
