"""The service periods of what a subscription is charged for: item by item, version by version.

Source:  docs/decisions/0014-estimates-by-invoice-month.md
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from billing_service.domain.allowance import Coverage, Free, resolve, share_out
from billing_service.domain.calendar import next_month
from billing_service.domain.item_rate import MONTHLY
from billing_service.domain.periods import ServicePeriod, period_from
from billing_service.domain.plan_timeline import PlanTimeline
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import Anchor, Price, Schedule, SharedAllowance, applying
from billing_service.domain.price_models import Usage

ItemKey: TypeAlias = tuple[str, int, str]
_DAY: Final = timedelta(days=1)


class Covered(NamedTuple):
    """The days `[begins_on, ends_on)` of a subscription, and the last one that is looked at.

    Those by whole months begin with the month of `anchor_on` (None: `begins_on`), the day on which
    it really began, and end with that of `over_on` (None: `ends_on`). Periods are reckoned from
    `counted_from` (None: `begins_on`).
    """

    begins_on: date
    ends_on: date | None
    through_on: date
    anchor_on: date | None = None
    over_on: date | None = None
    counted_from: date | None = None

    @property
    def by_whole_months(self) -> "Covered":
        """The same from the first day of its first month, to the last day of its last one."""
        ends_on = self.ends_on and next_month((self.ends_on - _DAY).replace(day=1))
        return Covered(
            self.begins_on.replace(day=1), ends_on, self.through_on, self.begins_on, self.ends_on
        )

    def holds(self, day: date) -> bool:
        """Whether a day is looked at."""
        return day <= self.through_on and (self.ends_on is None or day < self.ends_on)

    def end_of(self, schedule: Schedule) -> date | None:
        """The first day that a schedule charges no more."""
        is_whole = self.over_on is None or schedule == MONTHLY
        return self.ends_on if is_whole else self.over_on


@dataclass(frozen=True, slots=True)
class PricedItem:
    """A price of a version, its place in it, and when it is charged.

    `usage` is what it is charged for; None: nothing, it is not chosen.
    """

    version: PlanVersion
    position: int
    price: Price
    schedule: Schedule
    usage: Usage | None

    @property
    def shared_allowance(self) -> SharedAllowance | None:
        """The allowance that it uses up together with others."""
        for each in self.version.shared_allowances:
            if self.price.code in each.prices:
                return each
        return None

    def free(
        self, usages: Mapping[str, Usage], *, held: Mapping[str, Decimal], coverage: Coverage
    ) -> Free | None:
        """What costs nothing: by an allowance of the price itself, or one that several share.

        Shapes:  `usages` holds what is used of it and of those it shares with, by code.
        """
        if self.price.included is not None:
            return resolve(self.price.included, held=held, coverage=coverage)
        shared = self.shared_allowance
        if shared is None:
            return None
        used = {code: usages[code] for code in shared.prices if code in usages}
        return share_out(shared, used, held=held, coverage=coverage)[self.price.code]


class ItemPeriods:
    """The items that hold in a band and currency, and the periods that each is charged for."""

    def __init__(
        self,
        timeline: PlanTimeline,
        covered: Covered,
        *,
        band: int,
        currency: str,
        usage_of: Callable[[Price], Usage | None],
        anchor: Anchor | None = None,
    ) -> None:
        """The items; `anchor` takes the place of that of their schedules, unless it is None."""
        self._timeline = timeline
        self._covered = covered
        self._items = {
            version.version: {
                price.key: PricedItem(
                    version,
                    position,
                    price,
                    _anchored(version.schedule_of(price), anchor),
                    usage_of(price),
                )
                for position, price in enumerate(
                    applying(version.prices, band=band, currency=currency)
                )
            }
            for version in timeline.versions
        }
        self._keys: dict[str, list[ItemKey]] = defaultdict(list)
        for key in self.keys:
            self._keys[key[0]].append(key)
        # All that are priced by a code, version by version.
        self._with = {
            code: tuple(
                items[key] for items in self._items.values() for key in keys if key in items
            )
            for code, keys in self._keys.items()
        }

    def within(self, covered: Covered) -> "ItemPeriods":
        """The same items, over other days of the subscription."""
        other = object.__new__(ItemPeriods)
        other._timeline, other._items = self._timeline, self._items
        other._keys, other._with = self._keys, self._with
        other._covered = covered
        return other

    def items_with(self, code: str) -> Sequence[PricedItem]:
        """The items of all versions that are priced by a code, the earliest first."""
        return self._with.get(code, ())

    def keys_with(self, code: str) -> Sequence[ItemKey]:
        """What tells the items from each other that are priced by a code."""
        return self._keys.get(code, ())

    @property
    def codes(self) -> Sequence[str]:
        """The codes of the items, in the order of the versions and their prices."""
        return tuple(self._keys)

    @property
    def keys(self) -> Sequence[ItemKey]:
        """What tells the items from each other, in the order of the versions and their prices."""
        return tuple(dict.fromkeys(key for items in self._items.values() for key in items))

    def items_of(self, version: PlanVersion) -> Mapping[ItemKey, PricedItem]:
        """The items of a version."""
        return self._items[version.version]

    def of(
        self, key: ItemKey, from_on: date | None = None
    ) -> Iterator[tuple[PricedItem, ServicePeriod]]:
        """The periods of an item, each priced by the version of its first day.

        An item that a later version adds is charged from the first period that begins under it.
        Those that end by `from_on` may be left out.
        """
        day: date | None = self._covered.begins_on
        goes_on = True
        while day and self._covered.holds(day):
            item = self.items_of(self._timeline.version_on(day)).get(key)
            if item is None or item.usage is None:
                day, goes_on = self._timeline.turn_after(day), False
                continue
            end_on = self._covered.end_of(item.schedule)
            if end_on is not None and day >= end_on:
                return
            later_on = self._skipped(item, day, from_on)
            if later_on > day:
                day, goes_on = later_on, True
                continue
            period = self._period(item, day)
            is_charged = goes_on or period.start_on == period.full_start_on
            if is_charged:
                yield item, period
            day, goes_on = period.full_end_on, is_charged

    def _period(self, item: PricedItem, day: date) -> ServicePeriod:
        covered = self._covered
        anchor_on = covered.counted_from or covered.begins_on
        return period_from(item.schedule, day, anchor_on=anchor_on, ends_on=covered.ends_on)

    def _skipped(self, item: PricedItem, day: date, from_on: date | None) -> date:
        """Where to go on: the full period that holds `from_on`, if the version lasts until then.

        As long as one version lasts, periods are whole and follow from the anchor alone: years of
        them are not gone through one by one at each close.
        """
        if from_on is None:
            return day
        turn_on = self._timeline.turn_after(day)
        target_on = from_on if turn_on is None else min(from_on, turn_on - _DAY)
        return self._period(item, target_on).full_start_on if target_on > day else day


def _anchored(schedule: Schedule, anchor: Anchor | None) -> Schedule:
    return schedule if anchor is None else replace(schedule, anchor=anchor)
