"""What holds of any subscription, however it was changed: properties over random timelines."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import chain, pairwise
from random import Random
from typing import Final, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.calendar import civil_day, first_instant, month_after, next_month
from billing_service.domain.charge import ChargeKey
from billing_service.domain.plan import Plan
from billing_service.domain.price import (
    AddOn,
    Anchor,
    IntervalUnit,
    Schedule,
    Timing,
)
from billing_service.domain.proration import (
    AllowanceSwitch,
    ChangeDay,
    Granularity,
    Proration,
    ProrationMode,
)
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscription import Fact, FactKind, PlanHolding, changed
from billing_service.domain.subscription_change import (
    Asked,
    ProrationAsked,
    fact_asked,
    overtaken_by,
)
from billing_service.domain.subscription_facts import first_day_affected
from tests.billing.builders import day
from tests.billing.estimating.plans import calls, flat, plan, seats
from tests.billing.subscribing.timelines import charges, holding, subscribed, subscription

# A zone whose clocks are set forward and back, so that days differ in length.
ZONE: Final = "America/New_York"
BEGINS: Final = "2027-01-17"
ENDS: Final = "2028-02-01"
LAST_MONTH: Final = "2028-09-01"
HOUR_US: Final = 3_600_000_000
LICENSED: Final = ("base", "seats", "support")
CODES: Final = (*LICENSED, "calls")
SCHEDULES: Final = [
    Schedule(unit, count, timing, anchor)
    for unit, count in ((IntervalUnit.MONTH, 1), (IntervalUnit.MONTH, 3), (IntervalUnit.YEAR, 1))
    for timing in Timing
    for anchor in Anchor
]
MODES: Final = st.sampled_from(ProrationMode)
BY_PART: Final = st.sampled_from([ProrationMode.PRORATE_NOW, ProrationMode.PRORATE_NEXT_INVOICE])
# When what is to be held, in quarters of an hour, and how that is charged.
Ask: TypeAlias = tuple[int, PlanHolding, ProrationMode, ChangeDay]
KINDS: Final = st.sampled_from([FactKind.CHANGED] * 5 + [FactKind.PAUSED, FactKind.UNPAUSED])


@st.composite
def holdings(draw: st.DrawFn) -> PlanHolding:
    """Some seats of one of two plans, perhaps with an add-on."""
    held = {"seats": draw(st.integers(0, 9)), "support": draw(st.integers(0, 1))}
    stated = {code: count for code, count in held.items() if count}
    return holding(stated, draw(st.sampled_from(["pro", "max"])))


@st.composite
def changes(
    draw: st.DrawFn, modes: st.SearchStrategy[ProrationMode], granularity: Granularity | None
) -> Fact:
    """Something that happens at some minute of the first eleven months."""
    kind, mode = draw(KINDS), draw(modes)
    if kind is not FactKind.CHANGED and mode in (
        ProrationMode.FULL_NOW,
        ProrationMode.DIFFERENCE_NOW,
    ):
        mode = ProrationMode.PRORATE_NOW
    start_at = first_instant(day(BEGINS), ZONE)
    return Fact(
        kind,
        start_at + draw(st.integers(0, 330 * 24 * 4)) * HOUR_US // 4,
        holding=draw(holdings()) if kind is FactKind.CHANGED else None,
        proration=Proration(
            mode,
            granularity or draw(st.sampled_from(Granularity)),
            draw(st.sampled_from(ChangeDay)),
            draw(st.sampled_from(AllowanceSwitch)),
        ),
    )


ASKS: Final[st.SearchStrategy[list[Ask]]] = st.lists(
    st.tuples(
        st.integers(0, 330 * 24 * 4),
        holdings(),
        st.sampled_from([m for m in ProrationMode if m.is_by_part or not m.is_due_now]),
        st.sampled_from(ChangeDay),
    ),
    max_size=6,
    unique_by=lambda each: each[0],
).map(lambda asks: sorted(asks, key=lambda each: each[0]))


def asked_in_turn(asks: Sequence[Ask]) -> SubscribedPlan:
    """A subscription by months of which each change is asked for when it is told, by days."""
    of = timeline([], Schedule(), ends=ENDS)
    for quarters, what, mode, change_day in asks:
        now = first_instant(day(BEGINS), ZONE) + quarters * HOUR_US // 4
        proration = ProrationAsked(mode, Granularity.DAY, change_day)
        ask = Asked(FactKind.CHANGED, holding=what, proration=proration)
        for fact in (*overtaken_by(of, ask, now), fact_asked(of, ask, now)):
            of = replace(of, subscription=changed(of.subscription, fact, ZONE))
    return of


def timelines(
    modes: st.SearchStrategy[ProrationMode] = MODES, granularity: Granularity | None = None
) -> st.SearchStrategy[list[Fact]]:
    """Facts at different times, in the order in which they are told."""
    return st.lists(
        changes(modes, granularity), max_size=6, unique_by=lambda each: each.effective_at
    )


def plans_of(schedule: Schedule) -> tuple[Plan, Plan]:
    """Two plans with the same prices by other amounts."""
    add_on = AddOn()
    pro = plan(
        flat("50.00"),
        seats("12.34"),
        flat("9.99", "support", add_on=add_on),
        calls("0.01"),
        schedule=schedule,
    )
    dear = plan(
        flat("80.00"),
        seats("10.01"),
        flat("19.99", "support", add_on=add_on),
        calls("0.02"),
        schedule=schedule,
    )
    return pro, replace(dear, plan_id="max")


def timeline(
    facts: Sequence[Fact], schedule: Schedule, *, begins: str = BEGINS, ends: str = ""
) -> SubscribedPlan:
    """A subscription that is changed so."""
    terms = {"begins_on": day(begins), "ends_on": day(ends) if ends else None}
    what = subscription(holding({"seats": 3}), facts, zone=ZONE, **terms)
    return subscribed(what, *plans_of(schedule), zone=ZONE)


@settings(max_examples=40)
@given(timelines(), st.sampled_from(SCHEDULES))
def test_stretches_of_an_item_are_in_order_and_never_overlap(
    facts: list[Fact], schedule: Schedule
) -> None:
    """One ends before the next begins, and none has more than its period."""
    assert _is_in_order(facts, schedule)


@settings(max_examples=40)
@given(timelines(BY_PART), st.sampled_from(SCHEDULES))
def test_stretches_of_what_is_always_held_tile_the_subscription(
    facts: list[Fact], schedule: Schedule
) -> None:
    """The base fee has no gap, and its parts of each full period add up to it."""
    assert _is_tiled(facts, schedule)


@settings(max_examples=40)
@given(timelines(), st.sampled_from(SCHEDULES), st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_told_changes_nothing(
    facts: list[Fact], schedule: Schedule, random: Random
) -> None:
    """What counts is when they take effect."""
    assert _charged(facts, schedule) == _charged(_shuffled(facts, random), schedule)


@settings(max_examples=40)
@given(timelines(BY_PART, Granularity.DAY))
def test_a_life_by_days_costs_what_was_held_on_each_of_them(facts: list[Fact]) -> None:
    """The closed form: of each day, what was held of the month's price by the month's days."""
    of = timeline(facts, Schedule(), ends=ENDS)
    assert _cost_of_life(of) == sum(_by_days(of), Fraction(0))


@settings(max_examples=40)
@given(timelines(BY_PART, Granularity.SECOND))
def test_a_life_by_seconds_costs_what_was_held_in_each_of_them(facts: list[Fact]) -> None:
    """The closed form: of each phase, what was held by its part of the month's seconds."""
    of = timeline(facts, Schedule(), ends=ENDS, begins="2027-01-01")
    assert _cost_of_life(of) == sum(_by_seconds(of), Fraction(0))


