"""A version of a plan: all that it says about prices, from an instant on."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Final

from billing_service.domain.price import (
    Counting,
    Limit,
    Metered,
    MinimumSpend,
    PartPeriod,
    Price,
    Schedule,
    SharedAllowance,
    Timing,
    applying,
)

# What is charged when nothing else is said.
_STANDARD: Final = Schedule()
# How many bands or currencies a refusal lists.
_LISTED_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """The prices that hold from an instant on, in the order in which an invoice lists them."""

    version: int
    effective_at: int | None
    prices: tuple[Price, ...]
    schedule: Schedule = _STANDARD
    shared_allowances: tuple[SharedAllowance, ...] = ()
    limits: tuple[Limit, ...] = ()
    minimum_spends: tuple[MinimumSpend, ...] = ()

    def schedule_of(self, price: Price) -> Schedule:
        """For which periods a price is charged, and when: what is counted, always in arrears.

        What was used is charged in any case: at once, and in a part of a period that is free, too,
        where a minimum, a maximum and a prorated allowance go by days.
        """
        schedule = price.schedule or self.schedule
        match price.kind:
            case Metered():
                return _metered(schedule)
            case Counting():
                return replace(schedule, timing=Timing.ARREARS)
        return schedule

    def basic(self, *, band: int, currency: str) -> Iterator[Price]:
        """The prices that hold in a band and currency without being chosen, in their order."""
        return (
            price
            for price in applying(self.prices, band=band, currency=currency)
            if price.add_on is None
        )

    def minimum_spend(self, currency: str) -> MinimumSpend | None:
        """The minimum spend of subscriptions in a currency; None if there is none."""
        return next((each for each in self.minimum_spends if each.currency == currency), None)

    def position(self, price: Price) -> int:
        """The place of one of its prices, from 0."""
        return next(place for place, each in enumerate(self.prices) if each.key == price.key)


def wanted_text(versions: Sequence[PlanVersion], *, band: int, currency: str) -> str:
    """A band and currency that no version prices, in words; no band is only told if it matters."""
    if band:
        return f"for band {band} in {currency}"
    is_banded = currency in _bands(versions)
    return f"in {currency} without a band" if is_banded else f"in {currency}"


def priced_text(versions: Sequence[PlanVersion]) -> str:
    """In which currencies and bands some versions have prices, such as `in BRL (bands 1, 2)`."""
    told = []
    for currency, bands in islice(sorted(_bands(versions).items()), _LISTED_MAX):
        listed = ", ".join(str(band) for band in islice(sorted(bands), _LISTED_MAX))
        noun = "band" if len(bands) == 1 else "bands"
        told.append(f"in {currency}" if 0 in bands else f"in {currency} ({noun} {listed})")
    return " and ".join(told) or "none that is not an add-on"


def _bands(versions: Sequence[PlanVersion]) -> dict[str, set[int]]:
    """The bands that are priced without being chosen, by currency; 0 is every band."""
    found: dict[str, set[int]] = defaultdict(set)
    for version in versions:
        for price in version.prices:
            if price.add_on is None:
                found[price.currency].add(price.band)
    return found


@lru_cache(maxsize=1_024)
def _metered(schedule: Schedule) -> Schedule:
    """For which periods usage is charged where other things are by a schedule."""
    return replace(
        schedule,
        timing=Timing.ARREARS,
        first_period=_of_usage(schedule.first_period),
        last_period=_of_usage(schedule.last_period),
        instalments=1,
    )


def _of_usage(policy: PartPeriod) -> PartPeriod:
    return PartPeriod.PRORATED if policy is PartPeriod.FREE else policy
