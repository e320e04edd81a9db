"""Tax profiles for tests, with defaults."""

from decimal import Decimal

from billing_service.domain.tax import (
    TaxPoint,
    TaxProfile,
    TaxProfileVersion,
    TaxRate,
    TaxRounding,
)
from billing_service.use_cases.create_tax_profile import CREATE_TAX_PROFILE, CreateTaxProfile
from tests.billing.builders import Billing


def rates_of(**percents: str) -> tuple[TaxRate, ...]:
    """Rates by category; `other` is the empty one."""
    return tuple(
        TaxRate("" if category == "other" else category, "Tax", Decimal(percent))
        for category, percent in percents.items()
    )


def tax_version(
    percent: str = "8.5",
    *,
    rates: tuple[TaxRate, ...] = (),
    effective_at: int | None = None,
    includes: bool = False,
    rounding: TaxRounding = TaxRounding.DOCUMENT,
    point: TaxPoint = TaxPoint.ISSUE_DATE,
) -> TaxProfileVersion:
    """A version of a tax profile, still without its number; with one rate unless more are said."""
    rates = rates or rates_of(other=percent)
    return TaxProfileVersion(0, effective_at, rates, includes, rounding, point)


def create_tax_profile(
    billing: Billing, version: TaxProfileVersion | None = None, name: str = "home"
) -> TaxProfile:
    """A tax profile that the service knows."""
    command = CreateTaxProfile(name, "Home", version or tax_version())
    return billing.do(CREATE_TAX_PROFILE, command)
