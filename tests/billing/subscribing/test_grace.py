"""Late usage has its hours: a month that bills usage closes after them, and counts it."""

from decimal import Decimal
from typing import Final

import pytest
from pospago.billing.v1 import terms_pb2

from billing_service.api.terms import from_proto_version, to_proto_terms
from billing_service.domain.price import Metered, Price, Recurring
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.terms import Terms
from tests.billing.builders import Billing, at, day, terms_of
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.usage.ingesting import meter_of

BASE: Final = Price("base", "BRL", Recurring(), Flat(Decimal(10)))
CALLS: Final = Price("calls", "BRL", Metered("calls"), PerUnit(Decimal("0.50")))


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account whose months wait two days for usage."""
    plans = (plan_of(BASE, CALLS), plan_of(BASE, plan="plain"))
    live = Live.on(sqlite_billing, *plans, meters=(meter_of("calls", kind="call"),))
    sqlite_billing.set_terms("acme", usage_grace_hours=48)
    sqlite_billing.set_profile("acme", currency="BRL")
    return live


def test_month_with_usage_closes_after_the_grace(live: Live) -> None:
    """Not a second earlier, and issued on the day on which it is."""
    live.subscribe()
    live.billing.go_to("2026-04-02 23:59:59")
    before = live.billing.invoices("acme")
    live.billing.go_to("2026-04-03 00:00:03")
    assert before == []
    assert live.billing.invoice().invoice.dates.issued_on == day("2026-04-03")


def test_usage_that_comes_within_the_grace_is_counted(live: Live) -> None:
    """In the month of its own time."""
    live.subscribe()
    live.billing.go_to("2026-04-02 12:00")
    live.use("call", "3", on="2026-03-31 23:00")
    live.use("call", "100", on="2026-04-01 00:00")
    live.billing.go_to("2026-04-03 00:00:03")
    assert live.amounts() == [[1000, 150]]


def test_month_without_usage_does_not_wait(live: Live) -> None:
    """Nothing metered is billed in it."""
    live.subscribe("plain")
    live.billing.go_to("2026-04-01 00:00:03")
    assert live.amounts() == [[1000]]


def test_preview_within_the_grace_is_of_the_month_still_open(live: Live) -> None:
    """It shows the invoice that is to come, with the usage that came late."""
    live.subscribe()
    live.billing.go_to("2026-04-02 12:00")
    live.use("call", "3", on="2026-03-31 23:00")
    (drafted,) = live.billing.preview()
    assert (drafted.invoice.month, drafted.invoice.total_minor) == (day("2026-03-01"), 1150)


def test_preview_after_the_grace_is_of_the_present_month(live: Live) -> None:
    """As ever."""
    live.subscribe()
    live.billing.go_to("2026-04-03 00:00:03")
    (drafted,) = live.billing.preview()
    assert drafted.invoice.month == day("2026-04-01")


def test_close_after_the_grace_sets_the_next_one(live: Live) -> None:
    """For the end of the next month, from where it waits again."""
    live.subscribe()
    live.billing.go_to("2026-04-03 00:00:03")
    assert live.billing.timers()["acme", "close_month"] == at("2026-05-01")


def test_grace_is_stated_and_told(live: Live) -> None:
    """What a version of the terms says comes back."""
    message = terms_pb2.TermsVersion(
        due_day=5, last_service_day=10, deletion_day=15, usage_grace_hours=96
    )
    (told,) = to_proto_terms(Terms("t", (from_proto_version(message),))).versions
    assert (told.usage_grace_hours, terms_of().usage_grace_hours) == (96, 0)
