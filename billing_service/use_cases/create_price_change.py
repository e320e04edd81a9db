"""Schedules a price change of an account, and gives the account notice of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.catalog_errors import PlanVersionNotFound, PriceChangeAlreadyExists
from billing_service.domain.errors import PlanNotFound
from billing_service.domain.events import PriceChangeScheduled
from billing_service.domain.price_change import PriceChange
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CreatePriceChange:
    """An account's subscriptions to a plan are to cost something else; notice is given now."""

    change: PriceChange


def gather(tx: Transaction, commands: Sequence[CreatePriceChange]) -> Facts:
    """The accounts with their price changes, and the plans."""
    facts = Facts()
    accounts = {command.change.account for command in commands}
    gathering.gather_accounts(tx, facts, accounts)
    gathering_catalog.gather_price_changes(tx, facts, accounts)
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
    return Effects(change, changes=(change,), events=(told,))


CREATE_PRICE_CHANGE: Final[UseCase[CreatePriceChange, Facts, PriceChange]] = UseCase(
    name="create_price_change",
    scope=lambda command: Scope(accounts=(command.change.account,)),
    gather=gather,
    decide=decide,
    apply=save,
)
