"""What use cases gather about credits and their ledgers, each in one statement."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select, tuple_

from billing_service.storage import credit_rows
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import InQuery

_CREDITS: Final = table("credits")
_LEDGERS: Final = table("credit_ledgers")
_ENTRIES: Final = table("credit_entries")

# What is asked for all the time is built once.
_LEFT: Final = InQuery(select(_CREDITS).where(_CREDITS.c.left_minor > 0), _CREDITS.c.payer)
_LEDGERS_OF: Final = InQuery(select(_LEDGERS), _LEDGERS.c.payer)


def gather_credits_left(tx: Transaction, facts: Facts, payers: Iterable[str]) -> None:
    """The credits of the payers of which something is left, and where their ledgers stand."""
    wanted = sorted(set(payers))
    for row in tx.all_in(_LEFT, wanted):
        facts.grants[row.payer, row.credit] = credit_rows.credit_from_row(row)
    _gather_ledgers(tx, facts, wanted)


def gather_credits(tx: Transaction, facts: Facts, keys: Iterable[DocumentKey]) -> None:
    """Credits by payer and id, and where the ledgers of their payers stand."""
    wanted = sorted(set(keys))
    key: Any = tuple_(_CREDITS.c.payer, _CREDITS.c.credit)
    for row in tx.where_in(select(_CREDITS), key, wanted):
        facts.grants[row.payer, row.credit] = credit_rows.credit_from_row(row)
    _gather_ledgers(tx, facts, sorted({payer for payer, _ in wanted}))


def gather_credit_uses(tx: Transaction, facts: Facts, invoices: Iterable[DocumentKey]) -> None:
    """What the invoices use of credits: the entries, these credits, and their payers' ledgers."""
    wanted = sorted(set(invoices))
    key: Any = tuple_(_ENTRIES.c.payer, _ENTRIES.c.invoice)
    query = select(_ENTRIES).order_by(_ENTRIES.c.currency, _ENTRIES.c.number)
    entries = [credit_rows.entry_from_row(row) for row in tx.where_in(query, key, wanted)]
    facts.credit_uses.update(dict.fromkeys(wanted, ()))
    facts.take_in(entries)
    gather_credits(tx, facts, {(each.payer, each.credit_id) for each in entries})


def _gather_ledgers(tx: Transaction, facts: Facts, payers: list[str]) -> None:
    for row in tx.all_in(_LEDGERS_OF, payers):
        ledger = credit_rows.ledger_from_row(row)
        facts.credit_ledgers[ledger.key] = ledger
