"""Service periods tile, do not drift, and are charged by the days that they cover."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.periods import ServicePeriod, invoice_month, periods
from billing_service.domain.price import Anchor, IntervalUnit, PartPeriod, Schedule, Timing

BEGINNINGS = st.dates(date(1971, 1, 1), date(2190, 12, 31))
day = date.fromisoformat
LATE = date(2225, 1, 1)
ANNIVERSARY = Schedule(anchor=Anchor.ANNIVERSARY)
YEARLY = Schedule(interval_unit=IntervalUnit.YEAR)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any schedule: months or years, at either anchor, perhaps in instalments."""
    bare = Schedule(
        interval_unit=draw(st.sampled_from(IntervalUnit)),
        interval_count=draw(st.integers(1, 10)),
        anchor=draw(st.sampled_from(Anchor)),
        anchor_day=draw(st.integers(1, 31)),
        anchor_month=draw(st.integers(1, 12)),
    )
    parts = [count for count in range(1, 121) if bare.months % count == 0]
    return replace(bare, instalments=draw(st.sampled_from(parts)))


def first_periods(schedule: Schedule, begins_on: date, count: int = 30) -> list[ServicePeriod]:
    found = periods(schedule, begins_on=begins_on, ends_on=None, through_on=LATE)
    return list(islice(found, count))


def starts(schedule: Schedule, begins_on: str, count: int) -> list[str]:
    return [each.start_on.isoformat() for each in first_periods(schedule, day(begins_on), count)]


@settings(max_examples=300)
@given(schedules(), BEGINNINGS)
def test_periods_follow_each_other_without_gap_or_overlap(
    schedule: Schedule, begins_on: date
) -> None:
    """Each period begins on the day on which the one before ends."""
    found = first_periods(schedule, begins_on)
    assert all(
        (one.end_on, one.full_end_on) == (two.start_on, two.full_start_on)
        for one, two in pairwise(found)
    )


@settings(max_examples=300)
@given(schedules(), BEGINNINGS)
def test_the_first_period_holds_the_first_day(schedule: Schedule, begins_on: date) -> None:
    """Periods begin with the subscription, in the full period that holds its first day."""
    (first,) = first_periods(schedule, begins_on, 1)
    assert first.full_start_on <= begins_on == first.start_on < first.full_end_on


@settings(max_examples=300)
@given(schedules(), BEGINNINGS)
def test_no_start_drifts_from_its_anchor_day(schedule: Schedule, begins_on: date) -> None:
    """Every full period begins on the anchor day, or on the last day of a shorter month."""
    anchored = schedule.anchor is Anchor.ANNIVERSARY
    wanted = begins_on.day if anchored else schedule.anchor_day
    for each in first_periods(schedule, begins_on):
        start_on = each.full_start_on
        next_on = start_on + timedelta(1)
        assert start_on.day == wanted or (start_on.day < wanted and next_on.day == 1)


@settings(max_examples=300)
@given(schedules(), BEGINNINGS)
def test_full_periods_have_their_months(schedule: Schedule, begins_on: date) -> None:
    """From one start to the next it is as many months as one charge is for."""
    for each in first_periods(schedule, begins_on):
        start_on, end_on = each.full_start_on, each.full_end_on
        months = (end_on.year - start_on.year) * 12 + end_on.month - start_on.month
        assert months == schedule.months_charged


@settings(max_examples=300)
@given(schedules(), BEGINNINGS, st.integers(1, 4000), st.integers(1, 4000))
def test_parts_of_a_subscription_cover_as_much_as_the_whole(
    schedule: Schedule, begins_on: date, first_days: int, more_days: int
) -> None:
    """A subscription that ends and is taken up at once costs as many parts of periods as before."""
    schedule = replace(schedule, anchor=Anchor.CALENDAR)
    middle_on, ends_on = (
        begins_on + timedelta(count) for count in (first_days, first_days + more_days)
    )
    assert _covered(schedule, begins_on, middle_on) + _covered(
        schedule, middle_on, ends_on
    ) == _covered(schedule, begins_on, ends_on)


def _covered(schedule: Schedule, begins_on: date, ends_on: date) -> Fraction:
    found = periods(schedule, begins_on=begins_on, ends_on=ends_on, through_on=LATE)
    return sum((Fraction(each.days_charged, each.days_full) for each in found), Fraction())


@settings(max_examples=300)
@given(schedules(), BEGINNINGS, st.integers(1, 4000))
def test_periods_cover_the_days_of_the_subscription(
    schedule: Schedule, begins_on: date, count: int
) -> None:
    """The days of all periods are those from the first to the last, each once."""
    ends_on = begins_on + timedelta(count)
    found = periods(schedule, begins_on=begins_on, ends_on=ends_on, through_on=LATE)
    assert sum((each.end_on - each.start_on).days for each in found) == count


@pytest.mark.parametrize(
    ("begins_on", "expected"),
    [
        ("2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2028-01-31", ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"]),
        ("2027-01-30", ["2027-01-30", "2027-02-28", "2027-03-30", "2027-04-30", "2027-05-30"]),
        ("2027-01-29", ["2027-01-29", "2027-02-28", "2027-03-29", "2027-04-29", "2027-05-29"]),
        ("2028-02-29", ["2028-02-29", "2028-03-29", "2028-04-29", "2028-05-29", "2028-06-29"]),
    ],
)
def test_monthly_anniversaries_come_back_to_their_day(begins_on: str, expected: list[str]) -> None:
    """After a short month the day is the anchor's again."""
    assert starts(ANNIVERSARY, begins_on, 5) == expected


def test_a_year_from_29_february_is_back_on_it_in_leap_years() -> None:
    """Years begun on 29 February begin on 28 February but every fourth year."""
    yearly = replace(YEARLY, anchor=Anchor.ANNIVERSARY)
    expected = ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]
    assert starts(yearly, "2028-02-29", 5) == expected


