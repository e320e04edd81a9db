"""Charges on issued invoices whose usage came to be another than was rated."""

from typing import Any

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.meter import Aggregation
from billing_service.domain.price import ZeroUsage
from billing_service.domain.usage.correction import Why
from billing_service.use_cases.void_events import VOID_EVENTS, VoidEvents
from tests.billing.builders import Billing, at
from tests.billing.usage.guarded import MEGABYTES, Guarded, metered
from tests.billing.usage.ingesting import measure, meter_of

MARCH_AT = at("2026-03-31 12:00")


@pytest.fixture
def closed(billing: Billing) -> Guarded:
    """An account whose March is charged: 10 megabytes."""
    made = Guarded.on(billing, MEGABYTES)
    made.use("10", "transfer")
    billing.go_to("2026-04-02 12:00")
    return made


def outdated(guarded: Guarded) -> list[int | None]:
    """Since when each charge of March is outdated."""
    return [each.outdated_at for each in guarded.billing.charges()]


def invoices_told(guarded: Guarded) -> list[str]:
    """The invoices of the charges that were told to be outdated."""
    found: list[tuple[int, Any]] = [*guarded.billing.told(events_pb2.ChargeOutdated())]
    return [each.invoice for _, each in found]


def told(guarded: Guarded) -> list[str]:
    """The prices of the charges that were told to be outdated."""
    found: list[tuple[int, Any]] = [*guarded.billing.told(events_pb2.ChargeOutdated())]
    return [each.price for _, each in found]


def void(guarded: Guarded, event_id: str) -> None:
    """Take an event back."""
    command = VoidEvents("acme", Why("mistaken", "operator/test"), (("gate", event_id),))
    guarded.billing.do(VOID_EVENTS, command)


def test_a_charge_is_not_outdated_while_nothing_changes(closed: Guarded) -> None:
    """Usage of April is none of March."""
    closed.use("10", "transfer")
    assert (outdated(closed), told(closed)) == ([None], [])


def test_usage_after_the_close_outdates_its_charge(closed: Guarded) -> None:
    """An event of March that comes in April."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    assert outdated(closed) == [closed.billing.clock.now()]


def test_a_charge_is_told_to_be_outdated_once(closed: Guarded) -> None:
    """However many events come late."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    closed.use("1", "transfer", time_at=MARCH_AT + 1)
    assert told(closed) == ["megabytes"]


def test_usage_of_another_meter_outdates_nothing(closed: Guarded) -> None:
    """Calls are none of what megabytes cost."""
    closed.use("1", "call", time_at=MARCH_AT)
    assert outdated(closed) == [None]


def test_a_charge_whose_usage_is_right_again_is_outdated_no_more(closed: Guarded) -> None:
    """What came late is voided; that it was outdated is told once all the same."""
    event_id = closed.use("1", "transfer", time_at=MARCH_AT)
    void(closed, event_id)
    right = outdated(closed)
    closed.use("2", "transfer", time_at=MARCH_AT)
    assert (right, outdated(closed) != [None], told(closed)) == ([None], True, ["megabytes"])


def test_voided_usage_outdates_its_charge(closed: Guarded) -> None:
    """Less was used than was charged."""
    void(closed, "e1")
    assert outdated(closed) == [closed.billing.clock.now()]


def test_usage_that_changes_no_quantity_outdates_nothing(sqlite_billing: Billing) -> None:
    """A late load below the peak that was charged is no other usage; one above it is."""
    guarded = Guarded.on(sqlite_billing, MEGABYTES, metered("peak"))
    guarded.use("10", "transfer")
    guarded.use("3", "load")
    sqlite_billing.go_to("2026-04-02 12:00")
    guarded.use("2", "load", time_at=MARCH_AT)
    before = told(guarded)
    guarded.use("4", "load", time_at=MARCH_AT)
    assert (before, told(guarded)) == ([], ["peak"])


def test_usage_after_the_close_is_told_where_there_was_no_line(billing: Billing) -> None:
    """A price of which nothing was used is on no invoice if it is so stated: late usage is told."""
    guarded = Guarded.on(billing, metered("megabytes", zero_usage=ZeroUsage.OMITTED))
    billing.go_to("2026-04-02 12:00")
    guarded.use("10", "transfer")
    before = told(guarded)
    guarded.use("10", "transfer", time_at=MARCH_AT)
    guarded.use("1", "transfer", time_at=MARCH_AT)
    assert (before, told(guarded), invoices_told(guarded)) == ([], ["megabytes"], [""])


def test_level_that_came_late_outdates_the_periods_that_it_holds_in(
    sqlite_billing: Billing,
) -> None:
    """3 GB kept since February, told in May: March and April were charged without them."""
    measure(sqlite_billing, meter_of("stored", Aggregation.WEIGHTED_SUM, kind="store"))
    guarded = Guarded.on(sqlite_billing, metered("stored"))
    sqlite_billing.go_to("2026-05-02 12:00")
    guarded.use("3", "store", time_at=at("2026-02-10"))
    assert [each is not None for each in outdated(guarded)] == [True, True]


def test_level_outdates_no_period_in_which_another_held(sqlite_billing: Billing) -> None:
    """What was kept before the event of 1 April changes nothing of April."""
    measure(sqlite_billing, meter_of("stored", Aggregation.WEIGHTED_SUM, kind="store"))
    guarded = Guarded.on(sqlite_billing, metered("stored"))
    guarded.use("5", "store", time_at=at("2026-03-01"))
    sqlite_billing.go_to("2026-04-01")
    guarded.use("5", "store", time_at=at("2026-04-01"))
    sqlite_billing.go_to("2026-05-02 12:00")
    guarded.use("3", "store", time_at=at("2026-03-10"))
    assert [each is not None for each in outdated(guarded)] == [True, False]
