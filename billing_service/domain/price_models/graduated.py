"""Each unit at the price of the tier it falls in, and the fee of each tier that is reached."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
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


@dataclass(frozen=True, slots=True)
class Graduated:
    """Each unit at the price of the tier it falls in, and the fee of each tier that is reached."""

    tiers: tuple[Tier, ...]

    name: ClassVar[str] = "graduated"

    @property
    def single_price(self) -> Decimal | None:
        """The price of every unit, if there is one tier and no fee."""
        return single_price(self.tiers)

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        yield from tier_faults(self.tiers)

    def amount_of(self, usage: Usage) -> Decimal:
        """The sum over the tiers reached. Quantity 0 pays the fee of the first one."""
        quantity, below, total = usage.quantity, ZERO, ZERO
        for tier in self.tiers:
            up_to = tier.up_to
            if tier.flat_fee:
                total += tier.flat_fee
            if up_to is None or quantity <= up_to:
                return total + (quantity - below) * tier.unit_price
            total += (up_to - below) * tier.unit_price
            below = up_to
        return total

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
