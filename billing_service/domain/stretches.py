"""Stretches: an item of a subscription in a full period, or in a part in which it is the same.

Phases of a subscription become runs of each item, and runs are cut into periods. A run lasts from
one cut to the next; where a change cuts an item is decided by how the change is charged.

Shapes:  the runs of an item are in order and tile its days; so do the stretches of a run.
Source:  docs/decisions/0022-live-timelines.md
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from billing_service.domain.allowance import Coverage
from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.item_periods import Covered, ItemPeriods, PricedItem
from billing_service.domain.negotiated import PriceOverride
from billing_service.domain.period_parts import Cut, FullPeriod, cut_at
from billing_service.domain.periods import ServicePeriod
from billing_service.domain.plan import Plan
from billing_service.domain.plan_timeline import PlanTimeline
from billing_service.domain.price import Metered
from billing_service.domain.proration import (
    STANDARD_PRORATION,
    AllowanceSwitch,
    Granularity,
    Proration,
    ProrationMode,
)
from billing_service.domain.quantities import Charged
from billing_service.domain.subscription import PlanHolding

_DAY: Final = timedelta(days=1)


class Same(NamedTuple):
    """What of an item decides whether it is the same; `quantity` None: that of usage."""

    plan: str
    band: int
    quantity: Decimal | None
    agreed: tuple[PriceOverride, ...]
    coupons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PricedHolding:
    """What is held from an instant on, with all that prices it; periods as `covered` has them."""

    holding: PlanHolding
    plan: Plan
    timeline: PlanTimeline
    items: ItemPeriods
    charged: Charged

    def same(self, code: str) -> Same | None:
        """What decides whether the item of a code is the same; None if it has none."""
        for item in self.items.items_with(code):
            if item.usage is not None:
                holding, is_metered = self.holding, isinstance(item.price.kind, Metered)
                quantity = None if is_metered else item.usage.quantity
                agreed = self._agreed(item) if holding.price_overrides else ()
                return Same(holding.plan, holding.band, quantity, agreed, holding.coupons)
        return None

    def _agreed(self, item: PricedItem) -> tuple[PriceOverride, ...]:
        """The overrides of an item, and of those that it shares an allowance with."""
        shared = item.shared_allowance
        codes = shared.prices if shared else (item.price.code,)
        return tuple(each for each in self.holding.price_overrides if each.price in codes)

    def monthly_amount(self, code: str, day: date) -> Fraction:
        """What the item of a code costs in a month of its periods as listed; 0 if it has none.

        What is used costs nothing here.
        """
        items = self.items.items_of(self.timeline.version_on(day))
        for key in self.items.keys_with(code):
            item = items.get(key)
            if item is not None and item.usage is not None and not self.is_metered(code):
                amount = item.price.model.amount_at(item.usage.quantity)
                return Fraction(amount) / item.schedule.months
        return Fraction(0)

    def is_metered(self, code: str) -> bool:
        """Whether usage is priced by a code, in any version."""
        return any(isinstance(e.price.kind, Metered) for e in self.items.items_with(code))


@dataclass(frozen=True, slots=True, eq=False)
class PricedPhase:
    """A phase of a subscription; `priced` None: it holds nothing, being paused or over."""

    start_at: int
    priced: PricedHolding | None
    covered: Covered
    proration: Proration | None = None

    @property
    def change(self) -> Proration:
        """How its beginning is charged."""
        return self.proration or STANDARD_PRORATION

    @property
    def restarts(self) -> bool:
        """Whether periods are counted anew from its beginning."""
        return self.change.mode is ProrationMode.FULL_NOW and self.priced is not None

    def same(self, code: str) -> Same | None:
        """What decides whether the item of a code is the same; None if it has none."""
        return self.priced.same(code) if self.priced else None


class Run(NamedTuple):
    """A time in which an item is the same: from one cut to the next, or to the very end."""

    start: Cut
    end: Cut | None
    phase: PricedPhase
    same: Same | None


class Stretch(NamedTuple):
    """An item in a full period, or in the part of one in which it is the same.

    `is_allowance_prorated`: a change that cuts the period says so. `anchor_on` is the day that its
    periods are reckoned from.
    """

    item: PricedItem
    priced: PricedHolding
    period: ServicePeriod
    coverage: Coverage
    start_at: int
    end_at: int
    anchor_on: date
    is_allowance_prorated: bool


class Stretches:
    """The runs and stretches of a subscription's items, by the codes of their prices."""

    def __init__(self, phases: Sequence[PricedPhase], zone: str) -> None:
        """Those of some phases in order, the first of which begins where its days do."""
        self._phases = phases
        self._zone = zone
        self._runs: dict[str, tuple[Run, ...]] = {}

    @property
    def codes(self) -> Sequence[str]:
        """The codes of all items, in the order of the phases and their prices."""
        priced = [each.priced for each in self._phases if each.priced]
        return tuple(dict.fromkeys(code for each in priced for code in each.items.codes))

    def runs_after(self, code: str, from_on: date) -> Iterator[Run]:
        """The runs of an item that hold something, and go on after the beginning of a day."""
        for run in self.runs(code):
            is_over = run.end is not None and run.end.at <= first_instant(from_on, self._zone)
            if run.same is not None and not is_over:
                yield run

    def runs(self, code: str) -> tuple[Run, ...]:
        """The runs of an item, the earliest first."""
        known = self._runs.get(code)
        if known is None:
            known = self._runs[code] = tuple(self._ended(self._begun(code)))
        return known

    def of(self, run: Run, code: str, from_on: date) -> Iterator[Stretch]:
        """The stretches of a run of an item; those that end by a day may be left out.

        They follow from its bounds, its days and what is held, whatever else there is.
        """
        priced = run.phase.priced
        if priced is None:
            return
        for item, period in self._walk(run, code, from_on):
            start_at = max(run.start.at, first_instant(period.start_on, self._zone))
            end_at = first_instant(period.end_on, self._zone)
            end_at = end_at if run.end is None else min(end_at, run.end.at)
            if period.end_on > from_on and start_at < end_at:
                full = self._full(run, item, period)
                cuts = [each for each in (run.start, run.end) if each and not each.is_first]
                yield Stretch(
                    item=item,
                    priced=priced,
                    period=period,
                    coverage=full.covered(run.start, run.end),
                    start_at=start_at,
                    end_at=end_at,
                    anchor_on=full.anchor_on,
                    is_allowance_prorated=any(
                        full.start_at < each.at < full.end_at
                        and each.proration.allowances is AllowanceSwitch.PRORATED
                        for each in cuts
                    ),
                )

    def _begun(self, code: str) -> list[Run]:
        """The runs of an item, without their ends."""
        first = self._phases[0]
        is_daily = any(e.priced.is_metered(code) for e in self._phases if e.priced)
        begins_at = first_instant(first.covered.begins_on, self._zone)
        before = first.same(code)
        runs = [Run(Cut(begins_at, is_first=True), None, first, before)]
        restarted_at = begins_at
        for phase in self._phases[1:]:
            was, same = before, phase.same(code)
            before = same
            if phase.restarts:
                restarted_at = cut_at(phase.start_at, phase.change, self._zone, by_days=True)
            if same == was and (same is None or not phase.restarts):
                continue
            cut = self._cut(runs, phase, code, is_daily=is_daily)
            if phase.priced is not None and cut.at < restarted_at:
                # Later on the day that the old cycle still has: it begins with the new one.
                cut = cut._replace(at=restarted_at)
            cut = _without(runs, cut, is_over=phase.priced is None)
            # What was charged before the day stays, also where the difference makes it as before.
            is_back = cut.at < first_instant(civil_day(phase.start_at, self._zone), self._zone)
            if not runs or cut.restarts or is_back or runs[-1].same != same:
                runs.append(Run(cut, None, phase, same))
        return runs

    def _ended(self, runs: Sequence[Run]) -> Iterator[Run]:
        for run, later in pairwise(runs):
            yield run._replace(end=later.start)
        yield runs[-1]

    def _cut(self, runs: Sequence[Run], phase: PricedPhase, code: str, *, is_daily: bool) -> Cut:
        """Where the beginning of a phase cuts an item."""
        change, start_at = phase.change, phase.start_at
        by_days = is_daily or phase.restarts
        cut = Cut(
            cut_at(start_at, change, self._zone, by_days=by_days), _counted(change, by_days=by_days)
        )
        match change.mode:
            case ProrationMode.PRORATE_NOW | ProrationMode.PRORATE_NEXT_INVOICE:
                return cut
            case ProrationMode.FULL_NOW:
                return cut._replace(restarts=phase.restarts)
            case ProrationMode.NONE_UNTIL_RENEWAL if phase.priced is not None:
                # It takes effect at a renewal; what has another period then is charged by part.
                return cut
            case ProrationMode.NONE_UNTIL_RENEWAL | ProrationMode.DIFFERENCE_NOW:
                return self._moved(runs, phase, code, cut)

    def _moved(self, runs: Sequence[Run], phase: PricedPhase, code: str, cut: Cut) -> Cut:
        """A cut that moves to a bound of the period that holds it: its end, or its beginning."""
        run = next((e for e in reversed(runs) if e.start.at <= phase.start_at), runs[0])
        day = civil_day(phase.start_at, self._zone)
        period = self._period(run if run.same else run._replace(phase=phase), code, day)
        if period is None:
            return cut
        start_at = max(run.start.at, first_instant(period.start_on, self._zone))
        is_difference = phase.change.mode is ProrationMode.DIFFERENCE_NOW
        if is_difference and phase.start_at > start_at and _is_less(run, phase, code, day):
            # The days that have passed were had: nobody has them for nothing by a later change.
            return cut
        if is_difference or phase.start_at <= start_at:
            return cut._replace(at=start_at)
        return cut._replace(at=first_instant(period.end_on, self._zone))

    def _period(self, run: Run, code: str, day: date) -> ServicePeriod | None:
        """The period of an item that holds a day, as a run goes on; None if it has none."""
        return next(
            (
                period
                for _, period in self._walk(run, code, day, through_on=day)
                if period.start_on <= day < period.end_on
            ),
            None,
        )

    def _walk(
        self, run: Run, code: str, from_on: date, *, through_on: date = date.min
    ) -> Iterator[tuple[PricedItem, ServicePeriod]]:
        """The items of a run with their periods: of the days looked at, and up to a further one."""
        priced = run.phase.priced
        if priced is None:
            return
        covered = self._covered(run)
        if through_on > covered.through_on:
            covered = covered._replace(through_on=through_on)
        items = priced.items.within(covered)
        for key in items.keys_with(code):
            yield from items.of(key, from_on)

    def _covered(self, run: Run) -> Covered:
        """The days of a run."""
        covered = run.phase.covered
        anchor_on = covered.counted_from or covered.begins_on
        if not run.start.is_first:
            begins_on = civil_day(run.start.at, self._zone)
            covered = covered._replace(begins_on=begins_on, counted_from=anchor_on)
        if run.end is not None:
            last_on = civil_day(run.end.at - 1, self._zone)
            ends_on = min(last_on + _DAY, covered.ends_on or date.max)
            over_on = min(ends_on, covered.over_on) if covered.over_on else None
            covered = covered._replace(ends_on=ends_on, over_on=over_on)
        return covered

    def _full(self, run: Run, item: PricedItem, period: ServicePeriod) -> FullPeriod:
        covered = run.phase.covered
        return FullPeriod(
            period=period,
            schedule=item.schedule,
            anchor_on=covered.counted_from or covered.begins_on,
            zone=self._zone,
            begins_on=covered.begins_on,
            ends_on=covered.end_of(item.schedule),
        )


def _is_less(run: Run, phase: PricedPhase, code: str, day: date) -> bool:
    """Whether an item costs less from a phase on than as a run has it."""
    before, after = (
        each.priced.monthly_amount(code, day) if each.priced else Fraction(0)
        for each in (run.phase, phase)
    )
    return after < before


def _without(runs: list[Run], cut: Cut, *, is_over: bool) -> Cut:
    """Take away the runs that a cut leaves no time, and give the cut.

    It is the one that there was where both are at the same instant, so that what lies before stays
    as it is charged; but not that of a new cycle where all is over before it begins.
    """
    while runs and runs[-1].start.at >= cut.at:
        there = runs.pop().start
        is_kept = there.at == cut.at and not cut.restarts and not (is_over and there.restarts)
        if there.is_first or is_kept:
            cut = there
    return cut


def _counted(change: Proration, *, by_days: bool) -> Proration:
    """How a change divides a period: by days, if it may not by seconds."""
    if not by_days or change.granularity is not Granularity.SECOND:
        return change
    return replace(change, granularity=Granularity.DAY)
