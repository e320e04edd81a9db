"""Changes that meet: two at once with one etag, and a change that meets the close of a month."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Final

import pytest

from billing_service.api.events import encode_event
from billing_service.domain.price import Price, Recurring
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import ProrationMode
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from billing_service.storage.schema import CHASSIS
from billing_service.use_cases.change_subscription import CHANGE_SUBSCRIPTION
from billing_service.use_cases.timer_use_cases import TIMER_USE_CASES
from chassis.batch import BatchTools
from chassis.entry import Submission
from chassis.errors import EtagMismatch
from chassis.writer import Writer, fire_timers
from tests.billing.builders import Billing, at
from tests.billing.subscribing.changing import change_of
from tests.billing.subscribing.live import Live, plan_of

BIG: Final = plan_of(Price("base", "USD", Recurring(), Flat(Decimal(62))), plan="big")
SMALL: Final = plan_of(Price("base", "USD", Recurring(), Flat(Decimal(31))), plan="small")


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account on the small plan since 1 March; it is 2 March, 09:00."""
    found = Live.on(billing, BIG, SMALL)
    found.subscribe("small")
    return found


def second_writer(live: Live) -> Writer:
    """Another process that writes to the same store."""
    tools = BatchTools(CHASSIS, TIMER_USE_CASES, encode_event)
    return Writer(live.billing.database, tools, live.billing.clock)


def test_one_of_two_writers_wins(live: Live) -> None:
    """Two writers, one etag: one change is made, the other is told the fresh etag."""
    command = change_of("big", etag="1")
    submission = Submission(CHANGE_SUBSCRIPTION, command, "test")
    other = second_writer(live)
    with ThreadPoolExecutor(2) as pool:
        both = list(
            pool.map(lambda writer: writer.execute([submission])[0], (live.billing.writer, other))
        )
    other.close()
    assert sorted(isinstance(each, EtagMismatch) for each in both) == [False, True]


def test_change_that_meets_the_close_is_billed_once(live: Live) -> None:
    """Whichever comes first, March and April come to the same in all."""
    live.billing.clock.advance_to(at("2026-04-01 00:00:03"))
    live.billing.peer_tells_up_to(live.billing.clock.now())
    command = change_of("big", when="2026-03-17", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    other = second_writer(live)
    with ThreadPoolExecutor(2) as pool:
        closing = pool.submit(live.billing.writer.execute, [fire_timers("acme")])
        changing = pool.submit(other.execute, [Submission(CHANGE_SUBSCRIPTION, command, "test")])
        closing.result()
        changing.result()
    other.close()
    live.billing.go_to("2026-05-01 00:00:03")
    notes = live.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=10)
    )
    given_back = sum(each.note.total_minor for each in notes)
    total = sum(sum(each) for each in live.amounts()) - given_back
    # March: 16 days of 31.00 and 15 of 62.00 a month; April 62.00.
    assert total == 1600 + 3000 + 6200
