"""Adds a member to an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.events import MemberCreated
from provisioning_service.domain.holding_errors import MemberAlreadyExists
from provisioning_service.domain.member import Member, MemberView, Role
from provisioning_service.domain.token import NewSecret
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.holding_facts import add_callers, add_members
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.acting import check_administers
from provisioning_service.use_cases.checks import account_scope


@dataclass(frozen=True, slots=True)
class CreateMember:
    """The command, with the secret that the member gets; `secret_hash` is the caller's."""

    account: str
    member: str
    display_name: str
    email: str
    role: Role
    secret: NewSecret
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class MemberWithSecret:
    """A member with the secret to show once."""

    member: MemberView
    secret: str


def _gather(tx: Transaction, commands: Sequence[CreateMember]) -> Facts:
    accounts = {each.account for each in commands}
    facts = read_accounts(tx, accounts)
    add_callers(tx, facts, accounts, (each.secret_hash for each in commands))
    add_members(tx, facts, ((each.account, each.member) for each in commands))
    return facts


def _decide(facts: Facts, command: CreateMember, now: int) -> Effects[MemberWithSecret]:
    account = facts.account(command.account)
    check_administers(facts, account.id, command.secret_hash)
    if (account.id, command.member) in facts.members:
        raise MemberAlreadyExists(account.id, command.member)
    member = Member(
        account=account.id,
        id=command.member,
        display_name=command.display_name,
        email=command.email,
        role=command.role,
        secret_hash=command.secret.hash,
        secret_hint=command.secret.hint,
        created_at=now,
        removed_at=None,
        version=1,
    )
    view = MemberView(member, is_principal=False)
    return Effects(
        MemberWithSecret(view, command.secret.text),
        changes=(member,),
        events=(Event(account.id, MemberCreated(view)),),
    )


CREATE_MEMBER: Final[UseCase[CreateMember, Facts, MemberWithSecret]] = UseCase(
    name="create_member", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
