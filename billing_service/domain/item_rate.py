"""What the items of a plan cost an instance for a calendar month, which is billed whole.

Other kinds than recurring charge what is held or used, which nobody records of instances.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from billing_service.domain.allowance import Coverage
from billing_service.domain.calendar import next_month
from billing_service.domain.errors import PriceNotFound, PriceUnsuited
from billing_service.domain.item_lines import unit_price
from billing_service.domain.plan import Plan, PlanVersion
from billing_service.domain.plan_version import priced_text, wanted_text
from billing_service.domain.price import (
    PartPeriod,
    Price,
    Recurring,
    Review,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import Usage
from billing_service.domain.price_models.figures import ONE
from billing_service.domain.rating import RatedPrice, rate

# How an instance is charged: by calendar months, each of them whole, when it has ended.
MONTHLY: Final = Schedule(
    timing=Timing.ARREARS, first_period=PartPeriod.FULL, last_period=PartPeriod.FULL
)


class ItemRate(NamedTuple):
    """What an item of a plan version costs in a band. `position`: its place in the version.

    `is_agreed`: the price is another than the version states, for this customer or charge alone.
    """

    plan: str
    plan_version: int
    band: int
    position: int
    tax_category: str
    rated: RatedPrice
    is_agreed: bool = False

    @property
    def price(self) -> Price:
        """The price of the item."""
        return self.rated.price

    @property
    def amount_minor(self) -> int:
        """What it comes to."""
        return self.rated.amount_minor

    @property
    def unit_price(self) -> Decimal | None:
        """The exact price of one; None where decimals cannot state it."""
        return unit_price(self.rated)

    @property
    def order(self) -> tuple[str, int, int, int, Decimal, int]:
        """Its place among others on an invoice, which also tells it from them."""
        return (
            self.plan,
            self.band,
            self.plan_version,
            self.position,
            self.rated.price_index,
            self.rated.amount_minor,
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    plan: str
    plan_version: int
    band: int
    currency: str
    days: int
    price_index: Decimal


class ItemRates:
    """The items of plan versions, each rated once."""

    def __init__(self) -> None:
        self._known: dict[_Wanted, tuple[ItemRate, ...]] = {}

    def of(
        self,
        plan: Plan,
        version: PlanVersion,
        *,
        band: int,
        currency: str,
        month: date,
        price_index: Decimal = ONE,
    ) -> tuple[ItemRate, ...]:
        """What each item costs in a month, in the order of the prices."""
        days = (next_month(month) - month).days
        wanted = _Wanted(plan.plan_id, version.version, band, currency, days, price_index)
        known = self._known.get(wanted)
        if known is None:
            known = tuple(_rated(plan, version, wanted))
            self._known[wanted] = known
        return known


def monthly_version(
    plan: Plan, first: int, *, band: int, currency: str, month: date
) -> PlanVersion:
    """The version that prices a band by whole months: the one numbered `first`, or a later one.

    A band or currency that the version in force does not price takes its prices from the first
    later version that does: before that one there is no other, and the month must be billed.

    Errors:  PriceNotFound, naming the month.
    """
    unsuited = ""
    for version in plan.versions[first - 1 :]:
        prices = tuple(version.basic(band=band, currency=currency))
        fault = next((each.code for each in _unsuited(version, prices)), "")
        if prices and not fault:
            return version
        unsuited = unsuited or fault
    if unsuited:
        raise PriceUnsuited(plan.plan_id, unsuited, month)
    looked_at = plan.versions[first - 1 :]
    wanted = wanted_text(looked_at, band=band, currency=currency)
    raise PriceNotFound(plan.plan_id, wanted, month, priced_text(looked_at))


def _unsuited(version: PlanVersion, prices: tuple[Price, ...]) -> Iterator[Price]:
    """The recurring prices that are charged otherwise than instances are."""
    for price in prices:
        is_monthly = version.schedule_of(price) == MONTHLY and price.review is Review.NONE
        if isinstance(price.kind, Recurring) and not is_monthly:
            yield price


def _rated(plan: Plan, version: PlanVersion, wanted: _Wanted) -> Iterator[ItemRate]:
    for price in version.basic(band=wanted.band, currency=wanted.currency):
        if not isinstance(price.kind, Recurring):
            continue
        rated = rate(
            price,
            Usage(ONE),
            coverage=Coverage(wanted.days, wanted.days),
            price_index=wanted.price_index,
        )
        if rated is not None:
            yield ItemRate(
                plan=plan.plan_id,
                plan_version=version.version,
                band=wanted.band,
                position=version.position(price),
                tax_category=price.tax_category or plan.tax_category,
                rated=rated,
            )
