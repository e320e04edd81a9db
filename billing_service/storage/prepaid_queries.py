"""What use cases gather of prepaid subscriptions that are not paid for."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.tables import table
from chassis.database import Transaction

_SUBSCRIPTIONS: Final = table("subscriptions")
_PROFILES: Final = table("billing_profiles")


def lapsed_subscriptions(tx: Transaction, payers: Iterable[str]) -> set[DocumentKey]:
    """The subscriptions that lapsed of the accounts that the payers pay for."""
    columns = _SUBSCRIPTIONS.c
    query = (
        select(columns.account, columns.subscription)
        .join(_PROFILES, _PROFILES.c.account == columns.account)
        .where(columns.is_lapsed)
    )
    found = tx.where_in(query, _PROFILES.c.paid_by, sorted(set(payers)))
    return {(row.account, row.subscription) for row in found}


def gather_waiting(tx: Transaction, facts: Facts, payers: Iterable[str]) -> None:
    """Which of the payers have subscriptions that wait for credit."""
    query = (
        select(_PROFILES.c.paid_by)
        .join(_SUBSCRIPTIONS, _SUBSCRIPTIONS.c.account == _PROFILES.c.account)
        .where(_SUBSCRIPTIONS.c.is_lapsed)
        .distinct()
    )
    found = tx.where_in(query, _PROFILES.c.paid_by, sorted(set(payers)))
    facts.waiting.update({row[0]: True for row in found})
