"""Months of payments at random, held against a ledger that knows nothing of timelines."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.proration import Granularity, Proration, ProrationMode
from billing_service.domain.subscription_facts import Fact, FactKind
from tests.billing.builders import Billing, day
from tests.billing.subscribing.prepaying import balance, pay, prepaid_on, prepay
from tests.billing.subscribing.test_any_timeline import (
    SCHEDULES,
    ZONE,
    changes,
    timeline,
)

_PRICE_MINOR: Final = 3100
_DAYS: Final = 100
_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class Ledger:
    """What a month at 31.00 charges of what was paid in, day by day."""

    balance_minor: int = 0
    charged: list[int] = field(default_factory=list)
    is_lapsed: bool = True

    def paid(self, amount_minor: int, on: date) -> None:
        """Money comes in; what is lapsed goes on if the rest of the month is covered."""
        self.balance_minor += amount_minor
        if self.is_lapsed:
            days = monthrange(on.year, on.month)[1]
            self._charge((_PRICE_MINOR * (days - on.day + 1) * 2 + days) // (2 * days))

    def begins(self) -> None:
        """A month begins."""
        if not self.is_lapsed:
            self._charge(_PRICE_MINOR)

    def _charge(self, amount_minor: int) -> None:
        self.is_lapsed = amount_minor > self.balance_minor
        if not self.is_lapsed:
            self.balance_minor -= amount_minor
            self.charged.append(amount_minor)


@pytest.mark.parametrize("seed", range(2))
def test_what_is_charged_is_what_the_ledger_says(sqlite_billing: Billing, seed: int) -> None:
    """Each charge and the balance are its, and nothing is charged that was not paid in."""
    random, live, ledger = Random(seed), prepaid_on(sqlite_billing), Ledger()  # noqa: S311 - no secret
    prepay(live)
    on = day("2026-03-02")
    for _ in range(_DAYS):
        on += _DAY
        live.billing.go_to(f"{on.isoformat()} 12:00")
        if on.day == 1:
            ledger.begins()
        if random.random() < 0.06:
            amount_minor = random.randrange(100, 6000)
            pay(live, f"{amount_minor // 100}.{amount_minor % 100:02}")
            ledger.paid(amount_minor, on)
    charged = [sum(each) for each in live.amounts()]
    assert (charged, balance(live)) == (ledger.charged, ledger.balance_minor)


@st.composite
def lapses(draw: st.DrawFn) -> list[Fact]:
    """It lapses and is paid up by turns, at the first instants of days and at any."""
    times = draw(st.lists(st.integers(0, 330 * 24), min_size=1, max_size=5, unique=True))
    told = []
    for place, hours in enumerate(sorted(times)):
        kind = FactKind.PAID_UP if place % 2 else FactKind.LAPSED
        prorated = Proration(ProrationMode.PRORATE_NOW, Granularity.SECOND)
        begins_at = timeline([], SCHEDULES[0]).subscription.facts[0].effective_at
        told.append(Fact(kind, begins_at + hours * 3_600_000_000, proration=prorated))
    return told


@settings(max_examples=40, deadline=None)
@given(lapses(), st.lists(changes(st.just(ProrationMode.PRORATE_NOW), None), max_size=3))
def test_nothing_is_charged_of_the_time_in_which_it_lapsed(
    lapsed: list[Fact], others: list[Fact]
) -> None:
    """Whatever else is changed, no stretch of what is held lies in such a time."""
    what = timeline([*lapsed, *others], SCHEDULES[0])
    times = [each for each in what.subscription.phases() if each.is_lapsed]
    overlaps = [
        (each.key, time.start_at)
        for each in what.prices_in(None, day("2028-09-01"))
        for time in times
        # A change may cut where its day begins, and what is used is cut by days.
        if each.start_at < _day_of(time.end_at) and each.end_at > time.start_at
        if not each.is_metered
    ]
    assert overlaps == []


def _day_of(end_at: int | None) -> int:
    """The first instant of the day of one; without any, after all days."""
    return 2**62 if end_at is None else first_instant(civil_day(end_at, ZONE), ZONE)
