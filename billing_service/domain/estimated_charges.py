"""The charges of a subscription that is only asked about: item by item, period by period."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from billing_service.domain.allowance import Coverage
from billing_service.domain.calendar import month_after, months_between, next_month
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.invoice_line import InvoiceLine
from billing_service.domain.item_lines import Item, lines_of, unit_of
from billing_service.domain.item_periods import Covered, ItemKey, ItemPeriods, PricedItem
from billing_service.domain.money import AMOUNT_MINOR_MAX
from billing_service.domain.periods import ServicePeriod, charged_on, invoice_month
from billing_service.domain.plan_timeline import PlanTimeline, PricedPlan
from billing_service.domain.price_models import Fault, Usage
from billing_service.domain.quantities import Charged, Quantities
from billing_service.domain.rating import RatedPrice, rate

_DAY: Final = timedelta(days=1)


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
    """The lines of a charge, and where they go: the month, and the order within it.

    `charged_on` is the day of its period that decides the month.
    """

    month: date
    order: tuple[int, date]
    lines: tuple[EstimatedLine, ...]
    is_held: bool
    charged_on: date


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
        self._items = ItemPeriods(
            timeline,
            Covered(asked.begins_on, asked.ends_on, asked.through_on),
            band=priced.band,
            currency=priced.currency,
            usage_of=self._charged.usage_of,
        )
        self._rated: dict[tuple[int, ItemKey, Coverage, Decimal], RatedPrice | None] = {}

    def charges(self) -> Iterator[PlacedCharge]:
        """What is charged in the months asked for, item by item."""
        last_month = self._asked.last_month
        for key in self._items.keys:
            for item, period in self._items.of(key):
                month = invoice_month(period, item.schedule.timing)
                rated = self._rate(item, period) if month <= last_month else None
                if rated is not None:
                    yield self._placed(item, period, month, rated)

    def _rate(self, item: PricedItem, period: ServicePeriod) -> RatedPrice | None:
        """What a period costs.

        Errors:  InvalidQuantities if that is more than any charge.
        """
        coverage = Coverage(period.days_charged, period.days_full)
        index = self._timeline.index_on(period.start_on)
        known = (item.version.version, item.price.key, coverage, index)
        if known not in self._rated and item.usage is not None:
            self._rated[known] = rate(
                item.price,
                item.usage,
                free=item.free(self._usages(item), held=self._charged.held, coverage=coverage),
                coverage=coverage,
                instalments=item.schedule.instalments,
                price_index=index,
            )
        rated = self._rated[known]
        if rated is not None and rated.amount_minor > AMOUNT_MINOR_MAX:
            text = f"makes {item.price.code} cost more than {AMOUNT_MINOR_MAX:,} minor units"
            raise InvalidQuantities([Fault(self._charged.path_of(item.price), text)])
        return rated

    def _usages(self, item: PricedItem) -> Mapping[str, Usage]:
        """What is used of those that share an allowance with an item."""
        if item.shared_allowance is None:
            return {}
        items = self._items.items_of(item.version).values()
        return {each.price.code: each.usage for each in items if each.usage is not None}

    def _placed(
        self, priced: PricedItem, period: ServicePeriod, month: date, rated: RatedPrice
    ) -> PlacedCharge:
        plan, price = self._plan.plan, priced.price
        item = Item(
            plan=plan.plan_id,
            plan_name=plan.display_name,
            plan_version=priced.version.version,
            band=self._plan.band,
            tax_category=price.tax_category or plan.tax_category,
            unit=unit_of(price, self._units),
            period_start_on=period.start_on,
            period_end_on=period.end_on,
            instalment=period.instalment,
        )
        lines = tuple(EstimatedLine(line, rated) for line in lines_of(rated, item))
        return PlacedCharge(
            month=month,
            order=(priced.position, period.start_on),
            lines=lines,
            is_held=rated.is_held,
            charged_on=charged_on(period, priced.schedule.timing),
        )
