"""Corrections of accounts whose sandbox stands still, or is on its way."""

from collections.abc import Callable
from typing import Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.usage.correction import Why
from billing_service.use_cases.amend_event import AMEND_EVENT, AmendEvent
from billing_service.use_cases.void_events import VOID_EVENTS, VoidEvents
from tests.billing.builders import START_AT, Billing, at
from tests.billing.usage.ingesting import event_of, ingest, measure, meter_of, rows_of

WHY: Final = Why("counted by mistake", "operator/ana")


def amend(billing: Billing) -> None:
    billing.do(AMEND_EVENT, AmendEvent("acme", "gate", "e1", {"value": "1"}, WHY))


def void(billing: Billing) -> None:
    billing.do(VOID_EVENTS, VoidEvents("acme", WHY, (("gate", "e1"),)))


@pytest.fixture
def advancing(sqlite_billing: Billing) -> Billing:
    """An account with an event, in a sandbox that has not arrived where it is advanced to."""
    billing = sqlite_billing
    billing.sandbox("try")
    billing.account(sandbox="try")
    measure(billing, meter_of())
    ingest(billing, event_of("e1", START_AT, "5"))
    billing.clock.advance_to(at("2026-05-01"))
    billing.step("try", "2026-03-03", target="2026-03-09")
    return billing


@pytest.mark.parametrize("correct", [amend, void])
def test_correction_shows_the_time_of_its_sandbox(
    advancing: Billing, correct: Callable[[Billing], None]
) -> None:
    """It is recorded as of the sandbox's clock, whatever the real one shows."""
    correct(advancing)
    (row,) = rows_of(advancing, "usage_corrections")
    assert row["recorded_at"] == at("2026-03-03")


@pytest.mark.parametrize("correct", [amend, void])
def test_correction_is_told_as_of_the_time_of_its_sandbox(
    advancing: Billing, correct: Callable[[Billing], None]
) -> None:
    """So is the event of the feed that tells of it."""
    correct(advancing)
    told = advancing.told(events_pb2.UsageCorrected())
    assert [effective_at for effective_at, _ in told] == [at("2026-03-03")]
