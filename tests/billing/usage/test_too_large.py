"""Usage that costs more than anything may: refused with the remedy, and put right by it."""

from decimal import Decimal
from typing import Any, Final

import pytest
from pospago.billing.v1 import events_pb2, usage_pb2

from billing_service.api.review_messages import to_proto_review
from billing_service.api.usage_summaries import to_proto_watched
from billing_service.domain.price import Review
from billing_service.domain.price_models import PerUnit
from billing_service.domain.subscription_errors import AmountTooLarge
from billing_service.domain.usage.correction import Why
from billing_service.use_cases.amend_event import AMEND_EVENT, AmendEvent
from billing_service.use_cases.preview_invoice import preview_invoices
from billing_service.use_cases.summarise_usage import SummariseUsage, summarise_usage
from billing_service.use_cases.void_events import VOID_EVENTS, VoidEvents
from tests.billing.builders import Billing
from tests.billing.usage.guarded import Guarded, metered

LARGEST: Final = str(10**12)
WHY: Final = Why("sent in bytes", "operator/ana")
# 8 * 10^17 BRL fits a message, 8 * 10^22 does not; neither fits a store in centavos.
DEAR: Final = "100000"
DEAREST: Final = str(10**10)


def overused(billing: Billing, unit_price: str = DEAR, **more: Any) -> Guarded:
    """An account with 8 events of the largest value, and one of 2."""
    price = metered("calls", model=PerUnit(Decimal(unit_price)), **more)
    guarded = Guarded.on(billing, price)
    for value in ("2", *[LARGEST] * 8):
        guarded.use(value)
    return guarded


def void_all_but_first(billing: Billing) -> None:
    """Take back the eight largest events."""
    names = tuple(("gate", f"e{number}") for number in range(2, 10))
    billing.do(VOID_EVENTS, VoidEvents("acme", WHY, names))


def summary(guarded: Guarded) -> usage_pb2.UsageSummary:
    """What a watcher is told of the one price."""
    query = SummariseUsage("acme", "main")
    found = guarded.billing.database.read(
        lambda tx: summarise_usage(tx, query, guarded.billing.clock.now())
    )
    (told,) = to_proto_watched(found).summaries
    return told


def test_the_close_parks_the_payer_and_names_the_remedy(billing: Billing) -> None:
    """The cause says which subscription, price, period and amount, and what to do."""
    overused(billing).billing.go_to("2026-04-02")
    assert (
        "accounts/acme/subscriptions/main costs 800000000000200000.00 BRL by price calls from "
        "2026-03-01 on, too much to charge: void or amend the events." in billing.parked()["acme"]
    )


def test_voiding_the_events_frees_the_payer(billing: Billing) -> None:
    """A parked account takes the correction; tried again, its month charges what is left."""
    overused(billing).billing.go_to("2026-04-02")
    void_all_but_first(billing)
    billing.writer.retry_parked("acme", lambda _event: None)
    assert ([each.amount_minor for each in billing.charges()], billing.parked()) == (
        [20_000_000],
        {},
    )


def test_amending_the_events_frees_the_payer(sqlite_billing: Billing) -> None:
    """Each event put right; tried again, the month is charged."""
    billing = sqlite_billing
    overused(billing).billing.go_to("2026-04-02")
    for number in range(2, 10):
        command = AmendEvent("acme", "gate", f"e{number}", {"value": "1"}, WHY)
        billing.do(AMEND_EVENT, command)
    billing.writer.retry_parked("acme", lambda _event: None)
    assert [each.amount_minor for each in billing.charges()] == [100_000_000]


def test_the_preview_refuses_it(sqlite_billing: Billing) -> None:
    """The preview gives the reason that the close would park for."""
    overused(sqlite_billing)
    now = sqlite_billing.clock.now()
    with pytest.raises(AmountTooLarge, match="void or amend the events"):
        sqlite_billing.database.read(lambda tx: preview_invoices(tx, "acme", now))


def test_a_summary_tells_what_its_message_holds(sqlite_billing: Billing) -> None:
    """A cost beyond what may be charged is told to the centavo."""
    assert summary(overused(sqlite_billing)).cost.units == 8 * 10**17 + 200_000


def test_a_summary_leaves_out_what_no_message_holds(sqlite_billing: Billing) -> None:
    """The quantity is told, and no cost."""
    told = summary(overused(sqlite_billing, DEAREST))
    assert (told.quantity.value, told.HasField("cost"), told.HasField("projected_cost")) == (
        "8000000000002",
        False,
        False,
    )


def test_a_watched_account_is_not_parked_by_usage(billing: Billing) -> None:
    """Thresholds and reviews are told of usage whose cost no message holds."""
    guarded = overused(billing, DEAREST, review=Review.HELD)
    guarded.guard(ceiling="1000", percents=("100",))
    told = billing.told(events_pb2.UsageThresholdReached())
    assert (
        [each.HasField("cost") for _, each in told],
        len(guarded.reviews()),
        billing.parked(),
    ) == ([False], 1, {})


def test_a_review_leaves_out_what_no_message_holds(sqlite_billing: Billing) -> None:
    """The quantity is told, and no full amount."""
    found = overused(sqlite_billing, DEAREST, review=Review.HELD).in_full()
    told = to_proto_review(found.review, found.quantity, found.full_minor)
    assert (told.quantity.value, told.HasField("full_amount")) == ("8000000000002", False)
