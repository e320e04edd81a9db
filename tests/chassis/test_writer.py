"""The writer: one commit, many answers; refusals, repetitions, timers first, the feed in order."""

import asyncio
from functools import partial

import pytest

from chassis.entry import Answer, Submission
from chassis.errors import (
    AccountParked,
    DomainError,
    RequestIdExpired,
    RequestIdReused,
    SandboxAdvancing,
)
from chassis.feed import (
    Position,
    append_epoch,
    check_position,
    move_watermark,
    read_events,
    read_head,
)
from chassis.idempotency import ANSWER_KEPT_US, drop_old_answers
from chassis.sandboxes import next_due_in, step_to
from chassis.timers import next_due
from chassis.workers import Workers
from tests.chassis.counting import (
    CHASSIS,
    COUNTERS,
    OPEN_SANDBOX,
    SECOND,
    START_AT,
    Counting,
    OpenSandbox,
    adding,
)


def test_refusal_drops_only_its_own_command(counting: Counting) -> None:
    """A refused command of a batch leaves the others done and is told alone."""
    counting.open("a", "b")
    outcomes = counting.writer.execute(
        [adding("a", 1), adding("a", 9, limit=5), adding("b", 2), adding("a", 4)]
    )
    assert [isinstance(each, DomainError) for each in outcomes] == [False, True, False, False]
    assert counting.values() == {"a": 5, "b": 2}


def test_repetition_gets_the_kept_answer_and_changes_nothing(counting: Counting) -> None:
    """The same request id and content is answered again without being done again."""
    counting.open("a")
    first, second = (
        counting.add("a", 3, request_id="r1"),
        counting.add("a", 3, request_id="r1"),
    )
    assert (first.body, second.body, second.replayed) == (b"live 3", b"kept 3", True)
    assert counting.values() == {"a": 3}


def test_repetition_within_one_batch_is_done_once(counting: Counting) -> None:
    """Two equal requests in one batch have one effect."""
    counting.open("a")
    outcomes = counting.writer.execute([adding("a", 3, request_id="r1")] * 2)
    assert [each.replayed for each in outcomes if isinstance(each, Answer)] == [False, True]
    assert counting.values() == {"a": 3}


def test_request_id_with_other_content_is_refused(counting: Counting) -> None:
    """A request id cannot be used for something else."""
    counting.open("a")
    counting.add("a", 3, request_id="r1")
    assert isinstance(counting.add("a", 4, request_id="r1"), RequestIdReused)


def test_refused_request_can_be_repeated(counting: Counting) -> None:
    """Only successes are on record, so what was refused may succeed later."""
    counting.open("a")
    assert isinstance(counting.add("a", 3, limit=1, request_id="r1"), DomainError)
    assert counting.add("a", 3, request_id="r1").body == b"live 3"


def test_answer_is_dropped_after_35_days_but_its_key_stays(counting: Counting) -> None:
    """A very late repetition is told so instead of being done again."""
    counting.open("a")
    counting.add("a", 3, request_id="r1")
    later = START_AT + ANSWER_KEPT_US + SECOND
    counting.writer.in_transaction(lambda tx: drop_old_answers(tx, CHASSIS, later))
    assert isinstance(counting.add("a", 3, request_id="r1"), RequestIdExpired)


def test_due_timer_fires_before_the_command_with_its_due_time(counting: Counting) -> None:
    """A command sees what was due before it, effective when it was due."""
    counting.open("a")
    counting.add("a", 1, timer_in=10 * SECOND)
    counting.clock.advance_to(START_AT + 60 * SECOND)
    assert counting.add("a", 1).body == b"live 1002"
    fired = counting.events()[1]
    assert fired.effective_at == START_AT + 10 * SECOND
    assert fired.record_at == START_AT + 60 * SECOND


def test_timer_fired_by_a_refused_command_stays_fired(counting: Counting) -> None:
    """What was due is done although the command that came across it is refused."""
    counting.open("a")
    counting.add("a", 1, timer_in=SECOND)
    counting.clock.advance_to(START_AT + 60 * SECOND)
    assert isinstance(counting.add("a", 1, limit=1), DomainError)
    assert counting.values() == {"a": 1001}


