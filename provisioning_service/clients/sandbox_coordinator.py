"""Leads a sandbox through its time, in both services, so that each sees the other's past."""

import time
from collections.abc import AsyncGenerator
from typing import Final, Protocol

from chassis.entry import Submission
from chassis.errors import SandboxAdvancing
from chassis.feed import Position, read_head
from chassis.sandboxes import SubmissionOf, next_due_in, retry_parked_in, step_to
from chassis.writer import Writer
from provisioning_service.clients.billing_steps import BillingSteps
from provisioning_service.domain.sandbox import SandboxView
from provisioning_service.use_cases.advance_sandbox import (
    FINISH_ADVANCE,
    START_ADVANCE,
    AdvanceProgress,
    FinishAdvance,
    StartAdvance,
)

WAIT_SECONDS: Final = 20.0
# What one service does on word of the other can make the other do something, and that once more;
# there it ends: what billing tells of an account's expiry makes no event here.
EXCHANGES: Final = 3


class AppliedBilling(Protocol):
    """How far billing's feed is applied here, and what its events amount to."""

    @property
    def submission_of(self) -> SubmissionOf:
        """What turns an event of billing's into what it amounts to here."""
        ...

    async def wait(self, epoch: int, seq: int, until: float) -> None:
        """Return when the position is applied; PositionNotReached at `until` (monotonic)."""
        ...


class SandboxCoordinator:
    """Advances sandboxes: clock and target are stored, so what breaks off can be taken up again."""

    def __init__(self, writer: Writer, billing: BillingSteps, applied: AppliedBilling) -> None:
        self._writer = writer
        self._billing = billing
        self._applied = applied
        self._running: set[str] = set()

    async def advance(
        self, sandbox: str, to_at: int, *, actor: str
    ) -> AsyncGenerator[AdvanceProgress, None]:
        """Move the sandbox's clock to `to_at`, telling at each step how far it is.

        At each step both services stand at the same instant, and have applied each other's feed.

        Errors:  TimeNotAhead, AdvanceTooFar, SandboxAdvancing, AccountParked,
                 TemporarilyUnavailable.
        """
        if sandbox in self._running:
            raise SandboxAdvancing(sandbox)
        self._running.add(sandbox)
        try:
            view = await self._submit(
                Submission(START_ADVANCE, StartAdvance(sandbox, to_at), actor)
            )
            fired_count = 0
            clock_at = view.clock_at
            yield AdvanceProgress(view, fired_count, arrived=False)
            while True:
                step_at, arriving = await self._next_step(sandbox, clock_at, to_at)
                fired_count += await self._step(sandbox, step_at, to_at)
                if arriving:
                    break
                if step_at > clock_at:
                    clock_at = step_at
                    here = SandboxView(view.sandbox, clock_at, to_at)
                    yield AdvanceProgress(here, fired_count, arrived=False)
            there = await self._finish(sandbox, to_at, actor)
            yield AdvanceProgress(there, fired_count, arrived=True)
        finally:
            self._running.discard(sandbox)

    async def _next_step(self, sandbox: str, clock_at: int, to_at: int) -> tuple[int, bool]:
        """Where to step next, and whether nothing falls due on the way to the target."""
        await self._exchange()
        theirs, _ = await self._billing.next_due(sandbox)
        ours, _ = await self._writer.call(lambda: next_due_in(self._writer, sandbox))
        due = [each for each in (ours, theirs) if each is not None and each <= to_at]
        if not due:
            return to_at, True
        return max(clock_at, min(due)), False

    async def _step(self, sandbox: str, step_at: int, to_at: int) -> int:
        """Step both clocks, ours first; gives how many due things were done."""
        writer = self._writer

        def step_here() -> int:
            retry_parked_in(writer, sandbox, self._applied.submission_of)
            return step_to(writer, sandbox, to_at=step_at, target_at=to_at)

        ours = await writer.call(step_here)
        await self._billing.apply_to(await self._head())
        theirs = await self._billing.step_to(sandbox, step_at, target_at=to_at)
        await self._await_applied(theirs.head)
        return ours + theirs.fired_count

    async def _exchange(self) -> None:
        """Have each service apply what the other has told."""
        told: Position | None = None
        for _ in range(EXCHANGES):
            head = await self._head()
            if told == head:
                return
            told = head
            await self._await_applied(await self._billing.apply_to(told))

    async def _head(self) -> Position:
        """Where our feed stands in the store, whichever process recorded last."""
        writer = self._writer
        read = writer.database.reading
        return (await read(lambda tx: read_head(tx, writer.tools.tables)))[0]

    async def _await_applied(self, head: Position) -> None:
        await self._applied.wait(head.epoch, head.seq, time.monotonic() + WAIT_SECONDS)

    async def _finish(self, sandbox: str, to_at: int, actor: str) -> SandboxView:
        """Let the sandbox arrive in both services, ours last: until then it can be taken up."""
        await self._exchange()
        await self._billing.step_to(sandbox, to_at, target_at=None)
        return await self._submit(Submission(FINISH_ADVANCE, FinishAdvance(sandbox, to_at), actor))

    async def _submit(self, submission: Submission) -> SandboxView:
        view: SandboxView = (await self._writer.submit(submission)).body
        return view
