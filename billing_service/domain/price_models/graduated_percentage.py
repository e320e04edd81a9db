"""A part of an amount of money, by tiers: each part of it at the percentage of its tier."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billing_service.domain.price_models.figures import (
    PERCENT,
    ZERO,
    amount_faults,
    percent_faults,
)
from billing_service.domain.price_models.tiers import bound_faults, range_text
from billing_service.domain.price_models.usage import Fault, Share, Usage


@dataclass(frozen=True, slots=True)
class PercentTier:
    """A range of amounts beyond the tier before, up to its bound; None: without one."""

    up_to: Decimal | None
    percent: Decimal
    flat_fee: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class GraduatedPercentage:
    """A part of an amount of money, by tiers, and the fee of each tier that is reached."""

    tiers: tuple[PercentTier, ...]

    name: ClassVar[str] = "graduated_percentage"
    by_quantity: ClassVar[bool] = True

    @property
    def single_price(self) -> Decimal | None:
        """What one unit of money costs, if there is one tier and no fee."""
        only = self.tiers[0]
        return None if len(self.tiers) > 1 or only.flat_fee else only.percent * PERCENT

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        yield from bound_faults("tiers", [tier.up_to for tier in self.tiers])
        for place, tier in enumerate(self.tiers):
            yield from percent_faults(f"tiers[{place}].percent", tier.percent)
            yield from amount_faults(f"tiers[{place}].flat_fee", tier.flat_fee)

    def amount_at(self, quantity: Decimal) -> Decimal:
        """The sum over the tiers reached. Quantity 0 pays the fee of the first one."""
        below, total = ZERO, ZERO
        for tier in self.tiers:
            up_to = tier.up_to
            total += tier.flat_fee
            if up_to is None or quantity <= up_to:
                return total + (quantity - below) * tier.percent * PERCENT
            total += (up_to - below) * tier.percent * PERCENT
            below = up_to
        return total

    def amount_of(self, usage: Usage) -> Decimal:
        """The same for a usage, of which nothing but the quantity matters."""
        return self.amount_at(usage.quantity)

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """One for each tier reached; its unit price is what one unit of money costs."""
        shares: list[Share] = []
        below = ZERO
        for tier in self.tiers:
            reached = usage.quantity if tier.up_to is None else min(usage.quantity, tier.up_to)
            quantity, unit_price = reached - below, tier.percent * PERCENT
            amount = tier.flat_fee + quantity * unit_price
            text = range_text(below, tier.up_to, is_counted=False)
            shares.append(Share(text, quantity, unit_price, tier.flat_fee, amount, tier.up_to))
            if tier.up_to is None or usage.quantity <= tier.up_to:
                break
            below = tier.up_to
        return tuple(shares)