@settings(max_examples=40)
@given(ASKS)
def test_whatever_is_asked_for_is_charged_as_it_is_held(asks: list[Ask]) -> None:
    """Also what waits for renewal, or is overtaken: nothing is held that is not charged."""
    of = asked_in_turn(asks)
    assert _cost_of_life(of) == sum(_by_days(of), Fraction(0))


@settings(max_examples=25)
@given(
    timelines(st.sampled_from([m for m in ProrationMode if m is not ProrationMode.DIFFERENCE_NOW])),
    st.sampled_from(SCHEDULES),
)
def test_month_by_month_is_charged_what_all_months_are(
    facts: list[Fact], schedule: Schedule
) -> None:
    """Each charge is in one month, though what lies long behind is skipped."""
    of = timeline(facts, schedule)
    by_month = [
        (each.price.key, each.amount_minor)
        for month in _months(day("2026-12-01"), 21)
        for each in charges(of, next_month(month).isoformat(), month.isoformat())
    ]
    at_once = [(each.price.key, each.amount_minor) for each in charges(of, LAST_MONTH)]
    assert sorted(by_month, key=str) == sorted(at_once, key=str)


@settings(max_examples=40)
@given(timelines(), st.sampled_from(SCHEDULES))
def test_usage_is_priced_once_on_each_day(facts: list[Fact], schedule: Schedule) -> None:
    """The days of the parts of a metered price neither overlap nor are they ever undone."""
    assert _is_usage_priced_once(facts, schedule)


