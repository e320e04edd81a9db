"""What use cases gather about invoices and payments, each in one statement."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, Table, and_, func, select, tuple_

from billing_service.storage import document_rows
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import InQuery

_INVOICES: Final = table("invoices")
_SETTLEMENTS: Final = table("settlements")
_ON_INVOICE: Final = table("invoice_accounts")
_PAYMENTS: Final = table("payments")
_ALLOCATIONS: Final = table("allocations")

# What is asked for all the time is built once.
_OWED: Final = InQuery(
    select(_ON_INVOICE.c.payer, _ON_INVOICE.c.invoice)
    .join(
        _SETTLEMENTS,
        and_(
            _SETTLEMENTS.c.payer == _ON_INVOICE.c.payer,
            _SETTLEMENTS.c.invoice == _ON_INVOICE.c.invoice,
        ),
    )
    .where(_SETTLEMENTS.c.settled_on.is_(None))
    .distinct(),
    _ON_INVOICE.c.account,
)
_UNSETTLED: Final = InQuery(
    select(_SETTLEMENTS.c.payer, _SETTLEMENTS.c.invoice).where(_SETTLEMENTS.c.settled_on.is_(None)),
    _SETTLEMENTS.c.payer,
)
_UNALLOCATED: Final = InQuery(
    select(_PAYMENTS.c.payer, _PAYMENTS.c.payment).where(_PAYMENTS.c.unallocated_minor > 0),
    _PAYMENTS.c.payer,
)


def gather_owed(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The unsettled invoices with a charge of the accounts, whoever pays them."""
    found = tx.all_in(_OWED, sorted(set(accounts)))
    gather_invoices(tx, facts, {(row.payer, row.invoice) for row in found})


def gather_invoices(tx: Transaction, facts: Facts, keys: Iterable[DocumentKey]) -> None:
    """Invoices with what is paid of them, and the accounts on them."""
    wanted = sorted(set(keys) - facts.invoices.keys())
    for row in _by_key(tx, select(_INVOICES), _INVOICES, wanted):
        facts.invoices[row.payer, row.invoice] = document_rows.invoice_from_row(row)
    for row in _by_key(tx, select(_SETTLEMENTS), _SETTLEMENTS, wanted):
        facts.settlements[row.payer, row.invoice] = document_rows.settlement_from_row(row)
    on_invoice = defaultdict(list)
    ordered = select(_ON_INVOICE).order_by(_ON_INVOICE.c.account)
    for row in _by_key(tx, ordered, _ON_INVOICE, wanted):
        on_invoice[row.payer, row.invoice].append(document_rows.invoice_account_from_row(row))
    for key, found in on_invoice.items():
        facts.invoice_accounts[key] = tuple(found)
        for each in found:
            facts.owing[each.account] = (*facts.owing.get(each.account, ()), key)


def unsettled_invoices(tx: Transaction, payers: Iterable[str]) -> set[DocumentKey]:
    """The invoices of the payers that are not settled."""
    found = tx.all_in(_UNSETTLED, sorted(set(payers)))
    return {(row.payer, row.invoice) for row in found}


def paid_by_payments(tx: Transaction, payments: Iterable[DocumentKey]) -> set[DocumentKey]:
    """The invoices that the payments ever went to."""
    query = select(_ALLOCATIONS.c.payer, _ALLOCATIONS.c.invoice).distinct()
    rows = _by_key(tx, query, _ALLOCATIONS, sorted(set(payments)), name="payment")
    return {(row.payer, row.invoice) for row in rows}


def accounts_on(tx: Transaction, invoices: Iterable[DocumentKey]) -> set[str]:
    """The accounts with a charge on the invoices."""
    query = select(_ON_INVOICE.c.account).distinct()
    return {row[0] for row in _by_key(tx, query, _ON_INVOICE, sorted(set(invoices)))}


def gather_payments(tx: Transaction, facts: Facts, keys: Iterable[DocumentKey]) -> None:
    """Payments by payer and id, with all that they ever paid."""
    wanted = sorted(set(keys) - facts.payments.keys())
    for row in _by_key(tx, select(_PAYMENTS), _PAYMENTS, wanted, name="payment"):
        facts.payments[row.payer, row.payment] = document_rows.payment_from_row(row)
    _gather_allocations(tx, facts, wanted)


def gather_ledgers(tx: Transaction, facts: Facts, invoices: Iterable[DocumentKey]) -> None:
    """The payments that ever went to the invoices, with all that these paid."""
    query = select(_ALLOCATIONS.c.payer, _ALLOCATIONS.c.payment).distinct()
    rows = _by_key(tx, query, _ALLOCATIONS, sorted(set(invoices)))
    gather_payments(tx, facts, {(row.payer, row.payment) for row in rows})


def gather_credit(tx: Transaction, facts: Facts, payers: Iterable[str]) -> None:
    """The payments of which something is left, with what they paid."""
    rows = tx.all_in(_UNALLOCATED, sorted(set(payers)))
    gather_payments(tx, facts, {(row.payer, row.payment) for row in rows})


def credit_of(tx: Transaction, payers: Iterable[str]) -> dict[tuple[str, str], int]:
    """What the payers have paid beyond their invoices, by payer and currency."""
    query = (
        select(_PAYMENTS.c.payer, _PAYMENTS.c.currency, func.sum(_PAYMENTS.c.unallocated_minor))
        .where(_PAYMENTS.c.unallocated_minor > 0)
        .group_by(_PAYMENTS.c.payer, _PAYMENTS.c.currency)
    )
    found = tx.where_in(query, _PAYMENTS.c.payer, sorted(set(payers)))
    return {(payer, currency): int(total) for payer, currency, total in found}


def _gather_allocations(tx: Transaction, facts: Facts, payments: Sequence[DocumentKey]) -> None:
    found: dict[DocumentKey, list[Any]] = {key: [] for key in payments}
    query = select(_ALLOCATIONS).order_by(_ALLOCATIONS.c.payment, _ALLOCATIONS.c.ordinal)
    for row in _by_key(tx, query, _ALLOCATIONS, payments, name="payment"):
        found[row.payer, row.payment].append(document_rows.allocation_from_row(row))
    facts.allocations.update({key: tuple(rows) for key, rows in found.items()})


def _by_key(
    tx: Transaction,
    query: Select[Any],
    owner: Table,
    keys: Sequence[DocumentKey],
    *,
    name: str = "invoice",
) -> Sequence[Row[Any]]:
    """The rows of documents by payer and id."""
    key: Any = tuple_(owner.c.payer, owner.c[name])
    return tx.where_in(query, key, keys)
