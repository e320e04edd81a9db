"""The one place that commits: coalesces concurrent writes into batches, and answers each.

One thread owns the writing connection. Whatever has gathered while a transaction ran becomes the
next transaction: one commit, many answers. A refusal drops its own command; an error of the store
rolls back and runs the commands one by one.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Final, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from chassis.accounts import lock_accounts
from chassis.batch import Batch, BatchTools
from chassis.batch_errors import ScopeGrewError, TimersFailedError
from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.entry import Answer, Entry, PeerEvent, Submission, entry_of
from chassis.errors import ConcurrentChange, Overloaded, TemporarilyUnavailable
from chassis.failpoints import failpoint
from chassis.feed import (
    Cursor,
    Position,
    WatermarkPassedError,
    lock_cursor,
    move_cursor,
    prepare_feed,
    read_head,
)
from chassis.parking import forget_parked_events, read_parked_events
from chassis.queueing import Bounds, Call, Handed, Intake, Outcome, do
from chassis.timers import first_due
from chassis.touch import TOUCH

T = TypeVar("T")

ATTEMPTS_MAX: Final = 8
_log = structlog.get_logger("writer")


class Writer:
    """Carries out submissions, one batch at a time."""

    def __init__(
        self,
        database: Database,
        tools: BatchTools,
        clock: Clock,
        bounds: Bounds | None = None,
    ) -> None:
        self.database = database
        self.tools = tools
        self.clock = clock
        self.batches_count = 0
        self.bounds = bounds or Bounds()
        self._queue: queue.SimpleQueue[Handed | Call | None] = queue.SimpleQueue()
        self._intake: Intake | None = None
        self._listeners: list[Callable[[Position], None]] = []
        self._write_listeners: list[Callable[[Position], None]] = []
        self._later_than_at = 0
        with database.writing() as tx:
            prepare_feed(tx, tools.tables)
            self.head, _ = read_head(tx, tools.tables)
        self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
        self._thread.start()

    def on_commit(self, listener: Callable[[Position], None]) -> None:
        """Call `listener`, in the writing thread, after each commit that recorded events."""
        self._listeners.append(listener)

    def on_write(self, listener: Callable[[Position], None]) -> None:
        """Call `listener`, in the writing thread, after each batch, also one without events."""
        self._write_listeners.append(listener)

    @property
    def queued_count(self) -> int:
        """How many submissions wait or are being carried out."""
        return 0 if self._intake is None else self._intake.count

    @property
    def queued_weight(self) -> int:
        """What these weigh together."""
        return 0 if self._intake is None else self._intake.weight

    def close(self) -> None:
        """Carry out what is queued, then stop."""
        self._queue.put(None)
        self._thread.join()

    # --- from the event loop ------------------------------------------------------------------

    async def submit(self, submission: Submission) -> Answer:
        """Carry out a submission and give its answer.

        Errors:  the DomainError that refused it; Overloaded if too many wait.
        """
        intake = self._intake_here()
        if not intake.has_room_for(submission.weight):
            raise Overloaded
        return await intake.add(submission)

    def has_room_for(self, weight: int) -> bool:
        """Whether a submission of a weight would be taken now rather than refused."""
        return self._intake_here().has_room_for(weight)

    async def until_quiet(self) -> None:
        """Wait until the event loop may compute for long, as to read thousands of events."""
        await self._intake_here().quiet.wait()

    def _intake_here(self) -> Intake:
        """The intake of the running event loop."""
        loop = asyncio.get_running_loop()
        if self._intake is None or self._intake.loop is not loop:
            self._intake = Intake(loop, self._queue.put, self.bounds)
        return self._intake

    async def call(self, work: Callable[[], T]) -> T:
        """What `work` gives, done in the writing thread between two batches."""
        future: Future[T] = Future()
        self._queue.put(Call(work, future))
        return await asyncio.wrap_future(future)

    # --- in the writing thread, or in tests without an event loop -----------------------------

    def execute(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Carry out submissions as one batch; gives an answer or an exception for each."""
        if not submissions:
            return []
        try:
            return self._transact(submissions)
        except Exception as failure:  # noqa: BLE001 - each caller is told its own
            if len(submissions) == 1:
                return [_translated(failure)]
            # What broke the transaction is one of them: run each by itself.
            return [self.execute([each])[0] for each in submissions]

    def in_transaction(self, work: Callable[[Transaction], T]) -> T:
        """What `work` gives in a transaction of its own, which records no events."""
        with self.database.writing() as tx:
            return work(tx)

    def apply_feed(self, source: str, events: Sequence[PeerEvent], cursor: Cursor) -> int:
        """Apply a peer's events and move the cursor, in one transaction.

        An event that cannot be applied parks its account, and waits with the later ones.
        Gives how many were applied. Running it again with the same events does nothing.
        """
        wanted = [each for each in events if each.submission is not None]
        try:
            return self._apply_feed(source, wanted, cursor)
        except (TemporarilyUnavailable, ConcurrentChange):
            raise
        except Exception as failure:  # noqa: BLE001 - one account's fault must not stop the feed
            if len(wanted) > 1:
                for each in wanted:
                    self.apply_feed(source, [each], Cursor(cursor.epoch, each.seq, 0))
                return self._apply_feed(source, [], cursor)
            _log.exception("feed event failed", source=source, cursor=cursor.seq)
            self._park_feed_event(source, wanted, cursor, failure)
            return 0

    def retry_parked(
        self, account: str, submission_of: Callable[[PeerEvent], Submission | None]
    ) -> bool:
        """Try again what had parked `account`; whether it goes on.

        Its waiting events are applied in order, its due timers are fired: after the events from
        before the first of them was due.
        """

        def work(tx: Transaction, batch: Batch) -> list[Entry]:
            tables = self.tools.tables
            row = lock_accounts(tx, tables, [account]).get(account)
            if row is None or not row.parked_cause:
                # Another process was faster.
                return []
            waiting = [
                replace(each, submission=submission_of(each))
                for each in read_parked_events(tx, tables, account)
            ]
            forget_parked_events(tx, tables, account)
            earlier, later = _around(waiting, first_due(tx, tables, account))
            touch = entry_of(fire_timers(account))
            batch.run(
                [*_peer_entries(later), touch], earlier=_peer_entries(earlier), retrying=[account]
            )
            batch.unpark(account)
            return []

        try:
            _, batch, _ = self._run(work)
        except TimersFailedError as failure:
            self._park_timers(failure)
            return False
        except Exception as failure:  # noqa: BLE001 - whatever it was, the account stays parked
            _log.exception("retry of a parked account failed", account=account)
            self._park_account(account, f"retry {type(failure).__name__}")
            return False
        return account not in batch.parked

    # --- transactions -------------------------------------------------------------------------

    def _transact(self, submissions: Sequence[Submission]) -> list[Outcome]:
        def work(_tx: Transaction, batch: Batch, leaving: Iterable[str]) -> list[Entry]:
            entries = [entry_of(each) for each in submissions]
            batch.run(entries, leaving=leaving)
            return entries

        done, head = self._run_without(work)
        return [_outcome(entry, head) for entry in done]

    def _apply_feed(self, source: str, events: Sequence[PeerEvent], cursor: Cursor) -> int:
        def work(tx: Transaction, batch: Batch, leaving: Iterable[str]) -> list[Entry]:
            applied = lock_cursor(tx, self.tools.tables, source)
            entries = _peer_entries([each for each in events if each.seq > applied.seq])
            batch.run(entries, leaving=leaving)
            self._move_on(tx, source, applied, cursor)
            return entries

        done, _ = self._run_without(work)
        return sum(1 for entry in done if entry.refusal is None)

    def _run_without(
        self, work: Callable[[Transaction, Batch, Iterable[str]], list[Entry]]
    ) -> tuple[list[Entry], Position]:
        """Do `work` in one transaction, without the timers that break it.

        Those due before it park their accounts first. Those that it makes due at once are left to a
        transaction of their own after it, so that what set them is done.
        """
        leaving: set[str] = set()
        for _ in range(ATTEMPTS_MAX):
            try:
                done, _, head = self._run(lambda tx, batch: work(tx, batch, leaving))
            except TimersFailedError as failure:
                if failure.at_once:
                    leaving.update(each.account for each in failure.timers)
                else:
                    self._park_timers(failure)
                continue
            for account in sorted(leaving):
                self.execute([fire_timers(account)])
            return done, head
        raise ConcurrentChange

    def _run(
        self, work: Callable[[Transaction, Batch], list[Entry]]
    ) -> tuple[list[Entry], Batch, Position]:
        """Do `work` in one transaction and commit it, trying again what the store asks to."""
        for attempt in range(ATTEMPTS_MAX):
            try:
                return self._run_once(work)
            except WatermarkPassedError as passed:
                self._later_than_at = passed.watermark_at
            except ScopeGrewError:
                continue
            except (DBAPIError, TimersFailedError) as failure:
                if not _worth_retrying(failure) or attempt == ATTEMPTS_MAX - 1:
                    raise
        raise ConcurrentChange

    def _run_once(
        self, work: Callable[[Transaction, Batch], list[Entry]]
    ) -> tuple[list[Entry], Batch, Position]:
        with self.database.writing() as tx:
            batch = Batch(tx, self.tools, self._now, self._on_decided)
            entries = work(tx, batch)
            last_seq = batch.write_feed()
            failpoint("before_commit")
        failpoint("after_commit")
        self.batches_count += 1
        if last_seq is not None:
            self.head = Position(self.head.epoch, last_seq)
            for listener in self._listeners:
                listener(self.head)
        for listener in self._write_listeners:
            listener(self.head)
        return entries, batch, self.head

    def _on_decided(self) -> None:
        """Leave the interpreter to the event loop: from here on the store writes."""
        if self._intake is not None:
            self._intake.quiet.begin_from_thread()

    def _now(self) -> int:
        """The present instant; later than any watermark that was found in the way."""
        return max(self.clock.now(), self._later_than_at + 1)

    # --- parking ------------------------------------------------------------------------------

    def _park_timers(self, failure: TimersFailedError) -> None:
        """Park the accounts whose timers break the transaction, each by itself."""
        accounts = dict.fromkeys(each.account for each in failure.timers)
        if len(accounts) > 1:
            for account in accounts:
                outcome = self.execute([fire_timers(account)])[0]
                if isinstance(outcome, BaseException):
                    _log.warning("timers wait", account=account, error=str(outcome))
            return
        timer = failure.timers[0]
        _log.error("timer failed", account=timer.account, timer=timer.kind, exc_info=failure)
        # Told to the account's own callers, so without the text, which may hold anything.
        self._park_account(timer.account, f"timer/{timer.kind} {type(failure.__cause__).__name__}")

    def _park_account(self, account: str, cause: str) -> None:
        def work(_tx: Transaction, batch: Batch) -> list[Entry]:
            batch.lock_only([account])
            batch.park(account, cause)
            return []

        self._run(work)

    def _park_feed_event(
        self, source: str, events: Sequence[PeerEvent], cursor: Cursor, failure: Exception
    ) -> None:
        def work(tx: Transaction, batch: Batch) -> list[Entry]:
            applied = lock_cursor(tx, self.tools.tables, source)
            for event in events:
                if not event.account:
                    raise failure
                if event.seq > applied.seq:
                    batch.lock_only([event.account])
                    batch.park_event(event, f"feed/{source}/{event.seq} {type(failure).__name__}")
            self._move_on(tx, source, applied, cursor)
            return []

        self._run(work)

    def _move_on(self, tx: Transaction, source: str, applied: Cursor, cursor: Cursor) -> None:
        """Move a peer's cursor, unless another process has moved it further."""
        if (cursor.epoch, cursor.seq) >= (applied.epoch, applied.seq):
            move_cursor(tx, self.tools.tables, source, cursor)

    # --- the thread ---------------------------------------------------------------------------

    def _loop(self) -> None:
        """Take what is queued, carry it out, answer; until closed."""
        while True:
            match self._queue.get():
                case Handed(batch, intake):
                    outcomes = self.execute([each.submission for each in batch])
                    if not intake.loop.is_closed():
                        intake.loop.call_soon_threadsafe(intake.settle, batch, outcomes)
                case Call() as call:
                    do(call)
                case None:
                    return


