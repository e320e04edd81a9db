"""What it costs the store to read usage: neither accounts nor events make statements or steps."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from billing_service.domain.price_models import Usage
from billing_service.domain.usage.buckets import Granularity
from billing_service.domain.usage.reading_errors import EventsAgedOut
from billing_service.domain.usage.wanted import UsageWanted
from billing_service.storage.usage_events import (
    EventFilter,
    count_voided_events,
    list_counting_events,
    list_events,
)
from billing_service.storage.usage_reading import usages
from billing_service.storage.usage_segments import segments_of
from billing_service.use_cases.age_out_events import AGE_OUT_EVENTS, AgeOutEvents
from billing_service.use_cases.query_usage import QueryUsage, query_usage
from chassis.database import Transaction
from tests.billing.builders import Billing
from tests.billing.usage.ingesting import event_of, ingest, measure, meter_of
from tests.billing.usage.summarising import Summarised, figures, instant, per_unit

MARCH = (date(2026, 3, 1), date(2026, 4, 1))


def statements_of(billing: Billing, work: Callable[[Transaction], object]) -> int:
    """How many statements a read sends to SQLite, what begins and ends it aside."""

    def counted(tx: Transaction) -> int:
        driver: Any = tx.connection.connection
        seen: list[str] = []
        driver.set_trace_callback(seen.append)
        work(tx)
        driver.set_trace_callback(None)
        return len(seen)

    return billing.database.read(counted)


def steps_of(billing: Billing, work: Callable[[Transaction], object]) -> int:
    """How many steps SQLite takes for a read that was done once before."""

    def counted(tx: Transaction) -> int:
        driver: Any = tx.connection.connection
        steps: list[None] = []
        work(tx)
        driver.set_progress_handler(lambda: steps.append(None), 1)
        work(tx)
        driver.set_progress_handler(None, 0)
        return len(steps)

    return billing.database.read(counted)


def read(*accounts: str, transactions: bool = False) -> Callable[[Transaction], list[Usage]]:
    """A read of all usage of some accounts in March."""
    wanted = [UsageWanted(each, "calls", *MARCH, transactions=transactions) for each in accounts]
    return lambda tx: usages(tx, wanted, zones=dict.fromkeys(accounts, "UTC"))


def test_many_accounts_take_as_many_statements_as_one(sqlite_billing: Billing) -> None:
    """Usage and transactions of twelve accounts are read like those of two."""
    measure(sqlite_billing, meter_of("calls"))
    accounts = [f"account-{number}" for number in range(12)]
    for each in accounts:
        sqlite_billing.account(each, zone="UTC")
        ingest(sqlite_billing, event_of("e1", instant("2026-03-01 12:00"), account=each))
    few = statements_of(sqlite_billing, read(*accounts[:2], transactions=True))
    assert statements_of(sqlite_billing, read(*accounts, transactions=True)) == few


def test_events_add_no_steps_to_a_summary(sqlite_billing: Billing) -> None:
    """A summary of 300 calls of a day takes the store as many steps as that of one."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"))
    used.use()
    before = steps_of(sqlite_billing, read("acme"))
    ingest(sqlite_billing, *(event_of(f"more-{each}", None, kind="calls") for each in range(299)))
    steps = steps_of(sqlite_billing, read("acme"))
    assert (steps, figures(used.of())[0]) == (before, "300")


def test_each_account_has_its_own_usage(billing: Billing) -> None:
    """What is read of many at once is told to each, in the order that was asked for."""
    measure(billing, meter_of("calls"))
    for number, account in enumerate(("acme", "bolt", "core"), start=1):
        billing.account(account, zone="UTC")
        ingest(billing, event_of("e1", instant("2026-03-01"), str(number), account=account))
    found = billing.database.read(read("core", "acme", "bolt"))
    assert [f"{each.quantity:f}" for each in found] == ["3", "1", "2"]


@pytest.fixture
def kept(billing: Billing) -> Billing:
    """The service with usage in March, whose events may age out."""
    measure(billing, meter_of("calls"))
    billing.account(zone="UTC")
    ingest(billing, event_of("e1", instant("2026-03-01 12:00")))
    billing.clock.advance_to(instant("2026-12-01"))
    return billing


@pytest.fixture
def aged(kept: Billing) -> Billing:
    """The service with usage in March, whose events have aged out."""
    kept.do(AGE_OUT_EVENTS, AgeOutEvents(date(2026, 4, 1)))
    return kept


def test_hours_need_the_events(aged: Billing) -> None:
    """Once the events have aged out, hours cannot be told."""
    hours = QueryUsage("acme", "calls", Granularity.HOUR, *MARCH)
    with pytest.raises(EventsAgedOut):
        aged.database.read(lambda tx: query_usage(tx, hours, zone="UTC", now=0))


def test_transactions_need_the_events(aged: Billing) -> None:
    """Once the events have aged out, transactions cannot be told."""
    with pytest.raises(EventsAgedOut):
        aged.database.read(read("acme", transactions=True))


def test_totals_outlive_the_events(aged: Billing) -> None:
    """Once the events have aged out, what they came to is still there."""
    (found,) = aged.database.read(read("acme"))
    assert f"{found.quantity:f}" == "1"


EVENTS = EventFilter("acme", instant("2026-03-01"), instant("2026-04-01"))
HOURS = QueryUsage("acme", "calls", Granularity.HOUR, *MARCH)


@pytest.mark.parametrize(
    "reading",
    [
        lambda tx: list_events(tx, EVENTS, limit=9),
        lambda tx: list_counting_events(tx, EVENTS, limit=9),
        lambda tx: count_voided_events(tx, EVENTS),
        lambda tx: query_usage(tx, HOURS, zone="UTC", now=0),
        read("acme", transactions=True),
    ],
    ids=["listed", "counting", "voided", "hours", "transactions"],
)
def test_events_that_age_out_while_they_are_read(
    kept: Billing, reading: Callable[[Transaction], object]
) -> None:
    """Who began to read before finds them all as they were, or is told that they are gone."""

    def slowly(tx: Transaction) -> object:
        months = segments_of(tx)
        kept.do(AGE_OUT_EVENTS, AgeOutEvents(date(2026, 4, 1)))
        assert segments_of(tx) == months
        return reading(tx)

    before = kept.database.read(reading)
    try:
        found = kept.database.read(slowly)
    except EventsAgedOut:
        found = before
    assert found == before
