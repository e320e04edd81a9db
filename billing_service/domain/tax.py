"""Taxes: which rate holds for a line, what it comes to, and where that is rounded.

Units:   rates in percent, with up to 6 decimals; amounts in minor units, credits negative. Half a
         minor unit is rounded away from zero, so that a credit takes back what a charge took.
Source:  docs/decisions/0011-taxes.md
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Context, Decimal, Inexact, localcontext
from enum import Enum
from typing import Final, Protocol, assert_never

from billing_service.domain.calendar import first_instant
from billing_service.domain.errors import InvalidTaxRates, TaxRateNotFound
from billing_service.domain.money import round_quotient
from billing_service.domain.proportion import in_proportion
from billing_service.domain.versions import check_ahead, in_force

PERCENT_MAX: Final = 100
PERCENT_DECIMALS_MAX: Final = 6

# Rates as whole numbers: millionths of a percent, and how many of them the whole is.
_PERCENT: Final = 10**PERCENT_DECIMALS_MAX
_WHOLE: Final = PERCENT_MAX * _PERCENT
_FINEST: Final = Decimal(1).scaleb(-PERCENT_DECIMALS_MAX)
_EXACT: Final = Context(prec=80, traps=[Inexact])


class TaxRounding(Enum):
    """Where tax is rounded: once for each category and rate of a document, or on each line."""

    DOCUMENT = "document"
    LINE = "line"


class TaxPoint(Enum):
    """The day whose version decides the rate."""

    ISSUE_DATE = "issue_date"
    PERIOD_END = "period_end"
    PERIOD_START = "period_start"


class TaxTreatment(Enum):
    """How a buyer, or a part of an invoice, is taxed."""

    STANDARD = "standard"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The tax on one category. `tax_category` '': all that no other rate names."""

    tax_category: str
    display_name: str
    percent: Decimal
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class TaxProfileVersion:
    """What holds from an instant on: for the days that begin then or later."""

    version: int
    effective_at: int | None
    rates: tuple[TaxRate, ...]
    prices_include_tax: bool = False
    rounding: TaxRounding = TaxRounding.DOCUMENT
    tax_point: TaxPoint = TaxPoint.ISSUE_DATE

    def rate_of(self, tax_category: str) -> TaxRate | None:
        """The rate of a category: its own, or else that of the empty category."""
        rates = {each.tax_category: each for each in self.rates}
        return rates.get(tax_category) or rates.get("")


@dataclass(frozen=True, slots=True)
class TaxProfile:
    """Rates by category, with the versions that were, are and will be in force."""

    tax_profile_id: str
    display_name: str
    versions: tuple[TaxProfileVersion, ...]

    def with_version(
        self, draft: TaxProfileVersion, now: int, prefix: str = "version."
    ) -> "TaxProfile":
        """The profile with a further version, which lies ahead of `now`.

        Errors:  InvalidTaxRates with the path of the field under `prefix`, EffectiveTimeNotAhead.
        """
        check_rates(draft, prefix)
        check_alike(self.versions[-1], draft, prefix)
        effective_at = check_ahead(self.versions, draft.effective_at, now)
        added = replace(draft, version=len(self.versions) + 1, effective_at=effective_at)
        return replace(self, versions=(*self.versions, added))

    def at(self, day: date, zone: str) -> TaxProfileVersion:
        """The version in force when a day begins."""
        return in_force(self.versions, first_instant(day, zone))

    def rate_on(self, day: date, tax_category: str, zone: str) -> TaxRate | None:
        """The rate of a category in the version in force, or in the first later one that has it.

        Versions lie ahead, so nothing but a later one can mend a profile without the rate.
        """
        later = self.versions[self.at(day, zone).version - 1 :]
        rates = (each.rate_of(tax_category) for each in later)
        return next((each for each in rates if each is not None), None)


@dataclass(frozen=True, slots=True)
class Taxation:
    """How a buyer's invoices are taxed: by which profile, with which exception, and why."""

    profile: TaxProfile
    treatment: TaxTreatment = TaxTreatment.STANDARD
    note: str = ""

    @property
    def printed_note(self) -> str:
        """Why the buyer is not taxed; '' for one who is."""
        return "" if self.treatment is TaxTreatment.STANDARD else self.note


class TaxableLine(Protocol):
    """What tax looks at of a line. Its service period is `[period_start_on, period_end_on)`."""

    @property
    def amount_minor(self) -> int:
        """What it comes to."""

    @property
    def tax_category(self) -> str:
        """What decides its rate."""

    @property
    def period_start_on(self) -> date:
        """The first day of its service period."""

    @property
    def period_end_on(self) -> date:
        """The day after the last of its service period."""

    @property
    def taxed(self) -> "LineTax | None":
        """How it is taxed whatever holds now: as what it corrects was. None: as things stand."""


