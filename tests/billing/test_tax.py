"""Taxes: which rate holds for a line, what it comes to, and where that is rounded."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.errors import (
    EffectiveTimeNotAhead,
    InvalidTaxRates,
    TaxRateNotFound,
)
from billing_service.domain.tax import (
    Taxation,
    Taxes,
    TaxPoint,
    TaxProfile,
    TaxProfileVersion,
    TaxRate,
    TaxRounding,
    TaxSubtotal,
    TaxTreatment,
    first_tax_profile,
    tax,
)
from tests.billing.builders import SAO_PAULO, at, day
from tests.billing.taxing import rates_of, tax_version

MARCH, APRIL, MAY = day("2026-03-01"), day("2026-04-01"), day("2026-05-01")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with what tax looks at."""

    amount_minor: int
    tax_category: str = ""
    period_start_on: date = MARCH
    period_end_on: date = APRIL
    taxed: None = None


def profile_of(first: TaxProfileVersion, *later: TaxProfileVersion) -> TaxProfile:
    """A tax profile with versions."""
    profile = first_tax_profile("home", "Home", first)
    for each in later:
        profile = profile.with_version(each, now=0)
    return profile


def taxed(
    lines: list[Line],
    *versions: TaxProfileVersion,
    treatment: TaxTreatment = TaxTreatment.STANDARD,
    issued_on: date = APRIL,
) -> Taxes:
    """The taxes of an invoice issued on the first of April."""
    taxation = Taxation(profile_of(*(versions or (tax_version(),))), treatment)
    return tax(lines, taxation, issued_on=issued_on, zone=SAO_PAULO)


KNOWN = [Line(amount) for amount in (4900, 10500, 0, 7710, 1900)]


@pytest.mark.parametrize(
    ("rounding", "tax_minor", "total_minor"),
    [(TaxRounding.DOCUMENT, 2126, 27136), (TaxRounding.LINE, 2127, 27137)],
)
def test_known_invoice_is_taxed_to_the_cent(
    rounding: TaxRounding, tax_minor: int, total_minor: int
) -> None:
    """49.00 + 105.00 + 0.00 + 77.10 + 19.00 at 8.5%: 21.26 on the document, 21.27 by line."""
    found = taxed(KNOWN, tax_version(rounding=rounding))
    assert (found.subtotal_minor, found.tax_minor, found.total_minor) == (
        25010,
        tax_minor,
        total_minor,
    )


@pytest.mark.parametrize(
    ("amount_minor", "percent", "added", "included"),
    [
        (10000, "25", 2500, 2000),
        (100, "0", 0, 0),
        (100, "100", 100, 50),
        (1, "50", 1, 0),
        (1, "49.999999", 0, 0),
        (1, "100", 1, 1),
        (3, "100", 3, 2),
        (10, "5", 1, 0),
        (-10, "5", -1, 0),
        (-1, "100", -1, -1),
        (-10000, "25", -2500, -2000),
        (0, "25", 0, 0),
        (1_000_000, "0.000001", 0, 0),
        (50_000_000, "0.000001", 1, 0),
    ],
)
def test_tax_is_rounded_half_away_from_zero(
    amount_minor: int, percent: str, added: int, included: int
) -> None:
    """On top of an amount, or in it; of a credit the same as of a charge, with the other sign."""
    on_top = taxed([Line(amount_minor)], tax_version(percent))
    within = taxed([Line(amount_minor)], tax_version(percent, includes=True))
    assert (on_top.tax_minor, within.tax_minor) == (added, included)


def test_included_tax_leaves_the_total_as_it_is() -> None:
    """With prices that include 25%, 125.00 is 100.00 and 25.00 of tax."""
    found = taxed([Line(10000), Line(2500)], tax_version("25", includes=True))
    assert found == Taxes(
        (TaxSubtotal("", "Tax", Decimal(25), TaxTreatment.STANDARD, 10000, 2500),),
        10000,
        2500,
        12500,
        prices_include_tax=True,
    )


