"""Entities as rows and back: accounts, parties, terms."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from billing_service.domain.account import Account, BillingProfile, Standing
from billing_service.domain.party import Issuer, NumberSeries, Party, PostalAddress
from billing_service.domain.tax import TaxTreatment
from billing_service.domain.terms import Terms, TermsVersion

Values = dict[str, Any]


def address_to_text(address: PostalAddress) -> str:
    """An address as JSON; empty parts are left out."""
    parts = {name: part for name, part in asdict(address).items() if part}
    return json.dumps(parts, ensure_ascii=False, sort_keys=True)


def address_from_text(text: str) -> PostalAddress:
    """The address that JSON states."""
    return _address(json.loads(text))


def party_to_text(party: Party) -> str:
    """A party as JSON."""
    parts = {
        "name": party.name,
        "legal_name": party.legal_name,
        "registration_number": party.registration_number,
        "address": json.loads(address_to_text(party.address)),
    }
    return json.dumps(parts, ensure_ascii=False, sort_keys=True)


def party_from_text(text: str) -> Party:
    """The party that JSON states."""
    parts = json.loads(text)
    return Party(
        parts["name"],
        parts["legal_name"],
        parts["registration_number"],
        _address(parts["address"]),
    )


def _address(parts: Mapping[str, Any]) -> PostalAddress:
    values: Values = {
        n: tuple(part) if isinstance(part, list) else part for n, part in parts.items()
    }
    return PostalAddress(**values)


def account_to_row(account: Account) -> Values:
    """An account as a row."""
    return asdict(account)


def account_from_row(row: Row[Any]) -> Account:
    """The account of a row."""
    return Account(
        account=row.account,
        sandbox=row.sandbox,
        time_zone=row.time_zone,
        zone_fixed=bool(row.zone_fixed),
        usage_watched=bool(row.usage_watched),
    )


def profile_to_row(profile: BillingProfile) -> Values:
    """A billing profile as a row."""
    return {
        "account": profile.account,
        "paid_by": profile.paid_by,
        "legal_name": profile.legal_name,
        "registration_number": profile.registration_number,
        "address": address_to_text(profile.address),
        "billing_email": profile.billing_email,
        "reference_text": profile.reference_text,
        "currency": profile.currency,
        "terms": profile.terms,
        "issuer": profile.issuer,
        "tax_profile": profile.tax_profile,
        "tax_treatment": profile.tax_treatment.value,
        "tax_note": profile.tax_note,
        "hold_invoices": profile.hold_invoices,
        "payment_provider": profile.payment_provider,
        "payment_method": profile.payment_method,
        "version": profile.version,
    }


def profile_from_row(row: Row[Any]) -> BillingProfile:
    """The billing profile of a row."""
    return BillingProfile(
        account=row.account,
        legal_name=row.legal_name,
        registration_number=row.registration_number,
        address=address_from_text(row.address),
        billing_email=row.billing_email,
        reference_text=row.reference_text,
        currency=row.currency,
        terms=row.terms,
        issuer=row.issuer,
        payer="" if row.paid_by == row.account else row.paid_by,
        tax_profile=row.tax_profile,
        tax_treatment=TaxTreatment(row.tax_treatment),
        tax_note=row.tax_note,
        hold_invoices=bool(row.hold_invoices),
        payment_provider=row.payment_provider,
        payment_method=row.payment_method,
        version=row.version,
    )


def standing_to_row(standing: Standing) -> Values:
    """A standing as a row."""
    return asdict(standing)


def standing_from_row(row: Row[Any]) -> Standing:
    """The standing of a row."""
    return Standing(
        account=row.account,
        closed_through=row.closed_through,
        expires_on=row.expires_on,
        earliest_unsettled_month=row.earliest_unsettled_month,
        stopped_at=row.stopped_at,
        stopped_by=row.stopped_by,
    )


def issuer_to_row(issuer: Issuer) -> Values:
    """An issuer as a row."""
    return {
        "issuer": issuer.issuer_id,
        "legal_name": issuer.legal_name,
        "registration_number": issuer.registration_number,
        "address": address_to_text(issuer.address),
        "bank_details": issuer.bank_details,
        "payment_reference": issuer.payment_reference,
        "invoice_series": issuer.invoice_series,
        "created_at": issuer.created_at,
        "version": issuer.version,
    }


def issuer_from_row(row: Row[Any]) -> Issuer:
    """The issuer of a row."""
    return Issuer(
        issuer_id=row.issuer,
        legal_name=row.legal_name,
        registration_number=row.registration_number,
        address=address_from_text(row.address),
        bank_details=row.bank_details,
        payment_reference=row.payment_reference,
        invoice_series=row.invoice_series,
        created_at=row.created_at,
        version=row.version,
    )


def series_to_row(series: NumberSeries) -> Values:
    """A number series as a row."""
    return asdict(series)


def terms_to_rows(terms: Terms) -> list[Values]:
    """Terms as the rows of their versions."""
    return [{"terms": terms.terms_id, **asdict(version)} for version in terms.versions]


def terms_from_rows(rows: Iterable[Row[Any]]) -> list[Terms]:
    """The terms of rows ordered by terms and version."""
    return [
        Terms(terms_id, tuple(_terms_version(row) for row in group))
        for terms_id, group in groupby(rows, key=lambda row: str(row.terms))
    ]


def _terms_version(row: Row[Any]) -> TermsVersion:
    return TermsVersion(
        version=row.version,
        effective_at=row.effective_at,
        due_day=row.due_day,
        last_service_day=row.last_service_day,
        deletion_day=row.deletion_day,
        deletion_hour=row.deletion_hour,
        time_zone=row.time_zone,
        currency=row.currency,
        due_reminder_days=row.due_reminder_days,
        stop_warning_days=row.stop_warning_days,
        deletion_warning_days=row.deletion_warning_days,
        usage_grace_hours=row.usage_grace_hours,
        draft_days=row.draft_days,
    )
