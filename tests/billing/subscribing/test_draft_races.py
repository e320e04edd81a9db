"""Drafts that are met by two at once: each month is invoiced once, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from billing_service.api.events import encode_event
from billing_service.domain.draft import Draft
from billing_service.domain.errors import InvoiceNotDraft
from billing_service.storage.schema import CHASSIS
from billing_service.use_cases.hold_invoice import HOLD_INVOICE, HoldInvoice
from billing_service.use_cases.issue_invoice import ISSUE_INVOICE
from billing_service.use_cases.timer_use_cases import TIMER_USE_CASES
from chassis.batch import BatchTools
from chassis.entry import Submission
from chassis.writer import Writer, fire_timers
from tests.billing.builders import Billing, at
from tests.billing.subscribing.drafted import MARCH, Drafted, issue_of, name_of

ENDED: Final = "2026-04-02 12:00"


@pytest.fixture
def live(billing: Billing) -> Drafted:
    """An account whose March rests, on each kind of store."""
    found = Drafted.resting(billing)
    billing.go_to(ENDED)
    return found


def second_writer(live: Drafted) -> Writer:
    """Another process that writes to the same store."""
    tools = BatchTools(CHASSIS, TIMER_USE_CASES, encode_event)
    return Writer(live.billing.database, tools, live.billing.clock)


def met(live: Drafted, one: Submission, other: Submission) -> list[object]:
    """What two writers answer to commands that they get at once."""
    writer = second_writer(live)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(live.billing.writer.execute, [one])
        second = pool.submit(writer.execute, [other])
        answers: list[object] = [*first.result(), *second.result()]
    writer.close()
    return answers


def test_draft_is_issued_by_one_of_two(live: Drafted) -> None:
    """The other one is told that it is a draft no more."""
    issuing = Submission(ISSUE_INVOICE, issue_of(live), "test")
    answers = met(live, issuing, issuing)
    refused = [isinstance(each, InvoiceNotDraft) for each in answers]
    assert (sorted(refused), len(live.billing.invoices("acme"))) == ([False, True], 1)


def test_draft_whose_days_pass_as_it_is_issued_is_issued_once(live: Drafted) -> None:
    """By its timer or by hand."""
    live.billing.clock.advance_to(at("2026-04-06 00:00:03"))
    live.billing.peer_tells_up_to(live.billing.clock.now())
    met(live, fire_timers("acme"), Submission(ISSUE_INVOICE, issue_of(live), "test"))
    assert live.amounts() == [[1000, 0]]


def test_draft_is_held_or_issued(live: Drafted) -> None:
    """Held first, it is issued all the same; issued first, it is not held any more."""
    hold = Submission(HOLD_INVOICE, HoldInvoice("acme", name_of(MARCH), "", "ana"), "test")
    answers = met(live, hold, Submission(ISSUE_INVOICE, issue_of(live), "test"))
    was_held = isinstance(getattr(answers[0], "body", None), Draft)
    assert was_held or isinstance(answers[0], InvoiceNotDraft)
    assert live.amounts() == [[1000, 0]]
