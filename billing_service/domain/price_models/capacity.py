"""An amount for the lowest capacity that holds the peaks of several meters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billing_service.domain.price_models.figures import (
    ONE,
    ZERO,
    amount_faults,
    plain,
    quantity_faults,
)
from billing_service.domain.price_models.usage import Fault, Share, Usage


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that a capacity holds of one meter; None: any quantity."""

    meter: str
    up_to: Decimal | None

    def holds(self, peak: Decimal | None) -> bool:
        """Whether a peak is not beyond it; None: a peak of any height."""
        return self.up_to is None or (peak is not None and peak <= self.up_to)


@dataclass(frozen=True, slots=True)
class CapacityTier:
    """What one capacity holds, and what it costs."""

    ceilings: tuple[Ceiling, ...]
    amount: Decimal

    @property
    def meters(self) -> tuple[str, ...]:
        """The meters it names."""
        return tuple(ceiling.meter for ceiling in self.ceilings)

    def holds(self, peaks: Mapping[str, Decimal]) -> bool:
        """Whether it holds all peaks."""
        return all(each.holds(peaks.get(each.meter, ZERO)) for each in self.ceilings)


@dataclass(frozen=True, slots=True)
class Capacity:
    """An amount for the lowest capacity that holds the peaks; its usage is `usage_of_peaks`."""

    tiers: tuple[CapacityTier, ...]

    name: ClassVar[str] = "capacity"
    by_quantity: ClassVar[bool] = False
    single_price: ClassVar[Decimal | None] = None

    @property
    def meters(self) -> tuple[str, ...]:
        """The meters whose peaks decide."""
        return self.tiers[0].meters

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        if not self.tiers:
            yield Fault("tiers", "at least one is needed")
        for place, tier in enumerate(self.tiers):
            yield from _tier_faults(f"tiers[{place}]", tier)
            if place:
                yield from _order_faults(f"tiers[{place}]", self.tiers[place - 1], tier)
        for place, ceiling in enumerate(self.tiers[-1].ceilings if self.tiers else ()):
            if ceiling.up_to is not None:
                path = f"tiers[{len(self.tiers) - 1}].ceilings[{place}].up_to"
                yield Fault(path, f"must be left out: above {plain(ceiling.up_to)} has no price")

    def amount_at(self, quantity: Decimal) -> Decimal:
        """What a quantity costs of which nothing else is known."""
        return self.amount_of(Usage(quantity))

    def amount_of(self, usage: Usage) -> Decimal:
        """The amount of the capacity reached."""
        return self._reached(usage).amount

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """One, for the capacity reached."""
        tier = self._reached(usage)
        place = self.tiers.index(tier) + 1
        peaks = (f"{plain(usage.peaks.get(meter, ZERO))} {meter}" for meter in tier.meters)
        text = f"capacity {place} of {len(self.tiers)} for {', '.join(peaks)}"
        return (Share(text, usage.quantity, None, tier.amount, tier.amount),)

    def _reached(self, usage: Usage) -> CapacityTier:
        return next((tier for tier in self.tiers if tier.holds(usage.peaks)), self.tiers[-1])


def usage_of_peaks(peaks: Mapping[str, Decimal]) -> Usage:
    """The usage that a capacity prices: one capacity if anything was used at all, else none."""
    return Usage(ONE if any(peaks.values()) else ZERO, peaks=peaks)


def _tier_faults(path: str, tier: CapacityTier) -> Iterator[Fault]:
    yield from amount_faults(f"{path}.amount", tier.amount)
    if not tier.ceilings:
        yield Fault(f"{path}.ceilings", "at least one meter is needed")
    for place, ceiling in enumerate(tier.ceilings):
        yield from quantity_faults(f"{path}.ceilings[{place}].up_to", ceiling.up_to)
        if ceiling.meter in tier.meters[:place]:
            yield Fault(f"{path}.ceilings[{place}].meter", "is named twice: state it once")


def _order_faults(path: str, before: CapacityTier, tier: CapacityTier) -> Iterator[Fault]:
    """Every capacity names the same meters, and holds no less than the one before, and not all."""
    lower = {ceiling.meter: ceiling for ceiling in before.ceilings}
    if lower.keys() != set(tier.meters):
        yield Fault(f"{path}.ceilings", f"must name the meters of the first one: {_list(before)}")
        return
    for place, ceiling in enumerate(tier.ceilings):
        if not ceiling.holds(lower[ceiling.meter].up_to):
            yield Fault(
                f"{path}.ceilings[{place}].up_to", "must not be below that of the one before"
            )
    if {(each.meter, each.up_to) for each in tier.ceilings} == {
        (each.meter, each.up_to) for each in before.ceilings
    }:
        yield Fault(f"{path}.ceilings", "must hold more of some meter than the one before")


def _list(tier: CapacityTier) -> str:
    return ", ".join(tier.meters)
