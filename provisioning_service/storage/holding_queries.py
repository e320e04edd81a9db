"""What is asked of the store about members, resources and entitlements."""

from typing import Final

from sqlalchemy import bindparam, select

from chassis.database import Transaction
from chassis.prepared import Query
from provisioning_service.domain.member import MemberView
from provisioning_service.domain.resource import Resource
from provisioning_service.storage import holding_rows as rows
from provisioning_service.storage.facts import Facts
from provisioning_service.storage.tables import MEMBERS, PRINCIPALS, RESOURCES

_BY_SECRET: Final = Query(select(MEMBERS).where(MEMBERS.c.secret_hash == bindparam("secret_hash")))
_PRINCIPAL: Final = Query(select(PRINCIPALS).where(PRINCIPALS.c.account == bindparam("account")))


def find_member_by_secret(tx: Transaction, secret_hash: bytes) -> MemberView | None:
    """The member whose secret has this keyed hash, and whether it is the principal."""
    for row in tx.rows(_BY_SECRET, {"secret_hash": secret_hash}):
        facts = _with_principal(tx, row.account)
        return facts.member_view(rows.member_from_row(row))
    return None


def list_members(tx: Transaction, account: str, *, after: str, limit: int) -> list[MemberView]:
    """An account's members after an id, by id, without those that were removed."""
    query = (
        select(MEMBERS)
        .where(MEMBERS.c.account == account, MEMBERS.c.id > after, MEMBERS.c.removed_at.is_(None))
        .order_by(MEMBERS.c.id)
        .limit(limit)
    )
    facts = _with_principal(tx, account)
    return [facts.member_view(rows.member_from_row(row)) for row in tx.all(query)]


def list_resources(
    tx: Transaction, account: str, *, kind: str, after: str, limit: int
) -> list[Resource]:
    """What an account holds after an id, by id; only of a kind if one is named."""
    query = select(RESOURCES).where(
        RESOURCES.c.account == account, RESOURCES.c.id > after, RESOURCES.c.state != "removed"
    )
    if kind:
        query = query.where(RESOURCES.c.kind == kind)
    found = tx.all(query.order_by(RESOURCES.c.id).limit(limit))
    return [rows.resource_from_row(row) for row in found]


def _with_principal(tx: Transaction, account: str) -> Facts:
    facts = Facts()
    for row in tx.rows(_PRINCIPAL, {"account": account}):
        facts.principals[account] = rows.principal_from_row(row)
    return facts
