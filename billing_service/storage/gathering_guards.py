"""What use cases gather about guards, reservations and reviews, each in one statement."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import exists, select, tuple_

from billing_service.domain.review import ReviewKey
from billing_service.domain.usage.reservation import Reservation
from billing_service.storage import guard_rows
from billing_service.storage.facts import Facts
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import InQuery

GuardKey = tuple[str, str, str]

_GUARDS: Final = table("usage_guards")
_CROSSINGS: Final = table("threshold_crossings")
_RESERVATIONS: Final = table("reservations")
_REVIEWS: Final = table("reviews")
_OUTDATED: Final = table("outdated_charges")
_CHARGES: Final = table("charges")
# What is asked for all the time is built once.
_UNCHARGED: Final = InQuery(select(_REVIEWS).where(_REVIEWS.c.invoice == ""), _REVIEWS.c.account)
_OUTDATED_OF: Final = InQuery(select(_OUTDATED), _OUTDATED.c.account)
_CHARGE_KEY: Final = ("account", "subscription", "item", "period_start_on")


def gather_guards(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The guards of the accounts."""
    wanted = sorted(set(accounts))
    for row in tx.where_in(select(_GUARDS), _GUARDS.c.account, wanted):
        guard = guard_rows.guard_from_row(row)
        facts.guards[guard.key] = guard


def gather_crossings(tx: Transaction, facts: Facts, periods: Iterable[ReviewKey]) -> None:
    """The thresholds that were told in those of the periods that the guards watch."""
    columns = _CROSSINGS.c
    key: Any = tuple_(columns.account, columns.subscription, columns.price, columns.period_start_on)
    places = {
        (each.account, each.subscription, each.price, each.period_start_on) for each in periods
    }
    wanted = sorted(place for place in places if place[:3] in facts.guards)
    for row in tx.where_in(select(_CROSSINGS), key, wanted):
        facts.crossings[guard_rows.crossing_from_row(row)] = True


def gather_uncharged_reviews(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The reviews of the accounts that no invoice charges."""
    for row in tx.all_in(_UNCHARGED, sorted(set(accounts))):
        review = guard_rows.review_from_row(row)
        facts.reviews[review.key] = review


def gather_reviews(tx: Transaction, facts: Facts, keys: Iterable[tuple[str, str]]) -> None:
    """Reviews by account and id."""
    key: Any = tuple_(_REVIEWS.c.account, _REVIEWS.c.review)
    for row in tx.where_in(select(_REVIEWS), key, sorted(set(keys))):
        review = guard_rows.review_from_row(row)
        facts.reviews[review.key] = review


def gather_reservations(tx: Transaction, facts: Facts, keys: Iterable[tuple[str, str]]) -> None:
    """Reservations by account and id."""
    key: Any = tuple_(_RESERVATIONS.c.account, _RESERVATIONS.c.reservation)
    for row in tx.where_in(select(_RESERVATIONS), key, sorted(set(keys))):
        reservation = guard_rows.reservation_from_row(row)
        facts.reservations[reservation.key] = reservation


def counting_reservations(tx: Transaction, keys: Iterable[GuardKey]) -> list[Reservation]:
    """The reservations of prices that may still count, by account, subscription and price."""
    columns = _RESERVATIONS.c
    key: Any = tuple_(columns.account, columns.subscription, columns.price)
    query = select(_RESERVATIONS).where(columns.counts.is_(True))
    return [guard_rows.reservation_from_row(r) for r in tx.where_in(query, key, sorted(set(keys)))]


def gather_outdated(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """Which charges of the accounts were found outdated."""
    for row in tx.all_in(_OUTDATED_OF, sorted(set(accounts))):
        outdated = guard_rows.outdated_from_row(row)
        facts.outdated[outdated.key] = outdated


class ChargedPeriod(NamedTuple):
    """A charge of a plan as it is on an invoice: for which period, and what was rated."""

    account: str
    subscription: str
    item: str
    period_start_on: date
    period_end_on: date
    revision: int
    payer: str
    invoice: str
    quantity: Decimal
    full_minor: int


def charged_periods(
    tx: Transaction, subscriptions: Iterable[tuple[str, str]], since_on: date
) -> list[ChargedPeriod]:
    """The charges of subscriptions in force, whose period ends after a day.

    A charge that was reversed, and one that reverses another, is not in force.
    """
    columns, later = _CHARGES.c, _CHARGES.alias("later")
    key: Any = tuple_(columns.account, columns.subscription)
    is_reversed = exists().where(
        *(later.c[name] == columns[name] for name in _CHARGE_KEY),
        later.c.reverses_revision == columns.revision,
    )
    query = select(_CHARGES).where(
        columns.period_end_on > since_on,
        columns.reverses_revision.is_(None),
        ~is_reversed,
    )
    return [
        ChargedPeriod(
            account=row.account,
            subscription=row.subscription,
            item=row.item,
            period_start_on=row.period_start_on,
            period_end_on=row.period_end_on,
            revision=row.revision,
            payer=row.payer,
            invoice=row.invoice,
            quantity=Decimal(row.quantity),
            full_minor=row.amount_minor if row.full_minor is None else row.full_minor,
        )
        for row in tx.where_in(query, key, sorted(set(subscriptions)))
    ]
