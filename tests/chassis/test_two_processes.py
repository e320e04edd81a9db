"""Two processes on one PostgreSQL store: what one does the other neither repeats nor undoes."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chassis.database import Transaction
from chassis.entry import PeerEvent, Submission
from chassis.feed import Cursor, Position, move_cursor
from chassis.sandboxes import next_due_in, step_to
from chassis.use_case import Scope, UseCase
from tests.chassis.counting import (
    CHASSIS,
    COUNTERS,
    OPEN_SANDBOX,
    SECOND,
    START_AT,
    Add,
    Counting,
    OpenSandbox,
    apply,
    create_tables,
    decide_add,
    gather,
    start,
)

PEER = "peer"


@pytest.fixture
def both(new_postgres_database: Callable[..., str]) -> Iterator[tuple[Counting, Counting]]:
    """The counting service twice, on one store."""
    url = new_postgres_database("counting", create_tables)
    services = start(url), start(url)
    yield services
    for each in services:
        each.close()


def slow_gather(tx: Transaction, commands: Sequence[Any]) -> Any:
    """Gather, and take long enough for the other process to come along."""
    facts = gather(tx, commands)
    time.sleep(0.4)
    return facts


SLOW_ADD: UseCase[Any, Any, Any] = UseCase(
    "slow_add", lambda each: Scope(accounts=(each.account,)), slow_gather, decide_add, apply
)


def told(seq: int, use_case: UseCase[Any, Any, Any] = SLOW_ADD) -> PeerEvent:
    """A peer's event that adds one to `a`."""
    submission = Submission(use_case, Add("a", 1), "feed/peer")
    return PeerEvent(PEER, seq, "a", START_AT, "Added", b"", submission)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each work gives, done in threads that start together."""
    with ThreadPoolExecutor(len(works)) as threads:
        return [each.result() for each in [threads.submit(work) for work in works]]


def test_page_of_the_feed_is_applied_by_one_of_two_holders(
    both: tuple[Counting, Counting],
) -> None:
    """Two processes that both believe they hold the feed apply each event once."""
    both[0].open("a")
    both[0].writer.in_transaction(lambda tx: move_cursor(tx, CHASSIS, PEER, Cursor(1, 0, 0)))
    page = [told(1), told(2)]
    at_once(
        *(lambda each=each: each.writer.apply_feed(PEER, page, Cursor(1, 2, 0)) for each in both)
    )
    assert both[0].values() == {"a": 2}


def test_parked_events_are_tried_again_by_one_process(both: tuple[Counting, Counting]) -> None:
    """What waits with a parked account is applied once, though both processes try it again."""
    both[0].open("a")
    both[0].add("a", 1, timer_in=SECOND, timer_kind="break")
    for each in both:
        each.clock.advance_to(START_AT + 60 * SECOND)
    both[0].add("a", 1)
    both[0].writer.apply_feed(PEER, [told(1)], Cursor(1, 1, 0))
    row = {"account": "a", "value": 50}
    both[0].writer.in_transaction(lambda tx: tx.upsert(COUNTERS, [row]))
    at_once(
        *(
            lambda each=each: each.writer.retry_parked("a", lambda _event: told(1).submission)
            for each in both
        )
    )
    assert both[0].values() == {"a": 1051}


def test_write_that_waited_for_a_lock_is_stamped_after_it(
    both: tuple[Counting, Counting],
) -> None:
    """Of two writes to an account the second one is stamped later, however early it was sent."""
    first, second = both
    first.open("a")
    first.clock.advance_to(START_AT + 10 * SECOND)
    entered = threading.Event()

    def gather_slowly(tx: Transaction, commands: Sequence[Any]) -> Any:
        entered.set()
        facts = slow_gather(tx, commands)
        second.clock.advance_to(START_AT + 11 * SECOND)
        return facts

    def hold() -> Any:
        slow = replace(SLOW_ADD, gather=gather_slowly)
        return first.writer.execute([Submission(slow, Add("a", 1), "test")])

    def wait() -> Any:
        entered.wait(5)
        return second.add("a", 1)

    at_once(hold, wait)
    assert [each.record_at for each in first.events()] == [
        START_AT + 10 * SECOND,
        START_AT + 11 * SECOND,
    ]


def test_writes_that_touch_no_account_come_one_after_the_other(
    both: tuple[Counting, Counting],
) -> None:
    """What belongs to no account is changed by one process at a time, so that no change is lost."""
    both[0].open("a")
    unowned = replace(SLOW_ADD, scope=lambda _command: Scope())
    add = Submission(unowned, Add("a", 1), "test")
    at_once(*(lambda each=each: each.writer.execute([add]) for each in both))
    assert both[0].values() == {"a": 2}


def test_feed_head_is_that_of_the_store(both: tuple[Counting, Counting]) -> None:
    """A process tells of what the other one has recorded, too."""
    first, second = both
    first.writer.execute([Submission(OPEN_SANDBOX, OpenSandbox("s", START_AT), "test")])
    first.open("a", sandbox="s")
    first.add("a", 1)
    assert next_due_in(second.writer, "s")[1] == Position(1, 1)


def test_sandbox_clock_never_goes_back(both: tuple[Counting, Counting]) -> None:
    """A step that comes late leaves the clock where another process has moved it."""
    first, second = both
    first.writer.execute([Submission(OPEN_SANDBOX, OpenSandbox("s", START_AT), "test")])
    ahead = START_AT + 20 * SECOND
    step_to(first.writer, "s", to_at=ahead, target_at=None)
    step_to(second.writer, "s", to_at=START_AT + 5 * SECOND, target_at=None)
    first.open("a", sandbox="s")
    first.add("a", 1)
    assert first.events()[-1].record_at == ahead
