"""Parked accounts: what waits with them is done in the order in which it took effect."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from chassis.database import Transaction
from chassis.entry import PeerEvent, Submission
from chassis.errors import AccountParked
from chassis.feed import Cursor
from chassis.sandboxes import retry_parked_in, step_to
from tests.chassis.counting import (
    ADD,
    COUNTERS,
    OPEN_SANDBOX,
    SECOND,
    START_AT,
    TIMERS,
    Add,
    Counting,
    OpenSandbox,
    gather,
)

PEER = "peer"
BROKEN_AT = START_AT + 10 * SECOND


def told(seq: int, effective_at: int) -> PeerEvent:
    """A peer's event that adds its number to `a`."""
    submission = Submission(ADD, Add("a", seq), "feed/peer")
    return PeerEvent(PEER, seq, "a", effective_at, "Added", b"", submission)


def resubmitted(event: PeerEvent) -> Submission:
    """What an event that waited amounts to."""
    return Submission(ADD, Add("a", event.seq), "feed/peer")


def park(counting: Counting) -> None:
    """Park `a` by a timer that fails while its counter is below 50, due at BROKEN_AT."""
    counting.open("a")
    counting.add("a", 1, timer_in=BROKEN_AT - START_AT, timer_kind="break")
    counting.clock.advance_to(START_AT + 60 * SECOND)
    counting.add("a", 1)


def test_waiting_event_from_before_a_timer_is_applied_before_it(counting: Counting) -> None:
    """A retry applies what took effect before a timer was due, then fires it, then the rest."""
    park(counting)
    events = [told(60, BROKEN_AT - SECOND), told(61, BROKEN_AT + SECOND)]
    counting.writer.apply_feed(PEER, events, Cursor(1, 61, 0))
    assert counting.writer.retry_parked("a", resubmitted)
    added = [each.payload for each in counting.events() if each.type == "Added"]
    assert [each.split(b"amount=")[1].split(b",")[0] for each in added] == [
        b"1",
        b"60",
        b"1000",
        b"61",
    ]


def test_account_that_goes_on_is_not_tried_again(counting: Counting) -> None:
    """A retry of an account that another one has unparked does and tells nothing."""
    park(counting)
    row = {"account": "a", "value": 50}
    counting.writer.in_transaction(lambda tx: tx.upsert(COUNTERS, [row]))
    counting.writer.retry_parked("a", resubmitted)
    before = len(counting.events())
    assert counting.writer.retry_parked("a", resubmitted)
    assert len(counting.events()) == before


def test_sandbox_goes_on_as_soon_as_it_is_mended(counting: Counting) -> None:
    """Whoever advances a sandbox need not wait for the pause that earlier failures have made."""
    counting.writer.execute([Submission(OPEN_SANDBOX, OpenSandbox("s", START_AT), "test")])
    counting.open("a", sandbox="s")
    counting.add("a", 1, timer_in=SECOND, timer_kind="break")
    for _ in range(3):
        retry_parked_in(counting.writer, "s", resubmitted)
        with pytest.raises(AccountParked):
            step_to(counting.writer, "s", to_at=BROKEN_AT, target_at=BROKEN_AT)
    row = {"account": "a", "value": 50}
    counting.writer.in_transaction(lambda tx: tx.upsert(COUNTERS, [row]))
    retry_parked_in(counting.writer, "s", resubmitted)
    step_to(counting.writer, "s", to_at=BROKEN_AT, target_at=None)
    assert counting.values() == {"a": 1050}


def test_timer_that_meets_a_deadlock_is_run_again(counting: Counting) -> None:
    """What the store takes at the next attempt parks nobody."""
    failures = [OperationalError("deadlock", None, Exception())]

    def gather_after_a_deadlock(tx: Transaction, commands: Sequence[Any]) -> Any:
        if failures:
            raise failures.pop()
        return gather(tx, commands)

    kinds = {**TIMERS, "tick": replace(TIMERS["tick"], gather=gather_after_a_deadlock)}
    counting.writer.tools = replace(counting.writer.tools, timer_use_cases=kinds)
    counting.open("a")
    counting.add("a", 1, timer_in=SECOND)
    counting.clock.advance_to(START_AT + 60 * SECOND)
    counting.add("a", 1)
    assert (counting.values(), [each.type for each in counting.events()]) == (
        {"a": 1002},
        ["Added", "Added", "Added"],
    )
