"""What a summary tells of guards, reservations and reviews of a price."""

from decimal import Decimal

import pytest

from billing_service.domain.review import Decision
from billing_service.use_cases.summarise_usage import (
    GuardedSummary,
    SummariseUsage,
    summarise_usage,
)
from tests.billing.builders import Billing
from tests.billing.usage.guarded import MINUTE_US, Guarded


def summary_of(guarded: Guarded) -> GuardedSummary:
    """The summary of the price of calls."""
    query, now = SummariseUsage("acme", "main", "calls"), guarded.billing.clock.now()
    found = guarded.billing.database.read(lambda tx: summarise_usage(tx, query, now))
    return found.summaries[0]


def test_ceiling_and_reservations(billing: Billing) -> None:
    """The ceiling is told, and what is reserved in all and not yet used."""
    guarded = Guarded.on(billing)
    guarded.guard(ceiling="100")
    guarded.reserve("10")
    guarded.reserve("2.5")
    found = summary_of(guarded)
    assert (found.ceiling, found.reserved) == (Decimal(100), Decimal("12.5"))


def test_a_reservation_that_has_run_out(sqlite_billing: Billing) -> None:
    """What ran out is reserved no more, whether or not anybody has looked at it since."""
    guarded = Guarded.on(sqlite_billing)
    guarded.reserve("10", hold_us=MINUTE_US)
    sqlite_billing.clock.advance_to(sqlite_billing.clock.now() + MINUTE_US)
    assert summary_of(guarded).reserved == 0


def test_nothing_is_held_below_the_threshold(sqlite_billing: Billing) -> None:
    """What is included waits for nobody, and has no review."""
    guarded = Guarded.on(sqlite_billing)
    guarded.use("1000")
    found = summary_of(guarded)
    assert (found.is_held, found.review) == (False, "")


def test_a_cost_that_is_held(billing: Billing) -> None:
    """What exceeds it is held, and the summary names the review."""
    guarded = Guarded.on(billing)
    guarded.use("1001")
    found = summary_of(guarded)
    assert (found.is_held, found.review) == (True, guarded.review().review_id)


@pytest.mark.parametrize("decision", [Decision.CHARGE, Decision.WAIVE])
def test_what_is_decided_is_held_no_more(sqlite_billing: Billing, decision: Decision) -> None:
    """Once somebody has decided, nothing waits; the review stays named."""
    guarded = Guarded.on(sqlite_billing)
    guarded.use("1001")
    guarded.decide(decision)
    found = summary_of(guarded)
    assert (found.is_held, found.review) == (False, guarded.review().review_id)
