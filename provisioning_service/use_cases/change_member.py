"""Updates and removes members, gives them new secrets, and makes one the principal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.events import (
    MemberRemoved,
    MemberSecretRotated,
    MemberUpdated,
    PrincipalChanged,
)
from provisioning_service.domain.member import (
    Member,
    MemberView,
    Role,
    check_is_principal,
    check_may_rotate,
    check_not_removed,
    removed,
    updated,
    with_secret,
)
from provisioning_service.domain.token import NewSecret
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.holding_facts import add_callers, add_members
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.acting import acting_member, check_administers
from provisioning_service.use_cases.checks import account_scope, check_etag
from provisioning_service.use_cases.create_member import MemberWithSecret


@dataclass(frozen=True, slots=True)
class UpdateMember:
    """The command; what is None stays. `secret_hash` is the caller's, here and below."""

    account: str
    member: str
    display_name: str | None
    email: str | None
    role: Role | None
    etag: str
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """The command."""

    account: str
    member: str
    etag: str
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class RotateMemberSecret:
    """The command, with the secret that the member gets."""

    account: str
    member: str
    secret: NewSecret
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class SetPrincipal:
    """The command; `changed_by` is the caller as events name it."""

    account: str
    member: str
    reason: str
    changed_by: str
    secret_hash: bytes


class _OfMember(Protocol):
    """A command about a member."""

    @property
    def account(self) -> str:
        """The account's id."""
        ...

    @property
    def member(self) -> str:
        """The member's id."""
        ...

    @property
    def secret_hash(self) -> bytes:
        """The keyed hash of the caller's secret."""
        ...


def _gather(tx: Transaction, commands: Sequence[_OfMember]) -> Facts:
    accounts = {each.account for each in commands}
    facts = read_accounts(tx, accounts)
    add_callers(tx, facts, accounts, (each.secret_hash for each in commands))
    add_members(tx, facts, ((each.account, each.member) for each in commands))
    return facts


def _update(facts: Facts, command: UpdateMember, _now: int) -> Effects[MemberView]:
    check_administers(facts, command.account, command.secret_hash)
    before = facts.member(command.account, command.member)
    check_etag(before.member, command.etag)
    after = updated(
        before.member, display_name=command.display_name, email=command.email, role=command.role
    )
    if after is before.member:
        return Effects(before)
    view = replace(before, member=after)
    return _told(view, after, MemberUpdated(view))


def _remove(facts: Facts, command: RemoveMember, now: int) -> Effects[MemberView]:
    check_administers(facts, command.account, command.secret_hash)
    before = facts.member(command.account, command.member)
    check_etag(before.member, command.etag)
    after = removed(before, now)
    view = replace(before, member=after)
    return _told(view, after, MemberRemoved(view))


def _told(view: MemberView, changed: Member, event: object) -> Effects[MemberView]:
    return Effects(view, changes=(changed,), events=(Event(changed.account, event),))


def _rotate(facts: Facts, command: RotateMemberSecret, _now: int) -> Effects[MemberWithSecret]:
    acting = acting_member(facts, command.account, command.secret_hash)
    before = facts.member(command.account, command.member)
    check_may_rotate(acting, before)
    view = replace(before, member=with_secret(before.member, command.secret))
    return Effects(
        MemberWithSecret(view, command.secret.text),
        changes=(view.member,),
        events=(Event(command.account, MemberSecretRotated(view)),),
    )


def _set_principal(facts: Facts, command: SetPrincipal, _now: int) -> Effects[MemberView]:
    check_is_principal(acting_member(facts, command.account, command.secret_hash))
    chosen = facts.member(command.account, command.member)
    check_not_removed(chosen.member)
    if chosen.is_principal:
        return Effects(chosen)
    before = facts.principal(command.account)
    after = replace(before, member=command.member, version=before.version + 1)
    told = PrincipalChanged(
        account=f"accounts/{command.account}",
        from_member=before.name,
        to_member=after.name,
        changed_by=command.changed_by,
        reason=command.reason,
    )
    return Effects(
        replace(chosen, is_principal=True),
        changes=(after,),
        events=(Event(command.account, told),),
    )


UPDATE_MEMBER: Final[UseCase[UpdateMember, Facts, MemberView]] = UseCase(
    name="update_member", scope=account_scope, gather=_gather, decide=_update, apply=save
)
REMOVE_MEMBER: Final[UseCase[RemoveMember, Facts, MemberView]] = UseCase(
    name="remove_member", scope=account_scope, gather=_gather, decide=_remove, apply=save
)
ROTATE_MEMBER_SECRET: Final[UseCase[RotateMemberSecret, Facts, MemberWithSecret]] = UseCase(
    name="rotate_member_secret", scope=account_scope, gather=_gather, decide=_rotate, apply=save
)
SET_PRINCIPAL: Final[UseCase[SetPrincipal, Facts, MemberView]] = UseCase(
    name="set_principal", scope=account_scope, gather=_gather, decide=_set_principal, apply=save
)
