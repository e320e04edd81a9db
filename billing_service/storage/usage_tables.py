"""The tables of usage. All have the account in their keys, none refers to another table.

The keys of events start with what grows with time, so that those of new events of many accounts
lie beside each other; all other tables start with the account.
Values are two integers, whole units and nanos; an integral outgrows both, and is kept as text.
Events are in one table a month, UTC, which `usage_segments.py` makes.
"""

from datetime import date

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field

from billing_service.storage.columns import Table, key, long, text, word


class UsageKeyRow(Table, table=True):
    """That an event was taken in: what it is known by, and the digest of what it said. For ever."""

    __tablename__ = "usage_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - read once by SQLAlchemy
    event_key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account: str = key()
    body_hash: bytes = Field(sa_type=LargeBinary)
    time_at: int = long()


class UsageSegmentRow(Table, table=True):
    """A month, UTC, that has a table of events, or had one until it aged out."""

    __tablename__ = "usage_segments"
    month: date = Field(primary_key=True)
    aged_out_at: int | None = long()


class UsageCorrectionRow(Table, table=True):
    """What was done to an event, in order from 1: its data from then on, or that it is void."""

    __tablename__ = "usage_corrections"
    account: str = key()
    event_key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    ordinal: int = Field(primary_key=True)
    kind: str = word(16)
    data: str = text()
    reason: str = text()
    author: str = text()
    recorded_at: int = long()


class UsageTotalRow(Table, table=True):
    """What the events of a meter, a civil day of the account's zone and dimensions add up to."""

    __tablename__ = "usage_totals"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - read once by SQLAlchemy
    account: str = key()
    meter: str = key()
    day: date = Field(primary_key=True)
    dimensions: str = Field(primary_key=True, sa_type=Text)
    events_count: int = long()
    sum_units: int = long()
    sum_nanos: int
    max_units: int = long()
    max_nanos: int
    latest_units: int = long()
    latest_nanos: int
    latest_at: int = long()
    latest_key: bytes = Field(sa_type=LargeBinary)
    first_at: int = long()
    integral: str = text()


class UsageValueRow(Table, table=True):
    """A value that a meter of unique values met on a day, and in how many events that count."""

    __tablename__ = "usage_values"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - read once by SQLAlchemy
    account: str = key()
    meter: str = key()
    day: date = Field(primary_key=True)
    dimensions: str = Field(primary_key=True, sa_type=Text)
    value: str = key(100)
    events_count: int = long()