def test_each_category_has_its_own_subtotal() -> None:
    """A line is taxed by its category's rate, or by that of the empty category."""
    rates = rates_of(food="15", other="25")
    lines = [Line(1000, "food"), Line(1000, "cars"), Line(1000), Line(500, "food")]
    found = taxed(lines, tax_version(rates=rates))
    assert [
        (each.tax_category, each.taxable_minor, each.tax_minor) for each in found.subtotals
    ] == [
        ("", 2000, 500),
        ("food", 1500, 225),
    ]


def test_exempt_category_is_listed_as_such() -> None:
    """What is exempt for all is not told as taxed at 0."""
    rates = (TaxRate("books", "VAT", Decimal(0), exempt=True), *rates_of(other="0"))
    found = taxed([Line(1000, "books"), Line(100)], tax_version(rates=rates))
    assert [(each.treatment, each.taxable_minor) for each in found.subtotals] == [
        (TaxTreatment.STANDARD, 100),
        (TaxTreatment.EXEMPT, 1000),
    ]


@pytest.mark.parametrize("treatment", [TaxTreatment.EXEMPT, TaxTreatment.REVERSE_CHARGE])
@pytest.mark.parametrize("includes", [False, True])
def test_untaxed_buyer_pays_the_lines(treatment: TaxTreatment, *, includes: bool) -> None:
    """No tax is added to the lines, nor taken out of them; the invoice says why."""
    found = taxed(KNOWN, tax_version("25", includes=includes), treatment=treatment)
    subtotal = TaxSubtotal("", "Tax", Decimal(0), treatment, 25010, 0)
    assert found == Taxes((subtotal,), 25010, 0, 25010, prices_include_tax=False)


def test_untaxed_buyer_needs_no_rate() -> None:
    """A category that the profile does not know is no obstacle where nothing is taxed."""
    version = tax_version(rates=rates_of(food="15"))
    found = taxed([Line(1000, "cars")], version, treatment=TaxTreatment.REVERSE_CHARGE)
    assert (found.total_minor, found.subtotals[0].tax_category) == (1000, "")


def test_buyer_without_taxation_pays_the_lines() -> None:
    """Without a tax profile there is no tax, and no subtotal of one."""
    found = tax(KNOWN, None, issued_on=APRIL, zone=SAO_PAULO)
    assert found == Taxes((), 25010, 0, 25010, prices_include_tax=False)


def test_missing_rate_names_category_profile_and_remedy() -> None:
    """A category without a rate is refused with what mends it."""
    with pytest.raises(TaxRateNotFound, match=r"taxProfiles/home .*'cars'.* add a version"):
        taxed([Line(1000, "cars")], tax_version(rates=rates_of(food="15")))


def test_missing_rate_of_rates_stated_in_place_says_so() -> None:
    """Rates without a profile, as an estimate states them, are called what they are there."""
    profile = first_tax_profile("", "", tax_version(rates=rates_of(food="15")))
    with pytest.raises(TaxRateNotFound, match=r"^inline_tax has no rate .*: state that category"):
        tax([Line(1000, "cars")], Taxation(profile), issued_on=APRIL, zone=SAO_PAULO)


def test_rate_added_later_mends_a_missing_one() -> None:
    """A category without a rate in the version in force takes the first later one."""
    later = tax_version(rates=rates_of(cars="30"), effective_at=at("2027-01-01"))
    lines = [Line(1000, "cars"), Line(1000, "food")]
    found = taxed(lines, tax_version(rates=rates_of(food="15")), later)
    assert found.tax_minor == 300 + 150


@pytest.mark.parametrize(
    ("point", "percents"),
    [
        (TaxPoint.ISSUE_DATE, ["20"]),
        (TaxPoint.PERIOD_START, ["10", "20"]),
        (TaxPoint.PERIOD_END, ["10", "20"]),
    ],
)
def test_tax_point_decides_the_version_of_each_line(point: TaxPoint, percents: list[str]) -> None:
    """The rate changed on the first of April: by issue all lines have the new one."""
    versions = (
        tax_version("10", point=point),
        tax_version("20", point=point, effective_at=at("2026-04-01")),
    )
    lines = [Line(100), Line(100, period_start_on=APRIL, period_end_on=MAY)]
    found = taxed(lines, *versions)
    assert [str(each.percent) for each in found.subtotals] == percents


