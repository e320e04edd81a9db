"""Members: who acts for an account, what each may do, and which of them is the principal."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from chassis.errors import PrincipalNeeded
from provisioning_service.domain.holding_errors import AdminNeeded, MemberIsPrincipal, MemberRemoved
from provisioning_service.domain.token import NewSecret

# Tells whose secret a text is, also to secret scanners.
MEMBER_SECRET_PREFIX: Final = "pspg_mb_"  # noqa: S105 - how secrets begin, not one


class Role(Enum):
    """What a member may do: read, or also change members and resources."""

    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who acts for an account.

    `secret_hash` and `secret_hint` are empty once it is removed; `removed_at` is None until then.
    """

    account: str
    id: str
    display_name: str
    email: str
    role: Role
    secret_hash: bytes
    secret_hint: str
    created_at: int
    removed_at: int | None
    version: int

    @property
    def name(self) -> str:
        """The resource name."""
        return f"accounts/{self.account}/members/{self.id}"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is an account's principal; `member` is empty while nobody ever was."""

    account: str
    member: str = ""
    version: int = 0

    @property
    def name(self) -> str:
        """The resource name of the member; empty while nobody is."""
        return f"accounts/{self.account}/members/{self.member}" if self.member else ""


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member, and whether it is its account's principal."""

    member: Member
    is_principal: bool

    @property
    def may_administer(self) -> bool:
        """Whether it may change members and resources."""
        return self.is_principal or self.member.role is Role.ADMIN


def check_may_administer(acting: MemberView | None) -> None:
    """Refuse a member who is neither an administrator nor the principal; None: no member at all.

    Errors:  AdminNeeded.
    """
    if acting is not None and not acting.may_administer:
        raise AdminNeeded


def check_is_principal(acting: MemberView | None) -> None:
    """Refuse a member who is not the principal; None: no member at all.

    Errors:  PrincipalNeeded.
    """
    if acting is not None and not acting.is_principal:
        raise PrincipalNeeded


def check_may_rotate(acting: MemberView | None, target: MemberView) -> None:
    """Refuse a member who would get hold of a secret that opens more than its own.

    Anybody may renew its own; an administrator those of others, the principal's aside.

    Errors:  AdminNeeded, PrincipalNeeded.
    """
    if acting is None or acting.member.id == target.member.id:
        return
    check_may_administer(acting)
    if target.is_principal:
        raise PrincipalNeeded


def check_not_removed(member: Member) -> None:
    """Refuse a member who was removed.

    Errors:  MemberRemoved.
    """
    if member.removed_at is not None:
        raise MemberRemoved(member.name)


def updated(
    member: Member, *, display_name: str | None, email: str | None, role: Role | None
) -> Member:
    """The member with other values; what is None stays.

    Errors:  MemberRemoved.
    """
    check_not_removed(member)
    after = replace(
        member,
        display_name=member.display_name if display_name is None else display_name,
        email=member.email if email is None else email,
        role=role or member.role,
    )
    return member if after == member else replace(after, version=member.version + 1)


def with_secret(member: Member, secret: NewSecret) -> Member:
    """The member with another secret.

    Errors:  MemberRemoved.
    """
    check_not_removed(member)
    return replace(
        member, secret_hash=secret.hash, secret_hint=secret.hint, version=member.version + 1
    )


def removed(view: MemberView, now: int) -> Member:
    """The member, removed: without a secret, its id taken for good.

    Errors:  MemberRemoved, MemberIsPrincipal.
    """
    member = view.member
    check_not_removed(member)
    if view.is_principal:
        raise MemberIsPrincipal(member.name)
    return replace(
        member, secret_hash=b"", secret_hint="", removed_at=now, version=member.version + 1
    )