def test_waiting_timer_stays_and_holds_the_watermark(counting: Counting) -> None:
    """A timer that waits for something keeps its place; nothing is promised beyond it."""
    counting.open("a")
    counting.add("a", 1, timer_in=SECOND, timer_kind="wait")
    counting.clock.advance_to(START_AT + 60 * SECOND)
    counting.add("a", 1)
    moved = counting.writer.in_transaction(
        lambda tx: move_watermark(tx, CHASSIS, now_at=counting.clock.now())
    )
    assert moved == START_AT + SECOND - 1
    assert counting.values() == {"a": 2}


def test_failing_timer_parks_its_account_only(counting: Counting) -> None:
    """A fault in what is due parks that account; others go on, and the fact is an event."""
    counting.open("a", "b")
    counting.add("a", 1, timer_in=SECOND, timer_kind="break")
    counting.clock.advance_to(START_AT + 60 * SECOND)
    outcomes = counting.writer.execute([adding("a", 1), adding("b", 1)])
    assert isinstance(outcomes[0], AccountParked)
    assert isinstance(outcomes[1], Answer)
    assert [each.type for each in counting.events()] == ["Added", "AccountParkedFact", "Added"]


async def test_parked_account_goes_on_when_a_retry_succeeds(counting: Counting) -> None:
    """Once its cause is gone, a parked account is unparked by the worker, and that is told."""
    counting.open("a")
    counting.add("a", 1, timer_in=SECOND, timer_kind="break")
    counting.clock.advance_to(START_AT + 60 * SECOND)
    counting.add("a", 1)
    counting.writer.in_transaction(lambda tx: tx.upsert(COUNTERS, [{"account": "a", "value": 50}]))
    counting.clock.advance_to(START_AT + 120 * SECOND)
    await Workers(counting.writer, lambda _event: None).retry_parked()
    assert counting.values() == {"a": 1050}
    assert counting.events()[-1].type == "AccountUnparkedFact"


async def test_worker_fires_what_is_due(counting: Counting) -> None:
    """Nobody has to call for a timer to fire."""
    counting.open("a", "b")
    counting.add("a", 1, timer_in=SECOND)
    counting.add("b", 1, timer_in=90 * SECOND)
    counting.clock.advance_to(START_AT + 60 * SECOND)
    await Workers(counting.writer, lambda _event: None).fire_due()
    assert counting.values() == {"a": 1001, "b": 1}


async def test_concurrent_submissions_share_commits(counting: Counting) -> None:
    """Concurrent calls are all counted, in far fewer transactions than calls."""
    counting.open("a")
    before = counting.writer.batches_count
    await asyncio.gather(*(counting.writer.submit(adding("a", 1)) for _ in range(500)))
    assert counting.values() == {"a": 500}
    assert counting.writer.batches_count - before < 250


async def test_cancelled_caller_strands_nobody(counting: Counting) -> None:
    """One caller that goes away leaves the others of its batch answered."""
    counting.open("a")
    tasks = [asyncio.create_task(counting.writer.submit(adding("a", 1))) for _ in range(20)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(each, Answer) for each in outcomes) == 19
    assert counting.values() == {"a": 20}


def test_numbers_are_without_gaps_and_in_order(counting: Counting) -> None:
    """Sequence numbers rise by one from one."""
    counting.open("a")
    for _ in range(5):
        counting.writer.execute([adding("a", 1), adding("a", 1)])
    assert [each.seq for each in counting.events()] == list(range(1, 11))


def test_page_goes_on_where_it_ended(counting: Counting) -> None:
    """A feed read page by page gives every event once."""
    counting.open("a", "b")
    counting.writer.execute([adding("a", 1), adding("b", 1), adding("a", 1)])
    first = counting.database.read(lambda tx: read_events(tx, CHASSIS, after_seq=0, limit=2))
    rest = counting.database.read(
        lambda tx: read_events(tx, CHASSIS, after_seq=first.next_seq, limit=2)
    )
    assert [each.seq for each in (*first.events, *rest.events)] == [1, 2, 3]
    assert rest.next_seq == rest.head.seq == 3