@pytest.mark.parametrize(
    ("point", "percent"), [(TaxPoint.PERIOD_START, "10"), (TaxPoint.PERIOD_END, "20")]
)
def test_period_across_a_change_has_the_rate_of_its_tax_point(
    point: TaxPoint, percent: str
) -> None:
    """A quarter over a change is taxed by its first or its last day."""
    versions = (
        tax_version("10", point=point),
        tax_version("20", point=point, effective_at=at("2026-04-30")),
    )
    found = taxed([Line(100, period_start_on=MARCH, period_end_on=MAY)], *versions)
    assert [str(each.percent) for each in found.subtotals] == [percent]


@pytest.mark.parametrize(
    ("changed_at", "percent"),
    [("2026-03-31 23:59", "20"), ("2026-04-01", "20"), ("2026-04-01 00:01", "10")],
)
def test_version_holds_for_days_that_begin_in_it(changed_at: str, percent: str) -> None:
    """A day is taxed by the version in force at its first instant in the payer's zone."""
    found = taxed([Line(100)], tax_version("10"), tax_version("20", effective_at=at(changed_at)))
    assert str(found.subtotals[0].percent) == percent


def rate(percent: str, *, category: str = "", exempt: bool = False) -> TaxRate:
    return TaxRate(category, "Tax", Decimal(percent), exempt)


@pytest.mark.parametrize(
    ("rates", "path"),
    [
        ((rate("1"), rate("2")), "rates[1].tax_category"),
        ((rate("1", category="a"), rate("1", category="a")), "rates[1].tax_category"),
        ((rate("-0.000001"),), "rates[0].percent"),
        ((rate("100.000001"),), "rates[0].percent"),
        ((rate("1", category="a"), rate("8.1234567")), "rates[1].percent"),
        ((rate("1E-999999"),), "rates[0].percent"),
        ((rate("NaN"),), "rates[0].percent"),
        ((rate("Infinity"),), "rates[0].percent"),
        ((rate("1", exempt=True),), "rates[0].percent"),
    ],
)
def test_faulty_rate_is_refused_with_its_path(rates: tuple[TaxRate, ...], path: str) -> None:
    """A category twice, a percent out of bounds or too fine: the field is named."""
    with pytest.raises(InvalidTaxRates) as refused:
        first_tax_profile("home", "", tax_version(rates=rates))
    assert str(refused.value).startswith(f"tax_profile.versions[0].{path}: ")


@pytest.mark.parametrize("percent", ["0", "100", "8.123456", "8.50000000000"])
def test_rate_within_bounds_is_taken(percent: str) -> None:
    """From 0 to 100 with up to 6 decimals; zeros after them do not count."""
    profile = first_tax_profile("home", "", tax_version(percent))
    assert profile.versions[0].rates[0].percent == Decimal(percent)


@pytest.mark.parametrize(
    ("first", "later", "field"),
    [
        ({}, {"point": TaxPoint.PERIOD_END}, "tax_point"),
        ({"point": TaxPoint.PERIOD_END}, {"point": TaxPoint.PERIOD_START}, "tax_point"),
        (
            {"point": TaxPoint.PERIOD_END},
            {"point": TaxPoint.PERIOD_END, "includes": True},
            "prices_include_tax",
        ),
        (
            {"point": TaxPoint.PERIOD_START},
            {"point": TaxPoint.PERIOD_START, "rounding": TaxRounding.LINE},
            "rounding",
        ),
    ],
)
def test_versions_that_an_invoice_could_span_are_alike(
    first: dict[str, object], later: dict[str, object], field: str
) -> None:
    """All versions share the tax point; unless it is the issue date, also how they reckon."""
    added = tax_version(effective_at=at("2026-04-01"), **later)  # type: ignore[arg-type]
    with pytest.raises(InvalidTaxRates, match=rf"version\.{field}: "):
        profile_of(tax_version(**first), added)  # type: ignore[arg-type]


