"""What use cases gather of one-off charges and coupons, and what can be read of them."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, Final

from sqlalchemy import select, tuple_

from billing_service.domain.coupon import Coupon, CouponState
from billing_service.domain.one_off_charge import OneOffCharge, OneOffState
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.one_off_rows import coupon_from_row, one_off_from_row
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import InQuery

_CHARGES: Final = table("one_off_charges")
_COUPONS: Final = table("coupons")
# Asked for all the time, so they are built once.
_COUPONS_OF: Final = InQuery(select(_COUPONS), _COUPONS.c.coupon)
_PENDING: Final = InQuery(
    select(_CHARGES).where(_CHARGES.c.state == OneOffState.PENDING.value), _CHARGES.c.account
)


def gather_pending_one_offs(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The pending one-off charges of accounts, and those on invoices that share their periods."""
    pending = [one_off_from_row(row) for row in tx.all_in(_PENDING, sorted(set(accounts)))]
    facts.one_offs.update({each.key: each for each in _with_sharing(tx, pending)})


def gather_one_offs(tx: Transaction, facts: Facts, keys: Iterable[DocumentKey]) -> None:
    """One-off charges by account and id."""
    key: Any = tuple_(_CHARGES.c.account, _CHARGES.c.charge)
    for row in tx.where_in(select(_CHARGES), key, sorted(set(keys))):
        charge = one_off_from_row(row)
        facts.one_offs[charge.key] = charge


def gather_one_offs_of_day(
    tx: Transaction, facts: Facts, prices: Collection[tuple[str, str, str, date]]
) -> None:
    """The one-off charges by a rate card's price, in the service period that holds a day.

    Shapes:  `prices` by account, subscription, code and day.
    """
    if not prices:
        return
    columns = _CHARGES.c
    days = [each[3] for each in prices]
    key: Any = tuple_(columns.account, columns.subscription, columns.price)
    query = select(_CHARGES).where(
        columns.state != OneOffState.CANCELLED.value,
        columns.period_end_on > min(days),
        columns.period_start_on <= max(days),
    )
    for row in tx.where_in(query, key, sorted({each[:3] for each in prices})):
        charge = one_off_from_row(row)
        facts.one_offs[charge.key] = charge


def gather_coupons(tx: Transaction, facts: Facts, coupons: Iterable[str]) -> None:
    """Coupons by id."""
    _take_coupons(facts, tx.all_in(_COUPONS_OF, sorted(set(coupons))))


def gather_coupons_to_change(tx: Transaction, facts: Facts, coupons: Iterable[str]) -> None:
    """Coupons by id, locked in ascending order until the end of the transaction."""
    query = select(_COUPONS).order_by(_COUPONS.c.coupon).with_for_update()
    _take_coupons(facts, tx.where_in(query, _COUPONS.c.coupon, sorted(set(coupons))))


def find_one_off(tx: Transaction, account: str, charge: str) -> list[OneOffCharge]:
    """A one-off charge, then those that share its service period; nothing if there is none."""
    columns = _CHARGES.c
    row = tx.one(select(_CHARGES).where(columns.account == account, columns.charge == charge))
    return _with_sharing(tx, [one_off_from_row(row)]) if row else []


def list_one_offs(
    tx: Transaction,
    account: str,
    *,
    states: Collection[OneOffState],
    after: str,
    limit: int,
) -> tuple[list[OneOffCharge], list[OneOffCharge]]:
    """An account's one-off charges by id, those that follow `after`; and all that are known then.

    The latter are those with all that share the service periods of pending ones.
    """
    columns = _CHARGES.c
    query = select(_CHARGES).where(columns.account == account, columns.charge > after)
    if states:
        query = query.where(columns.state.in_([each.value for each in states]))
    found = [one_off_from_row(row) for row in tx.all(query.order_by(columns.charge).limit(limit))]
    return found, _with_sharing(tx, found)


def find_coupon(tx: Transaction, coupon: str) -> Coupon | None:
    """A coupon by its id."""
    row = tx.one(select(_COUPONS).where(_COUPONS.c.coupon == coupon))
    return coupon_from_row(row) if row else None


def list_coupons(
    tx: Transaction, *, states: Collection[CouponState], after: str, limit: int
) -> list[Coupon]:
    """Coupons by id, those that follow `after`."""
    query = select(_COUPONS).where(_COUPONS.c.coupon > after).order_by(_COUPONS.c.coupon)
    if states:
        query = query.where(_COUPONS.c.state.in_([each.value for each in states]))
    return [coupon_from_row(row) for row in tx.all(query.limit(limit))]


def _with_sharing(tx: Transaction, charges: list[OneOffCharge]) -> list[OneOffCharge]:
    """Charges, and the others that share the service periods of the pending ones among them."""
    columns = _CHARGES.c
    key: Any = tuple_(columns.account, columns.subscription, columns.price, columns.period_start_on)
    periods = {
        (each.account, *each.rate_card.period)
        for each in charges
        if each.state is OneOffState.PENDING
        and each.rate_card
        and each.rate_card.included is not None
    }
    known = {each.key for each in charges}
    query = select(_CHARGES).where(columns.state != OneOffState.CANCELLED.value)
    others = [one_off_from_row(row) for row in tx.where_in(query, key, sorted(periods))]
    return [*charges, *(each for each in others if each.key not in known)]


def _take_coupons(facts: Facts, found: Iterable[Any]) -> None:
    for row in found:
        facts.coupons[row.coupon] = coupon_from_row(row)
