"""What price changes come to on a day: the version, and the index."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.catalog_errors import NoticeTooShort, PriceChangeNotPending
from billing_service.domain.price_change import (
    INDEX_MAX,
    AccountPricing,
    Indexation,
    PriceChange,
    anniversaries,
    terms_on,
)
from chassis.errors import BadRequest
from tests.billing.builders import day

PLAN: Final = "clinic"
LISTED: Final = AccountPricing()


def change(
    effective_on: str, *, version: int | None = None, percent: str = "", **more: Any
) -> PriceChange:
    yearly = more.pop("yearly", False)
    values: dict[str, Any] = {
        "account": "acme",
        "price_change_id": effective_on,
        "plan": PLAN,
        "effective_on": day(effective_on),
        "plan_version": version,
        "indexation": Indexation(Decimal(percent), yearly=yearly) if percent else None,
        "note": "",
        "notice_at": 0,
    }
    return PriceChange(**(values | more))


def pricing(version: int | None = None, index: str = "1") -> AccountPricing:
    return AccountPricing(version, Decimal(index))


YEARLY: Final = change("2026-03-01", percent="4.5", yearly=True)
LEAP: Final = change("2024-02-29", percent="10", yearly=True)

CASES: Final[dict[str, tuple[list[PriceChange], str, AccountPricing]]] = {
    "no change": ([], "2026-03-01", LISTED),
    "a version, the day before": ([change("2026-03-01", version=2)], "2026-02-28", LISTED),
    "a version, on the day": ([change("2026-03-01", version=2)], "2026-03-01", pricing(2)),
    "a version of another plan": (
        [change("2026-03-01", version=2, plan="other")],
        "2026-04-01",
        LISTED,
    ),
    "a cancelled version": (
        [change("2026-03-01", version=2, cancelled_at=1)],
        "2026-04-01",
        LISTED,
    ),
    "the later of two versions, though stated first": (
        [change("2026-05-01", version=2), change("2026-03-01", version=3)],
        "2026-06-01",
        pricing(2),
    ),
    "the earlier of two versions, before the later": (
        [change("2026-05-01", version=2), change("2026-03-01", version=3)],
        "2026-04-30",
        pricing(3),
    ),
    "of two versions of one day, the one noticed later": (
        [
            change("2026-03-01", version=2, price_change_id="b", notice_at=1),
            change("2026-03-01", version=3, price_change_id="a", notice_at=2),
        ],
        "2026-03-01",
        pricing(3),
    ),
    "an index once": ([change("2026-03-01", percent="4.5")], "2029-03-01", pricing(index="1.045")),
    "a lower price": (
        [change("2026-03-01", percent="-12.5")],
        "2026-03-01",
        pricing(index="0.875"),
    ),
    "a yearly index in its first year": ([YEARLY], "2027-02-28", pricing(index="1.045")),
    "a yearly index on its first anniversary": ([YEARLY], "2027-03-01", pricing(index="1.092025")),
    "a yearly index after two years": ([YEARLY], "2028-03-01", pricing(index="1.141166125")),
    # 1.045^4 has 12 decimals; 1.045^5 = 1.246181937653125 rounds to ...653.
    "a yearly index after three years": ([YEARLY], "2029-03-01", pricing(index="1.192518600625")),
    "a yearly index kept to 12 decimals": ([YEARLY], "2030-03-01", pricing(index="1.246181937653")),
    # 1.0000008^2 = 1.00000160000064.
    "a yearly index rounded up": (
        [change("2026-03-01", percent="0.00008", yearly=True)],
        "2027-03-01",
        pricing(index="1.000001600001"),
    ),
    "an index of 6 decimals": (
        [change("2026-03-01", percent="0.000001", yearly=True)],
        "2028-03-01",
        pricing(index="1.000000030000"),
    ),
    "a leap day, on 28 February of a common year": ([LEAP], "2025-02-28", pricing(index="1.21")),
    "a leap day, before 28 February of a common year": ([LEAP], "2025-02-27", pricing(index="1.1")),
    "a leap day, on 28 February of a leap year": ([LEAP], "2028-02-28", pricing(index="1.4641")),
    "a leap day, on 29 February of a leap year": ([LEAP], "2028-02-29", pricing(index="1.61051")),
    "indices multiplied": (
        [change("2026-03-01", percent="10"), change("2026-04-01", percent="20")],
        "2026-04-01",
        pricing(index="1.32"),
    ),
    "an index and a version": (
        [change("2026-03-01", percent="10"), change("2026-04-01", version=2)],
        "2026-04-01",
        pricing(2, "1.1"),
    ),
    "an index beside a cancelled one": (
        [change("2026-03-01", percent="10"), change("2026-03-01", percent="20", cancelled_at=1)],
        "2026-04-01",
        pricing(index="1.1"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_changes_in_force_decide_version_and_index(name: str) -> None:
    """What holds on a day follows from the changes that are in force on it."""
    changes, on, expected = CASES[name]
    assert terms_on(changes, PLAN, day(on)) == expected


@given(st.dates(date(2000, 1, 1), date(2060, 12, 31)), st.integers(0, 20))
@settings(max_examples=200)
def test_an_anniversary_comes_once_a_year(effective_on: date, years: int) -> None:
    """Between two first days of March of following years there is one anniversary."""
    start, end = (
        date(effective_on.year + years + 1, 3, 1),
        date(effective_on.year + years + 2, 3, 1),
    )
    assert anniversaries(effective_on, end) - anniversaries(effective_on, start) == 1


def test_an_index_has_an_upper_bound() -> None:
    """Prices that rise tenfold each year for a century can still be charged."""
    changes = [change("2026-03-01", percent="1000", yearly=True)]
    assert terms_on(changes, PLAN, day("2126-03-01")) == pricing(index=str(INDEX_MAX))


@given(st.permutations([YEARLY, LEAP, change("2026-05-01", percent="-3.3", yearly=True)]))
@settings(max_examples=20)
def test_the_order_of_changes_does_not_matter(changes: list[PriceChange]) -> None:
    """However the store gives them, changes come to the same."""
    on = day("2031-07-01")
    assert terms_on(changes, PLAN, on) == terms_on(sorted(changes, key=lambda e: e.key), PLAN, on)


def test_notice_is_counted_from_today() -> None:
    """A change that takes force on the last day that the notice allows is in order."""
    wanted = change("2026-03-31", version=2)
    wanted.check_notice(day("2026-03-01"), 30)
    with pytest.raises(NoticeTooShort) as refused:
        wanted.check_notice(day("2026-03-02"), 30)
    assert isinstance(refused.value.detail, BadRequest)
    (violation,) = refused.value.detail.violations
    assert violation.description == (
        "plans/clinic asks for a notice of 30 days: 2026-04-01 is the earliest date"
    )


def test_what_lies_ahead_can_be_cancelled_once() -> None:
    """A change is cancelled on the day before it takes force, and only once."""
    wanted = change("2026-03-02", version=2)
    gone = wanted.cancelled(day("2026-03-01"), 7)
    assert gone == replace(wanted, cancelled_at=7)
    with pytest.raises(PriceChangeNotPending):
        gone.cancelled(day("2026-03-01"), 8)


def test_what_is_in_force_cannot_be_cancelled() -> None:
    """From its effective date on a change stays."""
    with pytest.raises(PriceChangeNotPending):
        change("2026-03-02", version=2).cancelled(day("2026-03-02"), 7)
