"""Allowances: how much of a quantity costs nothing.

Units:   quantities are exact decimals with up to 9 decimals. A part of an allowance, by days, is
         rounded up to the ninth, so that nobody gets less than the part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import Enum
from typing import Final, NamedTuple, TypeAlias, assert_never

from billing_service.domain.money import EXACT
from billing_service.domain.price import (
    Allowance,
    Fixed,
    PerUnitOf,
    Pooling,
    SharedAllowance,
    Unlimited,
)
from billing_service.domain.price_models import Transaction, Usage
from billing_service.domain.price_models.figures import QUANTITY_DECIMALS_MAX, ZERO

UNLIMITED: Final = Unlimited()


class PartUnit(Enum):
    """What parts of a period are counted in; as parts where its two ends are in different units."""

    DAYS = "days"
    SECONDS = "seconds"
    PARTS = "parts"


class Coverage(NamedTuple):
    """Which part of a period is charged: so many days, say, of those that the full period has."""

    part: int
    whole: int
    unit: PartUnit = PartUnit.DAYS

    @property
    def is_whole(self) -> bool:
        """Whether the full period is charged."""
        return self.part == self.whole


WHOLE: Final = Coverage(1, 1)


@dataclass(frozen=True, slots=True)
class Each:
    """So much for each of some units, by itself."""

    quantity: Decimal
    units: int


# An allowance as it stands in one period: so much in all, so much for each unit, or no limit.
Free: TypeAlias = Decimal | Each | Unlimited


def resolve(
    allowance: Allowance, *, held: Mapping[str, Decimal], coverage: Coverage = WHOLE
) -> Free:
    """What an allowance comes to; `held` is how many units of each other price are held."""
    part = coverage if allowance.prorated else WHOLE
    match allowance.size:
        case Unlimited():
            return UNLIMITED
        case Fixed(quantity):
            return _part(quantity, part)
        case PerUnitOf(price, quantity) if allowance.pooling is Pooling.PER_UNIT:
            return Each(_part(quantity, part), int(held.get(price, ZERO)))
        case PerUnitOf(price, quantity):
            with localcontext(EXACT):
                whole = quantity * held.get(price, ZERO)
            return _part(whole, part)
        case _ as unreachable:
            assert_never(unreachable)


def included_quantity(free: Free, usage: Usage) -> Decimal:
    """How much of a usage costs nothing.

    With an allowance for each unit, what no unit is known to have used is not included; where more
    units used something than are held, those that use their allowance best have it.
    """
    quantity = usage.quantity
    if isinstance(free, Decimal):
        return free if free < quantity else quantity
    if isinstance(free, Unlimited):
        return quantity
    with localcontext(EXACT):
        best = sorted((min(used, free.quantity) for used in usage.by_unit), reverse=True)
        return min(sum(best[: free.units], ZERO), quantity)


def beyond(usage: Usage, included: Decimal) -> Usage:
    """The usage that is left to price: the first transactions use the allowance up."""
    if not included:
        return usage
    with localcontext(EXACT):
        rest = usage.quantity - included
        if not usage.transactions:
            return usage._replace(quantity=rest, events_count=usage.events_count if rest else 0)
        transactions = _after(usage.transactions, included)
    events_count = sum(each.count for each in transactions)
    return usage._replace(quantity=rest, events_count=events_count, transactions=transactions)


def share_out(
    shared: SharedAllowance,
    usages: Mapping[str, Usage],
    *,
    held: Mapping[str, Decimal],
    coverage: Coverage = WHOLE,
) -> dict[str, Decimal]:
    """How much each price has of an allowance that several share: the first one first.

    A price without usage has none of it.
    """
    left = resolve(shared.allowance, held=held, coverage=coverage)
    free: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for code in shared.prices:
            if code in usages:
                free[code] = included_quantity(left, usages[code])
                left = left - free[code] if isinstance(left, Decimal) else left
    return free


def _part(quantity: Decimal, coverage: Coverage) -> Decimal:
    """A quantity by days, rounded up to the last decimal that a quantity has."""
    if coverage.is_whole:
        return quantity
    with localcontext(EXACT):
        smallest = int(quantity.scaleb(QUANTITY_DECIMALS_MAX) * coverage.part)
        return Decimal(-(-smallest // coverage.whole)).scaleb(-QUANTITY_DECIMALS_MAX)


def _after(transactions: tuple[Transaction, ...], included: Decimal) -> tuple[Transaction, ...]:
    """What is left of transactions once the first of them have used an allowance up."""
    left = included
    kept: list[Transaction] = []
    for each in transactions:
        amount, counted = each.amount, each.count
        lying = min(counted, int(left // amount)) if amount else (counted if left else 0)
        left -= lying * amount
        count = counted - lying
        if count and left:
            kept.append(Transaction(amount - left))
            left, count = ZERO, count - 1
        if count:
            kept.append(Transaction(amount, count))
    return tuple(kept)
