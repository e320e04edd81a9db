"""What waits for the writing thread, and how its outcome gets back to whoever waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, NamedTuple

from chassis.entry import Answer, Submission

Outcome = Answer | BaseException

# Fewer than so many under way at once are not worth waiting for.
COMPANY_MIN: Final = 4
# How often it is looked who came, and from when on a look is late because the loop was busy.
LOOK_AGAIN_S: Final = 0.001
LATE_S: Final = 0.002
# How long callers are waited for: while none comes and the loop is idle, and in all.
QUIET_S: Final = 0.003
PATIENCE_S: Final = 0.024
# What weighs so much is decided for ten milliseconds and more.
LONG_FROM: Final = 1_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait, and how much one batch takes: in submissions, and in their weights.

    What is heavier than a batch takes is a batch of its own.
    """

    queue_max: int = 4096
    batch_max: int = 256
    queue_weight_max: int = 200_000
    batch_weight_max: int = 20_000


class Waiting(NamedTuple):
    """A queued submission and where its answer goes."""

    submission: Submission
    future: "asyncio.Future[Answer]"


class Company:
    """Whether callers that were just answered are on their way back, as far as can be told.

    They are as long as one of them comes every few milliseconds, or the loop is too busy to let
    them in; until all are back, or have been waited for long enough.
    """

    def __init__(self, tell_time: Callable[[], float] = monotonic) -> None:
        self._tell_time = tell_time
        self._count = 0
        self._seen = 0
        self._answered_at = self._looked_at = self._stirred_at = self._patient_until = 0.0

    def answered(self, count: int) -> None:
        """Some of so many that were under way are answered."""
        self._count = count
        self._answered_at = self._tell_time()

    def expect(self) -> None:
        """Wait for them from now on."""
        now = self._tell_time()
        if now - self._answered_at > PATIENCE_S:
            self._count = 0
        self._seen = 0
        self._looked_at = now
        self._patient_until = now + PATIENCE_S

    def is_complete(self, count: int) -> bool:
        """Whether all are back, where so many are under way by now."""
        return count >= self._count

    def is_coming(self, count: int) -> bool:
        """Whether more are worth waiting for, where so many are under way by now."""
        if self._count < COMPANY_MIN or self.is_complete(count):
            return False
        now = self._tell_time()
        if count > self._seen or now - self._looked_at >= LATE_S:
            self._stirred_at = now
        self._seen, self._looked_at = count, now
        return now < min(self._patient_until, self._stirred_at + QUIET_S)


class Quiet:
    """Whether the event loop may compute for long without being in the writing thread's way.

    While this one decides a heavy batch both would share one interpreter, and each take twice as
    long; afterwards the store writes the rows, and leaves it to the loop. Those who wait for that
    go on one by one, so that other calls come in between.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._turn = asyncio.Lock()

    def end(self) -> None:
        """A heavy batch is handed over."""
        self._is_quiet.clear()

    def begin(self) -> None:
        """The batch is decided, or done."""
        self._is_quiet.set()

    def begin_from_thread(self) -> None:
        """The same, in the writing thread."""
        if not self._is_quiet.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.begin)

    async def wait(self) -> None:
        """Wait for it, in turn; no longer than a batch is written."""
        async with self._turn:
            await self._is_quiet.wait()


class Intake:
    """Where the submissions of one event loop wait until the writing thread takes them together.

    Those that come while a batch is being written are the next one, so that they share a commit.
    Under load, callers just answered mostly come back at once. They are waited for, some
    milliseconds at most, as long as one of them comes or the loop is busy with them: then all share
    a batch's cost, and loop and writing thread do not get in each other's way. A lone caller waits
    for one turn of the loop.
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
        self.quiet = Quiet(loop)
        self._hand_over = hand_over
        self._bounds = bounds
        self._gathering: list[Waiting] = []
        self._is_writing = False
        self._company = Company()
        # The next look, while callers are waited for.
        self._later: asyncio.TimerHandle | None = None

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
        if self._later is not None and self._company.is_complete(self.count):
            self._later.cancel()
            self._look()
        elif len(self._gathering) == 1 and not self._is_writing:
            self._start_looking()
        return future

    def _start_looking(self) -> None:
        self._company.expect()
        self.loop.call_soon(self._look)

    def _look(self) -> None:
        """Hand over, unless callers are worth waiting for.

        Nothing is being written meanwhile: all that is under way waits here.
        """
        self._later = None
        if self._company.is_coming(self.count) and self.weight < self._bounds.batch_max:
            self._later = self.loop.call_later(LOOK_AGAIN_S, self._look)
            return
        fitting_count = self._fitting_count()
        batch = self._gathering[:fitting_count]
        del self._gathering[:fitting_count]
        self._is_writing = True
        if self.weight >= LONG_FROM:
            self.quiet.end()
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
        self._company.answered(self.count)
        self.count -= len(batch)
        self.weight -= sum(each.submission.weight for each in batch)
        self._is_writing = False
        self.quiet.begin()
        if self._gathering:
            self._start_looking()
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
