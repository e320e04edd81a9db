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
class Bounds:
    """How much may wait, and how much one batch takes: in submissions, and in their weights.

    What is heavier than a batch takes is a batch of its own.
    """

    queue_max: int = 4096
    batch_max: int = 256
    queue_weight_max: int = 200_000
    batch_weight_max: int = 20_000


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
        bounds: Bounds,
    ) -> None:
        self.loop = loop
        self.count = 0
        self.weight = 0
        self._hand_over = hand_over
        self._bounds = bounds
        self._gathering: list[Waiting] = []
        self._is_writing = False
        self._last_count = 0

    def has_room_for(self, weight: int) -> bool:
        """Whether a submission of a weight may wait here, without too much waiting then."""
        is_light = self.weight + weight <= self._bounds.queue_weight_max
        return is_light and self.count < self._bounds.queue_max

    def add(self, submission: Submission) -> "asyncio.Future[Answer]":
        """Take a submission in; gives what will be its answer."""
        future: asyncio.Future[Answer] = self.loop.create_future()
        self.count += 1
        self.weight += submission.weight
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
        fits_count = self._fitting_count()
        if is_busy and looks_left and fits_count == count < self._bounds.batch_max:
            self.loop.call_later(LOOK_AGAIN_S, self._look, count, looks_left - 1)
            return
        batch = self._gathering[:fits_count]
        del self._gathering[:fits_count]
        self._last_count = len(batch)
        self._is_writing = True
        self._hand_over(Handed(batch, self))

    def _fitting_count(self) -> int:
        """How many of those that wait make the next batch."""
        weight = 0
        for place, waiting in enumerate(self._gathering[: self._bounds.batch_max]):
            weight += waiting.submission.weight
            if weight > self._bounds.batch_weight_max:
                return max(place, 1)
        return min(len(self._gathering), self._bounds.batch_max)

    def settle(self, batch: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
        """Answer a batch, and let the next one come."""
        self.count -= len(batch)
        self.weight -= sum(each.submission.weight for each in batch)
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