@dataclass(frozen=True, slots=True)
class LineTax:
    """The rate at which a line is taxed, 0 percent where it is not, and how its buyer is."""

    rate: TaxRate
    treatment: TaxTreatment


@dataclass(frozen=True, slots=True)
class TaxSubtotal:
    """The tax on one category at one rate; 0 percent where nothing is taxed."""

    tax_category: str
    display_name: str
    percent: Decimal
    treatment: TaxTreatment
    taxable_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Taxes:
    """The taxes of a document: `subtotal_minor` is without them, `total_minor` with them."""

    subtotals: tuple[TaxSubtotal, ...]
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    prices_include_tax: bool


@dataclass(frozen=True, slots=True)
class _Rated:
    """A line's amount with its rate, and how that is applied."""

    amount_minor: int
    rate: TaxRate
    treatment: TaxTreatment

    @property
    def group(self) -> tuple[str, Decimal, str]:
        """What a subtotal sums up."""
        return (self.rate.tax_category, self.rate.percent, self.treatment.value)


def first_tax_profile(
    tax_profile_id: str,
    display_name: str,
    draft: TaxProfileVersion,
    prefix: str = "tax_profile.versions[0].",
) -> TaxProfile:
    """A new tax profile, whose first version holds since ever.

    Errors:  InvalidTaxRates, with the path of the field under `prefix`.
    """
    check_rates(draft, prefix)
    first = replace(draft, version=1, effective_at=None)
    return TaxProfile(tax_profile_id, display_name, (first,))


def check_rates(draft: TaxProfileVersion, prefix: str) -> None:
    """Refuse a category that is twice there, and a percent that is none.

    Errors:  InvalidTaxRates, with the path of the field under `prefix`.
    """
    seen: set[str] = set()
    for index, rate in enumerate(draft.rates):
        path = f"{prefix}rates[{index}]"
        if rate.tax_category in seen:
            raise InvalidTaxRates(f"{path}.tax_category", "is twice there: state each rate once")
        seen.add(rate.tax_category)
        _check_percent(rate, f"{path}.percent")


def tax(
    lines: Sequence[TaxableLine],
    taxation: Taxation | None,
    *,
    issued_on: date,
    zone: str,
) -> Taxes:
    """The taxes on the lines of a document, in its one currency.

    Shapes:  without a `taxation` there is no tax; `zone` says when the days of tax points begin.
             Subtotals go by category, rate and treatment, whatever the order of the lines.
    Errors:  TaxRateNotFound.
    """
    if taxation is None:
        total_minor = sum(line.amount_minor for line in lines)
        return Taxes((), total_minor, 0, total_minor, prices_include_tax=False)
    groups: dict[tuple[str, Decimal, str], list[_Rated]] = defaultdict(list)
    for line in lines:
        rated = _rate(line, taxation, issued_on=issued_on, zone=zone)
        groups[rated.group].append(rated)
    # Where the day is another one for each line, all versions are alike in what is read here.
    version = taxation.profile.at(issued_on, zone)
    subtotals = tuple(_subtotal(groups[key], version) for key in sorted(groups))
    subtotal_minor = sum(each.taxable_minor for each in subtotals)
    tax_minor = sum(each.tax_minor for each in subtotals)
    return Taxes(
        subtotals=subtotals,
        subtotal_minor=subtotal_minor,
        tax_minor=tax_minor,
        total_minor=subtotal_minor + tax_minor,
        prices_include_tax=version.prices_include_tax
        and taxation.treatment is TaxTreatment.STANDARD,
    )


def tax_by_line(
    lines: Sequence[TaxableLine],
    taxation: Taxation | None,
    *,
    issued_on: date,
    zone: str,
) -> list[int]:
    """The tax on each line beyond its amount: all amounts with all of it are the document's total.

    What is rounded once for a category goes to its lines in proportion, by largest remainder.

    Shapes:  as for `tax`.
    Errors:  TaxRateNotFound.
    """
    taxes = [0] * len(lines)
    version = taxation.profile.at(issued_on, zone) if taxation else None
    if taxation is None or version is None or version.prices_include_tax:
        return taxes
    groups: dict[tuple[str, Decimal, str], list[int]] = defaultdict(list)
    rated = [_rate(line, taxation, issued_on=issued_on, zone=zone) for line in lines]
    for place, each in enumerate(rated):
        groups[each.group].append(place)
    for places in groups.values():
        members = [rated[place] for place in places]
        amounts = [each.amount_minor for each in members]
        percent = members[0].rate.percent
        shares = (
            [tax_on(each, percent, is_inclusive=False) for each in amounts]
            if version.rounding is TaxRounding.LINE
            else in_proportion(tax_on(sum(amounts), percent, is_inclusive=False), amounts)
        )
        for place, share in zip(places, shares, strict=True):
            taxes[place] = share
    return taxes


