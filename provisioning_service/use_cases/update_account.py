"""Changes an account's display name, or its zone while nothing was subscribed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.account import Account, with_display_name, with_time_zone
from provisioning_service.domain.civil import DEFAULT_TIME_ZONE
from provisioning_service.domain.events import AccountUpdated
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope, check_etag


@dataclass(frozen=True, slots=True)
class UpdateAccount:
    """The command. What is None stays; an empty zone is the default one."""

    account: str
    display_name: str | None
    time_zone: str | None
    etag: str


def _gather(tx: Transaction, commands: Sequence[UpdateAccount]) -> Facts:
    return read_accounts(tx, (each.account for each in commands))


def _decide(facts: Facts, command: UpdateAccount, _now: int) -> Effects[Account]:
    before = facts.account(command.account)
    check_etag(before, command.etag)
    account = before
    if command.display_name is not None:
        account = with_display_name(account, command.display_name)
    if command.time_zone is not None:
        account = with_time_zone(account, command.time_zone or DEFAULT_TIME_ZONE)
    if account is before:
        return Effects(before)
    return Effects(
        account, changes=(account,), events=(Event(account.id, AccountUpdated(account)),)
    )


UPDATE_ACCOUNT: Final[UseCase[UpdateAccount, Facts, Account]] = UseCase(
    name="update_account", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
