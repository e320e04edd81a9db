"""Creates an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import AccountOpened, Effects, Event, Scope, UseCase
from provisioning_service.domain.account import Account, check_parent
from provisioning_service.domain.civil import DEFAULT_TIME_ZONE, known_zone
from provisioning_service.domain.errors import AccountAlreadyExists, ParentAccountNotFound
from provisioning_service.domain.events import AccountCreated
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.saving import save


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """The command. Empty: the default zone, no parent, the real world."""

    account: str
    display_name: str
    time_zone: str
    parent: str
    sandbox: str


def _gather(tx: Transaction, commands: Sequence[CreateAccount]) -> Facts:
    named = {each.account for each in commands} | {each.parent for each in commands}
    return read_accounts(tx, named - {""})


def _decide(facts: Facts, command: CreateAccount, now: int) -> Effects[Account]:
    if command.account in facts.accounts:
        raise AccountAlreadyExists(command.account)
    if command.parent:
        parent = facts.accounts.get(command.parent)
        if parent is None:
            raise ParentAccountNotFound(command.parent)
        check_parent(parent, sandbox=command.sandbox)
    account = Account(
        id=command.account,
        display_name=command.display_name,
        time_zone=known_zone(command.time_zone or DEFAULT_TIME_ZONE, field="account.time_zone"),
        parent=command.parent,
        sandbox=command.sandbox,
        zone_fixed=False,
        created_at=now,
        version=1,
    )
    return Effects(
        account,
        changes=(account,),
        events=(Event(account.id, AccountCreated(account)),),
        openings=(AccountOpened(account.id, account.sandbox),),
    )


CREATE_ACCOUNT: Final[UseCase[CreateAccount, Facts, Account]] = UseCase(
    name="create_account",
    scope=lambda command: Scope(sandbox=command.sandbox),
    gather=_gather,
    decide=_decide,
    apply=save,
)
