"""Writes the changes of a list of commands, with one statement for each table they touch."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from billing_service.domain.account import Account, BillingProfile, Standing
from billing_service.domain.charge import Charge
from billing_service.domain.coupon import Coupon
from billing_service.domain.credit_grant import CreditGrant
from billing_service.domain.credit_ledger import CreditEntry, CreditLedger
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.draft import Draft
from billing_service.domain.events import PlanVersionAdded
from billing_service.domain.invoice import IssuedInvoice, Settlement
from billing_service.domain.meter import Meter
from billing_service.domain.one_off_charge import OneOffCharge
from billing_service.domain.party import Issuer, NumberSeries
from billing_service.domain.payment import Allocation, Payment
from billing_service.domain.payment_request import PaymentRequest
from billing_service.domain.plan import Plan
from billing_service.domain.price_change import PriceChange
from billing_service.domain.review import Review
from billing_service.domain.subscription import Subscription
from billing_service.domain.tax import TaxProfile
from billing_service.domain.terms import Terms
from billing_service.domain.usage.guard import Crossing, UsageGuard
from billing_service.domain.usage.outdated import OutdatedCharge
from billing_service.domain.usage.reservation import Reservation
from billing_service.storage import (
    catalog_rows,
    charge_rows,
    credit_note_rows,
    credit_rows,
    document_rows,
    draft_rows,
    guard_rows,
    one_off_rows,
    payment_request_rows,
    plan_rows,
    rows,
    subscription_rows,
    tax_rows,
)
from billing_service.storage.account_memory import renew_accounts
from billing_service.storage.catalog_memory import renew_revision
from billing_service.storage.entitlement_timers import set_version_timers
from billing_service.storage.rows import Values
from billing_service.storage.tables import table
from billing_service.storage.watching import watch_subscribers
from chassis.database import Transaction
from chassis.use_case import Effects

ToRows = Callable[[Any], Sequence[Values]]


def _single(to_row: Callable[[Any], Values]) -> ToRows:
    return lambda entity: (to_row(entity),)


# What replaces an earlier version of itself, in the order in which it is written.
_PROJECTED: Final[dict[type, tuple[tuple[str, ToRows], ...]]] = {
    Account: (("accounts", _single(rows.account_to_row)),),
    BillingProfile: (("billing_profiles", _single(rows.profile_to_row)),),
    Standing: (("standings", _single(rows.standing_to_row)),),
    Issuer: (("issuers", _single(rows.issuer_to_row)),),
    NumberSeries: (("number_series", _single(rows.series_to_row)),),
    Terms: (("terms_versions", rows.terms_to_rows),),
    Plan: (
        ("plans", _single(plan_rows.plan_to_row)),
        ("plan_versions", plan_rows.plan_versions_to_rows),
        ("plan_prices", plan_rows.plan_prices_to_rows),
    ),
    Meter: (("meters", _single(catalog_rows.meter_to_row)),),
    PriceChange: (("price_changes", _single(catalog_rows.price_change_to_row)),),
    TaxProfile: (
        ("tax_profiles", _single(tax_rows.tax_profile_to_row)),
        ("tax_profile_versions", tax_rows.tax_versions_to_rows),
    ),
    Subscription: (
        ("subscriptions", _single(subscription_rows.subscription_to_row)),
        ("subscription_facts", subscription_rows.facts_to_rows),
    ),
    Draft: (("invoice_drafts", _single(draft_rows.draft_to_row)),),
    Settlement: (("settlements", _single(document_rows.settlement_to_row)),),
    Payment: (("payments", _single(document_rows.payment_to_row)),),
    CreditGrant: (("credits", _single(credit_rows.credit_to_row)),),
    CreditLedger: (("credit_ledgers", _single(credit_rows.ledger_to_row)),),
    UsageGuard: (("usage_guards", _single(guard_rows.guard_to_row)),),
    Reservation: (("reservations", _single(guard_rows.reservation_to_row)),),
    Review: (("reviews", _single(guard_rows.review_to_row)),),
    OneOffCharge: (("one_off_charges", _single(one_off_rows.one_off_to_row)),),
    Coupon: (("coupons", _single(one_off_rows.coupon_to_row)),),
    PaymentRequest: (("payment_requests", _single(payment_request_rows.payment_request_to_row)),),
    OutdatedCharge: (("outdated_charges", _single(guard_rows.outdated_to_row)),),
}
# What is only ever added: a second row with the same key is an error of ours.
_APPENDED: Final[dict[type, tuple[tuple[str, ToRows], ...]]] = {
    IssuedInvoice: (
        ("invoices", lambda issued: (document_rows.invoice_to_row(issued.invoice),)),
        (
            "invoice_lines",
            lambda issued: [
                document_rows.line_to_row(issued.invoice, line) for line in issued.lines
            ],
        ),
        (
            "invoice_taxes",
            lambda issued: tax_rows.invoice_taxes_to_rows(issued.invoice, issued.taxes),
        ),
        (
            "charges",
            lambda issued: [charge_rows.charge_to_row(each) for each in issued.charges],
        ),
        (
            "invoice_accounts",
            lambda issued: [document_rows.invoice_account_to_row(e) for e in issued.accounts],
        ),
    ),
    Charge: (("charges", _single(charge_rows.charge_to_row)),),
    IssuedCreditNote: (
        (
            "credit_notes",
            lambda issued: (credit_note_rows.credit_note_to_row(issued.note),),
        ),
        ("credit_note_lines", credit_note_rows.lines_to_rows),
        ("credit_note_taxes", credit_note_rows.taxes_to_rows),
    ),
    Allocation: (("allocations", _single(document_rows.allocation_to_row)),),
    CreditEntry: (("credit_entries", _single(credit_rows.entry_to_row)),),
    Crossing: (("threshold_crossings", _single(guard_rows.crossing_to_row)),),
}
CHANGED_KINDS: Final = (*_PROJECTED, *_APPENDED)
"""The entities that there are to write."""
_KEYS: Final[dict[type, Callable[[Any], object]]] = {
    Account: lambda each: each.account,
    BillingProfile: lambda each: each.account,
    Standing: lambda each: each.account,
    Issuer: lambda each: each.issuer_id,
    NumberSeries: lambda each: each.series,
    Terms: lambda each: each.terms_id,
    Plan: lambda each: each.plan_id,
    TaxProfile: lambda each: each.tax_profile_id,
    Meter: lambda each: each.meter_id,
    PriceChange: lambda each: each.key,
    Subscription: lambda each: each.key,
    Draft: lambda each: each.key,
    Settlement: lambda each: (each.payer, each.invoice),
    Payment: lambda each: each.key,
    CreditGrant: lambda each: each.key,
    CreditLedger: lambda each: each.key,
    UsageGuard: lambda each: each.key,
    Reservation: lambda each: each.key,
    Review: lambda each: each.key,
    OneOffCharge: lambda each: each.key,
    Coupon: lambda each: each.coupon_id,
    PaymentRequest: lambda each: each.key,
    OutdatedCharge: lambda each: each.key,
}


def save(tx: Transaction, effects: Sequence[Effects[Any]]) -> None:
    """Write the last version of each changed entity, and every appended one."""
    changes = [change for effect in effects for change in effect.changes]
    if any(isinstance(each, Plan | Meter | Issuer | Terms | TaxProfile) for each in changes):
        renew_revision(tx)
    renew_accounts(tx, changes)
    for kind, places in _PROJECTED.items():
        latest = {_KEYS[kind](each): each for each in changes if type(each) is kind}
        for name, to_rows in places:
            tx.upsert(table(name), [row for each in latest.values() for row in to_rows(each)])
    for kind, places in _APPENDED.items():
        added = [each for each in changes if type(each) is kind]
        for name, to_rows in places:
            tx.insert(table(name), [row for each in added for row in to_rows(each)])
    watch_subscribers(tx, [each for each in changes if isinstance(each, Plan)])
    told = [event.payload for effect in effects for event in effect.events]
    set_version_timers(tx, [each.plan for each in told if isinstance(each, PlanVersionAdded)])
