"""The tables of the billing service. Keys of all that grows start with the account.

Instants are UTC microseconds, months their first day, amounts minor units, prices decimals as text,
parties and addresses JSON.
"""

from datetime import date
from typing import Any, Final

from sqlalchemy import BigInteger, Index, MetaData, Text, UniqueConstraint
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from chassis.tables import ChassisTables

ID_LENGTH: Final = 64


_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """What all tables of this service share: a registry of their own."""


def _key(length: int = ID_LENGTH) -> Any:
    return Field(primary_key=True, max_length=length)


def _word(length: int = ID_LENGTH) -> Any:
    return Field(max_length=length)


def _long() -> Any:
    return Field(sa_type=BigInteger)


def _text() -> Any:
    return Field(sa_type=Text)


class AccountRow(Table, table=True):
    """An account of the provisioning service, as billing was told of it."""

    __tablename__ = "accounts"
    account: str = _key()
    sandbox: str = _word()
    time_zone: str = _word()


class BillingProfileRow(Table, table=True):
    """How an account is billed. `paid_by` is never empty; the other defaults are."""

    __tablename__ = "billing_profiles"
    __table_args__ = (Index("ix_billing_profiles_paid_by", "paid_by", "account"),)
    account: str = _key()
    paid_by: str = _word()
    legal_name: str = _text()
    registration_number: str = _text()
    address: str = _text()
    billing_email: str = _text()
    reference_text: str = _text()
    currency: str = _word(3)
    terms: str = _word()
    issuer: str = _word()
    tax_profile: str = _word()
    tax_treatment: str = _word(16)
    tax_note: str = _text()
    version: int


class StandingRow(Table, table=True):
    """Where an account stands."""

    __tablename__ = "standings"
    account: str = _key()
    closed_through: date | None
    expires_on: date | None
    earliest_unsettled_month: date | None
    stopped_at: int | None = _long()
    stopped_by: str = _word(160)


class IssuerRow(Table, table=True):
    """A legal entity that issues invoices."""

    __tablename__ = "issuers"
    issuer: str = _key()
    legal_name: str = _text()
    registration_number: str = _text()
    address: str = _text()
    bank_details: str = _text()
    payment_reference: str = _text()
    invoice_series: str = Field(max_length=ID_LENGTH, unique=True)
    created_at: int = _long()
    version: int


class NumberSeriesRow(Table, table=True):
    """The last number given out in a series."""

    __tablename__ = "number_series"
    series: str = _key(80)
    last: int = _long()


class TermsRow(Table, table=True):
    """A version of billing terms; the first has no effective time: it holds since ever."""

    __tablename__ = "terms_versions"
    terms: str = _key()
    version: int = Field(primary_key=True)
    effective_at: int | None = _long()
    due_day: int
    last_service_day: int
    deletion_day: int
    deletion_hour: int
    time_zone: str = _word()
    currency: str = _word(3)
    due_reminder_days: int
    stop_warning_days: int
    deletion_warning_days: int


class PlanRow(Table, table=True):
    """Something that can be subscribed."""

    __tablename__ = "plans"
    plan: str = _key()
    display_name: str = _text()
    policy: str = _word(16)
    tax_category: str = _word(40)
    price_change_notice_days: int


class PlanVersionRow(Table, table=True):
    """A version of a plan; the first has no effective time: it holds since ever."""

    __tablename__ = "plan_versions"
    plan: str = _key()
    version: int = Field(primary_key=True)
    effective_at: int | None = _long()
    schedule: str = _text()
    shared_allowances: str = _text()
    limits: str = _text()


class PlanPriceRow(Table, table=True):
    """A price of a version, in order from 1: what tells it from others, and its definition."""

    __tablename__ = "plan_prices"
    plan: str = _key()
    version: int = Field(primary_key=True)
    ordinal: int = Field(primary_key=True)
    code: str = _word(40)
    band: int
    currency: str = _word(3)
    definition: str = _text()


class MeterRow(Table, table=True):
    """What is measured."""

    __tablename__ = "meters"
    meter: str = _key()
    display_name: str = _text()
    event_name: str = _word(100)
    aggregation: str = _word(16)
    value_property: str = _word(100)
    unit: str = _text()


class PriceChangeRow(Table, table=True):
    """A price change of an account: a version, or an index in percent ('': none)."""

    __tablename__ = "price_changes"
    account: str = _key()
    price_change: str = _key()
    plan: str = _word()
    effective_on: date
    plan_version: int | None
    index_percent: str = _text()
    is_yearly: bool
    note: str = _text()
    notice_at: int = _long()
    cancelled_at: int | None = _long()


class TaxProfileRow(Table, table=True):
    """Rates by tax category, without its versions."""

    __tablename__ = "tax_profiles"
    tax_profile: str = _key()
    display_name: str = _text()


class TaxProfileVersionRow(Table, table=True):
    """A version of a tax profile, its rates as JSON; the first has no effective time."""

    __tablename__ = "tax_profile_versions"
    tax_profile: str = _key()
    version: int = Field(primary_key=True)
    effective_at: int | None = _long()
    rates: str = _text()
    prices_include_tax: bool
    rounding: str = _word(16)
    tax_point: str = _word(16)


class SubscriptionRow(Table, table=True):
    """A subscription as its facts make it; the months are those it bills first and last."""

    __tablename__ = "subscriptions"
    __table_args__ = (Index("ix_subscriptions_months", "account", "last_month", "first_month"),)
    account: str = _key()
    subscription: str = _key()
    plan: str = _word()
    band: int
    first_billed_month: date | None
    first_month: date
    last_month: date
    last_kind: str = _word(16)
    facts_count: int


