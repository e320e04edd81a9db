"""Properties of what begins on any day, by any anchor, on trial or not, and changes since."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.calendar import first_instant, next_month
from billing_service.domain.price import Anchor, Schedule
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.subscription import Fact, FactKind, PlanTerms
from tests.billing.builders import day
from tests.billing.subscribing.test_any_timeline import (
    BEGINS,
    BY_PART,
    LAST_MONTH,
    MODES,
    SCHEDULES,
    ZONE,
    plans_of,
    timelines,
)
from tests.billing.subscribing.timelines import charges, holding, subscribed, subscription

ANY_SCHEDULE = st.sampled_from(SCHEDULES)


@st.composite
def terms(draw: st.DrawFn) -> PlanTerms:
    """A first day, perhaps a trial, and perhaps an anchor: any day of some years, or a kind."""
    begins_on = day(BEGINS) + timedelta(draw(st.integers(0, 60)))
    trial = draw(st.one_of(st.none(), st.integers(1, 90)))
    anchor = draw(st.sampled_from([None, *Anchor]))
    anchored_on = st.dates(date(2015, 1, 1), date(2029, 12, 31))
    return PlanTerms(
        begins_on=begins_on,
        trial_ends_on=None if trial is None else begins_on + timedelta(trial),
        anchor=anchor,
        anchor_on=draw(anchored_on) if anchor is Anchor.ANNIVERSARY else None,
    )


def timeline(facts: Sequence[Fact], schedule: Schedule, stated: PlanTerms) -> SubscribedPlan:
    """A subscription that begins so, and is changed so."""
    told = {name: getattr(stated, name) for name in PlanTerms.__slots__}
    what = subscription(holding({"seats": 3}), facts, zone=ZONE, **told)
    return subscribed(what, *plans_of(schedule), zone=ZONE)


def base_of(of: SubscribedPlan) -> list[SubscribedPrice]:
    """What is charged for the base fee, in order."""
    return [each for each in of.prices_in(None, day(LAST_MONTH)) if each.price.code == "base"]


def is_tiled(facts: Sequence[Fact], schedule: Schedule, stated: PlanTerms) -> bool:
    """Whether the base fee has no gap, and its parts of each period but the first add up to it."""
    changed = [each for each in facts if each.kind is FactKind.CHANGED]
    found = base_of(timeline(changed, schedule, stated))
    shares: dict[date, Fraction] = {}
    for each in found:
        start_on = each.period.full_start_on
        shares[start_on] = shares.get(start_on, Fraction(0)) + Fraction(*each.coverage[:2])
    return (
        found[0].start_at == first_instant(stated.charged_from_on, ZONE)
        and all(one.end_at == other.start_at for one, other in pairwise(found))
        and all(
            share == 1 for start_on, share in shares.items() if start_on >= stated.charged_from_on
        )
    )


def is_charged_once_by_month(facts: Sequence[Fact], schedule: Schedule, stated: PlanTerms) -> bool:
    """Whether the months come to what all of them do at once."""
    of, month, by_month = timeline(facts, schedule, stated), day("2026-12-01"), []
    while month < day(LAST_MONTH):
        found = charges(of, next_month(month).isoformat(), month.isoformat())
        by_month += [(each.price.key, each.amount_minor) for each in found]
        month = next_month(month)
    at_once = [(each.price.key, each.amount_minor) for each in charges(of, LAST_MONTH)]
    return sorted(by_month, key=str) == sorted(at_once, key=str)


@settings(max_examples=60)
@given(timelines(BY_PART), ANY_SCHEDULE, terms())
def test_what_is_always_held_tiles_the_days_that_are_charged(
    facts: list[Fact], schedule: Schedule, stated: PlanTerms
) -> None:
    """From the end of the trial on, whatever the anchor and the changes."""
    assert is_tiled(facts, schedule, stated)


@settings(max_examples=60)
@given(timelines(MODES), ANY_SCHEDULE, terms())
def test_nothing_is_charged_on_trial(
    facts: list[Fact], schedule: Schedule, stated: PlanTerms
) -> None:
    """No price begins before it ends, and no usage of its days is priced."""
    of = timeline(facts, schedule, stated)
    found = list(of.prices_in(None, day(LAST_MONTH)))
    usage = [one.start_on for each in found if each.is_metered for one in each.usages_needed]
    days = [*usage, *(each.period.start_on for each in found)]
    assert min(days, default=stated.charged_from_on) >= stated.charged_from_on


@settings(max_examples=25)
@given(timelines(BY_PART), ANY_SCHEDULE, terms())
def test_month_by_month_is_charged_what_all_months_are(
    facts: list[Fact], schedule: Schedule, stated: PlanTerms
) -> None:
    """Each charge is in one month, though what lies long behind is skipped."""
    assert is_charged_once_by_month(facts, schedule, stated)


@pytest.mark.soak
@settings(max_examples=1000)
@given(timelines(BY_PART), ANY_SCHEDULE, terms())
def test_thousands_of_beginnings_add_up(
    facts: list[Fact], schedule: Schedule, stated: PlanTerms
) -> None:
    """What holds of some holds of many."""
    assert is_tiled(facts, schedule, stated)
    assert is_charged_once_by_month(facts, schedule, stated)
