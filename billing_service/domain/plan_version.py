"""A version of a plan: all that it says about prices, from an instant on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.price import (
    Counting,
    Limit,
    Metered,
    PartPeriod,
    Price,
    Schedule,
    SharedAllowance,
    Timing,
    applying,
)

# What is charged when nothing else is said.
_STANDARD: Final = Schedule()


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """The prices that hold from an instant on, in the order in which an invoice lists them."""

    version: int
    effective_at: int | None
    prices: tuple[Price, ...]
    schedule: Schedule = _STANDARD
    shared_allowances: tuple[SharedAllowance, ...] = ()
    limits: tuple[Limit, ...] = ()

    def schedule_of(self, price: Price) -> Schedule:
        """For which periods a price is charged, and when: what is counted, always in arrears.

        What was used is charged in any case: at once, and in a part of a period that is free, too,
        where a minimum, a maximum and a prorated allowance go by days.
        """
        schedule = price.schedule or self.schedule
        match price.kind:
            case Metered():
                return replace(
                    schedule,
                    timing=Timing.ARREARS,
                    first_period=_of_usage(schedule.first_period),
                    last_period=_of_usage(schedule.last_period),
                    instalments=1,
                )
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

    def position(self, price: Price) -> int:
        """The place of one of its prices, from 0."""
        return next(place for place, each in enumerate(self.prices) if each.key == price.key)


def _of_usage(policy: PartPeriod) -> PartPeriod:
    return PartPeriod.PRORATED if policy is PartPeriod.FREE else policy
