"""What can be read of credits and their ledger."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from billing_service.domain.credit_grant import (
    AppliedCredit,
    CreditApplication,
    CreditGrant,
    CreditState,
)
from billing_service.domain.credit_ledger import CreditEntry
from billing_service.storage import credit_rows
from billing_service.storage.facts import DocumentKey
from billing_service.storage.tables import table
from chassis.database import Transaction

_CREDITS: Final = table("credits")
_ENTRIES: Final = table("credit_entries")

# Before the first entry of a ledger.
FIRST_ENTRY: Final[tuple[str, int]] = ("", 0)


@dataclass(frozen=True, slots=True)
class CreditFilter:
    """Which credits: of one payer, in some states (none: in any)."""

    payer: str
    states: Collection[CreditState]


def find_credit(tx: Transaction, payer: str, credit: str) -> CreditGrant | None:
    """A credit by its payer and id."""
    columns = _CREDITS.c
    row = tx.one(select(_CREDITS).where(columns.payer == payer, columns.credit == credit))
    return credit_rows.credit_from_row(row) if row else None


def list_credits(
    tx: Transaction, wanted: CreditFilter, *, after: str, limit: int, now: int
) -> list[CreditGrant]:
    """A payer's credits by id, those that follow `after`."""
    columns = _CREDITS.c
    query = (
        select(_CREDITS)
        .where(columns.payer == wanted.payer, columns.credit > after)
        .order_by(columns.credit)
        .limit(limit)
    )
    if wanted.states:
        query = query.where(or_(*(_stands(state, now) for state in wanted.states)))
    return [credit_rows.credit_from_row(row) for row in tx.all(query)]


def list_credit_entries(
    tx: Transaction, payer: str, *, credit: str, after: tuple[str, int], limit: int
) -> list[CreditEntry]:
    """A payer's ledger by currency and number, those that follow `after`; of a credit if named."""
    columns = _ENTRIES.c
    order = (columns.currency, columns.number)
    query = select(_ENTRIES).where(columns.payer == payer, tuple_(*order) > after)
    if credit:
        query = query.where(columns.credit == credit)
    return [credit_rows.entry_from_row(r) for r in tx.all(query.order_by(*order).limit(limit))]


def credits_of_invoices(
    tx: Transaction, keys: Sequence[DocumentKey]
) -> dict[DocumentKey, tuple[AppliedCredit, ...]]:
    """How much of which credits the invoices use, less what came back, in the order of use."""
    columns = _ENTRIES.c
    key: Any = tuple_(columns.payer, columns.invoice)
    same = and_(_CREDITS.c.payer == columns.payer, _CREDITS.c.credit == columns.credit)
    first_number = func.min(columns.number)
    query = (
        select(
            columns.payer,
            columns.invoice,
            columns.credit,
            _CREDITS.c.application,
            func.sum(columns.amount_minor).label("change_minor"),
        )
        .join(_CREDITS, same)
        .group_by(columns.payer, columns.invoice, columns.credit, _CREDITS.c.application)
        .order_by(first_number)
    )
    found: dict[DocumentKey, list[AppliedCredit]] = defaultdict(list)
    for row in tx.where_in(query, key, keys):
        used_minor = -int(row.change_minor)
        if used_minor:
            application = CreditApplication(row.application)
            applied = AppliedCredit(row.credit, application, used_minor)
            found[row.payer, row.invoice].append(applied)
    return {key: tuple(applied) for key, applied in found.items()}


def _stands(state: CreditState, now: int) -> ColumnElement[bool]:
    """Whether a credit is in a state at an instant."""
    columns = _CREDITS.c
    is_left = columns.left_minor > 0
    is_voided = columns.voided_at.is_not(None)
    has_run_out = and_(is_left, columns.expires_at.is_not(None), columns.expires_at <= now)
    goes_on = and_(is_left, or_(columns.expires_at.is_(None), columns.expires_at > now))
    match state:
        case CreditState.VOIDED:
            return is_voided
        case CreditState.EXPIRED:
            return and_(~is_voided, or_(columns.expired_at.is_not(None), has_run_out))
        case CreditState.USED:
            return and_(~is_voided, ~is_left, columns.expired_at.is_(None))
        case CreditState.SCHEDULED:
            return and_(goes_on, columns.effective_at > now)
        case CreditState.OPEN:
            return and_(goes_on, columns.effective_at <= now)
