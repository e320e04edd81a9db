"""Timers that are due as soon as they are set: fired at the end of the same batch."""

from dataclasses import replace

from chassis.entry import Answer, PeerEvent, Submission
from chassis.feed import Cursor
from chassis.timers import first_due
from chassis.use_case import Effects, TimerSet
from tests.chassis.counting import (
    CHASSIS,
    START_AT,
    TIMERS,
    Add,
    Counter,
    CounterFacts,
    Counting,
    adding,
    decide_add,
    use_case,
)

BREAK = "break"


def decide_with_timer(
    kind: str, facts: CounterFacts, command: Add, now_at: int
) -> Effects[Counter]:
    """Add, and set a timer that is due at once."""
    effects = decide_add(facts, command, now_at)
    timer = TimerSet(command.account, kind, "", now_at)
    return Effects(effects.result, effects.changes, effects.events, (timer,))


def adding_then(kind: str, account: str, amount: int) -> Submission:
    """The submission to add, and to set a timer of a kind that is due at once."""
    adds = use_case(
        f"add_then_{kind}",
        lambda facts, command, now_at: decide_with_timer(kind, facts, command, now_at),
    )
    return Submission(adds, Add(account, amount), "test")


def test_timer_due_at_once_fires_in_the_same_batch(counting: Counting) -> None:
    """What a command makes due at once is done when the command is answered."""
    counting.open("a")
    batches = counting.writer.batches_count
    counting.writer.execute([adding_then("tick", "a", 1)])
    assert (counting.values(), counting.writer.batches_count - batches) == ({"a": 1001}, 1)


def test_timer_due_at_once_comes_after_all_commands(counting: Counting) -> None:
    """Commands of a batch are done before what the first of them makes due."""
    counting.open("a")
    outcomes = counting.writer.execute([adding_then("tick", "a", 1), adding("a", 1, limit=2)])
    assert isinstance(outcomes[1], Answer)


def test_timer_of_several_commands_fires_once(counting: Counting) -> None:
    """Commands that set the same timer make it fire once."""
    counting.open("a")
    counting.writer.execute([adding_then("tick", "a", 1)] * 5)
    assert counting.values() == {"a": 1005}


def test_timer_due_later_does_not_fire(counting: Counting) -> None:
    """What is due a moment later waits for its time."""
    counting.open("a")
    counting.add("a", 1, timer_in=1)
    assert counting.values() == {"a": 1}


def test_waiting_timer_is_left_for_later(counting: Counting) -> None:
    """A timer due at once that has to wait for something stays."""
    counting.open("a")
    counting.writer.execute([adding_then("wait", "a", 1)])
    due_at = counting.database.read(lambda tx: first_due(tx, CHASSIS, "a"))
    assert due_at == START_AT


def test_command_survives_the_failing_timer_that_it_set(counting: Counting) -> None:
    """A timer due at once that fails parks its account, and what set it is done and answered."""
    counting.open("a", "b")
    outcomes = counting.writer.execute([adding_then(BREAK, "a", 1), adding("b", 1)])
    assert [type(each) for each in outcomes] == [Answer, Answer]
    assert counting.values() == {"a": 1, "b": 1}
    assert [each.type for each in counting.events()] == ["Added", "Added", "AccountParkedFact"]


def test_account_beside_a_failing_timer_goes_on(counting: Counting) -> None:
    """Of timers due at once that are fired together only the failing one's account is parked."""
    counting.open("a", "b")
    counting.writer.execute([adding_then(BREAK, "a", 1), adding_then(BREAK, "b", 60)])
    assert counting.values() == {"a": 1, "b": 1060}


def test_refusing_timer_parks_in_the_same_transaction(counting: Counting) -> None:
    """A timer due at once that is refused parks its account; what set it is done."""
    counting.open("a")
    full = Add("a", 1, limit=0)
    refusing = use_case("refuse", lambda facts, _due, now_at: decide_add(facts, full, now_at))
    kinds = {**TIMERS, "refuse": refusing}
    counting.writer.tools = replace(counting.writer.tools, timer_use_cases=kinds)
    outcome = counting.writer.execute([adding_then("refuse", "a", 1)])[0]
    assert (type(outcome), counting.events()[-1].type) == (Answer, "AccountParkedFact")


def test_peers_event_survives_the_failing_timer_that_it_set(counting: Counting) -> None:
    """A peer's event is applied although what it makes due at once parks its account."""
    counting.open("a", "b")
    submissions = [adding_then(BREAK, "a", 1), adding_then(BREAK, "b", 2)]
    events = [
        PeerEvent("peer", seq, each.command.account, START_AT, "Added", b"", each)
        for seq, each in enumerate(submissions, 1)
    ]
    applied = counting.writer.apply_feed("peer", events, Cursor(1, 2, 0))
    assert (applied, counting.values()) == (2, {"a": 1, "b": 2})
