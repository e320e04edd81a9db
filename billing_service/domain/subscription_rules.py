"""The rules that a new subscription to a plan keeps."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import chain, product
from typing import Final

from billing_service.domain.allowance import WHOLE
from billing_service.domain.coupon_errors import InvalidPriceOverrides
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.money import AMOUNT_MINOR_MAX
from billing_service.domain.negotiated import PriceOverride, as_negotiated, override_faults
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    Counting,
    DimensionFilter,
    Metered,
    PerUnitOf,
    Pooling,
    Price,
    Timing,
    applying,
)
from billing_service.domain.price_models import Fault
from billing_service.domain.quantities import Charged, Quantities
from billing_service.domain.quantity_rules import PricedIn, check_quantities
from billing_service.domain.rating import rate
from billing_service.domain.subscribed_plan import SubscribedPlan, meters_of
from billing_service.domain.subscription import PlanTerms
from billing_service.domain.subscription_errors import (
    InvalidDates,
    PlanNotSubscribable,
    UsageAlreadyPriced,
)

# Where the request states the subscription.
PREFIX: Final = "subscription."
_DAY: Final = timedelta(days=1)
_START: Final = PREFIX + "start_date"
# How far back or ahead a subscription may begin, and how long it may be on trial.
_YEAR: Final = timedelta(days=366)


def check_dates(terms: PlanTerms, *, today: date) -> None:
    """Refuse days that lie too far back or ahead, or not one after the other.

    Errors:  InvalidDates.
    """
    begins_on, trial_ends_on = terms.begins_on, terms.trial_ends_on
    if begins_on < today - _YEAR:
        text = f"must not lie before {(today - _YEAR).isoformat()}, a year back"
        raise InvalidDates(_START, text)
    if begins_on > today + _YEAR:
        raise InvalidDates(_START, f"must lie by {(today + _YEAR).isoformat()}, a year ahead")
    if terms.ends_on is not None and terms.ends_on <= begins_on:
        text = f"must lie after start_date, {begins_on.isoformat()}"
        raise InvalidDates(PREFIX + "end_date", text)
    if trial_ends_on is None:
        return
    latest_on = min(begins_on + _YEAR, terms.ends_on - _DAY if terms.ends_on else date.max)
    if not begins_on < trial_ends_on <= latest_on:
        text = f"must lie after start_date, {begins_on.isoformat()}, and by {latest_on.isoformat()}"
        raise InvalidDates(PREFIX + "trial_end_date", f"{text}: within a year, before end_date")


def check_plan(subscribed: SubscribedPlan, quantities: Quantities, *, prefix: str = PREFIX) -> None:
    """Refuse a plan that cannot be charged for, and quantities that do not go with its prices.

    `prefix` leads from the request to where it states the plan.

    Errors:  PriceNotFound, PlanVersionNotFound, PlanNotSubscribable, InvalidQuantities.
    """
    band, currency = subscribed.subscription.band, subscribed.currency
    versions, holding = subscribed.versions(), subscribed.subscription.facts[0].holding
    prices = list(_prices(versions, band=band, currency=currency))
    for price in prices:
        if text := unchargeable(price):
            raise PlanNotSubscribable(subscribed.plan.plan_id, text)
    if subscribed.terms.prepaid and not any(map(_charges_ahead, versions)):
        text = "charges all of it afterwards, so that nothing can be prepaid"
        raise PlanNotSubscribable(subscribed.plan.plan_id, text)
    check_quantities(quantities, PricedIn(versions, band=band, currency=currency), prefix=prefix)
    overrides = holding.price_overrides if holding else ()
    _check_amounts([as_negotiated(each, overrides, ()) for each in prices], quantities, prefix)


def check_overrides(
    subscribed: SubscribedPlan,
    overrides: Sequence[PriceOverride],
    misread: Sequence[Fault],
    *,
    prefix: str = PREFIX,
) -> None:
    """Refuse negotiated prices that do not go with the plan's; `misread` are no decimals at all.

    Errors:  PriceNotFound, PlanVersionNotFound, InvalidPriceOverrides.
    """
    if not overrides:
        return
    band, currency = subscribed.subscription.band, subscribed.currency
    prices = tuple(_prices(subscribed.versions(), band=band, currency=currency))
    faults = tuple(misread) or tuple(override_faults("price_overrides", overrides, prices))
    if faults:
        raise InvalidPriceOverrides(faults, prefix)


def unchargeable(price: Price) -> str:
    """Why a subscription of its own cannot be charged for a price; '' if it can."""
    if isinstance(price.kind, Counting):
        return f"counts {price.kind.counted} with {price.code}: nobody records those of an account"
    included = price.included
    if included is None or included.pooling is not Pooling.PER_UNIT:
        return ""
    if isinstance(included.size, PerUnitOf) and not included.size.dimension:
        what = f"has an allowance for each {included.size.price} on {price.code}"
        return f"{what}, and no dimension tells whose usage it is"
    return ""


def check_priced_once(new: SubscribedPlan, others: Iterable[SubscribedPlan]) -> None:
    """Refuse to price usage that another subscription of the account prices on the same days.

    Errors:  UsageAlreadyPriced.
    """
    for other in others:
        if not _days_overlap(new, other):
            continue
        mine = new.metered_ever()
        for price, theirs in product(mine, other.metered_ever()):
            for meter in sorted({*meters_of(price)} & {*meters_of(theirs)}):
                if _usage_overlaps(_filters(price), _filters(theirs)):
                    account, subscription_id = other.subscription.key
                    raise UsageAlreadyPriced(
                        account, subscription_id, meter=meter, price=price.code
                    )


def _charges_ahead(version: PlanVersion) -> bool:
    """Whether a version has a price that is charged before its period."""
    return any(
        version.schedule_of(each).timing is Timing.ADVANCE
        for each in version.prices
        if not isinstance(each.kind, Metered)
    )


def _prices(versions: Sequence[PlanVersion], *, band: int, currency: str) -> Iterator[Price]:
    return chain.from_iterable(
        applying(version.prices, band=band, currency=currency) for version in versions
    )


def _check_amounts(prices: Iterable[Price], quantities: Quantities, prefix: str) -> None:
    """What is held costs no more than can be charged."""
    charged = Charged(quantities)
    for price in prices:
        usage = None if isinstance(price.kind, Metered) else charged.usage_of(price)
        rated = rate(price, usage, coverage=WHOLE) if usage is not None else None
        if rated is not None and rated.amount_minor > AMOUNT_MINOR_MAX:
            text = f"makes {price.code} cost more than {AMOUNT_MINOR_MAX:,} minor units"
            raise InvalidQuantities([Fault(charged.path_of(price), text)], prefix)


def _days_overlap(one: SubscribedPlan, other: SubscribedPlan) -> bool:
    ends = (one.over_on or date.max, other.over_on or date.max)
    return max(one.terms.charged_from_on, other.terms.charged_from_on) < min(ends)


def _filters(price: Price) -> tuple[DimensionFilter, ...]:
    return price.kind.filters if isinstance(price.kind, Metered) else ()


def _usage_overlaps(one: Sequence[DimensionFilter], other: Sequence[DimensionFilter]) -> bool:
    """Whether some usage passes both: unless a dimension in both has no value in common."""
    theirs = {each.dimension: each.values for each in other}
    return all(not each.values.isdisjoint(theirs.get(each.dimension, each.values)) for each in one)
