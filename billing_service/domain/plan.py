"""Plans: what an instance of each tariff band costs a month, and since when."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum

from billing_service.domain.errors import InvalidPrices, PriceNotFound
from billing_service.domain.money import PRICE_MINOR_MAX, minor_digits, round_to_minor
from billing_service.domain.versions import check_ahead, in_force


class VersionPolicy(Enum):
    """Which version of a plan prices a subscription."""

    FOLLOW = "follow"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class BandPrice:
    """What an instance of a band costs a month: an exact decimal in the currency."""

    band: int
    currency: str
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """The prices that hold from an instant on."""

    version: int
    effective_at: int | None
    prices: tuple[BandPrice, ...]

    def unit_price(self, band: int, currency: str) -> Decimal | None:
        """The price of a band in a currency, if this version states one."""
        for price in self.prices:
            if price.band == band and price.currency == currency:
                return price.unit_price
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """Something that can be subscribed. The versions go by effective time."""

    plan_id: str
    display_name: str
    policy: VersionPolicy
    versions: tuple[PlanVersion, ...]

    def with_version(self, draft: PlanVersion, now: int) -> "Plan":
        """The plan with a further version, which lies ahead of `now` and drops no price."""
        check_prices(draft, self.versions[-1])
        effective_at = check_ahead(self.versions, draft.effective_at, now)
        added = replace(draft, version=len(self.versions) + 1, effective_at=effective_at)
        return replace(self, versions=(*self.versions, added))


def first_plan(plan: Plan) -> Plan:
    """A new plan, whose first version holds since ever."""
    (draft,) = plan.versions
    check_prices(draft, None)
    return replace(plan, versions=(replace(draft, version=1, effective_at=None),))


def check_prices(draft: PlanVersion, before: PlanVersion | None) -> None:
    """Refuse prices that are twice there, missing since the version before, or out of bounds."""
    stated = Counter((price.band, price.currency) for price in draft.prices)
    for (band, currency), count in stated.items():
        minor_digits(currency, "prices.monthly_price.currency_code")
        if count > 1:
            raise InvalidPrices("prices", f"band {band} in {currency} is stated {count} times")
    for price in draft.prices:
        if not 0 <= round_to_minor(price.unit_price, price.currency) <= PRICE_MINOR_MAX:
            raise InvalidPrices(
                "prices.monthly_price",
                f"must be from 0 to {PRICE_MINOR_MAX} minor units, in band {price.band}",
            )
    for price in before.prices if before else ():
        if (price.band, price.currency) not in stated:
            raise InvalidPrices(
                "prices", f"band {price.band} in {price.currency} was priced before and is missing"
            )


def price_at(
    plan: Plan, *, band: int, currency: str, instant_at: int, month: date
) -> tuple[PlanVersion, Decimal]:
    """The version that prices a band at an instant, and its price.

    A band or currency that the version in force does not price takes its price from the first
    later version that does: before that one there is no other, and the month must be billed.

    Errors:  PriceNotFound, naming the month.
    """
    held = in_force(plan.versions, instant_at)
    for version in plan.versions[held.version - 1 :]:
        unit_price = version.unit_price(band, currency)
        if unit_price is not None:
            return version, unit_price
    raise PriceNotFound(plan.plan_id, band, currency, month)