@pytest.mark.parametrize("account", ["", "a"])
def test_pages_of_large_events_hold_few(counting: Counting, account: str) -> None:
    """A page ends before it holds too many bytes, has one event at least, and pages tile."""
    counting.open("a")
    counting.writer.execute([adding("a", 1) for _ in range(5)])
    bytes_max = 2 * len(counting.events()[0].payload)
    pages, after_seq = [], 0
    for most in (bytes_max, bytes_max - 1, 0):
        read = partial(
            read_events,
            tables=CHASSIS,
            after_seq=after_seq,
            limit=3,
            account=account,
            bytes_max=most,
        )
        page = counting.database.read(read)
        pages.append([each.seq for each in page.events])
        after_seq = page.next_seq
    assert pages == [[1, 2], [3], [4]]


def test_event_after_a_raised_watermark_is_stamped_later(counting: Counting) -> None:
    """Nothing is recorded at or before the watermark, even by a clock that lags behind it."""
    counting.open("a")
    head = CHASSIS.feed_head
    ahead = START_AT + 5 * SECOND
    counting.writer.in_transaction(lambda tx: tx.execute(head.update().values(watermark_at=ahead)))
    counting.add("a", 1)
    assert counting.events()[0].record_at > ahead


def test_position_cut_off_by_a_restore_is_refused(counting: Counting) -> None:
    """A cursor ahead of a restored feed is recognised by the epochs, one behind it is not."""
    counting.open("a")
    counting.add("a", 1)
    counting.add("a", 1)
    counting.writer.in_transaction(lambda tx: append_epoch(tx, CHASSIS))
    counting.add("a", 1)
    read = counting.database.read
    read(lambda tx: check_position(tx, CHASSIS, Position(1, 2)))
    with pytest.raises(DomainError) as refused:
        read(lambda tx: check_position(tx, CHASSIS, Position(1, 3)))
    assert refused.value.reason == "POSITION_OUT_OF_RANGE"
    assert read(lambda tx: read_head(tx, CHASSIS))[0] == Position(2, 3)


def open_sandbox(counting: Counting) -> None:
    counting.writer.execute([Submission(OPEN_SANDBOX, OpenSandbox("s", START_AT), "test")])
    counting.open("a", "b", sandbox="s")


def test_sandbox_steps_through_its_due_times(counting: Counting) -> None:
    """A step does what is due on the way, each at its own time, and moves the clock."""
    open_sandbox(counting)
    counting.add("a", 1, timer_in=10 * SECOND)
    counting.add("b", 1, timer_in=20 * SECOND)
    assert next_due_in(counting.writer, "s")[0] == START_AT + 10 * SECOND
    fired = step_to(counting.writer, "s", to_at=START_AT + 30 * SECOND, target_at=None)
    assert (fired, counting.values()) == (2, {"a": 1001, "b": 1001})
    assert [each.effective_at for each in counting.events()[2:]] == [
        START_AT + 10 * SECOND,
        START_AT + 20 * SECOND,
    ]


def test_write_to_an_advancing_sandbox_is_refused(counting: Counting) -> None:
    """While a target is set nobody else may write."""
    open_sandbox(counting)
    step_to(counting.writer, "s", to_at=START_AT + SECOND, target_at=START_AT + 9 * SECOND)
    assert isinstance(counting.add("a", 1), SandboxAdvancing)
    step_to(counting.writer, "s", to_at=START_AT + 9 * SECOND, target_at=None)
    assert isinstance(counting.add("a", 1), Answer)


async def test_real_workers_leave_sandboxes_alone(counting: Counting) -> None:
    """A sandbox's timers wait for its own clock."""
    open_sandbox(counting)
    counting.add("a", 1, timer_in=SECOND)
    counting.clock.advance_to(START_AT + 3600 * SECOND)
    await Workers(counting.writer, lambda _event: None).fire_due()
    assert counting.values()["a"] == 1
    due = counting.database.read(lambda tx: next_due(tx, CHASSIS, "s"))
    assert due == START_AT + SECOND
