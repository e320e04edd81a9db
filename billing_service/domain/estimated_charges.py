"""The charges of a subscription that is only asked about: item by item, period by period."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypeAlias, assert_never

from billing_service.domain.allowance import Coverage, Free, resolve, share_out
from billing_service.domain.calendar import month_after, months_between, next_month
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.invoice_line import InvoiceLine
from billing_service.domain.item_lines import Item, lines_of
from billing_service.domain.periods import ServicePeriod, invoice_month, period_from
from billing_service.domain.plan_timeline import PlanTimeline, PricedPlan
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    Counting,
    Licensed,
    Metered,
    Price,
    Recurring,
    Schedule,
    applying,
)
from billing_service.domain.price_models import Fault, Usage
from billing_service.domain.quantities import Charged, Quantities
from billing_service.domain.rating import RatedPrice, rate

UNIT: Final = "unit"
# The most that a charge comes to: sums of as many as a message holds, with tax, fit 64 bits.
AMOUNT_MINOR_MAX: Final = 10**14
_DAY: Final = timedelta(days=1)

_Key: TypeAlias = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A subscription to estimate: the days `[begins_on, ends_on)`, and so many invoice months."""

    begins_on: date
    ends_on: date | None
    months: int
    quantities: Quantities

    @property
    def invoice_months(self) -> tuple[date, ...]:
        """The months of the invoices."""
        return months_between(self.begins_on.replace(day=1), self.last_month)

    @property
    def last_month(self) -> date:
        """The last of them."""
        return month_after(self.begins_on, self.months - 1)

    @property
    def by_whole_months(self) -> "Asked":
        """The same from the first day of its first month, to the last day of its last one."""
        ends_on = self.ends_on and next_month((self.ends_on - _DAY).replace(day=1))
        return replace(self, begins_on=self.begins_on.replace(day=1), ends_on=ends_on)

    @property
    def through_on(self) -> date:
        """The last day of the last month."""
        return next_month(self.last_month) - _DAY


@dataclass(frozen=True, slots=True)
class EstimatedLine:
    """A line, and the rated price that it comes from."""

    line: InvoiceLine
    rated: RatedPrice


@dataclass(frozen=True, slots=True)
class PlacedCharge:
    """The lines of a charge, and where they go: the month, and the order within it."""

    month: date
    order: tuple[int, date]
    lines: tuple[EstimatedLine, ...]
    is_held: bool


@dataclass(frozen=True, slots=True)
class _Priced:
    """A price of a version, and what it is charged for: nothing, if `usage` is None."""

    version: PlanVersion
    position: int
    price: Price
    schedule: Schedule
    usage: Usage | None


class EstimatedCharges:
    """One subscription with its quantities; what is equal from period to period is rated once."""

    def __init__(
        self,
        priced: PricedPlan,
        asked: Asked,
        timeline: PlanTimeline,
        units: Mapping[str, str],
    ) -> None:
        self._plan = priced
        self._asked = asked
        self._timeline = timeline
        self._units = units
        self._charged = Charged(asked.quantities)
        self._by_version = {
            version.version: self._priced_in(version) for version in timeline.versions
        }
        self._rated: dict[tuple[int, _Key, Coverage, Decimal], RatedPrice | None] = {}

    def charges(self) -> Iterator[PlacedCharge]:
        """What is charged in the months asked for, item by item."""
        last_month = self._asked.last_month
        keys = dict.fromkeys(key for prices in self._by_version.values() for key in prices)
        for key in keys:
            for priced, period in self._periods(key):
                month = invoice_month(period, priced.schedule.timing)
                rated = self._rate(priced, period) if month <= last_month else None
                if rated is not None:
                    yield self._placed(priced, period, month, rated)

    def _priced_in(self, version: PlanVersion) -> dict[_Key, _Priced]:
        holding = applying(version.prices, band=self._plan.band, currency=self._plan.currency)
        return {
            price.key: _Priced(
                version=version,
                position=position,
                price=price,
                schedule=version.schedule_of(price),
                usage=self._charged.usage_of(price),
            )
            for position, price in enumerate(holding)
        }

    def _periods(self, key: _Key) -> Iterator[tuple[_Priced, ServicePeriod]]:
        """The periods of an item, each priced by the version of its first day.

        An item that a later version adds is charged from the first period that begins under it.
        """
        begins_on, ends_on = self._asked.begins_on, self._asked.ends_on
        through_on = self._asked.through_on
        day: date | None = begins_on
        goes_on = True
        while day and day <= through_on and (ends_on is None or day < ends_on):
            priced = self._by_version[self._timeline.version_on(day).version].get(key)
            if priced is None or priced.usage is None:
                day, goes_on = self._timeline.turn_after(day), False
                continue
            period = period_from(priced.schedule, day, anchor_on=begins_on, ends_on=ends_on)
            is_charged = goes_on or period.start_on == period.full_start_on
            if is_charged:
                yield priced, period
            day, goes_on = period.full_end_on, is_charged

    def _rate(self, priced: _Priced, period: ServicePeriod) -> RatedPrice | None:
        """What a period costs.

        Errors:  InvalidQuantities if that is more than any charge.
        """
        coverage = Coverage(period.days_charged, period.days_full)
        index = self._timeline.index_on(period.start_on)
        known = (priced.version.version, priced.price.key, coverage, index)
        if known not in self._rated and priced.usage is not None:
            self._rated[known] = rate(
                priced.price,
                priced.usage,
                free=self._free(priced, coverage),
                coverage=coverage,
                instalments=priced.schedule.instalments,
                price_index=index,
            )
        rated = self._rated[known]
        if rated is not None and rated.amount_minor > AMOUNT_MINOR_MAX:
            text = f"makes {priced.price.code} cost more than {AMOUNT_MINOR_MAX:,} minor units"
            raise InvalidQuantities([Fault(self._charged.path_of(priced.price), text)])
        return rated

    def _free(self, priced: _Priced, coverage: Coverage) -> Free | None:
        """What costs nothing: by an allowance of the price itself, or one that several share."""
        price, held = priced.price, self._charged.held
        if price.included is not None:
            return resolve(price.included, held=held, coverage=coverage)
        for shared in priced.version.shared_allowances:
            if price.code in shared.prices:
                prices = self._by_version[priced.version.version].values()
                usages = {
                    each.price.code: each.usage
                    for each in prices
                    if each.usage is not None and each.price.code in shared.prices
                }
                return share_out(shared, usages, held=held, coverage=coverage)[price.code]
        return None

    def _placed(
        self, priced: _Priced, period: ServicePeriod, month: date, rated: RatedPrice
    ) -> PlacedCharge:
        plan, price = self._plan.plan, priced.price
        item = Item(
            plan=plan.plan_id,
            plan_name=plan.display_name,
            plan_version=priced.version.version,
            band=self._plan.band,
            tax_category=price.tax_category or plan.tax_category,
            unit=_unit(price, self._units),
            period_start_on=period.start_on,
            period_end_on=period.end_on,
            instalment=period.instalment,
        )
        lines = tuple(EstimatedLine(line, rated) for line in lines_of(rated, item))
        return PlacedCharge(month, (priced.position, period.start_on), lines, rated.is_held)


def _unit(price: Price, units: Mapping[str, str]) -> str:
    """What a quantity is counted in; '' for what is simply there."""
    match price.kind:
        case Recurring():
            return ""
        case Licensed(unit):
            return unit or UNIT
        case Metered(meter):
            return (units.get(meter) or UNIT) if meter else ""
        case Counting():
            return price.kind.counted
    assert_never(price.kind)