def test_version_by_issue_date_may_reckon_differently() -> None:
    """Every invoice is issued on one day, so from a day on prices may include the tax."""
    later = tax_version("25", includes=True, effective_at=at("2026-04-01"))
    found = taxed([Line(12500)], tax_version("25"), later)
    assert (found.total_minor, found.prices_include_tax) == (12500, True)


def test_version_of_a_tax_profile_lies_ahead() -> None:
    """A version from the past could change the tax on what is already told."""
    with pytest.raises(EffectiveTimeNotAhead):
        profile_of(tax_version()).with_version(
            tax_version(effective_at=at("2026-03-01")), now=at("2027-01-01")
        )


CATEGORIES = ("", "food", "books")
PERCENTS = st.integers(0, 100 * 10**6).map(lambda each: Decimal(each).scaleb(-6))
LINES = st.lists(
    st.builds(Line, st.integers(-(10**9), 10**9), st.sampled_from(CATEGORIES)), max_size=8
)
VERSIONS = st.builds(
    lambda percents, includes, rounding: TaxProfileVersion(
        0,
        None,
        tuple(TaxRate(each, "", p) for each, p in zip(CATEGORIES, percents, strict=True)),
        includes,
        rounding,
    ),
    st.tuples(PERCENTS, PERCENTS, PERCENTS),
    st.booleans(),
    st.sampled_from(TaxRounding),
)


@settings(max_examples=200)
@given(LINES, VERSIONS)
def test_subtotals_sum_to_the_totals(lines: list[Line], version: TaxProfileVersion) -> None:
    """What is taxed and its tax add up to what is paid, whatever the rates."""
    found = taxed(lines, version)
    parts = [(each.taxable_minor, each.tax_minor) for each in found.subtotals]
    summed = (sum(net for net, _ in parts), sum(part for _, part in parts))
    assert (*summed, sum(summed)) == (found.subtotal_minor, found.tax_minor, found.total_minor)


@settings(max_examples=200)
@given(LINES, VERSIONS)
def test_lines_add_up_to_what_they_stand_for(lines: list[Line], version: TaxProfileVersion) -> None:
    """Lines that include tax are the total, others are the subtotal."""
    found = taxed(lines, version)
    stood_for = found.total_minor if version.prices_include_tax else found.subtotal_minor
    assert stood_for == sum(line.amount_minor for line in lines)


@settings(max_examples=200)
@given(LINES, VERSIONS, st.randoms(use_true_random=False))
def test_order_of_lines_is_irrelevant(
    lines: list[Line], version: TaxProfileVersion, random: object
) -> None:
    """The same lines in another order have the same taxes."""
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert taxed(shuffled, version) == taxed(lines, version)


@settings(max_examples=200)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8), PERCENTS, st.booleans())
def test_roundings_differ_by_at_most_half_a_minor_unit_a_line(
    amounts: list[int], percent: Decimal, includes: bool
) -> None:
    """Once on the document or once on each line: for n lines at most n/2 minor units apart."""
    lines = [Line(amount) for amount in amounts]
    by_document, by_line = (
        taxed(lines, tax_version(str(percent), includes=includes, rounding=rounding)).tax_minor
        for rounding in (TaxRounding.DOCUMENT, TaxRounding.LINE)
    )
    assert 2 * abs(by_document - by_line) <= len(lines)


@settings(max_examples=200)
@given(LINES, VERSIONS)
def test_credit_takes_back_what_was_taxed(lines: list[Line], version: TaxProfileVersion) -> None:
    """The same lines with the other sign have the same tax with the other sign."""
    credit = [Line(-line.amount_minor, line.tax_category) for line in lines]
    assert taxed(credit, version).tax_minor == -taxed(lines, version).tax_minor


@settings(max_examples=200)
@given(st.integers(-(10**12), 10**12), PERCENTS, st.booleans())
def test_tax_is_the_nearest_minor_unit(amount: int, percent: Decimal, includes: bool) -> None:
    """No whole number of minor units is nearer to the exact tax."""
    found = taxed([Line(amount)], tax_version(str(percent), includes=includes)).tax_minor
    millionths = int(percent.scaleb(6))
    whole = 10**8 + (millionths if includes else 0)
    assert 2 * abs(amount * millionths - found * whole) <= whole