@settings(max_examples=40)
@given(timelines(), st.sampled_from(SCHEDULES), changes(MODES, None))
def test_what_ends_before_a_change_stays(
    facts: list[Fact], schedule: Schedule, later: Fact
) -> None:
    """A further fact changes no charge of a period that ends before its day, nor adds one."""
    before = timeline(facts, schedule)
    since_on = first_day_affected(before.subscription.facts, later, ZONE)
    after = timeline([*facts, later], schedule)
    kept = [
        {
            each.price.key: each.amount_minor
            for each in charges(of, LAST_MONTH)
            if each.price.period.end_on < since_on
        }
        for of in (before, after)
    ]
    assert kept[0] == kept[1]


@pytest.mark.soak
@settings(max_examples=1000)
@given(timelines(), st.sampled_from(SCHEDULES), st.randoms(use_true_random=False))
def test_thousands_of_timelines_are_in_order(
    facts: list[Fact], schedule: Schedule, random: Random
) -> None:
    """What holds of some random timelines holds of many."""
    assert _is_in_order(facts, schedule)
    assert _is_usage_priced_once(facts, schedule)
    assert _charged(facts, schedule) == _charged(_shuffled(facts, random), schedule)


@pytest.mark.soak
@settings(max_examples=1000)
@given(timelines(BY_PART, Granularity.DAY), st.sampled_from(SCHEDULES), ASKS)
def test_thousands_of_timelines_add_up(
    facts: list[Fact], schedule: Schedule, asks: list[Ask]
) -> None:
    """What holds of some random timelines holds of many."""
    assert _is_tiled(facts, schedule)
    for of in (timeline(facts, Schedule(), ends=ENDS), asked_in_turn(asks)):
        assert _cost_of_life(of) == sum(_by_days(of), Fraction(0))


def _is_in_order(facts: Sequence[Fact], schedule: Schedule) -> bool:
    found = list(timeline(facts, schedule).prices_in(None, day(LAST_MONTH)))
    by_code = [[each for each in found if each.price.code == code] for code in CODES]
    return (
        all(one.end_at <= other.start_at for own in by_code for one, other in pairwise(own))
        and all(0 <= each.coverage.part <= each.coverage.whole for each in found)
        and len({each.key for each in found}) == len(found)
    )


def _is_tiled(facts: Sequence[Fact], schedule: Schedule) -> bool:
    """Of the base fee, with nothing but changes."""
    held = [each for each in facts if each.kind is FactKind.CHANGED]
    found = [
        each
        for each in timeline(held, schedule).prices_in(None, day(LAST_MONTH))
        if each.price.code == "base"
    ]
    shares: dict[date, Fraction] = {}
    for each in found:
        start_on = each.period.full_start_on
        shares[start_on] = shares.get(start_on, Fraction(0)) + Fraction(*each.coverage[:2])
    return (
        found[0].start_at == first_instant(day(BEGINS), ZONE)
        and all(one.end_at == other.start_at for one, other in pairwise(found))
        and all(share == 1 for start_on, share in shares.items() if start_on > day(BEGINS))
    )


