"""States what is watched of a metered price: thresholds, and a ceiling for reservations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from billing_service.domain.events import UsageGuardChanged
from billing_service.domain.price import Unlimited
from billing_service.domain.stated_amount import StatedAmount
from billing_service.domain.subscribed_plan import SubscribedPrice
from billing_service.domain.usage.guard import UsageGuard, check_guard
from billing_service.domain.usage.guard_errors import InvalidGuard
from billing_service.storage import gathering_guards
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.guard_queries import find_guard
from billing_service.storage.saving import save
from billing_service.use_cases.timers import CHECK_USAGE
from billing_service.use_cases.watched_prices import gather_watched, is_additive, watched_price
from chassis.database import Transaction
from chassis.errors import EtagMismatch
from chassis.use_case import Effects, Event, Scope, TimerSet, UseCase


@dataclass(frozen=True, slots=True)
class SetUsageGuard:
    """What is to be watched from now on. `etag` '': whatever is there is replaced."""

    account: str
    subscription: str
    price: str
    percents: tuple[Decimal, ...]
    amounts: tuple[StatedAmount, ...]
    ceiling: Decimal | None
    etag: str = ""

    @property
    def key(self) -> DocumentKey:
        """The subscription's key."""
        return (self.account, self.subscription)


def gather(tx: Transaction, commands: Sequence[SetUsageGuard]) -> Facts:
    """The subscriptions with their prices, and the guards that are there."""
    facts = Facts()
    gather_watched(tx, facts, [command.key for command in commands])
    gathering_guards.gather_guards(tx, facts, [command.account for command in commands])
    return facts


def decide(facts: Facts, command: SetUsageGuard, now: int) -> Effects[UsageGuard]:
    """Replace the guard, and have what is passed already told at once.

    Errors:  SubscriptionNotFound, PriceNotMetered, InvalidGuard, EtagMismatch.
    """
    priced = watched_price(facts, command.key, command.price, now)
    key = (command.account, command.subscription, command.price)
    before = facts.guards.get(key) or UsageGuard(*key)
    if command.etag not in ("", before.etag):
        raise EtagMismatch(before.name, before.etag)
    currency = priced.price.currency
    guard = replace(
        before,
        percents=command.percents,
        amounts_minor=_amounts_minor(command.amounts, currency),
        currency=currency,
        ceiling=command.ceiling,
    )
    check_guard(guard, is_additive=is_additive(facts, priced), has_base=_has_base(priced))
    if guard == before:
        return Effects(before)
    guard = replace(guard, version=before.version + 1)
    account = facts.accounts[command.account].with_usage_watched()
    return Effects(
        guard,
        changes=(guard, account),
        events=(Event(command.account, UsageGuardChanged(guard)),),
        timers=(TimerSet(command.account, CHECK_USAGE, "", now),),
    )


def _has_base(priced: SubscribedPrice) -> bool:
    """Whether something is included that a percentage can be of: not all, and not nothing."""
    shared = priced.item.shared_allowance
    allowance = priced.price.included or (shared.allowance if shared else None)
    return allowance is not None and not isinstance(allowance.size, Unlimited)


def _amounts_minor(amounts: Sequence[StatedAmount], currency: str) -> tuple[int, ...]:
    """The amounts in minor units of the account's currency."""
    found = []
    for place, amount in enumerate(amounts):
        field = f"guard.amounts[{place}]"
        if amount.currency != currency:
            raise InvalidGuard(f"{field}.currency_code", f"must be {currency}, as the price is")
        amount_minor = amount.minor(field)
        if amount_minor is None:
            raise InvalidGuard(field, f"is finer than {currency} allows, or of mixed sign")
        found.append(amount_minor)
    return tuple(found)


def read_guard(
    tx: Transaction, account: str, subscription: str, price: str, now: int
) -> UsageGuard:
    """The guard of a metered price; an empty one if none was stated.

    Errors:  SubscriptionNotFound, PriceNotMetered.
    """
    facts = Facts()
    gather_watched(tx, facts, [(account, subscription)])
    watched_price(facts, (account, subscription), price, now)
    found = find_guard(tx, account, subscription, price)
    return found or UsageGuard(account, subscription, price)


SET_USAGE_GUARD: Final[UseCase[SetUsageGuard, Facts, UsageGuard]] = UseCase(
    name="set_usage_guard",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
)
