"""Tells what a subscription entitles its account to, now and at each turn ahead."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from billing_service.domain.entitlements import (
    NO_ENTITLEMENTS,
    Entitlements,
    entitlements_at,
    next_turn_at,
)
from billing_service.domain.events import EntitlementsChanged
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.storage import gathering
from billing_service.storage.entitlement_timers import AIM_ENTITLEMENTS, TELL_ENTITLEMENTS
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.metered_periods import gather_pricing
from chassis.database import Transaction
from chassis.use_case import (
    Effects,
    Event,
    Scope,
    TimerCleared,
    TimerDue,
    TimerSet,
    UseCase,
)


class Entitling(NamedTuple):
    """What tells that something else is in force, and the timer of the next turn."""

    events: tuple[Event, ...]
    timers: tuple[TimerSet | TimerCleared, ...]


def entitling(
    subscribed: SubscribedPlan, now: int, *, before: Entitlements = NO_ENTITLEMENTS
) -> Entitling:
    """What follows from a subscription as it is now, where so much was in force `before`.

    For whatever creates or changes a subscription: `before` is what `entitlements_at` gives of it
    as it was.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    account, subscription_id = subscribed.subscription.key
    after = entitlements_at(subscribed, now)
    told = EntitlementsChanged(account, subscription_id, after)
    events = () if after == before else (Event(account, told),)
    return Entitling(events, (_timer(subscribed, next_turn_at(subscribed, now)),))


def _timer(subscribed: SubscribedPlan, turn_at: int | None) -> TimerSet | TimerCleared:
    """The timer that tells of a subscription's next turn; without one it is cleared."""
    account, subscription_id = subscribed.subscription.key
    if turn_at is None:
        return TimerCleared(account, TELL_ENTITLEMENTS, subscription_id)
    return TimerSet(account, TELL_ENTITLEMENTS, subscription_id, turn_at)


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """The subscriptions that the timers name, and what prices them."""
    facts = Facts()
    gathering.gather_subscriptions(tx, facts, {_key(command) for command in commands})
    gather_pricing(tx, facts, {command.account for command in commands})
    return facts


def tell(facts: Facts, command: TimerDue, due_at: int) -> Effects[None]:
    """Tell what is in force from now on, if it is something else than the instant before."""
    subscribed = facts.subscribed(facts.subscriptions[_key(command)], due_at)
    before = entitlements_at(subscribed, due_at - 1)
    events, timers = entitling(subscribed, due_at, before=before)
    return Effects(None, events=events, timers=timers)


def aim(facts: Facts, command: TimerDue, due_at: int) -> Effects[None]:
    """Set the timer that tells to the turn that another version of the plan makes: now, or ahead.

    It is one timer for all turns, so that a turn with several causes is told once.
    """
    subscribed = facts.subscribed(facts.subscriptions[_key(command)], due_at)
    is_turn = entitlements_at(subscribed, due_at - 1) != entitlements_at(subscribed, due_at)
    turn_at = due_at if is_turn else next_turn_at(subscribed, due_at)
    return Effects(None, timers=(_timer(subscribed, turn_at),))


def _key(command: TimerDue) -> tuple[str, str]:
    """Account and id of the subscription that a timer is about."""
    return (command.account, command.key.partition("/")[0])


def _use_case(
    name: str, decide: Callable[[Facts, TimerDue, int], Effects[None]]
) -> UseCase[TimerDue, Facts, None]:
    return UseCase(
        name=name,
        scope=lambda command: Scope(accounts=(command.account,), advancing=True),
        gather=gather,
        decide=decide,
        apply=save,
    )


AIM_ENTITLEMENTS_USE_CASE: Final = _use_case(AIM_ENTITLEMENTS, aim)
TELL_ENTITLEMENTS_USE_CASE: Final = _use_case(TELL_ENTITLEMENTS, tell)
