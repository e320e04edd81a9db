"""Saves what commands changed: one statement per table, with the last version of each entity."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Table

from chassis.database import Transaction
from chassis.use_case import Effects
from provisioning_service.domain.account import Account
from provisioning_service.domain.entitlement import Entitlements
from provisioning_service.domain.instance import Instance
from provisioning_service.domain.member import Member, Principal
from provisioning_service.domain.programme import Integrator
from provisioning_service.domain.resource import HeldCount, Resource
from provisioning_service.domain.sandbox import Sandbox
from provisioning_service.domain.standing import Standing
from provisioning_service.domain.token import Token
from provisioning_service.storage import holding_rows, rows
from provisioning_service.storage.tables import (
    ACCOUNTS,
    ENTITLEMENTS,
    HELD_COUNTS,
    INSTANCES,
    INTEGRATORS,
    MEMBERS,
    PRINCIPALS,
    RESOURCES,
    SANDBOXES,
    STANDINGS,
    TOKENS,
)

# In the order in which they are written.
_TABLES: Final[dict[type, tuple[Table, Callable[[Any], dict[str, Any]]]]] = {
    Sandbox: (SANDBOXES, rows.sandbox_to_row),
    Account: (ACCOUNTS, rows.account_to_row),
    Standing: (STANDINGS, rows.standing_to_row),
    Integrator: (INTEGRATORS, rows.integrator_to_row),
    Token: (TOKENS, rows.token_to_row),
    Instance: (INSTANCES, rows.instance_to_row),
    Member: (MEMBERS, holding_rows.member_to_row),
    Principal: (PRINCIPALS, holding_rows.principal_to_row),
    Entitlements: (ENTITLEMENTS, holding_rows.entitlements_to_row),
    Resource: (RESOURCES, holding_rows.resource_to_row),
    HeldCount: (HELD_COUNTS, holding_rows.held_count_to_row),
}


def identity_of(entity: Any) -> tuple[str, ...]:
    """What tells an entity from others of its type."""
    match entity:
        case Account() | Sandbox():
            return (entity.id,)
        case Token():
            return (entity.account, str(entity.rung))
        case Instance() | Member() | Resource():
            return (entity.account, entity.id)
        case Entitlements():
            return (entity.account, entity.subscription)
        case HeldCount():
            return (entity.account, entity.kind)
        case _:
            return (entity.account,)


def save(tx: Transaction, effects: Sequence[Effects[Any]]) -> None:
    """Write the changes of a list of commands.

    An entity that is new in this list is inserted, never upserted: if another transaction has
    created the same one meanwhile, the store refuses, and the list is run again.
    """
    last: dict[type, dict[tuple[str, ...], Any]] = {}
    new: set[tuple[type, tuple[str, ...]]] = set()
    changes: list[Any] = [entity for effect in effects for entity in effect.changes]
    for entity in changes:
        kind, identity = type(entity), identity_of(entity)
        last.setdefault(kind, {})[identity] = entity
        if entity.version == 1:
            new.add((kind, identity))
    for kind, (table, to_row) in _TABLES.items():
        changed = last.get(kind)
        if not changed:
            continue
        fresh = [to_row(each) for key, each in changed.items() if (kind, key) in new]
        known = [to_row(each) for key, each in changed.items() if (kind, key) not in new]
        tx.insert(table, fresh)
        tx.upsert(table, known)
