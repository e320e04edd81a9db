"""Schedules a price change of an account, and gives the account notice of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.catalog_errors import PlanVersionNotFound, PriceChangeAlreadyExists
from billing_service.domain.errors import PlanNotFound
from billing_service.domain.events import PriceChangeScheduled
from billing_service.domain.price_change import PriceChange
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.entitlement_timers import AIM_ENTITLEMENTS
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Event, Scope, TimerSet, UseCase


@dataclass(frozen=True, slots=True)
class CreatePriceChange:
    """An account's subscriptions to a plan are to cost something else; notice is given now."""

    change: PriceChange


def gather(tx: Transaction, commands: Sequence[CreatePriceChange]) -> Facts:
    """The accounts with their price changes and what they are subscribed to, and the plans."""
    facts = Facts()
    accounts = {command.change.account for command in commands}
    gathering.gather_accounts(tx, facts, accounts)
    gathering_catalog.gather_price_changes(tx, facts, accounts)
    gathering.gather_plan_subscriptions(tx, facts, accounts)
    gathering.gather_plans(tx, facts, [command.change.plan for command in commands])
    return facts


def decide(facts: Facts, command: CreatePriceChange, now: int) -> Effects[PriceChange]:
    """Schedule the change, if its plan and version exist and the notice is long enough."""
    change = replace(command.change, notice_at=now)
    account = facts.accounts.get(change.account)
    if account is None:
        raise AccountNotFound(change.account)
    if change.key in facts.price_changes:
        raise PriceChangeAlreadyExists(*change.key)
    plan = facts.plans.get(change.plan)
    if plan is None:
        raise PlanNotFound(change.plan)
    if change.plan_version is not None and change.plan_version > len(plan.versions):
        raise PlanVersionNotFound(change.plan, change.plan_version)
    change.check_notice(civil_day(now, account.time_zone), plan.price_change_notice_days)
    told = Event(change.account, PriceChangeScheduled(change))
    timers = tuple(_timers(facts, change, account.time_zone))
    return Effects(change, changes=(change,), events=(told,), timers=timers)


def _timers(facts: Facts, change: PriceChange, zone: str) -> Iterator[TimerSet]:
    """What looks at the account's subscriptions as another version of their plan prices them."""
    if change.plan_version is None:
        return
    due_at = first_instant(change.effective_on, zone)
    for each in facts.subscriptions.values():
        if each.account == change.account and change.plan in each.plans:
            key = f"{each.subscription_id}//{change.price_change_id}"
            yield TimerSet(each.account, AIM_ENTITLEMENTS, key, due_at)


CREATE_PRICE_CHANGE: Final[UseCase[CreatePriceChange, Facts, PriceChange]] = UseCase(
    name="create_price_change",
    scope=lambda command: Scope(accounts=(command.change.account,)),
    gather=gather,
    decide=decide,
    apply=save,
)
