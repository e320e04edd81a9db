"""Civil days and months tile time in every zone."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_service.domain.calendar import (
    civil_day,
    first_instant,
    hour_instant,
    month_after,
    month_from_key,
    month_key,
    month_of,
    months_between,
    next_month,
)
from chassis.errors import TimeZoneUnknown
from tests.billing.builders import SAO_PAULO, at, day

# Far from UTC, by half and quarter hours, with clocks set over midnight, a day left out.
ZONES = (
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Lisbon",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "UTC",
)
MINUTE = 60_000_000
DAYS = st.dates(date(1971, 1, 1), date(2199, 12, 30))
INSTANTS = st.integers(at("1971-01-01", "UTC"), at("2199-12-30", "UTC"))


@given(INSTANTS, st.sampled_from(ZONES))
def test_every_instant_is_in_exactly_the_day_that_holds_it(instant_at: int, zone: str) -> None:
    """A day holds the instants from its first one up to the next day's."""
    held = civil_day(instant_at, zone)
    assert first_instant(held, zone) <= instant_at < first_instant(held + timedelta(1), zone)


@given(DAYS, st.sampled_from(ZONES))
def test_days_follow_each_other_without_gap_or_overlap(civil: date, zone: str) -> None:
    """The instant before a day's first one belongs to an earlier day."""
    start_at = first_instant(civil, zone)
    assert civil_day(start_at - 1, zone) < civil <= civil_day(start_at, zone)


@given(INSTANTS, st.sampled_from(ZONES))
def test_every_instant_is_in_exactly_the_month_that_holds_it(instant_at: int, zone: str) -> None:
    """A month holds the instants from its first one up to the next month's."""
    month = month_of(instant_at, zone)
    assert first_instant(month, zone) <= instant_at < first_instant(next_month(month), zone)


@given(DAYS, st.integers(-30, 30))
def test_going_months_on_and_back_returns(civil: date, count: int) -> None:
    """Some months later and as many back is the same month."""
    month = civil.replace(day=1)
    assert month_after(month_after(month, count), -count) == month


@given(DAYS)
def test_month_key_is_read_back(civil: date) -> None:
    """A month survives being written and read."""
    month = civil.replace(day=1)
    assert month_from_key(month_key(month)) == month


@pytest.mark.parametrize(
    ("zone", "civil", "expected"),
    [
        # Clocks went forward at midnight: the day began at one o'clock.
        (SAO_PAULO, "2018-11-04", at("2018-11-04 03:00", "UTC")),
        # Clocks went back at midnight: the hour before was shown twice.
        (SAO_PAULO, "2018-02-18", at("2018-02-18 03:00", "UTC")),
        # Clocks went back at 00:01 into the day before: the day begins the first time.
        ("America/St_Johns", "2009-11-01", at("2009-11-01 02:30", "UTC")),
        ("Pacific/Kiritimati", "2026-03-01", at("2026-02-28 10:00", "UTC")),
        ("Pacific/Pago_Pago", "2026-03-01", at("2026-03-01 11:00", "UTC")),
    ],
)
def test_day_begins_when_its_clocks_first_show_it(zone: str, civil: str, expected: int) -> None:
    """The first instant of a day, where clocks are set at midnight too."""
    assert first_instant(day(civil), zone) == expected


def test_day_that_a_zone_left_out_is_empty() -> None:
    """Samoa had no 30 December 2011."""
    left_out = day("2011-12-30")
    assert first_instant(left_out, "Pacific/Apia") == first_instant(
        day("2011-12-31"), "Pacific/Apia"
    )


def test_hour_shown_twice_is_its_first_showing() -> None:
    """The first of two equal hours counts."""
    assert hour_instant(day("2026-10-25"), 1, "Europe/Lisbon") == at("2026-10-25 00:00", "UTC")


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        ("2026-03-01", "2026-02-01", 0),
        ("2026-03-01", "2026-03-01", 1),
        ("2026-12-01", "2027-01-01", 2),
        ("2028-01-01", "2028-12-01", 12),
    ],
)
def test_months_between_counts_both_ends(first: str, last: str, count: int) -> None:
    """Months from first to last, both included."""
    assert len(months_between(day(first), day(last))) == count


def test_leap_day_belongs_to_february() -> None:
    """29 February's last instant is the last one of the month."""
    assert month_of(at("2028-03-01") - 1, SAO_PAULO) == day("2028-02-01")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "America"])
def test_unknown_zone_is_refused(name: str) -> None:
    """What IANA does not know is no zone."""
    with pytest.raises(TimeZoneUnknown):
        civil_day(0, name)
