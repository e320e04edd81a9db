"""What is asked of the store: plain queries, pages by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, bindparam, or_, select

from chassis.database import Transaction
from chassis.prepared import Query
from provisioning_service.domain.account import Account
from provisioning_service.domain.instance import Instance, InstanceState
from provisioning_service.domain.programme import Integrator
from provisioning_service.domain.sandbox import Sandbox, SandboxView
from provisioning_service.domain.token import Token
from provisioning_service.storage import rows
from provisioning_service.storage.tables import (
    ACCOUNTS,
    CHASSIS,
    INSTANCES,
    INTEGRATORS,
    SANDBOXES,
    TOKENS,
)

_TOKEN_BY_SECRET: Final = Query(
    select(TOKENS).where(TOKENS.c.secret_hash == bindparam("secret_hash"))
)
_TOKEN_BY_PREVIOUS_SECRET: Final = Query(
    select(TOKENS).where(
        TOKENS.c.previous_secret_hash == bindparam("secret_hash"),
        TOKENS.c.previous_secret_expires_at > bindparam("now_at"),
    )
)


@dataclass(frozen=True, slots=True)
class InstanceFilter:
    """Which of an account's instances a list holds; empty `states`: all but deleted ones."""

    account: str
    states: tuple[InstanceState, ...] = ()
    stopped_only: bool = False
    created_from_at: int | None = None
    created_before_at: int | None = None


def find_account(tx: Transaction, account: str) -> Account | None:
    """An account, if there is one."""
    row = tx.one(select(ACCOUNTS).where(ACCOUNTS.c.id == account))
    return rows.account_from_row(row) if row else None


def list_accounts(
    tx: Transaction, *, sandbox: str, parent: str, after: str, limit: int
) -> list[Account]:
    """Accounts of one world after an id, by id; only the children of `parent` if it is named."""
    query = select(ACCOUNTS).where(ACCOUNTS.c.sandbox == sandbox, ACCOUNTS.c.id > after)
    if parent:
        query = query.where(ACCOUNTS.c.parent == parent)
    found = tx.all(query.order_by(ACCOUNTS.c.id).limit(limit))
    return [rows.account_from_row(row) for row in found]


def find_integrator(tx: Transaction, account: str) -> Integrator | None:
    """An account's enrolment, if it has one."""
    row = tx.one(select(INTEGRATORS).where(INTEGRATORS.c.account == account))
    return rows.integrator_from_row(row) if row else None


def list_integrators(tx: Transaction, *, sandbox: str, after: str, limit: int) -> list[Integrator]:
    """Enrolments in one world after an account, by account."""
    query = (
        select(INTEGRATORS)
        .join(ACCOUNTS, ACCOUNTS.c.id == INTEGRATORS.c.account)
        .where(ACCOUNTS.c.sandbox == sandbox, INTEGRATORS.c.account > after)
        .order_by(INTEGRATORS.c.account)
        .limit(limit)
    )
    return [rows.integrator_from_row(row) for row in tx.all(query)]


def tokens_of(tx: Transaction, account: str) -> dict[int, Token]:
    """An account's tokens by rung, in order; a ladder is short."""
    query = select(TOKENS).where(TOKENS.c.account == account).order_by(TOKENS.c.rung)
    return {row.rung: rows.token_from_row(row) for row in tx.all(query)}


def find_token_by_secret(tx: Transaction, secret_hash: bytes, *, now: int) -> Token | None:
    """The token of which a secret has this keyed hash and works at `now`, by the real clock."""
    found = tx.rows(_TOKEN_BY_SECRET, {"secret_hash": secret_hash})
    if not found:
        found = tx.rows(_TOKEN_BY_PREVIOUS_SECRET, {"secret_hash": secret_hash, "now_at": now})
    return rows.token_from_row(found[0]) if found else None


def list_instances(
    tx: Transaction, wanted: InstanceFilter, *, after: str, limit: int
) -> list[Instance]:
    """An account's instances after an id, by id."""
    query = select(INSTANCES).where(INSTANCES.c.account == wanted.account, INSTANCES.c.id > after)
    query = _filtered(query, wanted).order_by(INSTANCES.c.id).limit(limit)
    return [rows.instance_from_row(row) for row in tx.all(query)]


def _filtered(
    query: Select[tuple[object, ...]], wanted: InstanceFilter
) -> Select[tuple[object, ...]]:
    if wanted.states:
        query = query.where(INSTANCES.c.state.in_([each.value for each in wanted.states]))
    else:
        query = query.where(INSTANCES.c.state != InstanceState.DELETED.value)
    if wanted.stopped_only:
        query = query.where(INSTANCES.c.stop_reasons != "")
    if wanted.created_from_at is not None:
        query = query.where(INSTANCES.c.created_at >= wanted.created_from_at)
    if wanted.created_before_at is not None:
        query = query.where(INSTANCES.c.created_at < wanted.created_before_at)
    return query


def find_sandbox(tx: Transaction, sandbox: str) -> SandboxView | None:
    """A sandbox with its clock, if there is one."""
    found = _sandbox_views(tx, select(SANDBOXES).where(SANDBOXES.c.id == sandbox))
    return found[0] if found else None


def list_sandboxes(
    tx: Transaction, *, visible_to: Account | None, after: str, limit: int
) -> list[SandboxView]:
    """Sandboxes after an id, by id: those that an account owns or lives in; None: all."""
    query = select(SANDBOXES).where(SANDBOXES.c.id > after)
    if visible_to is not None:
        owned = SANDBOXES.c.owner == visible_to.id
        query = query.where(or_(owned, SANDBOXES.c.id == visible_to.sandbox))
    return _sandbox_views(tx, query.order_by(SANDBOXES.c.id).limit(limit))


def _sandbox_views(tx: Transaction, query: Select[tuple[object, ...]]) -> list[SandboxView]:
    found: Sequence[Sandbox] = [rows.sandbox_from_row(row) for row in tx.all(query)]
    clocks = CHASSIS.sandbox_clocks
    shown = {
        row.sandbox: row
        for row in tx.where_in(select(clocks), clocks.c.sandbox, [each.id for each in found])
    }
    return [SandboxView(each, shown[each.id].clock_at, shown[each.id].target_at) for each in found]
