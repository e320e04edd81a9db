"""Notes the charges whose usage came to be another than was rated, and where that is over again.

Fired in the transaction of what changed the usage of a day in a closed month. Invoices stay as they
are; the close of the payer's next month finds here what there is to correct.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from billing_service.domain.calendar import month_after
from billing_service.domain.catalog_errors import PlanVersionNotFound
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.events import ChargeOutdated
from billing_service.domain.meter import Aggregation
from billing_service.domain.price import ZeroUsage
from billing_service.domain.review import ReviewKey
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.usage.metered_period import MeteredPeriod
from billing_service.domain.usage.outdated import OutdatedCharge
from billing_service.storage import gathering, gathering_guards
from billing_service.storage.catalog_memory import remembered_meters
from billing_service.storage.facts import Facts
from billing_service.storage.gathering_guards import ChargedPeriod
from billing_service.storage.saving import save
from billing_service.use_cases.metered_periods import (
    gather_pricing,
    price_of_period,
    read_periods,
    subscribed_plans,
)
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import MARK_OUTDATED, late_closing_timers
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, TimerDue, UseCase


@dataclass(slots=True)
class MarkFacts:
    """What is stored, and the charges that may be outdated, each with its usage as it is now.

    `levels` are the meters whose values hold on into later periods.
    """

    levels: frozenset[str]
    stored: Facts = field(default_factory=Facts)
    charges: list[tuple[ChargedPeriod, MeteredPeriod]] = field(default_factory=list)

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        self.stored.absorb(effects)

    def is_meant(self, charged: ChargedPeriod, priced: SubscribedPrice, command: TimerDue) -> bool:
        """Whether the usage that changed may be usage of a charge."""
        meter, day = _meter_and_day(command)
        has_begun = charged.period_start_on <= day or meter in self.levels
        is_metered = any(each.meter == meter for each in priced.usages_needed)
        is_own = charged.account == command.account
        return is_own and is_metered and has_begun and day < charged.period_end_on


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> MarkFacts:
    """The metered charges that the commands may mean, and their usage as it is now."""
    facts = MarkFacts(_levels(tx))
    stored = facts.stored
    now_of = {command.account: command.due_at for command in commands}
    gathering.gather_plan_subscriptions(tx, stored, now_of)
    gather_pricing(tx, stored, now_of)
    payers = gathering.payers_of(tx, now_of)
    gathering.gather_accounts(tx, stored, {*now_of, *payers})
    gathering.gather_zones(tx, stored, payers)
    gathering_guards.gather_outdated(tx, stored, now_of)
    gathering_guards.gather_uncharged_reviews(tx, stored, now_of)
    first_day = min(_meter_and_day(command)[1] for command in commands)
    subscribed = subscribed_plans(stored, now_of)
    found: list[tuple[ChargedPeriod, SubscribedPrice]] = []
    for charged in gathering_guards.charged_periods(tx, subscribed, first_day):
        key = ReviewKey(*charged[:4])
        priced = price_of_period(subscribed[key.account, key.subscription], key)
        if priced and any(facts.is_meant(charged, priced, each) for each in commands):
            found.append((charged, priced))
    charged_keys = {ReviewKey(*charged[:4]) for charged, _ in found}
    for each in subscribed.values():
        left_out = [one for one in _left_out(stored, each, first_day) if one[0] not in charged_keys]
        found += [
            (_nothing(priced), priced)
            for _, priced in left_out
            if any(facts.is_meant(_nothing(priced), priced, command) for command in commands)
        ]
    periods = read_periods(tx, stored, [priced for _, priced in found], now_of)
    facts.charges = [(each[0], period) for each, period in zip(found, periods, strict=True)]
    return facts


def _left_out(
    stored: Facts, subscribed: SubscribedPlan, first_day: date
) -> Iterator[tuple[ReviewKey, SubscribedPrice]]:
    """The prices of closed periods since a day that are no line where nothing was used."""
    account, subscription = subscribed.subscription.key
    closed = stored.closed_through(account)
    if closed is None:
        return
    before = month_after(first_day.replace(day=1), -1)
    with suppress(PlanVersionNotFound, PriceNotFound):
        for each in subscribed.prices_in(before, closed):
            key = ReviewKey(account, subscription, each.price.code, each.period.start_on)
            is_omitted = each.is_metered and each.price.zero_usage is ZeroUsage.OMITTED
            if is_omitted and key not in stored.reviews:
                yield key, each


def _nothing(priced: SubscribedPrice) -> ChargedPeriod:
    """What a period was charged for that is on no invoice, as nothing was used of it."""
    period = priced.period
    key = (priced.account, priced.subscription_id, priced.price.code, period.start_on)
    return ChargedPeriod(*key, period.end_on, 0, "", "", Decimal(0), 0)


def decide(facts: MarkFacts, command: TimerDue, now: int) -> Effects[None]:
    """Note each charge of the meter and day that is outdated, or is not any more; tell it once.

    What was used on a day is usage of the period that holds it; a level also of those after it.
    """
    outcome = Outcome()
    for charged, period in facts.charges:
        if facts.is_meant(charged, period.priced, command):
            _mark(facts.stored, charged, period, now=now, outcome=outcome)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _mark(
    facts: Facts, charged: ChargedPeriod, period: MeteredPeriod, *, now: int, outcome: Outcome
) -> None:
    is_outdated = (period.quantity, period.cost_minor) != (charged.quantity, charged.full_minor)
    marked = OutdatedCharge(*charged[:4], charged.revision, now if is_outdated else None)
    before = facts.outdated.get(marked.key)
    was_outdated = before is not None and before.outdated_at is not None
    if is_outdated == was_outdated:
        return
    outcome.changes.append(marked)
    # The next invoice corrects it, though nothing else may be going to be billed.
    outcome.timers += late_closing_timers(facts, charged.account, now)
    if before is None:
        told = ChargeOutdated(marked, charged.payer, charged.invoice)
        outcome.events.append(Event(charged.account, told))


def _levels(tx: Transaction) -> frozenset[str]:
    weighted = Aggregation.WEIGHTED_SUM
    meters = remembered_meters(tx)
    return frozenset(name for name, each in meters.items() if each.aggregation is weighted)


def _meter_and_day(command: TimerDue) -> tuple[str, date]:
    meter, _, day = command.key.partition("/")
    return meter, date.fromisoformat(day)


def _widen(tx: Transaction, command: TimerDue) -> tuple[str, ...]:
    """A correction touches who pays for the account, on whose invoice it goes."""
    return tuple(sorted(gathering.payers_of(tx, [command.account])))


MARK_OUTDATED_USE_CASE: Final[UseCase[TimerDue, MarkFacts, None]] = UseCase(
    name=MARK_OUTDATED,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
