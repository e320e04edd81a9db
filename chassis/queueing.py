"""What waits for the writing thread, and how its outcome gets back to whoever waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from chassis.entry import Answer, Submission

Outcome = Answer | BaseException

# So many in a pause make another pause worth while.
COMPANY_MIN: Final = 4
LOOK_AGAIN_S: Final = 0.003
LOOKS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued submission and where its answer goes."""

    submission: Submission
    future: "asyncio.Future[Answer]"


class Intake:
    """Where the submissions of one event loop wait until the writing thread takes them together.

    Those that come while a batch is being written are the next one, so that they share a commit.
    Under load it also gives callers just answered a few milliseconds to come back, as long as they
    do: twice as many then share a batch's cost. A lone caller waits for one turn of the loop.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        hand_over: Callable[["Handed"], None],
        batch_max: int,
    ) -> None:
        self.loop = loop
        self.count = 0
        self._hand_over = hand_over
        self._batch_max = batch_max
        self._gathering: list[Waiting] = []
        self._is_writing = False
        self._last_count = 0

    def add(self, submission: Submission) -> "asyncio.Future[Answer]":
        """Take a submission in; gives what will be its answer."""
        future: asyncio.Future[Answer] = self.loop.create_future()
        self.count += 1
        self._gathering.append(Waiting(submission, future))
        if len(self._gathering) == 1 and not self._is_writing:
            self.loop.call_soon(self._look, 0, LOOKS_MAX)
        return future

    def _look(self, seen_count: int, looks_left: int) -> None:
        """Hand over, unless enough came since the last look for more to be worth waiting for."""
        count = len(self._gathering)
        is_busy = count - seen_count >= COMPANY_MIN or (
            seen_count == 0 and self._last_count >= COMPANY_MIN
        )
        if is_busy and looks_left and count < self._batch_max:
            self.loop.call_later(LOOK_AGAIN_S, self._look, count, looks_left - 1)
            return
        batch = self._gathering[: self._batch_max]
        del self._gathering[: self._batch_max]
        self._last_count = len(batch)
        self._is_writing = True
        self._hand_over(Handed(batch, self))

    def settle(self, batch: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
        """Answer a batch, and let the next one come."""
        self.count -= len(batch)
        self._is_writing = False
        if self._gathering:
            self.loop.call_soon(self._look, 0, LOOKS_MAX)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            # A caller that went away has cancelled its own.
            if waiting.future.done():
                continue
            if isinstance(outcome, Answer):
                waiting.future.set_result(outcome)
            else:
                waiting.future.set_exception(outcome)


@dataclass(frozen=True, slots=True)
class Handed:
    """A batch for the writing thread, and the intake that waits for its outcomes."""

    batch: Sequence[Waiting]
    intake: Intake


@dataclass(frozen=True, slots=True)
class Call:
    """A queued piece of work for the writing thread."""

    work: Callable[[], Any]
    future: "Future[Any]"


def do(call: Call) -> None:
    """Do a piece of work and settle its future."""
    if not call.future.set_running_or_notify_cancel():
        return
    try:
        call.future.set_result(call.work())
    except BaseException as failure:  # noqa: BLE001 - it is the caller's to see
        call.future.set_exception(failure)
