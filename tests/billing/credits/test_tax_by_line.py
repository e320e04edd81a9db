"""The tax on each line: with the amounts, it adds up to what the document comes to."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_service.domain.tax import (
    LineTax,
    Taxation,
    TaxProfileVersion,
    TaxRounding,
    TaxTreatment,
    first_tax_profile,
    tax,
    tax_by_line,
)
from tests.billing.builders import SAO_PAULO, day
from tests.billing.taxing import rates_of, tax_version

MARCH, ISSUED = day("2026-03-01"), day("2026-04-01")
RATES = rates_of(food="7.7", other="25")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with what tax looks at."""

    amount_minor: int
    tax_category: str = ""
    period_start_on: date = MARCH
    period_end_on: date = ISSUED
    taxed: LineTax | None = None


def by_line(lines: list[Line], taxation: Taxation | None) -> list[int]:
    """The tax on each of some lines."""
    return tax_by_line(lines, taxation, issued_on=ISSUED, zone=SAO_PAULO)


def taxation_of(version: TaxProfileVersion, treatment: TaxTreatment) -> Taxation:
    """How a buyer is taxed."""
    return Taxation(first_tax_profile("home", "Home", version), treatment)


@pytest.mark.parametrize(
    ("amounts", "rounding", "taxes"),
    [
        ([100, 100, 100], TaxRounding.DOCUMENT, [9, 9, 8]),
        ([100, 100, 100], TaxRounding.LINE, [9, 9, 9]),
        ([10, 0], TaxRounding.DOCUMENT, [1, 0]),
        ([100, -100], TaxRounding.DOCUMENT, [0, 0]),
        ([], TaxRounding.DOCUMENT, []),
    ],
)
def test_tax_goes_to_the_lines(amounts: list[int], rounding: TaxRounding, taxes: list[int]) -> None:
    """8.5% of 3.00 are 0.26, the last cent short; on each line they are 0.09."""
    taxation = taxation_of(tax_version("8.5", rounding=rounding), TaxTreatment.STANDARD)
    assert by_line([Line(each) for each in amounts], taxation) == taxes


@given(
    st.lists(st.builds(Line, st.integers(-500, 2000), st.sampled_from(["", "food"])), max_size=6),
    st.sampled_from(TaxRounding),
    st.booleans(),
    st.sampled_from(TaxTreatment),
)
def test_lines_with_their_tax_add_up_to_the_total(
    lines: list[Line], rounding: TaxRounding, includes: bool, treatment: TaxTreatment
) -> None:
    """Whatever is rounded, included, or exempt."""
    version = tax_version(rates=RATES, rounding=rounding, includes=includes)
    taxation = taxation_of(version, treatment)
    whole = sum(each.amount_minor for each in lines) + sum(by_line(lines, taxation))
    assert whole == tax(lines, taxation, issued_on=ISSUED, zone=SAO_PAULO).total_minor


def test_without_a_tax_profile_there_is_none() -> None:
    """On no line."""
    assert by_line([Line(100), Line(200)], None) == [0, 0]
