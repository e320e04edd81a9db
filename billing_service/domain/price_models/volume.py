"""All units at the price of the tier that the whole quantity reaches, and that tier's fee."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billing_service.domain.price_models.figures import ZERO
from billing_service.domain.price_models.tiers import (
    Tier,
    is_counted,
    place_of,
    range_text,
    single_price,
    tier_faults,
)
from billing_service.domain.price_models.usage import Fault, Share, Usage


@dataclass(frozen=True, slots=True)
class Volume:
    """All units at the price of the tier that the quantity reaches, and that tier's fee.

    A little more may cost less, where it reaches a cheaper tier: that is what the model says.
    """

    tiers: tuple[Tier, ...]

    name: ClassVar[str] = "volume"
    by_quantity: ClassVar[bool] = True

    @property
    def single_price(self) -> Decimal | None:
        """The price of every unit, if there is one tier and no fee."""
        return single_price(self.tiers)

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        yield from tier_faults(self.tiers)

    def amount_at(self, quantity: Decimal) -> Decimal:
        """Fee and units of the tier reached. Quantity 0 is in the first one."""
        for tier in self.tiers:
            if tier.up_to is None or quantity <= tier.up_to:
                return tier.flat_fee + quantity * tier.unit_price
        return tier.flat_fee + quantity * tier.unit_price

    def amount_of(self, usage: Usage) -> Decimal:
        """The same for a usage, of which nothing but the quantity matters."""
        return self.amount_at(usage.quantity)

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """One, for the tier reached."""
        bounds = [tier.up_to for tier in self.tiers]
        place = place_of(bounds, usage.quantity)
        tier, below = self.tiers[place], (bounds[place - 1] if place else None) or ZERO
        counted = is_counted(bounds, usage.quantity)
        text = range_text(below, tier.up_to, is_counted=counted)
        amount = self.amount_of(usage)
        return (Share(text, usage.quantity, tier.unit_price, tier.flat_fee, amount, tier.up_to),)