def fire_timers(account: str) -> Submission:
    """A submission that does nothing itself, so that what is due on `account` is done."""
    return Submission(TOUCH, account, "timer/retry")


def _outcome(entry: Entry, head: Position) -> Outcome:
    """An entry's refusal, or its answer."""
    if entry.refusal is not None:
        return entry.refusal
    return Answer(entry.body, head.epoch, head.seq, entry.replayed)


def _peer_entries(events: Sequence[PeerEvent]) -> list[Entry]:
    """Those of a peer's events that amount to something here, as entries."""
    return [entry_of(each.submission, each) for each in events if each.submission]


def _around(
    events: Sequence[PeerEvent], due_at: int | None
) -> tuple[Sequence[PeerEvent], Sequence[PeerEvent]]:
    """The events up to the first one that took effect at `due_at` or later, and the rest."""
    if due_at is None:
        return events, ()
    places = (place for place, each in enumerate(events) if each.effective_at >= due_at)
    place = next(places, len(events))
    return events[:place], events[place:]


def _worth_retrying(failure: DBAPIError | TimersFailedError) -> bool:
    """Whether the store may take the same transaction a moment later.

    Serialisation failures, deadlocks, lost connections, and keys that another transaction took
    meanwhile: the next attempt sees them.
    """
    cause = failure.__cause__ if isinstance(failure, TimersFailedError) else failure
    return isinstance(cause, OperationalError | IntegrityError)


def _translated(failure: Exception) -> Exception:
    """A store's failure as what the caller is told; anything else as it is."""
    if isinstance(failure, OperationalError):
        _log.error("store failed", error=str(failure))
        return TemporarilyUnavailable("The store")
    return failure
