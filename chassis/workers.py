"""What a service does without being asked: fire timers, move the watermark, retry, age out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from chassis.database import Transaction
from chassis.entry import PeerEvent, Submission
from chassis.feed import move_watermark
from chassis.idempotency import drop_old_answers
from chassis.timers import due_accounts, retryable_accounts
from chassis.writer import Writer, fire_timers

SubmissionOf = Callable[[PeerEvent], Submission | None]

TIMERS_EVERY_S: Final = 0.1
WATERMARK_EVERY_S: Final = 0.25
RETRY_EVERY_S: Final = 0.5
AGE_OUT_EVERY_S: Final = 600.0
_log = structlog.get_logger("workers")


@dataclass(slots=True)
class Workers:
    """The background work of one service, on the real world only."""

    writer: Writer
    submission_of: SubmissionOf
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def start(self) -> None:
        """Begin, in the running event loop."""
        rounds = (
            (self.fire_due, TIMERS_EVERY_S),
            (self.move_watermark, WATERMARK_EVERY_S),
            (self.retry_parked, RETRY_EVERY_S),
            (self.age_out, AGE_OUT_EVERY_S),
        )
        for work, every_s in rounds:
            self._tasks.append(asyncio.create_task(_repeat(work, every_s), name=work.__name__))

    async def stop(self) -> None:
        """Stop, and wait until what was under way is done."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def fire_due(self) -> None:
        """Do what is due now, some accounts at a time until nothing is, or all that is waits."""
        tables = self.writer.tools.tables
        tried: set[str] = set()
        while True:
            now_at = self.writer.clock.now()

            def query(tx: Transaction, until_at: int = now_at) -> list[str]:
                return due_accounts(tx, tables, sandbox="", until_at=until_at, skipped=tried)

            accounts = await self.writer.database.reading(query)
            if not accounts:
                return
            # One that waits for the other service is still due afterwards: not again this round.
            tried.update(accounts)
            await asyncio.gather(
                *(self.writer.submit(fire_timers(account)) for account in accounts),
                return_exceptions=True,
            )

    async def move_watermark(self) -> None:
        """Move the watermark up to where nothing can appear any more."""
        now_at = self.writer.clock.now()
        tables = self.writer.tools.tables
        await self.writer.call(
            lambda: self.writer.in_transaction(lambda tx: move_watermark(tx, tables, now_at=now_at))
        )

    async def retry_parked(self) -> None:
        """Try the parked accounts whose next attempt is due."""
        now_at = self.writer.clock.now()
        tables = self.writer.tools.tables
        accounts = await self.writer.database.reading(
            lambda tx: retryable_accounts(tx, tables, now_at)
        )
        for account in accounts:
            goes_on = await self.writer.call(
                lambda account=account: self.writer.retry_parked(account, self.submission_of)  # type: ignore[misc]
            )
            _log.info("parked account tried again", account=account, goes_on=goes_on)

    async def age_out(self) -> None:
        """Drop the answers of requests that are too old to be repeated."""
        now_at = self.writer.clock.now()
        tables = self.writer.tools.tables
        await self.writer.call(
            lambda: self.writer.in_transaction(lambda tx: drop_old_answers(tx, tables, now_at))
        )


async def _repeat(work: Callable[[], Awaitable[None]], every_s: float) -> None:
    """Do `work` again and again with a pause; a failed round is logged and followed by the next."""
    while True:
        try:
            await work()
        except Exception as failure:  # noqa: BLE001 - a round that fails must not end the work
            _log.exception("round failed", work=getattr(work, "__name__", ""), error=str(failure))
        await asyncio.sleep(every_s)
