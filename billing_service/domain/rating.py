"""Rating: what a quantity of an item costs. One pure function, exact until its one rounding.

The order: quantity, allowance, model and the account's index on it, minimum and maximum charge,
discount, part of the period, instalments, rounding.

Units:   an amount is `numerator / divisor` in the price's currency, so that parts of a period,
         which no decimal holds, are exact too.
Source:  docs/decisions/0010-price-models.md
"""

from dataclasses import dataclass, replace
from decimal import Decimal, getcontext, localcontext, setcontext
from fractions import Fraction
from typing import Final, NamedTuple, assert_never

from billing_service.domain.allowance import WHOLE, Coverage, Free, beyond, included_quantity
from billing_service.domain.money import EXACT, round_ratio
from billing_service.domain.price import (
    AmountDiscount,
    Discount,
    Discounts,
    Metered,
    PercentDiscount,
    Price,
    Review,
    ZeroUsage,
)
from billing_service.domain.price_models import Share, Usage
from billing_service.domain.price_models.figures import ONE, PERCENT, PERCENT_MAX, ZERO
from billing_service.domain.proportion import in_proportion

# An enum is slow to look a member up in.
_CHARGED: Final = ZeroUsage.CHARGED
_OMITTED: Final = ZeroUsage.OMITTED


class RatedPrice(NamedTuple):
    """What a quantity of an item costs, and all that it follows from.

    `usage` is the whole usage, `included` how much of it costs nothing (None: there is no
    allowance). A named tuple: a frozen dataclass of so many fields takes
    longer to make than all the arithmetic.
    """

    price: Price
    usage: Usage
    included: Decimal | None
    coverage: Coverage
    instalments: int
    price_index: Decimal
    numerator: Decimal
    divisor: int
    amount_minor: int

    @property
    def priced(self) -> Usage:
        """What is left of the usage to price."""
        return beyond(self.usage, self.included) if self.included else self.usage

    @property
    def is_held(self) -> bool:
        """Whether it waits for somebody's decision."""
        return self.amount_minor != 0 and self.price.review is Review.HELD

    @property
    def is_waived(self) -> bool:
        """Whether nothing was used, and the price says that this costs nothing."""
        return not self.usage.quantity and self.price.zero_usage is not _CHARGED

    @property
    def is_modelled(self) -> bool:
        """Whether the model was asked: there is something to price, or nothing costs as well."""
        return bool(self.priced.quantity) or self.price.zero_usage is _CHARGED

    @property
    def shares(self) -> tuple[Share, ...]:
        """What the tiers, steps, packages or transactions contributed to the model's amount."""
        if not self.is_modelled:
            return ()
        with localcontext(EXACT):
            return self.price.model.shares(self.priced)


def rate(
    price: Price,
    usage: Usage,
    *,
    free: Free | None = None,
    coverage: Coverage = WHOLE,
    instalments: int = 1,
    price_index: Decimal = ONE,
) -> RatedPrice | None:
    """Price a usage; None if it is of 0 and the price leaves such a line out.

    Held quantities are charged by the part of the period. What was used is charged as used: only
    the minimum, the maximum and an amount off go by the part of the period. Whoever prices many
    does it within `exact_arithmetic()`: to change the context costs as much as a price.
    """
    zero_usage = price.zero_usage
    if not usage.quantity and zero_usage is not _CHARGED:
        if zero_usage is _OMITTED:
            return None
        included = None if free is None else ZERO
        return RatedPrice(price, usage, included, coverage, instalments, price_index, ZERO, 1, 0)
    before = getcontext()
    if before is not EXACT:
        setcontext(EXACT)
    try:
        included, quantity = None, usage.quantity
        if free is not None:
            included = included_quantity(free, usage)
            quantity -= included
        if not quantity and zero_usage is not _CHARGED:
            numerator = ZERO
        elif (model := price.model).by_quantity:
            numerator = model.amount_at(quantity)
        else:
            numerator = model.amount_of(beyond(usage, included) if included else usage)
        if price_index is not ONE:
            numerator *= price_index
        divisor = instalments
        if coverage is not WHOLE and coverage.part != coverage.whole:
            divisor *= coverage.whole
            numerator = _of_part(price, numerator, coverage)
        elif not (
            price.minimum_charge is None and price.maximum_charge is None and price.discount is None
        ):
            numerator = discounted(price, bounded(price, numerator, 1), 1)
        amount_minor = round_ratio(numerator, divisor, price.currency)
    finally:
        if before is not EXACT:
            setcontext(before)
    # As RatedPrice(...), in half the time.
    return tuple.__new__(
        RatedPrice,
        (
            price,
            usage,
            included,
            coverage,
            instalments,
            price_index,
            numerator,
            divisor,
            amount_minor,
        ),
    )


def shown(price: Price) -> Price:
    """A price that is a line where nothing was used, too: of 0, if it would be left out."""
    return replace(price, zero_usage=ZeroUsage.SHOWN) if price.zero_usage is _OMITTED else price


def _of_part(price: Price, amount: Decimal, coverage: Coverage) -> Decimal:
    """What a part of a period costs, times the days of the full one."""
    days = coverage.part
    if isinstance(price.kind, Metered):
        used = amount * coverage.whole
        return discounted(price, bounded(price, used, days), days)
    return discounted(price, bounded(price, amount, 1), 1) * days


def bounded(price: Price, amount: Decimal, days: int) -> Decimal:
    """An amount between minimum and maximum charge, those times some days."""
    if price.minimum_charge is not None:
        amount = max(amount, price.minimum_charge * days)
    if price.maximum_charge is not None:
        amount = min(amount, price.maximum_charge * days)
    return amount


def discounted(price: Price, amount: Decimal, days: int) -> Decimal:
    """What a discount leaves of an amount, never below 0; an amount off counts times some days."""
    return amount if price.discount is None else _less(price.discount, amount, days)


def _less(discount: Discount, amount: Decimal, days: int) -> Decimal:
    match discount:
        case PercentDiscount(percent):
            return amount * (PERCENT_MAX - percent) * PERCENT
        case AmountDiscount(off):
            return max(ZERO, amount - off * days)
        case Discounts(in_order):
            for each in in_order:
                amount = _less(each.discount, amount, days)
            return amount
        case _ as unreachable:
            assert_never(unreachable)


@dataclass(frozen=True, slots=True)
class TierAmount:
    """A share, and its part of the rounded amount."""

    share: Share
    amount_minor: int


def tier_amounts(rated: RatedPrice) -> tuple[TierAmount, ...]:
    """The amount of a rated price by share, each in proportion to its part of the model's amount.

    Each part is rounded down, and what is missing goes to the largest remainders, one minor unit
    each. An amount that no share accounts for, a minimum charge, is told as a share of its own.
    """
    shares = rated.shares
    weights = [Fraction(share.amount) for share in shares]
    if not any(weights):
        return (*(TierAmount(share, 0) for share in shares), *_minimum(rated))
    parts = in_proportion(rated.amount_minor, weights)
    return tuple(TierAmount(share, part) for share, part in zip(shares, parts, strict=True))


def _minimum(rated: RatedPrice) -> tuple[TierAmount, ...]:
    least = rated.price.minimum_charge
    if not rated.amount_minor or least is None:
        return ()
    return (TierAmount(Share("minimum charge", ZERO, None, least, least), rated.amount_minor),)