def _is_usage_priced_once(facts: Sequence[Fact], schedule: Schedule) -> bool:
    wanted = [
        each.usages_needed[0]
        for each in timeline(facts, schedule).prices_in(None, day(LAST_MONTH))
        if each.is_metered
    ]
    return all(one.end_on <= other.start_on for one, other in pairwise(wanted))


def _shuffled(facts: Sequence[Fact], random: Random) -> list[Fact]:
    return random.sample(facts, len(facts))


def _charged(facts: Sequence[Fact], schedule: Schedule) -> list[tuple[ChargeKey, int]]:
    of = timeline(facts, schedule)
    return [(each.price.key, each.amount_minor) for each in charges(of, LAST_MONTH)]


def _cost_of_life(of: SubscribedPlan) -> Fraction:
    return sum((each.exact for each in charges(of, LAST_MONTH)), Fraction(0))


def _months(first: date, count: int) -> Iterator[date]:
    return (month_after(first, place) for place in range(count))


def _cost(of: SubscribedPlan, held: PlanHolding | None, code: str) -> Fraction:
    """What a holding costs in a month, of one price."""
    if held is None or not _count(held, code):
        return Fraction(0)
    prices = {each.code: each.model for each in of.plans[held.plan].versions[0].prices}
    return Fraction(prices[code].amount_at(_count(held, code)))


def _count(held: PlanHolding, code: str) -> Decimal:
    counts = {each.price: each.quantity for each in held.held}
    return counts.get(code, Decimal(code == "base"))


def _by_days(of: SubscribedPlan) -> Iterator[Fraction]:
    """What each day costs: that of its last change, of those that have taken the day."""
    return chain.from_iterable(_by_days_of(of, code) for code in LICENSED)


def _by_days_of(of: SubscribedPlan, code: str) -> Iterator[Fraction]:
    civil = of.terms.begins_on
    held = list(_changes_by_day(of, code))
    while civil < day(ENDS):
        month = civil.replace(day=1)
        holding_on = [each for since_on, each in held if since_on <= civil][-1]
        yield _cost(of, holding_on, code) / (next_month(month) - month).days
        civil += timedelta(1)


def _changes_by_day(of: SubscribedPlan, code: str) -> Iterator[tuple[date, PlanHolding | None]]:
    """Since which day there is how much of a price, each time that this changes."""
    last: tuple[str, Decimal] | None = ("", Decimal(-1))
    for each in of.subscription.phases():
        held = each.holding
        # An add-on that is not held is none, by whatever plan.
        is_there = held is not None and (code != "support" or _count(held, code) > 0)
        now = (held.plan, _count(held, code)) if held and is_there else None
        if now != last:
            since_on = civil_day(each.start_at, of.zone)
            is_within = first_instant(since_on, of.zone) < each.start_at
            if is_within and each.proration and each.proration.change_day is ChangeDay.OLD:
                since_on += timedelta(1)
            yield since_on, held
        last = now


def _by_seconds(of: SubscribedPlan) -> Iterator[Fraction]:
    """What each phase costs in each month."""
    return chain.from_iterable(_by_seconds_of(of, code) for code in LICENSED)


def _by_seconds_of(of: SubscribedPlan, code: str) -> Iterator[Fraction]:
    for each in of.subscription.phases():
        for month in _months(day("2027-01-01"), 13):
            start_at, end_at = (first_instant(e, of.zone) for e in (month, next_month(month)))
            own_at = max(start_at, each.start_at)
            own_end_at = end_at if each.end_at is None else min(end_at, each.end_at)
            if own_at < own_end_at:
                part = Fraction(own_end_at - own_at, end_at - start_at)
                yield _cost(of, each.holding, code) * part