@pytest.mark.parametrize(
    ("schedule", "begins_on", "expected"),
    [
        (Schedule(), "2027-01-17", ["2027-01-17", "2027-02-01", "2027-03-01"]),
        (Schedule(anchor_day=31), "2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31"]),
        (Schedule(anchor_day=31), "2027-02-27", ["2027-02-27", "2027-02-28", "2027-03-31"]),
        (Schedule(interval_count=3), "2027-02-17", ["2027-02-17", "2027-04-01", "2027-07-01"]),
        (YEARLY, "2027-02-17", ["2027-02-17", "2028-01-01", "2029-01-01"]),
        (
            replace(YEARLY, anchor_month=7, anchor_day=15),
            "2027-07-14",
            ["2027-07-14", "2027-07-15", "2028-07-15"],
        ),
        (replace(YEARLY, interval_count=2), "2027-06-01", ["2027-06-01", "2028-01-01"]),
        (replace(YEARLY, instalments=12), "2027-02-17", ["2027-02-17", "2027-03-01"]),
        (
            replace(YEARLY, instalments=4, anchor_month=2),
            "2027-02-01",
            ["2027-02-01", "2027-05-01", "2027-08-01", "2027-11-01", "2028-02-01"],
        ),
    ],
)
def test_calendar_periods_begin_on_their_day(
    schedule: Schedule, begins_on: str, expected: list[str]
) -> None:
    """A calendar period begins on its day, whenever the subscription did."""
    assert starts(schedule, begins_on, len(expected)) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (PartPeriod.FULL, [(31, 31), (28, 28), (31, 31)]),
        (PartPeriod.PRORATED, [(15, 31), (28, 28), (10, 31)]),
        (PartPeriod.FREE, [(0, 31), (28, 28), (0, 31)]),
    ],
)
def test_a_part_of_a_period_is_charged_as_its_policy_says(
    policy: PartPeriod, expected: list[tuple[int, int]]
) -> None:
    """From 17 January to 10 March: part of January, all of February, part of March."""
    schedule = Schedule(first_period=policy, last_period=policy)
    found = periods(
        schedule,
        begins_on=day("2027-01-17"),
        ends_on=day("2027-03-11"),
        through_on=LATE,
    )
    assert [(each.days_charged, each.days_full) for each in found] == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (PartPeriod.PRORATED, PartPeriod.PRORATED, 5),
        (PartPeriod.FULL, PartPeriod.PRORATED, 15),
        (PartPeriod.PRORATED, PartPeriod.FULL, 21),
        (PartPeriod.FULL, PartPeriod.FULL, 31),
        (PartPeriod.FREE, PartPeriod.FULL, 0),
        (PartPeriod.FULL, PartPeriod.FREE, 0),
    ],
)
def test_a_period_that_is_first_and_last_keeps_both_policies(
    first: PartPeriod, last: PartPeriod, expected: int
) -> None:
    """From 11 to 15 January, each policy decides on its own end of the month."""
    schedule = Schedule(first_period=first, last_period=last)
    (only,) = periods(
        schedule,
        begins_on=day("2027-01-11"),
        ends_on=day("2027-01-16"),
        through_on=LATE,
    )
    assert only.days_charged == expected


def test_a_period_that_is_whole_is_charged_in_full_whatever_the_policy() -> None:
    """A subscription of exactly January has no part of a period."""
    schedule = Schedule(first_period=PartPeriod.FREE, last_period=PartPeriod.FREE)
    (only,) = periods(
        schedule,
        begins_on=day("2027-01-01"),
        ends_on=day("2027-02-01"),
        through_on=LATE,
    )
    assert only.days_charged == only.days_full == 31


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        (Timing.ADVANCE, ["2027-01-01", "2027-02-01"]),
        (Timing.ARREARS, ["2027-02-01", "2027-03-01"]),
    ],
)
def test_timing_decides_the_month_of_the_invoice(timing: Timing, expected: list[str]) -> None:
    """A month from the 17th is invoiced in the month it begins in, or in that of its last day."""
    months = [
        invoice_month(each, timing) for each in first_periods(ANNIVERSARY, day("2027-01-17"), 2)
    ]
    assert months == [day(each) for each in expected]


def test_a_calendar_month_is_invoiced_with_itself_in_arrears() -> None:
    """The last day of January lies in January, though the period ends on 1 February."""
    (january,) = first_periods(Schedule(), day("2027-01-01"), 1)
    assert invoice_month(january, Timing.ARREARS) == day("2027-01-01")


def test_nothing_begins_after_the_last_day_asked_for() -> None:
    """Periods that begin on the last day are given, later ones are not."""
    found = periods(
        Schedule(),
        begins_on=day("2027-01-01"),
        ends_on=None,
        through_on=day("2027-02-01"),
    )
    assert [each.start_on.month for each in found] == [1, 2]
