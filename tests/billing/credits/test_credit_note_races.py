"""Credit notes that meet: two for one line, and one that meets the close that corrects it."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, Final

import pytest

from billing_service.api.events import encode_event
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.credit_note_errors import CreditExceedsLine
from billing_service.domain.price import Price, Recurring
from billing_service.domain.price_models import Flat
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from billing_service.storage.schema import CHASSIS
from billing_service.use_cases.create_credit_note import (
    CREATE_CREDIT_NOTE,
    CreateCreditNote,
    LineToCredit,
)
from billing_service.use_cases.record_payment import RECORD_PAYMENT, RecordPayment
from billing_service.use_cases.timer_use_cases import TIMER_USE_CASES
from chassis.batch import BatchTools
from chassis.entry import Submission
from chassis.writer import Writer, fire_timers
from tests.billing.builders import Billing, at, day
from tests.billing.subscribing.changing import change
from tests.billing.subscribing.live import Live, plan_of

BIG: Final = plan_of(Price("base", "USD", Recurring(), Flat(Decimal(62))), plan="big")
SMALL: Final = plan_of(Price("base", "USD", Recurring(), Flat(Decimal(31))), plan="small")


@pytest.fixture
def live(either: Billing) -> Live:
    """An account with 62.00 billed for March, on the line 1; it is 5 April."""
    found = Live.on(either, BIG, SMALL)
    found.subscribe("big")
    found.billing.go_to("2026-04-05 12:00")
    return found


def credit_of(amount: int) -> Submission:
    """An operator gives back so many dollars of the line of March."""
    lines = (LineToCredit(1, StatedAmount(amount, 0, "USD")),)
    command = CreateCreditNote("acme", "inv-000001", lines, "sorry")
    return Submission(CREATE_CREDIT_NOTE, command, "test")


def at_once(live: Live, one: Submission, other: Submission) -> list[Any]:
    """What each of two things comes to that two writers do in the same moment."""
    tools = BatchTools(CHASSIS, TIMER_USE_CASES, encode_event)
    second = Writer(live.billing.database, tools, live.billing.clock)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(live.billing.writer.execute, [one])
        then = pool.submit(second.execute, [other])
        done = [first.result()[0], then.result()[0]]
    second.close()
    return done


def notes(live: Live) -> list[IssuedCreditNote]:
    """The account's credit notes by number."""
    return live.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=100)
    )


def test_one_of_two_credit_notes_for_most_of_a_line_is_issued(live: Live) -> None:
    """40.00 twice are more than 62.00: the second of them, whichever it is, is refused."""
    both = at_once(live, credit_of(40), credit_of(40))
    refused = [each for each in both if isinstance(each, CreditExceedsLine)]
    given_minor = [each.note.total_minor for each in notes(live)]
    assert (len(refused), given_minor) == (1, [4000])


def test_credit_notes_at_once_are_numbered_without_a_gap(live: Live) -> None:
    """Each has the next number of the series, and together they give back what they say."""
    for _ in range(3):
        at_once(live, credit_of(10), credit_of(10))
    assert [each.note.sequence for each in notes(live)] == [1, 2, 3, 4, 5, 6]


def test_credit_note_that_meets_a_correction_leaves_the_line_whole(live: Live) -> None:
    """The close takes 30.00 of 62.00 back, an operator 50.00: the second finds what is left."""
    change(live, "small", when="2026-03-17")
    live.billing.clock.advance_to(at("2026-05-01 00:00:03"))
    live.billing.peer_tells_up_to(live.billing.clock.now())
    at_once(live, fire_timers("acme"), credit_of(50))
    live.billing.go_to("2026-05-02 00:00")
    of_march = [each.note for each in notes(live) if each.note.invoice == "inv-000001"]
    assert sum(each.total_minor for each in of_march) in {6200, 3000}


def test_payment_that_meets_a_credit_note_is_no_money_lost(live: Live) -> None:
    """62.00 are paid while 20.00 are given back: the invoice is settled, and 20.00 are balance."""
    payment = RecordPayment(
        payer="acme",
        payment_id="p1",
        units=62,
        nanos=0,
        currency="USD",
        value_on=day("2026-04-05"),
        reference="",
        invoice="inv-000001",
    )
    at_once(live, Submission(RECORD_PAYMENT, payment, "test"), credit_of(20))
    settlement = live.billing.invoices("acme")[0].settlement
    assert (settlement.paid_minor, live.billing.profile().credit) == (6200, (2000, "USD"))
