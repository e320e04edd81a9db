"""The tables of credits and their ledger. Keys of all that grows start with the account."""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from billing_service.storage.columns import Table, key, long, text, word


class CreditRow(Table, table=True):
    """An amount that a payer's invoices can use; its scope as JSON, without what is empty."""

    __tablename__ = "credits"
    __table_args__ = (Index("ix_credits_left", "payer", "left_minor"),)
    payer: str = key()
    credit: str = key()
    kind: str = word(16)
    currency: str = word(3)
    amount_minor: int = long()
    left_minor: int = long()
    application: str = word(16)
    priority: int
    scope: str = text()
    effective_at: int = long()
    expires_at: int | None = long()
    description: str = text()
    author: str = text()
    granted_at: int = long()
    expired_at: int | None = long()
    voided_at: int | None = long()
    void_note: str = text()
    version: int


class CreditLedgerRow(Table, table=True):
    """Where a payer's ledger of a currency stands."""

    __tablename__ = "credit_ledgers"
    payer: str = key()
    currency: str = key(3)
    entries_count: int = long()
    balance_minor: int = long()


class CreditEntryRow(Table, table=True):
    """An entry of a ledger, never changed. Its key guards against writing two at once."""

    __tablename__ = "credit_entries"
    __table_args__ = (
        Index("ix_credit_entries_credit", "payer", "credit", "currency", "number"),
        Index("ix_credit_entries_invoice", "payer", "invoice"),
    )
    payer: str = key()
    currency: str = key(3)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str = word(16)
    credit: str = word()
    amount_minor: int = long()
    left_minor: int = long()
    balance_minor: int = long()
    invoice: str = word()
    recorded_at: int = long()
