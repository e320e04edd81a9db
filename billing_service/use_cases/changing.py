"""What follows from a change of a subscription, whoever asked for it: now and when it takes effect.

Source:  docs/decisions/0022-live-timelines.md
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from billing_service.domain.account import Account
from billing_service.domain.change_errors import SubscriptionNotChangeable
from billing_service.domain.entitlements import entitlements_at
from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.events import SubscriptionChanged
from billing_service.domain.prepaid import is_prepaid
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscription import Fact, Subscription, changed
from billing_service.domain.subscription_change import next_change_at
from billing_service.domain.subscription_facts import ending, first_day_affected
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.catalog_memory import remembered_meters, remembered_plans
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.one_off_queries import gather_coupons
from billing_service.use_cases.entitling import entitling
from billing_service.use_cases.issuing import gather_issuing
from billing_service.use_cases.prepaying import renewing
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import closing_timers, late_closing_timers
from billing_service.use_cases.topping_up import topping_up
from chassis.database import Transaction
from chassis.errors import EtagMismatch
from chassis.use_case import Event, TimerCleared, TimerSet

TAKE_EFFECT: Final = "take_effect"


def gather_changing(
    tx: Transaction,
    facts: Facts,
    keys: Iterable[DocumentKey],
    plans: Iterable[str] = (),
    *,
    locked: bool = True,
) -> None:
    """The subscriptions with all that prices them, `plans` too, and what invoicing them takes.

    With them, what else their accounts are subscribed to.
    """
    wanted = sorted(set(keys))
    accounts = {account for account, _ in wanted}
    payers = gathering.payers_of(tx, accounts)
    gathering.gather_billed(tx, facts, payers)
    gather_issuing(tx, facts, payers, locked=locked)
    gathering.gather_zones(tx, facts, payers)
    gathering.gather_plan_subscriptions(tx, facts, accounts)
    gathering.gather_subscriptions(tx, facts, set(wanted) - facts.subscriptions.keys())
    gathering_catalog.gather_price_changes(tx, facts, accounts)
    held = {plan for each in facts.subscriptions.values() for plan in each.plans}
    facts.plans.update(remembered_plans(tx, held | set(plans)))
    holdings = (each for one in facts.subscriptions.values() for each in one.holdings)
    gather_coupons(tx, facts, {coupon for each in holdings for coupon in each.coupons})
    facts.meters.update(remembered_meters(tx))


def changeable(facts: Facts, key: DocumentKey, etag: str) -> Subscription:
    """A subscription to a plan that may be changed, if its etag is the one stated ('': any).

    Errors:  SubscriptionNotFound, SubscriptionNotChangeable, EtagMismatch.
    """
    account, subscription_id = key
    name = f"accounts/{account}/subscriptions/{subscription_id}"
    found = facts.subscriptions.get(key)
    if found is None:
        raise SubscriptionNotFound(name)
    if not found.is_of_plan:
        text = "is an instance's: the provisioning service subscribes and cancels it"
        raise SubscriptionNotChangeable(account, subscription_id, text)
    if etag not in ("", found.etag):
        raise EtagMismatch(name, found.etag)
    return found


def with_fact(facts: Facts, before: Subscription, fact: Fact, now: int) -> Subscription:
    """A subscription with a further fact, and since when its charges are to be looked at again."""
    zone = facts.accounts[before.account].time_zone
    after = changed(before, fact, zone)
    if ending(after.facts) is not None:
        after = facts.subscribed(after, now).settled()
    affected_on = first_day_affected(before.facts, fact, zone)
    known_on = before.changed_from_on or affected_on
    return replace(after, changed_from_on=min(known_on, affected_on))


def follow(
    after: Facts, before: Subscription, changed_to: Subscription, *, now: int, outcome: Outcome
) -> None:
    """See to what follows from a change: events, entitlements, standing, closes, what lies ahead.

    `after` is an overlay, and takes in what has changed.
    """
    account = after.accounts[before.account]
    entitled_before = entitlements_at(after.subscribed(before, now), now)
    watched = watching(after, account, changed_to.plans)
    changes = [changed_to] if watched == account else [watched, changed_to]
    after.take_in(changes)
    outcome.changes += changes
    state = changed_to.state(now, account.time_zone)
    outcome.events.append(Event(account.account, SubscriptionChanged(changed_to, state, now)))
    restate(after, [account.account], now=now, outcome=outcome)
    entitled = entitling(after.subscribed(changed_to, now), now, before=entitled_before)
    outcome.events += entitled.events
    outcome.timers += entitled.timers
    outcome.timers += closing(after, changed_to, now)
    outcome.timers.append(taking_effect(changed_to, now))
    if is_prepaid(changed_to):
        outcome.timers.append(renewing(after, changed_to, now))
    if before.is_lapsed_at(now) and changed_to.is_lapsed_at(now):
        # It may cost less now than there is credit.
        outcome.timers += topping_up(after, after.profiles[account.account].paid_by, now)


def closing(facts: Facts, subscription: Subscription, now: int) -> tuple[TimerSet, ...]:
    """The closes that charge a subscription, and put right what closed months charged of it."""
    account, from_on = subscription.account, subscription.changed_from_on
    closed = facts.closed_through(account) or date.min
    timers = closing_timers(facts, account)
    if from_on is None or from_on.replace(day=1) > closed:
        return timers
    return timers or late_closing_timers(facts, account, now)


def taking_effect(subscription: Subscription, now: int) -> TimerSet | TimerCleared:
    """What tells of the next change of a subscription when it takes effect."""
    account, subscription_id = subscription.key
    due_at = next_change_at(subscription, now)
    if due_at is None:
        return TimerCleared(account, TAKE_EFFECT, subscription_id)
    return TimerSet(account, TAKE_EFFECT, subscription_id, due_at)


def watching(facts: Facts, account: Account, plans: Iterable[str]) -> Account:
    """The account, watched if a charge for its usage by one of the plans may be held."""
    is_watched = any(facts.plans[plan].may_hold_usage for plan in plans)
    return account.with_usage_watched() if is_watched else account


def other_plans(facts: Facts, key: DocumentKey, now: int) -> Iterator[SubscribedPlan]:
    """What else than one subscription its account is subscribed to."""
    account, _ = key
    for each in facts.subscriptions.values():
        if each.account == account and each.is_of_plan and each.key != key:
            yield facts.subscribed(each, now)
