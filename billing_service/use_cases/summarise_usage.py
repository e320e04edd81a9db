"""What a subscription used in a service period, and what it comes to; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.meter import Aggregation
from billing_service.domain.money import exact_arithmetic
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.usage.reading_errors import MeteredPriceNotFound
from billing_service.domain.usage.summary import PriceSummary, Told, summarise, tell
from billing_service.storage.subscribed_reading import (
    NOT_GUARDED,
    Guarded,
    Subscribed,
    find_guarded,
    find_subscribed,
)
from billing_service.storage.subscription_memory import PricedDay, PricedSubscription
from billing_service.storage.usage_reading import UsageReading
from chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class SummariseUsage:
    """What to tell; `price` '' means all metered ones, `at` None now.

    `is_watched`: also when it will change by itself.
    """

    account: str
    subscription: str
    price: str = ""
    at: int | None = None
    is_watched: bool = False


@dataclass(frozen=True, slots=True)
class GuardedSummary:
    """The summary of a price, and what is guarded of it; `review` '': there is none."""

    summary: PriceSummary
    reserved: Decimal
    ceiling: Decimal | None
    review: str
    is_held: bool


@dataclass(frozen=True, slots=True)
class SubscriptionUsage:
    """The summaries of a subscription's metered prices, as of an instant.

    `changes_at` is when they will be others though nothing is written, if that was asked for; None:
    not as things stand.
    """

    account: str
    now: int
    summaries: tuple[GuardedSummary, ...] = ()
    changes_at: int | None = None


def summarise_usage(tx: Transaction, query: SummariseUsage, real_now: int) -> SubscriptionUsage:
    """The metered prices whose service period holds an instant, in the order of the plan.

    `real_now` is what the real clock shows; a sandbox goes by its own.
    Errors:  SubscriptionNotFound, MeteredPriceNotFound.
    """
    found = find_subscribed(tx, query.account, query.subscription, real_now)
    if found is None:
        raise SubscriptionNotFound(f"accounts/{query.account}/subscriptions/{query.subscription}")
    if found.priced is None:
        _check_known(query, None)
        return SubscriptionUsage(query.account, found.now)
    plan = found.priced.plan
    day = _priced_day(query, found.priced, found.now)
    prices = day.prices
    if not prices:
        return SubscriptionUsage(query.account, found.now, changes_at=_begins_at(plan, found.now))
    told = _told(tx, day.reading, plan.zone, found)
    guarded = NOT_GUARDED
    if found.is_guarded:
        guarded = find_guarded(tx, query.account, query.subscription, found.now)
    with exact_arithmetic():
        summaries = tuple(_guarded(summarise(each, told), guarded) for each in prices)
    changes_at = _changes_at(prices, found, guarded, plan.zone) if query.is_watched else None
    return SubscriptionUsage(query.account, found.now, summaries, changes_at)


def _begins_at(plan: SubscribedPlan, now: int) -> int | None:
    """When the subscription begins, if that lies ahead."""
    begins_at = first_instant(plan.terms.begins_on, plan.zone)
    return begins_at if begins_at > now else None


def _changes_at(
    prices: Sequence[SubscribedPrice], found: Subscribed, guarded: Guarded, zone: str
) -> int:
    """When a period turns or a reservation runs out; now, where levels are weighed all the time."""
    meters = {found.meters[code] for each in prices for code in each.meters}
    if any(each.aggregation is Aggregation.WEIGHTED_SUM for each in meters):
        return found.now
    turns = (first_instant(each.period.end_on, zone) for each in prices)
    return min([*turns, *guarded.expire_at])


def _priced_day(query: SummariseUsage, priced: PricedSubscription, now: int) -> PricedDay:
    """The metered prices that are asked for."""
    at = now if query.at is None else query.at
    found = priced.on(civil_day(at, priced.plan.zone))
    if not query.price:
        return found
    wanted = tuple(each for each in found.prices if each.price.code == query.price)
    if not wanted:
        _check_known(query, priced.plan)
    return priced.reading(wanted)


def _check_known(query: SummariseUsage, plan: SubscribedPlan | None) -> None:
    """Refuse a price that the subscription has at no time."""
    known = () if plan is None else plan.metered_ever()
    codes = sorted({each.code for each in known})
    if query.price and query.price not in codes:
        name = f"accounts/{query.account}/subscriptions/{query.subscription}"
        raise MeteredPriceNotFound(name, query.price, codes)


def _told(tx: Transaction, reading: UsageReading, zone: str, found: Subscribed) -> Told:
    account = reading.wanted[0].account
    used = reading.usages(tx, zones={account: zone}, cut_at={account: found.now})
    by_wanted = dict(zip(reading.wanted, used, strict=True))
    return tell(by_wanted, found.meters, now=found.now, zone=zone)


def _guarded(summary: PriceSummary, guarded: Guarded) -> GuardedSummary:
    subscribed = summary.subscribed
    key = (subscribed.price.code, subscribed.period.start_on)
    review, is_open = guarded.reviews.get(key, ("", True))
    return GuardedSummary(
        summary=summary,
        reserved=guarded.reserved.get(key, Decimal(0)),
        ceiling=guarded.ceilings.get(subscribed.price.code),
        review=review,
        is_held=summary.is_held and is_open,
    )
