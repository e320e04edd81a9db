"""Each unit at the price of the tier it falls in, and the fee of each tier that is reached."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

from billing_service.domain.price_models.figures import ZERO
from billing_service.domain.price_models.tiers import (
    Tier,
    is_counted,
    range_text,
    single_price,
    tier_faults,
)
from billing_service.domain.price_models.usage import Fault, Share, Usage


# Without slots: what the tiers below a quantity come to is worked out once.
@dataclass(frozen=True)
class Graduated:
    """Each unit at the price of the tier it falls in, and the fee of each tier that is reached."""

    tiers: tuple[Tier, ...]

    name: ClassVar[str] = "graduated"
    by_quantity: ClassVar[bool] = True

    @property
    def single_price(self) -> Decimal | None:
        """The price of every unit, if there is one tier and no fee."""
        return single_price(self.tiers)

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        yield from tier_faults(self.tiers)

    @cached_property
    def _ranges(self) -> tuple[tuple[Decimal | None, Decimal, Decimal, Decimal], ...]:
        """Of each tier its bound, where it begins, what it costs to get there, and a unit."""
        ranges, below, total = [], ZERO, ZERO
        for tier in self.tiers:
            total += tier.flat_fee
            ranges.append((tier.up_to, below, total, tier.unit_price))
            if tier.up_to is not None:
                total += (tier.up_to - below) * tier.unit_price
                below = tier.up_to
        return tuple(ranges)

    def amount_at(self, quantity: Decimal) -> Decimal:
        """The sum over the tiers reached. Quantity 0 pays the fee of the first one."""
        for up_to, below, before, unit_price in self._ranges:
            if up_to is None or quantity <= up_to:
                return before + (quantity - below) * unit_price
        raise AssertionError("the last tier has no bound")

    def amount_of(self, usage: Usage) -> Decimal:
        """The same for a usage, of which nothing but the quantity matters."""
        return self.amount_at(usage.quantity)

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """One for each tier reached."""
        counted = is_counted([tier.up_to for tier in self.tiers], usage.quantity)
        shares: list[Share] = []
        below = ZERO
        for tier in self.tiers:
            reached = usage.quantity if tier.up_to is None else min(usage.quantity, tier.up_to)
            text = range_text(below, tier.up_to, is_counted=counted)
            shares.append(_share(tier, reached - below, text))
            if tier.up_to is None or usage.quantity <= tier.up_to:
                break
            below = tier.up_to
        return tuple(shares)


def _share(tier: Tier, quantity: Decimal, text: str) -> Share:
    amount = tier.flat_fee + quantity * tier.unit_price
    return Share(text, quantity, tier.unit_price, tier.flat_fee, amount, tier.up_to)
