"""Rate cards: the price of a subscription's plan for what is charged once, on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from billing_service.domain.allowance import Coverage, Each, resolve
from billing_service.domain.calendar import first_instant
from billing_service.domain.catalog_errors import PlanVersionNotFound
from billing_service.domain.coupon import Coupon
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.negotiated import as_negotiated, coupons_in_force
from billing_service.domain.one_off_charge import RateCard
from billing_service.domain.one_off_errors import InvalidOneOffCharge
from billing_service.domain.periods import period_from
from billing_service.domain.plan import Plan
from billing_service.domain.plan_timeline import PlanTimeline, PricedPlan
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import Licensed, Price, Schedule, Unlimited, applying
from billing_service.domain.price_change import PriceChange
from billing_service.domain.price_models import Fault
from billing_service.domain.subscription import PlanHolding, PlanTerms, Subscription

# Where the request states the charge.
PREFIX: Final = "one_off_charge."


@dataclass(frozen=True, slots=True)
class CardSource:
    """A plan's subscription, and what prices it. `coupons` are all that it ever holds, by id."""

    subscription: Subscription
    plans: Mapping[str, Plan]
    currency: str
    zone: str
    changes: Sequence[PriceChange]
    coupons: Mapping[str, Coupon]


def priced_by_card(source: CardSource, code: str, day: date) -> tuple[RateCard, Price, str]:
    """The rate card of a price on a day, the price as it was agreed, and its tax category.

    Errors:  InvalidOneOffCharge if the subscription is not in force then, or has no such price.
    """
    subscription = source.subscription
    terms, zone = subscription.plan_terms, source.zone
    holding = subscription.holding_at(first_instant(day, zone)) if terms else None
    if terms is None or holding is None:
        text = f"is not subscribed to a plan on {day.isoformat()}: name one that is"
        raise _invalid("rate_card.subscription", text)
    plan = source.plans[holding.plan]
    priced = PricedPlan(plan, holding.band, source.currency, zone, changes=tuple(source.changes))
    try:
        timeline = PlanTimeline(priced, begins_on=day, through_on=day, held_on=terms.begins_on)
    except (PlanVersionNotFound, PriceNotFound) as unpriced:
        raise _invalid("rate_card.price", f"nothing prices the day: {unpriced}") from unpriced
    version = timeline.version_on(day)
    price = _licensed(version, code, band=holding.band, currency=source.currency)
    schedule = _anchored(version.schedule_of(price), terms)
    period = period_from(schedule, day, anchor_on=terms.counted_from_on, ends_on=terms.ends_on)
    card = RateCard(
        subscription=subscription.subscription_id,
        price=code,
        plan=plan.plan_id,
        plan_version=version.version,
        band=holding.band,
        position=version.position(price),
        period_start_on=period.full_start_on,
        period_end_on=period.full_end_on,
        included=_included(price, schedule, period.full_start_on, terms, holding),
        price_index=timeline.index_on(day),
    )
    coupons = coupons_in_force(
        price,
        plan=plan.plan_id,
        held=subscription.coupons_held(day, zone),
        coupons=source.coupons,
        schedule=schedule,
        anchor_on=terms.counted_from_on,
        period_start_on=day,
    )
    agreed = as_negotiated(price, holding.price_overrides, coupons)
    return card, agreed, price.tax_category or plan.tax_category


def _licensed(version: PlanVersion, code: str, *, band: int, currency: str) -> Price:
    holding = applying(version.prices, band=band, currency=currency)
    found = next((each for each in holding if each.code == code), None)
    if found is None:
        raise _invalid("rate_card.price", f"{code} is no price of the plan on that day")
    if not isinstance(found.kind, Licensed):
        raise _invalid("rate_card.price", f"{code} is no licensed price: name one that is")
    return found


def _included(
    price: Price, schedule: Schedule, period_start_on: date, terms: PlanTerms, holding: PlanHolding
) -> Decimal | Unlimited | None:
    """What the price includes in its service period, by the part of it that is subscribed."""
    if price.included is None:
        return None
    begins_on = max(period_start_on, terms.charged_from_on)
    covered = period_from(
        schedule, begins_on, anchor_on=terms.counted_from_on, ends_on=terms.ends_on
    )
    held = {each.price: each.quantity for each in holding.held}
    coverage = Coverage(covered.days_charged, covered.days_full)
    free = resolve(price.included, held=held, coverage=coverage)
    if isinstance(free, Each):
        raise _invalid("rate_card.price", f"{price.code} includes something for each unit apart")
    return free


def _anchored(schedule: Schedule, terms: PlanTerms) -> Schedule:
    return schedule if terms.anchor is None else replace(schedule, anchor=terms.anchor)


def _invalid(field: str, text: str) -> InvalidOneOffCharge:
    return InvalidOneOffCharge([Fault(field, text)], PREFIX)
