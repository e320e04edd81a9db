"""Credits on a store: granted, voided, and what their ledger says."""

from typing import Any

from billing_service.domain.credit_grant import (
    CreditApplication,
    CreditInFull,
    CreditKind,
    CreditScope,
    CreditState,
)
from billing_service.domain.credit_ledger import CreditEntry
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage.credit_queries import (
    FIRST_ENTRY,
    CreditFilter,
    list_credit_entries,
    list_credits,
)
from billing_service.use_cases.grant_credit import GRANT_CREDIT, GrantCredit
from billing_service.use_cases.void_credit import VOID_CREDIT, VoidCredit
from tests.billing.builders import Billing, at

BEFORE = CreditApplication.BEFORE_TAX


def amount_of(text: str, currency: str = "BRL") -> StatedAmount:
    """The amount of `12.34`, of either sign."""
    sign = -1 if text.startswith("-") else 1
    units, _, cents = text.lstrip("-").partition(".")
    return StatedAmount(sign * int(units), sign * int(cents.ljust(9, "0") or 0), currency)


def command_of(credit_id: str = "c", amount: str = "10", **more: Any) -> GrantCredit:
    """A credit to be granted to acme, or what `more` says instead; its times as text."""
    times: dict[str, Any] = {
        name: at(more.pop(name)) for name in ("effective_at", "expires_at") if name in more
    }
    values: dict[str, Any] = {
        "payer": "acme",
        "kind": CreditKind.GRANTED,
        "amount": amount_of(amount, more.pop("currency", "BRL")),
        "application": CreditApplication.AFTER_TAX,
        "priority": 0,
        "scope": CreditScope(),
        "effective_at": None,
        "expires_at": None,
        "description": "",
        "author": "somebody",
    }
    return GrantCredit(credit_id=credit_id, **(values | more | times))


def grant(billing: Billing, credit_id: str = "c", amount: str = "10", **more: Any) -> CreditInFull:
    """Grant credit to acme."""
    return billing.do(GRANT_CREDIT, command_of(credit_id, amount, **more))


def void(billing: Billing, credit_id: str = "c", etag: str = "") -> CreditInFull:
    """Void what is left of a credit of acme's."""
    return billing.do(VOID_CREDIT, VoidCredit("acme", credit_id, "a mistake", etag))


def credits_of(billing: Billing, *states: CreditState, payer: str = "acme") -> dict[str, int]:
    """What is left of a payer's credits in some states, by id."""
    wanted = CreditFilter(payer, states)
    now = billing.clock.now()
    found = billing.database.read(
        lambda tx: list_credits(tx, wanted, after="", limit=10_000, now=now)
    )
    return {each.credit_id: each.left_minor for each in found}


def ledger_of(billing: Billing, payer: str = "acme", credit: str = "") -> list[CreditEntry]:
    """A payer's ledger, or that of one credit."""
    return billing.database.read(
        lambda tx: list_credit_entries(tx, payer, credit=credit, after=FIRST_ENTRY, limit=10_000)
    )


def said(billing: Billing, payer: str = "acme") -> list[tuple[str, str, int, int]]:
    """What a payer's ledger says: kind, credit, by how much, and the balance."""
    return [
        (each.kind.value, each.credit_id, each.amount_minor, each.balance_minor)
        for each in ledger_of(billing, payer)
    ]
