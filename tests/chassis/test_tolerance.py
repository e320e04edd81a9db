"""Commands that take in what has happened, whatever state their accounts are in."""

from dataclasses import replace

from chassis.entry import Answer, Submission
from chassis.feed import Position
from chassis.sandboxes import step_to
from chassis.use_case import Effects, Scope
from tests.chassis.counting import (
    OPEN_SANDBOX,
    SECOND,
    START_AT,
    Add,
    Counter,
    CounterFacts,
    Counting,
    OpenSandbox,
    decide_add,
    use_case,
)

TAKE_IN = use_case(
    "take_in", decide_add, lambda command: Scope(accounts=(command.account,), tolerant=True)
)


def take_in(counting: Counting, account: str, amount: int) -> object:
    """What a tolerant command to add gets."""
    return counting.writer.execute([Submission(TAKE_IN, Add(account, amount), "test")])[0]


def test_parked_account_takes_in_what_happened(counting: Counting) -> None:
    """A tolerant command is carried out although its account is parked."""
    counting.open("a")
    counting.add("a", 1, timer_in=SECOND, timer_kind="break")
    counting.clock.advance_to(START_AT + 60 * SECOND)
    counting.add("a", 1)
    assert isinstance(take_in(counting, "a", 2), Answer)


def test_account_that_parks_in_the_batch_takes_in_what_happened(counting: Counting) -> None:
    """A tolerant command is carried out although what is due before it fails."""
    counting.open("a")
    counting.add("a", 1, timer_in=SECOND, timer_kind="break")
    counting.clock.advance_to(START_AT + 60 * SECOND)
    take_in(counting, "a", 2)
    assert counting.values() == {"a": 3}


def test_advancing_sandbox_takes_in_what_happened(counting: Counting) -> None:
    """A tolerant command is carried out although its account's sandbox is being advanced."""
    counting.writer.execute([Submission(OPEN_SANDBOX, OpenSandbox("s", START_AT), "test")])
    counting.open("a", sandbox="s")
    step_to(counting.writer, "s", to_at=START_AT + SECOND, target_at=START_AT + 9 * SECOND)
    assert isinstance(take_in(counting, "a", 2), Answer)


def test_now_of_what_happened_is_the_real_one(counting: Counting) -> None:
    """A tolerant command's accounts may live by several clocks: it is told the real time."""
    seen: list[int] = []

    def decide(facts: CounterFacts, command: Add, now_at: int) -> Effects[Counter]:
        seen.append(now_at)
        return decide_add(facts, command, now_at)

    spy = replace(TAKE_IN, decide=decide)
    counting.writer.execute([Submission(OPEN_SANDBOX, OpenSandbox("s", 5 * SECOND), "test")])
    counting.open("a", sandbox="s")
    counting.writer.execute([Submission(spy, Add("a", 1), "test")])
    assert seen == [START_AT]


def test_listener_hears_of_batches_without_events(counting: Counting) -> None:
    """Whoever listens for writes is called after those that the feed does not tell of too."""
    heard: list[Position] = []
    counting.writer.on_write(heard.append)
    counting.open("a")
    assert heard == [counting.writer.head]
