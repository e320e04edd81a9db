"""Taxes as rows and back: tax profiles with their versions, and the taxes of invoices."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from billing_service.domain.invoice import Invoice
from billing_service.domain.tax import (
    TaxPoint,
    TaxProfile,
    TaxProfileVersion,
    TaxRate,
    TaxRounding,
    TaxSubtotal,
    TaxTreatment,
)
from billing_service.storage.rows import Values


def tax_profile_to_row(profile: TaxProfile) -> Values:
    """A tax profile as a row, without its versions."""
    return {"tax_profile": profile.tax_profile_id, "display_name": profile.display_name}


def tax_versions_to_rows(profile: TaxProfile) -> list[Values]:
    """The versions of a tax profile as rows."""
    return [
        {
            "tax_profile": profile.tax_profile_id,
            "version": each.version,
            "effective_at": each.effective_at,
            "rates": _rates_to_text(each.rates),
            "prices_include_tax": each.prices_include_tax,
            "rounding": each.rounding.value,
            "tax_point": each.tax_point.value,
        }
        for each in profile.versions
    ]


def tax_profiles_from_rows(
    heads: Iterable[Row[Any]], versions: Iterable[Row[Any]]
) -> list[TaxProfile]:
    """The tax profiles of rows, with their versions, ordered by tax profile and version."""
    by_profile = {
        profile: tuple(_version(row) for row in group)
        for profile, group in groupby(versions, key=lambda row: str(row.tax_profile))
    }
    return [
        TaxProfile(head.tax_profile, head.display_name, by_profile[head.tax_profile])
        for head in heads
    ]


def invoice_taxes_to_rows(invoice: Invoice, taxes: Sequence[TaxSubtotal]) -> list[Values]:
    """The taxes of an invoice as rows."""
    return [
        {
            "payer": invoice.payer,
            "invoice": invoice.invoice_id,
            "ordinal": ordinal,
            "tax_category": each.tax_category,
            "display_name": each.display_name,
            "percent": str(each.percent),
            "treatment": each.treatment.value,
            "taxable_minor": each.taxable_minor,
            "tax_minor": each.tax_minor,
        }
        for ordinal, each in enumerate(taxes, start=1)
    ]


def tax_subtotal_from_row(row: Row[Any]) -> TaxSubtotal:
    """The tax of a row on one category at one rate."""
    return TaxSubtotal(
        tax_category=row.tax_category,
        display_name=row.display_name,
        percent=Decimal(row.percent),
        treatment=TaxTreatment(row.treatment),
        taxable_minor=row.taxable_minor,
        tax_minor=row.tax_minor,
    )


def _version(row: Row[Any]) -> TaxProfileVersion:
    return TaxProfileVersion(
        version=row.version,
        effective_at=row.effective_at,
        rates=_rates_from_text(row.rates),
        prices_include_tax=bool(row.prices_include_tax),
        rounding=TaxRounding(row.rounding),
        tax_point=TaxPoint(row.tax_point),
    )


def _rates_to_text(rates: Sequence[TaxRate]) -> str:
    parts = [
        {
            "tax_category": each.tax_category,
            "display_name": each.display_name,
            "percent": str(each.percent),
            "exempt": each.exempt,
        }
        for each in rates
    ]
    return json.dumps(parts, ensure_ascii=False, sort_keys=True)


def _rates_from_text(text: str) -> tuple[TaxRate, ...]:
    return tuple(
        TaxRate(
            part["tax_category"], part["display_name"], Decimal(part["percent"]), part["exempt"]
        )
        for part in json.loads(text)
    )
