"""Reviews with what is used of their periods as things stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billing_service.domain.review import Review, ReviewKey
from billing_service.domain.usage.metered_period import MeteredPeriod
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.use_cases.metered_periods import (
    gather_pricing,
    price_of_period,
    read_periods,
    subscribed_plan,
)
from chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class ReviewInFull:
    """A review with its quantity and what that costs in full; None where nothing prices it."""

    review: Review
    quantity: Decimal | None
    full_minor: int | None


def in_full(review: Review, period: MeteredPeriod | None) -> ReviewInFull:
    """A review with its figures: once it is charged those that were rated then."""
    if review.invoice:
        return ReviewInFull(review, review.quantity, review.full_minor)
    if period is None:
        return ReviewInFull(review, None, None)
    return ReviewInFull(review, period.quantity, period.cost_minor)


def gather_reviewed(tx: Transaction, facts: Facts, reviews: Sequence[Review]) -> None:
    """The subscriptions of reviews, with all that prices them."""
    gathering.gather_subscriptions(
        tx, facts, [(each.account, each.subscription) for each in reviews]
    )
    gather_pricing(tx, facts, {each.account for each in reviews})


def reviewed_periods(
    tx: Transaction, facts: Facts, reviews: Sequence[Review], now_of: Mapping[str, int]
) -> dict[ReviewKey, MeteredPeriod]:
    """The periods of reviews that no invoice charges, as things stand."""
    prices = []
    for each in reviews:
        key = (each.account, each.subscription)
        if each.invoice or key not in facts.subscriptions:
            continue
        subscribed = subscribed_plan(facts, key, now_of[each.account])
        found = price_of_period(replace(subscribed, currency=each.currency), each.key)
        if found is not None:
            prices.append(found)
    return {each.key: each for each in read_periods(tx, facts, prices, now_of)}


def reviews_in_full(
    tx: Transaction, reviews: Sequence[Review], now_of: Mapping[str, int]
) -> list[ReviewInFull]:
    """Reviews with their figures, in their order: some statements for each different period."""
    facts = Facts()
    gather_reviewed(tx, facts, reviews)
    periods = reviewed_periods(tx, facts, reviews, now_of)
    return [in_full(each, periods.get(each.key)) for each in reviews]
