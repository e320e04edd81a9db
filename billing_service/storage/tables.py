"""The tables of the billing service. Keys of all that grows start with the account.

Instants are UTC microseconds, months their first day, amounts minor units, prices decimals as text,
parties and addresses JSON. Those of documents are in `document_tables.py`, those of usage in
`usage_tables.py`, those of guards and reviews in `guard_tables.py`, those of credits in
`credit_tables.py`.
"""

from datetime import date
from typing import Final

from sqlalchemy import Index, MetaData
from sqlalchemy import Table as SqlTable
from sqlalchemy import text as sql
from sqlmodel import Field

from billing_service.storage import (  # noqa: F401 - they declare tables
    credit_tables,
    document_tables,
    guard_tables,
    one_off_tables,
    payment_request_tables,
    usage_tables,
)
from billing_service.storage.columns import ID_LENGTH, Table, key, long, text, word
from chassis.tables import ChassisTables


class AccountRow(Table, table=True):
    """An account of the provisioning service, as billing was told of it."""

    __tablename__ = "accounts"
    account: str = key()
    sandbox: str = word()
    time_zone: str = word()
    zone_fixed: bool
    usage_watched: bool


class BillingProfileRow(Table, table=True):
    """How an account is billed. `paid_by` is never empty; the other defaults are."""

    __tablename__ = "billing_profiles"
    __table_args__ = (Index("ix_billing_profiles_paid_by", "paid_by", "account"),)
    account: str = key()
    paid_by: str = word()
    legal_name: str = text()
    registration_number: str = text()
    address: str = text()
    billing_email: str = text()
    reference_text: str = text()
    currency: str = word(3)
    terms: str = word()
    issuer: str = word()
    tax_profile: str = word()
    tax_treatment: str = word(16)
    tax_note: str = text()
    hold_invoices: bool
    payment_provider: str = word()
    payment_method: str = text()
    version: int


class StandingRow(Table, table=True):
    """Where an account stands."""

    __tablename__ = "standings"
    account: str = key()
    closed_through: date | None
    expires_on: date | None
    earliest_unsettled_month: date | None
    stopped_at: int | None = long()
    stopped_by: str = word(160)


class AccountRevisionRow(Table, table=True):
    """What tells this billing of an account from every other: rewritten whenever it changes."""

    __tablename__ = "account_revisions"
    account: str = key()
    token: str = word(32)


class IssuerRow(Table, table=True):
    """A legal entity that issues invoices."""

    __tablename__ = "issuers"
    issuer: str = key()
    legal_name: str = text()
    registration_number: str = text()
    address: str = text()
    bank_details: str = text()
    payment_reference: str = text()
    invoice_series: str = Field(max_length=ID_LENGTH, unique=True)
    created_at: int = long()
    version: int


class NumberSeriesRow(Table, table=True):
    """The last number given out in a series."""

    __tablename__ = "number_series"
    series: str = key(80)
    last: int = long()


class TermsRow(Table, table=True):
    """A version of billing terms; the first has no effective time: it holds since ever."""

    __tablename__ = "terms_versions"
    terms: str = key()
    version: int = Field(primary_key=True)
    effective_at: int | None = long()
    due_day: int
    last_service_day: int
    deletion_day: int
    deletion_hour: int
    time_zone: str = word()
    currency: str = word(3)
    due_reminder_days: int
    stop_warning_days: int
    deletion_warning_days: int
    usage_grace_hours: int
    draft_days: int


class PlanRow(Table, table=True):
    """Something that can be subscribed; `proration` is in words."""

    __tablename__ = "plans"
    plan: str = key()
    display_name: str = text()
    policy: str = word(16)
    tax_category: str = word(40)
    price_change_notice_days: int
    proration: str = word()


