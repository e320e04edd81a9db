"""Tax profiles and taxes as the contract tells them, and rates as it states them."""

from typing import Final

from pospago.billing.v1 import tax_pb2 as pb

from billing_service.api.values import (
    TAX_PROFILE,
    from_proto_decimal,
    from_proto_timestamp,
    to_proto_decimal,
    to_proto_money,
    to_proto_timestamp,
)
from billing_service.domain.tax import (
    TaxPoint,
    TaxProfile,
    TaxProfileVersion,
    TaxRate,
    TaxRounding,
    TaxSubtotal,
    TaxTreatment,
)

# What is unspecified is what the contract says it is as; it comes first, so it is never told.
TREATMENTS: Final = {
    pb.TAX_TREATMENT_UNSPECIFIED: TaxTreatment.STANDARD,
    pb.TAX_TREATMENT_STANDARD: TaxTreatment.STANDARD,
    pb.TAX_TREATMENT_EXEMPT: TaxTreatment.EXEMPT,
    pb.TAX_TREATMENT_REVERSE_CHARGE: TaxTreatment.REVERSE_CHARGE,
}
_ROUNDINGS: Final = {
    pb.TaxProfileVersion.ROUNDING_UNSPECIFIED: TaxRounding.DOCUMENT,
    pb.TaxProfileVersion.ROUNDING_DOCUMENT: TaxRounding.DOCUMENT,
    pb.TaxProfileVersion.ROUNDING_LINE: TaxRounding.LINE,
}
_POINTS: Final = {
    pb.TaxProfileVersion.TAX_POINT_UNSPECIFIED: TaxPoint.ISSUE_DATE,
    pb.TaxProfileVersion.TAX_POINT_ISSUE_DATE: TaxPoint.ISSUE_DATE,
    pb.TaxProfileVersion.TAX_POINT_PERIOD_END: TaxPoint.PERIOD_END,
    pb.TaxProfileVersion.TAX_POINT_PERIOD_START: TaxPoint.PERIOD_START,
}
_TREATMENT_NUMBERS: Final = {each: number for number, each in TREATMENTS.items()}
_ROUNDING_NUMBERS: Final = {each: number for number, each in _ROUNDINGS.items()}
_POINT_NUMBERS: Final = {each: number for number, each in _POINTS.items()}


def from_proto_tax_version(message: pb.TaxProfileVersion, path: str) -> TaxProfileVersion:
    """The version that a message at `path` states; its number is given later."""
    stated = message.HasField("effective_time")
    return TaxProfileVersion(
        version=0,
        effective_at=from_proto_timestamp(message.effective_time) if stated else None,
        rates=tuple(
            _from_proto_rate(rate, f"{path}.rates[{index}]")
            for index, rate in enumerate(message.rates)
        ),
        prices_include_tax=message.prices_include_tax,
        rounding=_ROUNDINGS[message.rounding],
        tax_point=_POINTS[message.tax_point],
    )


def to_proto_tax_profile(profile: TaxProfile) -> pb.TaxProfile:
    """A tax profile as the contract tells it."""
    return pb.TaxProfile(
        name=TAX_PROFILE.format(profile.tax_profile_id),
        display_name=profile.display_name,
        versions=map(_to_proto_version, profile.versions),
    )


def to_proto_treatment(treatment: TaxTreatment) -> pb.TaxTreatment:
    """How something is taxed, as the contract tells it."""
    return _TREATMENT_NUMBERS[treatment]


def to_proto_subtotal(subtotal: TaxSubtotal, currency: str) -> pb.TaxSubtotal:
    """The tax on one category at one rate as the contract tells it."""
    return pb.TaxSubtotal(
        tax_category=subtotal.tax_category,
        display_name=subtotal.display_name,
        percent=to_proto_decimal(subtotal.percent),
        treatment=to_proto_treatment(subtotal.treatment),
        taxable_amount=to_proto_money(subtotal.taxable_minor, currency),
        tax_amount=to_proto_money(subtotal.tax_minor, currency),
    )


def _from_proto_rate(message: pb.TaxRate, path: str) -> TaxRate:
    return TaxRate(
        tax_category=message.tax_category,
        display_name=message.display_name,
        percent=from_proto_decimal(message.percent, f"{path}.percent"),
        exempt=message.exempt,
    )


def _to_proto_version(version: TaxProfileVersion) -> pb.TaxProfileVersion:
    return pb.TaxProfileVersion(
        version=version.version,
        effective_time=to_proto_timestamp(version.effective_at),
        rates=[
            pb.TaxRate(
                tax_category=each.tax_category,
                display_name=each.display_name,
                percent=to_proto_decimal(each.percent),
                exempt=each.exempt,
            )
            for each in version.rates
        ],
        prices_include_tax=version.prices_include_tax,
        rounding=_ROUNDING_NUMBERS[version.rounding],
        tax_point=_POINT_NUMBERS[version.tax_point],
    )