class SubscriptionFactRow(Table, table=True):
    """Something that happened to a subscription, in order from 1."""

    __tablename__ = "subscription_facts"
    account: str = _key()
    subscription: str = _key()
    ordinal: int = Field(primary_key=True)
    kind: str = _word(16)
    effective_at: int = _long()


class ChargeRow(Table, table=True):
    """What a subscription's item costs for a month. Its key guards against charging twice.

    `item` is the code of the price; with quantity, days and index it can be rated again.
    """

    __tablename__ = "charges"
    __table_args__ = (
        Index("ix_charges_account_month", "account", "month"),
        Index("ix_charges_invoice", "payer", "invoice", "line_number", "account", "subscription"),
    )
    account: str = _key()
    subscription: str = _key()
    item: str = _key(40)
    month: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    reverses_revision: int | None
    payer: str = _word()
    invoice: str = _word()
    line_number: int
    plan: str = _word()
    plan_version: int
    band: int
    currency: str = _word(3)
    quantity: str = _text()
    days_charged: int
    days_full: int
    price_index: str = _text()
    amount_minor: int = _long()
    engine_version: int


class InvoiceRow(Table, table=True):
    """An issued invoice. Its unique keys guard the month and the number."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("payer", "currency", "month", name="uq_invoices_payer_month"),
        UniqueConstraint("series", "sequence", name="uq_invoices_number"),
        Index("ix_invoices_payer", "sandbox", "payer", "series", "sequence"),
    )
    payer: str = _key()
    invoice: str = _key()
    series: str = _word(80)
    sequence: int = _long()
    number: str = _word(100)
    currency: str = _word(3)
    month: date
    issuer_party: str = _text()
    buyer_party: str = _text()
    reference_text: str = _text()
    bank_details: str = _text()
    payment_reference: str = _text()
    issued_on: date
    due_on: date
    last_service_on: date
    deletion_on: date
    deletion_hour: int
    overdue_at: int = _long()
    stop_at: int = _long()
    deletion_at: int = _long()
    subtotal_minor: int = _long()
    tax_minor: int = _long()
    total_minor: int = _long()
    prices_include_tax: bool
    tax_note: str = _text()
    terms: str = _word()
    terms_version: int
    time_zone: str = _word()
    sandbox: str = _word()
    issued_at: int = _long()


class InvoiceLineRow(Table, table=True):
    """A line of an invoice."""

    __tablename__ = "invoice_lines"
    payer: str = _key()
    invoice: str = _key()
    line_number: int = Field(primary_key=True)
    description: str = _text()
    plan: str = _word()
    plan_version: int
    band: int
    quantity: str = _text()
    unit_price: str | None = _text()
    amount_minor: int = _long()
    period_start_on: date
    period_end_on: date
    price: str = _word(40)
    part: str = _word(16)
    tax_category: str = _word(40)
    unit: str = _text()


class InvoiceTaxRow(Table, table=True):
    """The tax of an invoice on one category at one rate, in order from 1."""

    __tablename__ = "invoice_taxes"
    payer: str = _key()
    invoice: str = _key()
    ordinal: int = Field(primary_key=True)
    tax_category: str = _word(40)
    display_name: str = _text()
    percent: str = _text()
    treatment: str = _word(16)
    taxable_minor: int = _long()
    tax_minor: int = _long()


class InvoiceAccountRow(Table, table=True):
    """An account with a charge on an invoice, and when that one stops and deletes it."""

    __tablename__ = "invoice_accounts"
    __table_args__ = (Index("ix_invoice_accounts_account", "account"),)
    payer: str = _key()
    invoice: str = _key()
    account: str = _key()
    stop_at: int = _long()
    deletion_at: int = _long()


class SettlementRow(Table, table=True):
    """What is paid of an invoice: derived from the allocations, kept to be searched."""

    __tablename__ = "settlements"
    __table_args__ = (Index("ix_settlements_open", "payer", "settled_on"),)
    payer: str = _key()
    invoice: str = _key()
    total_minor: int = _long()
    paid_minor: int = _long()
    settled_on: date | None
    settled_late: bool


class PaymentRow(Table, table=True):
    """Money that came in; what is unallocated is credit."""

    __tablename__ = "payments"
    __table_args__ = (Index("ix_payments_credit", "payer", "unallocated_minor"),)
    payer: str = _key()
    payment: str = _key()
    currency: str = _word(3)
    amount_minor: int = _long()
    value_on: date
    reference: str = _text()
    recorded_at: int = _long()
    unallocated_minor: int = _long()
    reversed_at: int | None = _long()
    reversal_note: str = _text()


class AllocationRow(Table, table=True):
    """A part of a payment that pays an invoice, or the negative that takes it back."""

    __tablename__ = "allocations"
    __table_args__ = (Index("ix_allocations_invoice", "payer", "invoice"),)
    payer: str = _key()
    payment: str = _key()
    ordinal: int = Field(primary_key=True)
    invoice: str = _word()
    amount_minor: int = _long()
    value_on: date
    allocated_at: int = _long()


METADATA: Final[MetaData] = Table.metadata
CHASSIS: Final = ChassisTables(METADATA)


def table(name: str) -> SqlTable:
    """A table by its name."""
    return METADATA.tables[name]
