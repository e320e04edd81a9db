"""Drafts of months: as rows and back, and which of them rest."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, Select, and_, select, tuple_

from billing_service.domain.draft import Draft
from billing_service.storage.facts import Facts
from billing_service.storage.gathering import after_closed
from billing_service.storage.rows import Values
from billing_service.storage.tables import table
from chassis.database import Transaction

_DRAFTS: Final = table("invoice_drafts")
_PROFILES: Final = table("billing_profiles")
_ACCOUNTS: Final = table("accounts")
_STANDINGS: Final = table("standings")


@dataclass(frozen=True, slots=True)
class DraftFilter:
    """Which drafts: of one payer ('': all of a world), by month (None: any)."""

    payer: str
    sandbox: str
    month_from: date | None
    month_to: date | None


def draft_to_row(draft: Draft) -> Values:
    """A draft as a row."""
    return asdict(draft)


def draft_from_row(row: Row[Any]) -> Draft:
    """The draft of a row."""
    return Draft(
        payer=row.payer,
        month=row.month,
        ready_at=row.ready_at,
        drafted_at=row.drafted_at,
        issues_at=row.issues_at,
        held_at=row.held_at,
        note=row.note,
        author=row.author,
        behind_month=row.behind_month,
        issued_at=row.issued_at,
    )


def gather_drafts(tx: Transaction, facts: Facts, payers: Iterable[str]) -> None:
    """The drafts of the payers that are not issued."""
    query = select(_DRAFTS).where(_DRAFTS.c.issued_at.is_(None))
    for row in tx.where_in(query, _DRAFTS.c.payer, sorted(set(payers))):
        facts.take_in([draft_from_row(row)])


def gather_named_drafts(tx: Transaction, facts: Facts, keys: Iterable[tuple[str, date]]) -> None:
    """Drafts by payer and month, issued or not."""
    key: Any = tuple_(_DRAFTS.c.payer, _DRAFTS.c.month)
    for row in tx.where_in(select(_DRAFTS), key, sorted(set(keys))):
        facts.take_in([draft_from_row(row)])


def find_draft(tx: Transaction, payer: str, month: date) -> Draft | None:
    """How a payer's month rests; None if it does not."""
    query = _resting().where(_DRAFTS.c.payer == payer, _DRAFTS.c.month == month)
    row: Row[Any] | None = tx.one(query)
    return None if row is None else draft_from_row(row)


def list_drafts(
    tx: Transaction, wanted: DraftFilter, *, from_payer: str, is_after: bool, limit: int
) -> Sequence[Draft]:
    """The drafts that rest, by payer, from one on, or after it."""
    payer = _DRAFTS.c.payer
    goes_on = payer > from_payer if is_after else payer >= from_payer
    query = _resting().where(goes_on).order_by(payer).limit(limit)
    if wanted.payer:
        query = query.where(_DRAFTS.c.payer == wanted.payer)
    else:
        query = query.join(_ACCOUNTS, _ACCOUNTS.c.account == _DRAFTS.c.payer)
        query = query.where(_ACCOUNTS.c.sandbox == wanted.sandbox)
    if wanted.month_from:
        query = query.where(_DRAFTS.c.month >= wanted.month_from)
    if wanted.month_to:
        query = query.where(_DRAFTS.c.month <= wanted.month_to)
    return [draft_from_row(row) for row in tx.all(query)]


def _resting() -> Select[Any]:
    """Drafts that are not issued, of payers that pay for themselves, and of open months.

    Where another account came to pay for a payer, the month is closed with that one's.
    """
    pays_itself = and_(
        _PROFILES.c.account == _DRAFTS.c.payer, _PROFILES.c.paid_by == _DRAFTS.c.payer
    )
    return (
        select(_DRAFTS)
        .join(_PROFILES, pays_itself)
        .outerjoin(_STANDINGS, _STANDINGS.c.account == _DRAFTS.c.payer)
        .where(_DRAFTS.c.issued_at.is_(None), after_closed(_DRAFTS.c.month))
    )
