"""Credits, their ledgers and its entries as rows and back."""

import json
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row

from billing_service.domain.credit_grant import (
    CreditApplication,
    CreditGrant,
    CreditKind,
    CreditScope,
)
from billing_service.domain.credit_ledger import CreditEntry, CreditLedger, EntryKind
from billing_service.storage.rows import Values


def credit_to_row(grant: CreditGrant) -> Values:
    """A credit as a row."""
    return {
        "payer": grant.payer,
        "credit": grant.credit_id,
        "kind": grant.kind.value,
        "currency": grant.currency,
        "amount_minor": grant.amount_minor,
        "left_minor": grant.left_minor,
        "application": grant.application.value,
        "priority": grant.priority,
        "scope": _scope_to_text(grant.scope),
        "effective_at": grant.effective_at,
        "expires_at": grant.expires_at,
        "description": grant.description,
        "author": grant.author,
        "granted_at": grant.granted_at,
        "expired_at": grant.expired_at,
        "voided_at": grant.voided_at,
        "void_note": grant.void_note,
        "version": grant.version,
    }


def credit_from_row(row: Row[Any]) -> CreditGrant:
    """The credit of a row."""
    return CreditGrant(
        payer=row.payer,
        credit_id=row.credit,
        kind=CreditKind(row.kind),
        currency=row.currency,
        amount_minor=row.amount_minor,
        left_minor=row.left_minor,
        application=CreditApplication(row.application),
        priority=row.priority,
        scope=_scope_from_text(row.scope),
        effective_at=row.effective_at,
        expires_at=row.expires_at,
        description=row.description,
        author=row.author,
        granted_at=row.granted_at,
        expired_at=row.expired_at,
        voided_at=row.voided_at,
        void_note=row.void_note,
        version=row.version,
    )


def ledger_to_row(ledger: CreditLedger) -> Values:
    """Where a ledger stands, as a row."""
    return asdict(ledger)


def ledger_from_row(row: Row[Any]) -> CreditLedger:
    """Where the ledger of a row stands."""
    return CreditLedger(row.payer, row.currency, row.entries_count, row.balance_minor)


def entry_to_row(entry: CreditEntry) -> Values:
    """An entry as a row."""
    values = asdict(entry) | {"kind": entry.kind.value}
    values["credit"] = values.pop("credit_id")
    return values


def entry_from_row(row: Row[Any]) -> CreditEntry:
    """The entry of a row."""
    return CreditEntry(
        payer=row.payer,
        currency=row.currency,
        number=row.number,
        kind=EntryKind(row.kind),
        credit_id=row.credit,
        amount_minor=row.amount_minor,
        left_minor=row.left_minor,
        balance_minor=row.balance_minor,
        invoice=row.invoice,
        recorded_at=row.recorded_at,
    )


def _scope_to_text(scope: CreditScope) -> str:
    """A scope as JSON, each list in order; what is empty is left out."""
    stated = {each.name: sorted(getattr(scope, each.name)) for each in fields(scope)}
    return json.dumps({name: listed for name, listed in stated.items() if listed})


def _scope_from_text(text: str) -> CreditScope:
    return CreditScope(**{name: frozenset(each) for name, each in json.loads(text).items()})
