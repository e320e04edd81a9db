"""What use cases gather about meters and price changes, and what can be read of them."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from billing_service.domain.meter import Meter
from billing_service.domain.price_change import PriceChange
from billing_service.storage import catalog_rows
from billing_service.storage.facts import Facts
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import InQuery

_METERS: Final = table("meters")
_CHANGES: Final = table("price_changes")
# Asked for all the time, so it is built once.
_CHANGES_OF: Final = InQuery(select(_CHANGES), _CHANGES.c.account)


def gather_meters(tx: Transaction, facts: Facts) -> None:
    """All meters; there are few."""
    for row in tx.all(select(_METERS)):
        facts.meters[row.meter] = catalog_rows.meter_from_row(row)


def gather_price_changes(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The price changes of the accounts."""
    wanted = sorted(set(accounts))
    for row in tx.all_in(_CHANGES_OF, wanted):
        change = catalog_rows.price_change_from_row(row)
        facts.price_changes[change.key] = change


def find_meter(tx: Transaction, meter: str) -> Meter | None:
    """A meter by its id."""
    row = tx.one(select(_METERS).where(_METERS.c.meter == meter))
    return catalog_rows.meter_from_row(row) if row else None


def list_meters(tx: Transaction, *, after: str, limit: int) -> list[Meter]:
    """Meters by id, those that follow `after`."""
    query = select(_METERS).where(_METERS.c.meter > after).order_by(_METERS.c.meter)
    return [catalog_rows.meter_from_row(row) for row in tx.all(query.limit(limit))]


def find_price_change(tx: Transaction, account: str, price_change: str) -> PriceChange | None:
    """A price change by its account and id."""
    columns = _CHANGES.c
    query = select(_CHANGES).where(columns.account == account, columns.price_change == price_change)
    row = tx.one(query)
    return catalog_rows.price_change_from_row(row) if row else None


def list_price_changes(
    tx: Transaction, account: str, *, after: str, limit: int
) -> list[PriceChange]:
    """An account's price changes by id, those that follow `after`."""
    columns = _CHANGES.c
    query = (
        select(_CHANGES)
        .where(columns.account == account, columns.price_change > after)
        .order_by(columns.price_change)
        .limit(limit)
    )
    return [catalog_rows.price_change_from_row(row) for row in tx.all(query)]
