"""The table of requests for payment. Keys of all that grows start with the account."""

from sqlalchemy import Index

from billing_service.storage.columns import Table, key, long, text, word


class PaymentRequestRow(Table, table=True):
    """What a provider is asked to collect; `change` ('': none) is what it pays for, as JSON."""

    __tablename__ = "payment_requests"
    __table_args__ = (
        Index("ix_payment_requests_subscription", "account", "subscription", "state"),
    )
    payer: str = key()
    payment_request: str = key()
    provider: str = word()
    method: str = text()
    currency: str = word(3)
    amount_minor: int = long()
    purpose: str = word(16)
    account: str = word()
    subscription: str = word()
    asked_at: int = long()
    change: str = text()
    state: str = word(16)
    closed_at: int | None = long()
    payment: str = word()
    note: str = text()
