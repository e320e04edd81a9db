"""Sees to what usage has come to: opens the reviews of held charges, tells thresholds once.

Fired in the transaction of whatever changed the usage of a watched account, and of a guard that
was stated. It looks at present periods, and at past ones that are on no invoice yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from billing_service.domain.catalog_errors import PlanVersionNotFound
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.events import ReviewChanged, UsageThresholdReached
from billing_service.domain.review import open_review
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.usage.guard import to_tell
from billing_service.domain.usage.metered_period import MeteredPeriod
from billing_service.storage import gathering, gathering_guards
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.metered_periods import (
    gather_pricing,
    price_of_period,
    read_periods,
    subscribed_plans,
    uncharged_prices,
)
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import CHECK_USAGE
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, TimerDue, UseCase


@dataclass(slots=True)
class CheckFacts:
    """What is stored, and what was used in the periods of each account that are looked at."""

    stored: Facts = field(default_factory=Facts)
    periods: dict[str, list[MeteredPeriod]] = field(default_factory=dict)

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        self.stored.absorb(effects)


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> CheckFacts:
    """The open periods of the accounts' subscriptions, their guards and their reviews."""
    facts = CheckFacts()
    stored = facts.stored
    now_of = {command.account: command.due_at for command in commands}
    gathering.gather_open_subscriptions(tx, stored, now_of)
    gathering_guards.gather_uncharged_reviews(tx, stored, now_of)
    reviewed = {(each.account, each.subscription) for each in stored.reviews}
    gathering.gather_subscriptions(tx, stored, reviewed)
    gather_pricing(tx, stored, now_of)
    gathering_guards.gather_guards(tx, stored, now_of)
    subscribed = subscribed_plans(stored, now_of).values()
    prices = [
        price
        for each in subscribed
        for price in _looked_at(stored, each, now_of[each.subscription.account])
    ]
    for period in read_periods(tx, stored, prices, now_of):
        facts.periods.setdefault(period.priced.account, []).append(period)
    looked_at = [each.key for own in facts.periods.values() for each in own]
    gathering_guards.gather_crossings(tx, stored, looked_at)
    return facts


def decide(facts: CheckFacts, command: TimerDue, now: int) -> Effects[None]:
    """Open the reviews that are missing, and tell the thresholds that were not told."""
    outcome = Outcome()
    for period in facts.periods.get(command.account, ()):
        _open_review(facts.stored, period, now=now, outcome=outcome)
        _tell(facts.stored, period, outcome)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events))


def _looked_at(facts: Facts, subscribed: SubscribedPlan, now: int) -> Iterable[SubscribedPrice]:
    """The prices of open periods, and of closed ones that are under review.

    None while the plan has no price for the account: closing the month tells of that, and waits
    for the remedy; usage must not.
    """
    subscription = subscribed.subscription
    try:
        found = list(uncharged_prices(subscribed, facts.closed_through(subscription.account), now))
    except (PlanVersionNotFound, PriceNotFound):
        return ()
    seen = {(each.price.code, each.period.start_on) for each in found}
    for key in facts.reviews:
        is_own = (key.account, key.subscription) == subscription.key
        if is_own and (key.price, key.period_start_on) not in seen:
            priced = price_of_period(subscribed, key)
            found += [] if priced is None else [priced]
    return found


def _open_review(facts: Facts, period: MeteredPeriod, *, now: int, outcome: Outcome) -> None:
    if not period.is_held or period.key in facts.reviews:
        return
    review = open_review(
        period.key,
        period_end_on=period.priced.period.end_on,
        currency=period.currency,
        opened_at=now,
    )
    outcome.changes.append(review)
    told = ReviewChanged(review, period.quantity, period.cost_minor)
    outcome.events.append(Event(review.account, told))


def _tell(facts: Facts, period: MeteredPeriod, outcome: Outcome) -> None:
    key = period.key
    guard = facts.guards.get((key.account, key.subscription, key.price))
    if guard is None:
        return
    reading = period.reading
    found = to_tell(guard, reading, facts.crossings, key.period_start_on, period.currency)
    for threshold, crossing in found:
        outcome.changes.append(crossing)
        told = UsageThresholdReached(
            guard, key.period_start_on, threshold, reading, period.currency
        )
        outcome.events.append(Event(guard.account, told))


CHECK_USAGE_USE_CASE: Final[UseCase[TimerDue, CheckFacts, None]] = UseCase(
    name=CHECK_USAGE,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=decide,
    apply=save,
)
