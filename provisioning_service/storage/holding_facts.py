"""What commands about members, resources and entitlements need to know, read once for a list."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, select

from chassis.database import Transaction
from chassis.prepared import InQuery
from provisioning_service.storage import holding_rows as rows
from provisioning_service.storage.facts import Facts
from provisioning_service.storage.tables import (
    ENTITLEMENTS,
    HELD_COUNTS,
    MEMBERS,
    PRINCIPALS,
    RESOURCES,
)

_OF_ACCOUNTS: Final = "accounts"
_MEMBERS: Final = InQuery(
    select(MEMBERS).where(MEMBERS.c.account.in_(bindparam(_OF_ACCOUNTS, expanding=True))),
    MEMBERS.c.id,
)
_MEMBERS_BY_SECRET: Final = InQuery(select(MEMBERS), MEMBERS.c.secret_hash)
_PRINCIPALS: Final = InQuery(select(PRINCIPALS), PRINCIPALS.c.account)
_ENTITLEMENTS: Final = InQuery(select(ENTITLEMENTS), ENTITLEMENTS.c.account)
_HELD_COUNTS: Final = InQuery(select(HELD_COUNTS), HELD_COUNTS.c.account)
_RESOURCES: Final = InQuery(
    select(RESOURCES).where(RESOURCES.c.account.in_(bindparam(_OF_ACCOUNTS, expanding=True))),
    RESOURCES.c.id,
)

Key = tuple[str, str]
"""Account and id of a member or a resource; account and kind of resources."""


def add_members(tx: Transaction, facts: Facts, keys: Iterable[Key]) -> None:
    """Add the members of these keys, and who is the principal of their accounts."""
    wanted = set(keys)
    accounts = sorted({account for account, _ in wanted})
    ids = sorted({member for _, member in wanted})
    for row in tx.all_in(_MEMBERS, ids, {_OF_ACCOUNTS: accounts}):
        if (row.account, row.id) in wanted:
            facts.members[row.account, row.id] = rows.member_from_row(row)
    _add_principals(tx, facts, accounts)


def add_callers(
    tx: Transaction, facts: Facts, accounts: Iterable[str], secret_hashes: Iterable[bytes]
) -> None:
    """Add the members with these secrets, and who is the principal of some accounts."""
    hashes = sorted(set(secret_hashes) - {b""})
    if not hashes:
        return
    for row in tx.all_in(_MEMBERS_BY_SECRET, hashes):
        facts.members[row.account, row.id] = rows.member_from_row(row)
    _add_principals(tx, facts, sorted(set(accounts)))


def add_entitlements(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """Add what accounts are entitled to, and how many resources of each kind they hold."""
    ids = sorted(set(accounts))
    for row in tx.all_in(_ENTITLEMENTS, ids):
        given = rows.entitlements_from_row(row)
        facts.entitlements.setdefault(given.account, {})[given.subscription] = given
    for row in tx.all_in(_HELD_COUNTS, ids):
        facts.held_counts[row.account, row.kind] = rows.held_count_from_row(row)


def add_resources(tx: Transaction, facts: Facts, keys: Iterable[Key]) -> None:
    """Add the resources of these keys, removed ones too."""
    wanted = set(keys)
    accounts = sorted({account for account, _ in wanted})
    ids = sorted({resource for _, resource in wanted})
    for row in tx.all_in(_RESOURCES, ids, {_OF_ACCOUNTS: accounts}):
        if (row.account, row.id) in wanted:
            facts.resources[row.account, row.id] = rows.resource_from_row(row)


def add_held_resources(tx: Transaction, facts: Facts, kinds: Iterable[Key]) -> None:
    """Add all that accounts hold of some kinds, each given with its account."""
    wanted = set(kinds)
    query = select(RESOURCES).where(
        RESOURCES.c.state != "removed", RESOURCES.c.kind.in_(sorted({kind for _, kind in wanted}))
    )
    for row in tx.where_in(query, RESOURCES.c.account, sorted({account for account, _ in wanted})):
        if (row.account, row.kind) in wanted:
            facts.resources[row.account, row.id] = rows.resource_from_row(row)


def _add_principals(tx: Transaction, facts: Facts, accounts: list[str]) -> None:
    for row in tx.all_in(_PRINCIPALS, accounts):
        facts.principals[row.account] = rows.principal_from_row(row)
