"""The phases of a subscription with all that prices them.

Source:  docs/decisions/0022-live-timelines.md
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from billing_service.domain.calendar import civil_day, first_instant, month_after
from billing_service.domain.item_periods import Covered, ItemPeriods
from billing_service.domain.period_parts import cut_at
from billing_service.domain.plan import Plan
from billing_service.domain.plan_timeline import PlanTimeline, PricedPlan
from billing_service.domain.price import Anchor, Counting
from billing_service.domain.price_change import PriceChange
from billing_service.domain.price_models import Usage
from billing_service.domain.proration import STANDARD_PRORATION, ProrationMode
from billing_service.domain.quantities import ZERO, Charged, Quantities
from billing_service.domain.stretches import PricedHolding, PricedPhase
from billing_service.domain.subscription import Phase, PlanHolding, PlanTerms, Subscription
from billing_service.domain.subscription_facts import ending

_DAY: Final = timedelta(days=1)
_NOTHING: Final = Usage(ZERO)


class _Circumstances(NamedTuple):
    """What prices a phase besides what it holds: since when its plan is held, and its cycle."""

    since_on: date
    counted_from: date | None
    anchor: Anchor | None
    is_first_plan: bool = True


@dataclass(frozen=True, slots=True)
class PhasePricing:
    """A subscription on its terms, and what prices it in the periods that begin by a day.

    A difference that is due after `known_on` counts for nothing yet.
    """

    subscription: Subscription
    terms: PlanTerms
    plans: Mapping[str, Plan]
    currency: str
    zone: str
    changes: tuple[PriceChange, ...]
    through_on: date
    known_on: date

    def phases(self, from_on: date) -> list[PricedPhase]:
        """The phases that what ends after a day may come from, in order; the end is the last one.

        Phases that began long before the present periods are left out, so that what the present
        costs does not grow with the age of the subscription.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        covered = self._covered
        if not covered.holds(covered.begins_on):
            return []
        known = self._known()
        told = list(zip(known, self._circumstances(known), strict=True))
        if not told:
            return []
        found = []
        for phase, around in self._recent(told, from_on):
            priced = self._priced_once(phase.holding, around) if phase.holding else None
            days = covered._replace(counted_from=around.counted_from)
            found.append(PricedPhase(phase.start_at, priced, days, phase.proration))
        return found

    def timelines(self) -> Iterator[PlanTimeline]:
        """The versions that price the plans that are held one after the other.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        known = self._known()
        seen = set()
        for phase, around in zip(known, self._circumstances(known), strict=True):
            # What was not paid for may be at any time: until then it is priced as it will be.
            held = phase.stated if phase.is_lapsed else phase.holding
            if held is not None:
                place = (held.plan, held.band, around.since_on)
                if place not in seen:
                    seen.add(place)
                    yield self._timeline(held, around)

    @property
    def _covered(self) -> Covered:
        """The days that are charged."""
        terms = self.terms
        covered = Covered(terms.charged_from_on, terms.ends_on, self.through_on)
        return covered.by_whole_months if terms.by_whole_months else covered

    def _known(self) -> list[Phase]:
        """The phases from the first day that is charged, and one of nothing if it is cancelled."""
        charged_at = first_instant(self.terms.charged_from_on, self.zone)
        found = [
            each
            for each in self.subscription.phases()
            if each.end_at is None or each.end_at > charged_at
        ]
        over = ending(self.subscription.facts)
        if found and over is not None and over.at != self.terms.ends_at:
            found.append(Phase(over.at, None, None, over.proration))
        if self.known_on >= date.max - _DAY:
            return found
        later_at = first_instant(self.known_on + _DAY, self.zone)
        unknown = next(
            (
                place
                for place, each in enumerate(found)
                if each.start_at >= later_at
                and each.proration is not None
                and each.proration.mode is ProrationMode.DIFFERENCE_NOW
            ),
            len(found),
        )
        return found[: max(unknown, 1)]

    def _circumstances(self, phases: Sequence[Phase]) -> Iterator[_Circumstances]:
        """What prices each phase besides what it holds."""
        terms, first = self.terms, self.subscription.facts[0].holding
        around = _Circumstances(self._covered.begins_on, terms.anchor_on, terms.anchor)
        # Of a trial, phases may be left out in which another plan was held.
        plan = (first.plan, first.band) if first and terms.trial_ends_on else None
        for place, phase in enumerate(phases):
            change = phase.proration or STANDARD_PRORATION
            holding = phase.holding
            if holding is not None and place and change.mode is ProrationMode.FULL_NOW:
                at = cut_at(phase.start_at, change, self.zone, by_days=True)
                counted_from = civil_day(at, self.zone)
                around = around._replace(counted_from=counted_from, anchor=Anchor.ANNIVERSARY)
            if holding is not None and plan is not None and plan != (holding.plan, holding.band):
                since_on = civil_day(phase.start_at, self.zone)
                around = around._replace(since_on=since_on, is_first_plan=False)
            plan = plan if holding is None else (holding.plan, holding.band)
            yield around

    def _recent(
        self, told: Sequence[tuple[Phase, _Circumstances]], from_on: date
    ) -> Sequence[tuple[Phase, _Circumstances]]:
        """The phases of the last full periods before a day, of the longest there are, and later."""
        if len(told) == 1 or from_on.year == date.min.year:
            return told
        # No period is shorter than a month.
        recent_at = first_instant(month_after(from_on.replace(day=1), -2), self.zone)
        if told[1][0].start_at > recent_at:
            return told
        longest = max(
            version.schedule_of(price).months
            for each in self.plans.values()
            for version in each.versions
            for price in version.prices
        )
        if from_on.year * 12 <= longest + 12:
            return told
        horizon_at = first_instant(month_after(from_on.replace(day=1), -longest - 1), self.zone)
        first = 0
        for place, (_, (after, _)) in enumerate(pairwise(told)):
            first = place + 1 if after.start_at <= horizon_at else first
        return told[first:]

    def _priced_once(self, holding: PlanHolding, around: _Circumstances) -> PricedHolding:
        """As `_priced`, for a holding that several phases have, or were known to before."""
        return self.subscription.derived.once(
            "priced holding",
            lambda: self._priced(holding, around),
            key=(holding, around, self.terms, self.through_on, self.currency, self.zone),
            by=(self.plans[holding.plan], *self.changes),
        )

    def _priced(self, holding: PlanHolding, around: _Circumstances) -> PricedHolding:
        charged = Charged(Quantities(held=holding.held))
        timeline = self._timeline(holding, around)
        items = ItemPeriods(
            timeline,
            self._covered,
            band=holding.band,
            currency=self.currency,
            # What is counted is told, too: whoever charges refuses it.
            usage_of=lambda price: (
                _NOTHING if isinstance(price.kind, Counting) else charged.usage_of(price)
            ),
            anchor=around.anchor,
        )
        return PricedHolding(holding, self.plans[holding.plan], timeline, items, charged)

    def _timeline(self, holding: PlanHolding, around: _Circumstances) -> PlanTimeline:
        """The versions that price a plan from the day on which it is held, or the first one."""
        begins_on = around.since_on
        return PlanTimeline(
            PricedPlan(
                plan=self.plans[holding.plan],
                band=holding.band,
                currency=self.currency,
                zone=self.zone,
                changes=self.changes,
            ),
            begins_on=begins_on,
            through_on=max(self.through_on, begins_on),
            held_on=self.terms.begins_on if around.is_first_plan else begins_on,
        )
