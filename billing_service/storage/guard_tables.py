"""The tables of guards, reservations and reviews. All keys start with the account."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field

from billing_service.storage.columns import Table, key, long, text, word


class UsageGuardRow(Table, table=True):
    """What is watched of a price: percents and amounts as JSON, the ceiling a decimal or None."""

    __tablename__ = "usage_guards"
    account: str = key()
    subscription: str = key()
    price: str = key(40)
    percents: str = text()
    amounts_minor: str = text()
    currency: str = word(3)
    ceiling: str | None = text()
    version: int


class ThresholdCrossingRow(Table, table=True):
    """That a threshold was told in a service period. Its key guards against telling it twice."""

    __tablename__ = "threshold_crossings"
    account: str = key()
    subscription: str = key()
    price: str = key(40)
    period_start_on: date = Field(primary_key=True)
    threshold: str = key(40)


class ReservationRow(Table, table=True):
    """Usage set aside. `counts` while it may stand against the ceiling, as far as is known."""

    __tablename__ = "reservations"
    __table_args__ = (
        Index("ix_reservations_counting", "account", "subscription", "price", "counts"),
    )
    account: str = key()
    reservation: str = key()
    subscription: str = word()
    price: str = word(40)
    period_start_on: date
    quantity: str = text()
    created_at: int = long()
    expire_at: int = long()
    settled_at: int | None = long()
    released_at: int | None = long()
    counts: bool


class ReviewRow(Table, table=True):
    """A charge that waits, or waited, for a decision ('': none); its state is kept to be searched.

    `payer` and `invoice` are '' while no invoice charges it.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Index("ix_reviews_key", "account", "subscription", "price", "period_start_on", unique=True),
    )
    account: str = key()
    review: str = key()
    subscription: str = word()
    price: str = word(40)
    period_start_on: date
    period_end_on: date
    currency: str = word(3)
    state: str = word(16)
    decision: str = word(16)
    decided_minor: int | None = long()
    note: str = text()
    author: str = text()
    decided_at: int | None = long()
    opened_at: int = long()
    payer: str = word()
    invoice: str = word()
    quantity: str | None = text()
    full_minor: int | None = long()
    version: int


class OutdatedChargeRow(Table, table=True):
    """A charge whose usage came to be another than was rated; None: it is again what was rated."""

    __tablename__ = "outdated_charges"
    account: str = key()
    subscription: str = key()
    item: str = key(40)
    period_start_on: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    outdated_at: int | None = long()