class PlanVersionRow(Table, table=True):
    """A version of a plan; the first has no effective time: it holds since ever."""

    __tablename__ = "plan_versions"
    plan: str = key()
    version: int = Field(primary_key=True)
    effective_at: int | None = long()
    schedule: str = text()
    shared_allowances: str = text()
    limits: str = text()
    minimum_spends: str = text()


class PlanPriceRow(Table, table=True):
    """A price of a version, in order from 1: what tells it from others, and its definition."""

    __tablename__ = "plan_prices"
    plan: str = key()
    version: int = Field(primary_key=True)
    ordinal: int = Field(primary_key=True)
    code: str = word(40)
    band: int
    currency: str = word(3)
    definition: str = text()


class CatalogRevisionRow(Table, table=True):
    """What tells this catalogue from every other: rewritten whenever anything of it changes."""

    __tablename__ = "catalog_revision"
    revision: int = Field(primary_key=True)
    token: str = word(32)


class MeterRow(Table, table=True):
    """What is measured; filters and dimensions as JSON."""

    __tablename__ = "meters"
    meter: str = key()
    display_name: str = text()
    event_name: str = word(100)
    aggregation: str = word(16)
    value_property: str = word(100)
    unit: str = text()
    filters: str = text()
    dimensions: str = text()
    value_per_unit: str = text()
    rounding_mode: str = word(16)
    rounding_decimals: int


class PriceChangeRow(Table, table=True):
    """A price change of an account: a version, or an index in percent ('': none)."""

    __tablename__ = "price_changes"
    account: str = key()
    price_change: str = key()
    plan: str = word()
    effective_on: date
    plan_version: int | None
    index_percent: str = text()
    is_yearly: bool
    note: str = text()
    notice_at: int = long()
    cancelled_at: int | None = long()


class TaxProfileRow(Table, table=True):
    """Rates by tax category, without its versions."""

    __tablename__ = "tax_profiles"
    tax_profile: str = key()
    display_name: str = text()


class TaxProfileVersionRow(Table, table=True):
    """A version of a tax profile, its rates as JSON; the first has no effective time."""

    __tablename__ = "tax_profile_versions"
    tax_profile: str = key()
    version: int = Field(primary_key=True)
    effective_at: int | None = long()
    rates: str = text()
    prices_include_tax: bool
    rounding: str = word(16)
    tax_point: str = word(16)


class SubscriptionRow(Table, table=True):
    """A subscription as its facts make it; the months are those it bills first and last.

    `begins_on` is the first day of a plan that was subscribed, unset of an instance; `ends_at` is
    when it is over. `plan`, `band`, `is_paused` and `is_lapsed` are as of when it was written;
    charges are to be looked at again since `changed_from_on`.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index("ix_subscriptions_months", "account", "last_month", "first_month"),
        Index("ix_subscriptions_instance", "account", "instance", unique=True),
        Index(
            "ix_subscriptions_lapsed",
            "account",
            sqlite_where=sql("is_lapsed = 1"),
            postgresql_where=sql("is_lapsed"),
        ),
    )
    account: str = key()
    subscription: str = key()
    # What it follows; unset of a plan.
    instance: str | None = word()
    plan: str = word()
    band: int
    display_name: str = text()
    first_billed_month: date | None
    begins_on: date | None
    ends_at: int | None = long()
    first_month: date
    last_month: date
    last_kind: str = word(16)
    facts_count: int
    is_paused: bool
    is_lapsed: bool
    changed_from_on: date | None


class SubscriptionFactRow(Table, table=True):
    """Something that happened to a subscription, in order from 1; `details` ('': none) as JSON."""

    __tablename__ = "subscription_facts"
    account: str = key()
    subscription: str = key()
    ordinal: int = Field(primary_key=True)
    kind: str = word(16)
    effective_at: int = long()
    details: str = text()


METADATA: Final[MetaData] = Table.metadata
CHASSIS: Final = ChassisTables(METADATA)


def table(name: str) -> SqlTable:
    """A table by its name."""
    return METADATA.tables[name]
