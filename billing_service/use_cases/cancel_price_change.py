"""Cancels a price change that is not in force yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.catalog_errors import PriceChangeNotFound
from billing_service.domain.events import PriceChangeCancelled
from billing_service.domain.price_change import PriceChange
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CancelPriceChange:
    """A price change is not to come about."""

    account: str
    price_change_id: str


def gather(tx: Transaction, commands: Sequence[CancelPriceChange]) -> Facts:
    """The accounts with their price changes."""
    facts = Facts()
    accounts = {command.account for command in commands}
    gathering.gather_accounts(tx, facts, accounts)
    gathering_catalog.gather_price_changes(tx, facts, accounts)
    return facts


def decide(facts: Facts, command: CancelPriceChange, now: int) -> Effects[PriceChange]:
    """Cancel the change, unless it is in force by the account's calendar."""
    change = facts.price_changes.get((command.account, command.price_change_id))
    if change is None:
        raise PriceChangeNotFound(command.account, command.price_change_id)
    today = civil_day(now, facts.accounts[command.account].time_zone)
    gone = change.cancelled(today, now)
    told = Event(command.account, PriceChangeCancelled(gone))
    return Effects(gone, changes=(gone,), events=(told,))


CANCEL_PRICE_CHANGE: Final[UseCase[CancelPriceChange, Facts, PriceChange]] = UseCase(
    name="cancel_price_change",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
)
