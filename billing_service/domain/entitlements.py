"""What a subscription entitles its account to: the plan's limits as they are raised, and add-ons.

Units:   limits are exact decimals with up to 9 decimals; None is without limit.
Source:  docs/decisions/0025-members-and-entitlements.md
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.money import EXACT
from billing_service.domain.plan_timeline import PlanTimeline, PricedPlan
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import Fixed, Limit, applying
from billing_service.domain.quantities import ZERO
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscription_facts import Phase, PlanHolding


@dataclass(frozen=True, slots=True)
class LimitInForce:
    """How much of something an account may have; `quantity` None: without limit."""

    code: str
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class Entitlements:
    """All that a subscription gives at an instant, in the order of the plan."""

    limits: tuple[LimitInForce, ...] = ()
    features: tuple[str, ...] = ()


NO_ENTITLEMENTS: Final = Entitlements()


def entitlements_of(version: PlanVersion, holding: PlanHolding, currency: str) -> Entitlements:
    """What a version of a plan gives to whoever holds so much of its prices.

    An add-on that raises a limit is told by that limit alone.
    """
    held = {each.price: each.quantity for each in holding.held}
    raising = {limit.raised_by for limit in version.limits}
    return Entitlements(
        limits=tuple(LimitInForce(each.code, _raised(each, held)) for each in version.limits),
        features=tuple(
            price.code
            for price in applying(version.prices, band=holding.band, currency=currency)
            if price.add_on is not None
            and price.code not in raising
            and held.get(price.code, ZERO) > 0
        ),
    )


def entitlements_at(subscribed: SubscribedPlan, instant_at: int) -> Entitlements:
    """What a subscription gives at an instant; nothing before, while it is paused, and after.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    phase = _phase_at(subscribed, instant_at)
    if phase is None or phase.holding is None:
        return NO_ENTITLEMENTS
    day = civil_day(instant_at, subscribed.zone)
    version = _timeline(subscribed, phase, day, through_on=day).version_on(day)
    return entitlements_of(version, phase.holding, subscribed.currency)


def next_turn_at(subscribed: SubscribedPlan, instant_at: int) -> int | None:
    """The first instant after another at which a subscription may give something else.

    It begins or ends, holds something else, or another version of its plan comes into force.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    phase = _phase_at(subscribed, instant_at)
    if phase is None:
        ahead = [each.start_at for each in subscribed.subscription.phases()]
        return min((each for each in ahead if each > instant_at), default=None)
    turns = [] if phase.end_at is None else [phase.end_at]
    if phase.holding is not None:
        day = civil_day(instant_at, subscribed.zone)
        turn_on = _timeline(subscribed, phase, day, through_on=date.max).turn_after(day)
        turns += [] if turn_on is None else [first_instant(turn_on, subscribed.zone)]
    return min(turns, default=None)


def _raised(limit: Limit, held: dict[str, Decimal]) -> Decimal | None:
    """A limit with one more for each unit that raises it."""
    if not isinstance(limit.size, Fixed):
        return None
    with localcontext(EXACT):
        return limit.size.quantity + held.get(limit.raised_by, ZERO)


def _phase_at(subscribed: SubscribedPlan, instant_at: int) -> Phase | None:
    for each in subscribed.subscription.phases():
        if each.start_at <= instant_at and (each.end_at is None or instant_at < each.end_at):
            return each
    return None


def _timeline(
    subscribed: SubscribedPlan, phase: Phase, day: date, *, through_on: date
) -> PlanTimeline:
    """The versions of the plan that a phase holds, from a day on."""
    holding = phase.holding
    assert holding is not None  # noqa: S101 - asked of phases that hold something only
    priced = PricedPlan(
        plan=subscribed.plans[holding.plan],
        band=holding.band,
        currency=subscribed.currency,
        zone=subscribed.zone,
        changes=subscribed.changes,
    )
    held_on = civil_day(_on_plan_since(subscribed, phase, holding.plan), subscribed.zone)
    return PlanTimeline(priced, begins_on=day, through_on=through_on, held_on=held_on)


def _on_plan_since(subscribed: SubscribedPlan, phase: Phase, plan: str) -> int:
    """Since when a plan is held without another one between, which decides a kept version."""
    since_at = phase.start_at
    for each in reversed(subscribed.subscription.phases()):
        if each.start_at > phase.start_at or each.holding is None:
            continue
        if each.holding.plan != plan:
            break
        since_at = each.start_at
    return since_at
