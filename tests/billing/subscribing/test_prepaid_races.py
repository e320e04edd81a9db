"""Prepaid subscriptions and what meets them: one balance is never used twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from billing_service.api.events import encode_event
from billing_service.domain.subscription import SubscriptionState
from billing_service.storage.schema import CHASSIS
from billing_service.use_cases.change_subscription import CHANGE_SUBSCRIPTION
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION
from billing_service.use_cases.timer_use_cases import TIMER_USE_CASES
from chassis.batch import BatchTools
from chassis.entry import Submission
from chassis.writer import Writer, fire_timers
from tests.billing.builders import Billing, at
from tests.billing.subscribing.changing import change_of
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.prepaying import (
    balance,
    pay,
    prepaid_command,
    prepaid_on,
    prepay,
)


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account without any balance; it is 2 March, 09:00."""
    return prepaid_on(billing)


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


def test_two_that_begin_at_once_share_one_balance(live: Live) -> None:
    """31.00 pay one of them, and the other is not activated."""
    pay(live, "31.00")
    first, second = (
        Submission(CREATE_SUBSCRIPTION, prepaid_command(subscription=each), "test")
        for each in ("one", "two")
    )
    both_at_once(live, first, second)
    assert (sorted(each.value for each in live.billing.states().values()), balance(live)) == (
        ["active", "unpaid"],
        0,
    )


def test_change_that_meets_the_renewal_is_paid_or_refused(live: Live) -> None:
    """The balance pays April or the upgrade, never both, and is never exceeded."""
    pay(live, "93.00")
    prepay(live)
    live.billing.clock.advance_to(at("2026-04-01 00:00"))
    live.billing.peer_tells_up_to(live.billing.clock.now())
    upgrade = Submission(CHANGE_SUBSCRIPTION, change_of("big"), "test")
    both_at_once(live, fire_timers("acme"), upgrade)
    live.billing.go_to("2026-04-01 00:00:03")
    paid = 9300 - sum(sum(each) for each in live.amounts())
    assert (paid, live.billing.states()) == (balance(live), {"main": SubscriptionState.ACTIVE})
