"""Outcomes of requests for payment that meet: each other, and the close of a month."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from billing_service.api.events import encode_event
from billing_service.domain.payment_request_errors import PaymentRequestClosed
from billing_service.storage.schema import CHASSIS
from billing_service.use_cases.cancel_payment_request import (
    CANCEL_PAYMENT_REQUEST,
    CancelPaymentRequest,
)
from billing_service.use_cases.settle_payment_request import (
    SETTLE_PAYMENT_REQUEST,
    SettlePaymentRequest,
)
from billing_service.use_cases.timer_use_cases import TIMER_USE_CASES
from chassis.batch import BatchTools
from chassis.entry import Submission
from chassis.writer import Writer, fire_timers
from tests.billing.builders import Billing, at, day
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.paying import balance, requests, upgrade
from tests.billing.subscribing.test_payment_requests import begun

SETTLED = Submission(
    SETTLE_PAYMENT_REQUEST, SettlePaymentRequest("acme", "r1", day("2026-03-02")), "test"
)
CANCELLED = Submission(CANCEL_PAYMENT_REQUEST, CancelPaymentRequest("acme", "r1", ""), "test")


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account on the small plan, whose requests are settled by hand."""
    return begun(billing, "manual")


def both_at_once(live: Live, first: Any, second: Any) -> list[Any]:
    """What two processes give that write to the same store at once."""
    tools = BatchTools(CHASSIS, TIMER_USE_CASES, encode_event)
    other = Writer(live.billing.database, tools, live.billing.clock)
    with ThreadPoolExecutor(2) as pool:
        here = pool.submit(live.billing.writer.execute, [first])
        there = pool.submit(other.execute, [second])
        outcomes = [*here.result(), *there.result()]
    other.close()
    return outcomes


def paid_in_all(live: Live) -> int:
    """What the payer's invoices were paid, and what is left as its balance."""
    paid = sum(each.settlement.paid_minor for each in live.billing.invoices("acme"))
    return paid + balance(live)


def test_request_is_settled_once(live: Live) -> None:
    """Two are told that it was paid: one is refused, and the money counts once."""
    upgrade(live)
    outcomes = both_at_once(live, SETTLED, SETTLED)
    assert [isinstance(each, PaymentRequestClosed) for each in outcomes].count(True) == 1
    assert paid_in_all(live) == 6200


def test_settled_or_cancelled(live: Live) -> None:
    """Whichever comes first holds: the change is made with its payment, or neither is there."""
    upgrade(live)
    outcomes = both_at_once(live, SETTLED, CANCELLED)
    (request,) = requests(live)
    is_made = live.subscription().plan == "big"
    assert [isinstance(each, PaymentRequestClosed) for each in outcomes].count(True) == 1
    assert (paid_in_all(live), is_made) == ((6200, True) if request.is_paid else (0, False))


def test_money_is_there_whatever_the_close_of_the_month_does(live: Live) -> None:
    """Settled as March closes: the change is charged once, and what was paid is paid or balance."""
    live.billing.go_to("2026-03-31 20:00")
    upgrade(live)
    live.billing.clock.advance_to(at("2026-04-01 00:00:03"))
    live.billing.peer_tells_up_to(live.billing.clock.now())
    both_at_once(live, fire_timers("acme"), SETTLED)
    (request,) = requests(live)
    live.billing.go_to("2026-04-02 00:00")
    assert request.is_paid
    assert paid_in_all(live) == 6200
    is_made = live.subscription().plan == "big"
    charged = sum(sum(each) for each in live.amounts())
    assert (is_made, charged) in [(True, 6200), (False, 3100)]
