"""Negotiated prices: what was agreed about prices of one subscription, and the coupons it holds.

A price of a catalogue goes in, the price that the subscription pays comes out; whatever rates a
price rates that one, so that proration, explanations and charges need not know of it.

Source:  docs/decisions/0024-one-off-charges-and-discounts.md
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from billing_service.domain.amount_bounds import bounded_faults
from billing_service.domain.coupon import Coupon, discount_faults
from billing_service.domain.periods import period_from
from billing_service.domain.price import (
    MONTHS_A_YEAR,
    Discounts,
    NamedDiscount,
    PercentDiscount,
    Price,
    Schedule,
)
from billing_service.domain.price_models import Fault, Flat, PerUnit, PriceModel

# How an explanation calls what was agreed with one customer.
_NEGOTIATED: Final = "Negotiated"
# What has no price of one unit: parts of amounts of money, and several meters at once.
_WITHOUT_UNIT: Final = frozenset({"percentage", "graduated_percentage", "capacity"})


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """What one costs, whatever the catalogue says; of a flat price, the amount."""

    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class PriceOverride:
    """What was agreed about the price of a code: what one costs, or so many percent off."""

    price: str
    agreed: AgreedPrice | PercentDiscount


class HeldDays(NamedTuple):
    """The days from one through another."""

    first_on: date
    last_on: date


def as_negotiated(
    price: Price, overrides: Iterable[PriceOverride], coupons: Iterable[Coupon]
) -> Price:
    """The price that a subscription pays: as agreed, less the coupons in force, in their order.

    An agreed price takes the place of the model and of the price's own discount; index, minimum and
    maximum charge hold for it too. Percents off and coupons come after the own discount.

    Shapes:  `coupons` are those of `coupons_in_force`.
    """
    override = next((each for each in overrides if each.price == price.code), None)
    named = [NamedDiscount(_called(each), each.discount) for each in coupons]
    agreed = override.agreed if override else None
    if isinstance(agreed, AgreedPrice) and price.model.name not in _WITHOUT_UNIT:
        price = replace(price, model=_model_at(price, agreed.unit_price), discount=None)
    if isinstance(agreed, PercentDiscount):
        named.insert(0, NamedDiscount(_NEGOTIATED, agreed))
    return _less(price, named)


def coupons_in_force(
    price: Price,
    *,
    plan: str,
    held: Mapping[str, Sequence[HeldDays]],
    coupons: Mapping[str, Coupon],
    schedule: Schedule,
    anchor_on: date,
    period_start_on: date,
) -> tuple[Coupon, ...]:
    """The coupons that take something off a price of a plan in the period that holds a day.

    Shapes:  `held` says on which days each coupon was held by then, in the order in which they are
             taken off; `anchor_on` is the subscription's, as `period_from` has it.
    """
    found = []
    for coupon_id, days in held.items():
        coupon = coupons[coupon_id]
        if not coupon.applies_to(plan=plan, price=price.code, currency=price.currency):
            continue
        number = period_number(schedule, days, day=period_start_on, anchor_on=anchor_on)
        if coupon.periods_count is None or number <= coupon.periods_count:
            found.append(coupon)
    return tuple(found)


def period_number(
    schedule: Schedule, held: Sequence[HeldDays], *, day: date, anchor_on: date
) -> int:
    """The number of the period that holds a day, from 1, among those in which something is held.

    An instalment is a period of its own here. Periods in which nothing is held are not counted.
    """
    reached = _place(schedule, day, anchor_on)
    count, last = 0, reached - 1
    for place, days in enumerate(held):
        first = _place(schedule, days.first_on, anchor_on)
        first = max(first, last + 1) if place else first
        last = max(first - 1, _place(schedule, min(days.last_on, day), anchor_on))
        count += last - first + 1
    return count if last == reached else count + 1


def held_days(
    history: Iterable[tuple[HeldDays, Sequence[str]]], day: date
) -> dict[str, tuple[HeldDays, ...]]:
    """On which days up to one each coupon that is held then is held without a break, in order.

    Shapes:  `history` says in order on which days which coupons are held. Days that it leaves out,
             on which nothing is held at all, are no break.
    """
    held: dict[str, tuple[HeldDays, ...]] = {}
    for days, coupons in history:
        if days.first_on <= day:
            until = HeldDays(days.first_on, min(days.last_on, day))
            held = {coupon: (*held.get(coupon, ()), until) for coupon in coupons}
    return held


def override_faults(
    path: str, overrides: Sequence[PriceOverride], prices: Sequence[Price]
) -> Iterator[Fault]:
    """What is wrong with overrides of prices that a subscription may have.

    Shapes:  `path` leads to them, as in `subscription.price_overrides`; `prices` are all those of
             the plan's versions in the subscription's band and currency.
    """
    seen: set[str] = set()
    for place, each in enumerate(overrides):
        where = f"{path}[{place}]."
        meant = [price for price in prices if price.code == each.price]
        if each.price in seen:
            yield Fault(f"{where}price", f"{each.price} is overridden before: state it once")
        elif not meant:
            yield Fault(f"{where}price", f"{each.price} is no price of the plan")
        seen.add(each.price)
        yield from _agreed_faults(where, each.agreed, meant)


def _place(schedule: Schedule, day: date, anchor_on: date) -> int:
    """A number for the period that holds a day: the next period's is one more."""
    start_on = period_from(schedule, day, anchor_on=anchor_on, ends_on=None).full_start_on
    return (start_on.year * MONTHS_A_YEAR + start_on.month) // schedule.months_charged


def _agreed_faults(
    where: str, agreed: AgreedPrice | PercentDiscount, meant: Sequence[Price]
) -> Iterator[Fault]:
    if isinstance(agreed, PercentDiscount):
        yield from discount_faults(f"{where}percent_off", agreed.percent)
        return
    for price in meant[-1:]:
        yield from bounded_faults(f"{where}unit_price", agreed.unit_price, price.currency)
        if price.model.name in _WITHOUT_UNIT:
            text = f"{price.code} has no price of one unit: agree on percent_off"
            yield Fault(f"{where}unit_price", text)


def _model_at(price: Price, unit_price: Decimal) -> PriceModel:
    return Flat(unit_price) if isinstance(price.model, Flat) else PerUnit(unit_price)


def _less(price: Price, named: Sequence[NamedDiscount]) -> Price:
    """The price with further discounts, after its own."""
    if not named:
        return price
    own = price.discount
    if isinstance(own, Discounts):
        before = own.in_order
    else:
        before = () if own is None else (NamedDiscount("", own),)
    return replace(price, discount=Discounts((*before, *named)))


def _called(coupon: Coupon) -> str:
    return f"Coupon {coupon.display_name or coupon.coupon_id}"