def _check_percent(rate: TaxRate, path: str) -> None:
    if not rate.percent.is_finite() or not 0 <= rate.percent <= PERCENT_MAX:
        raise InvalidTaxRates(path, f"must lie from 0 to {PERCENT_MAX}")
    try:
        rate.percent.quantize(_FINEST, context=_EXACT)
    except Inexact:
        text = f"has more than {PERCENT_DECIMALS_MAX} decimals"
        raise InvalidTaxRates(path, text) from None
    if rate.exempt and rate.percent:
        raise InvalidTaxRates(path, "must be 0 for a category that is exempt")


def check_alike(last: TaxProfileVersion, draft: TaxProfileVersion, prefix: str) -> None:
    """Refuse a version that would give an invoice two tax points, or two ways to reckon."""
    if draft.tax_point is not last.tax_point:
        text = "must be that of the versions before: create another tax profile for another one"
        raise InvalidTaxRates(f"{prefix}tax_point", text)
    if draft.tax_point is TaxPoint.ISSUE_DATE:
        return
    text = "can change with the tax point ISSUE_DATE only: other invoices span versions"
    if draft.prices_include_tax != last.prices_include_tax:
        raise InvalidTaxRates(f"{prefix}prices_include_tax", text)
    if draft.rounding is not last.rounding:
        raise InvalidTaxRates(f"{prefix}rounding", text)


def line_tax(
    line: TaxableLine, taxation: Taxation | None, *, issued_on: date, zone: str
) -> LineTax | None:
    """How a line of a document is taxed; None if the document shows no tax.

    Errors:  TaxRateNotFound.
    """
    if taxation is None:
        return None
    rated = _rate(line, taxation, issued_on=issued_on, zone=zone)
    return LineTax(rated.rate, rated.treatment)


def _rate(line: TaxableLine, taxation: Taxation, *, issued_on: date, zone: str) -> _Rated:
    if line.taxed is not None:
        return _Rated(line.amount_minor, line.taxed.rate, line.taxed.treatment)
    profile = taxation.profile
    day = _tax_point(line, profile.versions[0].tax_point, issued_on)
    rate = profile.rate_on(day, line.tax_category, zone)
    if rate is None and taxation.treatment is TaxTreatment.STANDARD:
        raise TaxRateNotFound(profile.tax_profile_id, line.tax_category, day)
    # A buyer who is not taxed needs no rate.
    rate = rate or TaxRate("", "", Decimal(0))
    treatment = TaxTreatment.EXEMPT if rate.exempt else taxation.treatment
    if treatment is not TaxTreatment.STANDARD:
        rate = replace(rate, percent=Decimal(0))
    return _Rated(line.amount_minor, rate, treatment)


def _tax_point(line: TaxableLine, point: TaxPoint, issued_on: date) -> date:
    match point:
        case TaxPoint.ISSUE_DATE:
            return issued_on
        case TaxPoint.PERIOD_START:
            return line.period_start_on
        case TaxPoint.PERIOD_END:
            return line.period_end_on - timedelta(days=1)
    assert_never(point)


def _subtotal(members: Sequence[_Rated], version: TaxProfileVersion) -> TaxSubtotal:
    """The tax on lines of one category, rate and treatment."""
    amounts = [each.amount_minor for each in members]
    taxable_minor = sum(amounts)
    # Renamed while the lines were used: the names of equal rates can differ.
    rate = max((each.rate for each in members), key=lambda each: each.display_name)
    rounded = amounts if version.rounding is TaxRounding.LINE else [taxable_minor]
    is_inclusive = version.prices_include_tax
    tax_minor = sum(tax_on(each, rate.percent, is_inclusive=is_inclusive) for each in rounded)
    return TaxSubtotal(
        tax_category=rate.tax_category,
        display_name=rate.display_name,
        percent=rate.percent,
        treatment=members[0].treatment,
        taxable_minor=taxable_minor - (tax_minor if is_inclusive else 0),
        tax_minor=tax_minor,
    )


def tax_on(amount_minor: int, percent: Decimal, *, is_inclusive: bool) -> int:
    """The tax on an amount, or the tax in one that includes it, rounded once."""
    with localcontext(_EXACT):
        numerator = int(percent * _PERCENT)
    return round_quotient(amount_minor * numerator, _WHOLE + (numerator if is_inclusive else 0))
