"""One transaction's worth of work: locks, due timers first, then the commands, then the feed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from chassis.accounts import (
    AccountRow,
    SandboxClock,
    lock_accounts,
    lock_clocks,
    lock_unowned,
    park,
    unpark,
    write_openings,
)
from chassis.batch_errors import ScopeGrewError, TimersFailedError
from chassis.database import Transaction
from chassis.entry import Encoded, Entry, PeerEvent, Submission, entry_of, grouped
from chassis.errors import AccountParked, DomainError, SandboxAdvancing, SandboxNotFound
from chassis.feed import RecordedEvent, append_events, take_numbers
from chassis.idempotency import Idempotency, Record, read_records, write_records
from chassis.parking import AccountParkedFact, AccountUnparkedFact, keep_parked_event
from chassis.tables import ChassisTables
from chassis.timers import Timer, read_due, write_timers
from chassis.use_case import (
    AccountOpened,
    Effects,
    Event,
    NotYet,
    SandboxClockSet,
    TimerCleared,
    TimerDue,
    TimerSet,
    UseCase,
)

WAVES_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class BatchTools:
    """What every batch of a service works with."""

    tables: ChassisTables
    timer_use_cases: Mapping[str, UseCase[TimerDue, Any, Any]]
    encode_event: Callable[[object], tuple[str, bytes]]


class Batch:
    """The work of one transaction, from the locks to the feed; the caller commits."""

    def __init__(
        self,
        tx: Transaction,
        tools: BatchTools,
        tell_now: Callable[[], int],
        on_decided: Callable[[], None],
    ) -> None:
        """`on_decided` is called each time before what commands come to is written."""
        self._tx = tx
        self._tools = tools
        self._tables = tools.tables
        self._tell_now = tell_now
        self._on_decided = on_decided
        self._now_at = tell_now()
        self._accounts: dict[str, AccountRow] = {}
        self._clocks: dict[str, SandboxClock] = {}
        self._events: list[RecordedEvent] = []
        self._timers: dict[tuple[str, str, str], Timer | None] = {}
        self._waiting: set[tuple[str, str, str]] = set()
        self._at_once: set[str] | None = None
        self._records: dict[tuple[str, str, str], Record] = {}
        self._done: list[tuple[Idempotency, Record]] = []
        self.fired_count = 0
        self.parked: set[str] = set()

    def run(
        self,
        entries: Sequence[Entry],
        *,
        earlier: Sequence[Entry] = (),
        retrying: Iterable[str] = (),
        leaving: Iterable[str] = (),
    ) -> None:
        """Carry out `entries` in order; each one's outcome is written on it.

        What is due comes first; what an entry makes due at once comes last, but not of the accounts
        in `leaving`. `retrying` names parked accounts whose due timers are to be tried again, and
        `earlier` holds what took effect before these were due.

        Errors:  ScopeGrewError, TimersFailedError; a store's error.
        """
        if not all(entry.accounts for entry in entries):
            lock_unowned(self._tx)
        self._lock([*earlier, *entries])
        # Whoever waited for a lock comes after whoever held it, also by the clock.
        self._now_at = self._tell_now()
        for account in retrying:
            self._accounts[account] = replace(self._accounts[account], parked_cause="")
        for use_case, group in grouped(earlier):
            self._run_group(use_case, group)
        self._write_timers()
        self._fire_due(sorted(self._accounts))
        requests = [each.submission.idempotency for each in entries if each.submission.idempotency]
        self._records = read_records(self._tx, self._tables, requests)
        self._at_once = set()
        for use_case, group in grouped(entries):
            self._run_group(use_case, group)
        self._write_timers()
        self._fire_due(sorted(self._at_once.difference(leaving)))
        write_records(self._tx, self._tables, self._done, self._now_at)

    def lock_only(self, accounts: Sequence[str]) -> None:
        """Lock accounts without doing what is due on them."""
        self._accounts |= lock_accounts(self._tx, self._tables, accounts)
        self._clocks |= lock_clocks(
            self._tx, self._tables, {row.sandbox for row in self._accounts.values()}
        )

    def park_event(self, event: PeerEvent, cause: str) -> None:
        """Keep a peer's event that cannot be applied, and park its account."""
        keep_parked_event(self._tx, self._tables, event)
        if not self._is_parked(event.account):
            self.park(event.account, cause)

    def unpark(self, account: str) -> None:
        """Tell that what had parked `account` is done, unless it was parked anew."""
        if account not in self.parked:
            unpark(self._tx, self._tables, account)
            self._record(Event(account, AccountUnparkedFact(account)), "timer/retry", "", None)

    def park(self, account: str, cause: str) -> None:
        """Park an account: what is due on it waits, and is tried again later."""
        row = self._accounts.get(account) or AccountRow(account, "")
        park(self._tx, self._tables, row, cause, self._now_at)
        self.parked.add(account)
        if not row.parked_attempts:
            fact = AccountParkedFact(account, cause)
            self._record(Event(account, fact), cause.split(" ", maxsplit=1)[0], "", None)

    def write_feed(self) -> int | None:
        """Number and append the events; gives the last number, or None if there are none.

        Errors:  WatermarkPassedError.
        """
        if not self._events:
            return None
        count = len(self._events)
        first = take_numbers(self._tx, self._tables, count=count, now_at=self._now_at)
        append_events(self._tx, self._tables, self._events, first_seq=first)
        return first + count - 1

    # --- locks and clocks ---------------------------------------------------------------------

    def _lock(self, entries: Sequence[Entry]) -> None:
        """Lock all that the entries touch, and read the clocks that they live by."""
        growing = [entry for entry in entries if entry.submission.use_case.widen]
        for entry in growing:
            entry.accounts = self._widened(entry)
        wanted = {account for entry in entries for account in entry.accounts}
        self._accounts = lock_accounts(self._tx, self._tables, wanted)
        if any(not set(self._widened(entry)) <= wanted for entry in growing):
            raise ScopeGrewError
        sandboxes = {row.sandbox for row in self._accounts.values()}
        sandboxes |= {entry.scope.sandbox for entry in entries}
        self._clocks = lock_clocks(self._tx, self._tables, sandboxes)

    def _widened(self, entry: Entry) -> tuple[str, ...]:
        widen = entry.submission.use_case.widen
        if widen is None:
            return entry.scope.accounts
        more = widen(self._tx, entry.submission.command)
        return tuple(dict.fromkeys((*entry.scope.accounts, *more)))

    def _sandbox_of(self, entry: Entry) -> str:
        row = self._accounts.get(entry.home)
        return row.sandbox if row else entry.scope.sandbox

    def _now_of(self, entry: Entry) -> int:
        """The instant at which an entry is decided."""
        if entry.timer:
            return entry.timer.due_at
        return self._now_at if entry.scope.tolerant else self._now_in(self._sandbox_of(entry))

    def _now_in(self, sandbox: str) -> int:
        """What the clock of a world shows; the real one for ''."""
        return self._clocks[sandbox].clock_at if sandbox in self._clocks else self._now_at

    # --- timers -------------------------------------------------------------------------------

    def _fire_due(self, accounts: Sequence[str]) -> None:
        """Fire what is due on `accounts`, each account's in order, until nothing more is."""
        for _ in range(WAVES_MAX):
            wave = self._next_wave(accounts)
            if not wave:
                return
            entries = [self._timer_entry(timer) for timer in wave]
            for use_case, group in grouped(entries):
                try:
                    self._run_group(use_case, group)
                except Exception as failure:
                    timers = [each.timer for each in group if each.timer]
                    at_once = self._at_once is not None
                    raise TimersFailedError(timers, at_once=at_once) from failure
            self._write_timers()
        raise RuntimeError(f"more than {WAVES_MAX} waves of due timers on {accounts[:3]}")

    def _next_wave(self, accounts: Sequence[str]) -> list[Timer]:
        """The earliest due timers of each account; none of parked ones."""
        ready = [each for each in accounts if not self._is_parked(each)]
        if not ready:
            return []
        until_at = max(self._now_in(self._accounts[each].sandbox) for each in ready)
        first_at: dict[str, int] = {}
        wave = []
        for timer in read_due(self._tx, self._tables, ready, until_at):
            if timer.identity in self._waiting or timer.due_at > self._now_in(timer.sandbox):
                continue
            if first_at.setdefault(timer.account, timer.due_at) == timer.due_at:
                wave.append(timer)
        return wave

    def _timer_entry(self, timer: Timer) -> Entry:
        fired_at = self._now_in(timer.sandbox)
        due = TimerDue(timer.account, timer.kind, timer.key, timer.due_at, fired_at, timer.sandbox)
        use_case = self._tools.timer_use_cases[timer.kind]
        entry = entry_of(Submission(use_case, due, f"timer/{timer.kind}"))
        entry.timer = timer
        entry.accounts = self._widened(entry)
        missing = set(entry.accounts) - self._accounts.keys()
        if missing:
            self._accounts |= lock_accounts(self._tx, self._tables, missing)
        return entry

    def _write_timers(self) -> None:
        if self._timers:
            write_timers(self._tx, self._tables, self._timers)
            self._timers = {}

    # --- commands -----------------------------------------------------------------------------

    def _run_group(self, use_case: UseCase[Any, Any, Any], entries: Sequence[Entry]) -> None:
        """Gather once, decide each in order, apply once."""
        ready = [entry for entry in entries if self._is_ready(entry)]
        if not ready:
            return
        facts = use_case.gather(self._tx, [entry.submission.command for entry in ready])
        decided = (self._decide(use_case, facts, entry) for entry in ready)
        effects = [effect for effect in decided if effect is not None]
        openings = [opening for effect in effects for opening in effect.openings]
        self._on_decided()
        write_openings(self._tx, self._tables, openings)
        use_case.apply(self._tx, effects)

    def _is_ready(self, entry: Entry) -> bool:
        """Whether an entry may be decided; if not, its outcome is written on it."""
        if entry.scope.tolerant:
            return True
        if any(map(self._is_parked, entry.accounts)):
            self._refuse(entry, AccountParked(entry.home))
            return False
        sandbox = self._sandbox_of(entry)
        if not sandbox or entry.timer or entry.peer_event:
            return True
        clock = self._clocks.get(sandbox)
        if clock is None:
            self._refuse(entry, SandboxNotFound(sandbox))
            return False
        if clock.target_at is not None and not entry.scope.advancing:
            self._refuse(entry, SandboxAdvancing(sandbox))
            return False
        return True

    def _decide(
        self, use_case: UseCase[Any, Any, Any], facts: Any, entry: Entry
    ) -> Effects[Any] | None:
        """The effects of one entry, taken in; None if it has none, with its outcome on it."""
        if not entry.scope.tolerant and self._is_parked(entry.home):
            self._refuse(entry, AccountParked(entry.home))
            return None
        try:
            if self._is_replay(entry):
                return None
            now_at = self._now_of(entry)
            effects: Effects[Any] = use_case.decide(facts, entry.submission.command, now_at)
        except DomainError as refusal:
            self._refuse(entry, refusal)
            return None
        except NotYet:
            if entry.timer is None:
                raise
            self._waiting.add(entry.timer.identity)
            return None
        facts.absorb(effects)
        self._take_in(entry, effects, now_at)
        return effects

    def _is_replay(self, entry: Entry) -> bool:
        """Whether the entry was done before; its answer is written on it."""
        request = entry.submission.idempotency
        record = self._records.get(request.key) if request else None
        if request is None or record is None:
            return False
        entry.body, entry.replayed = record.answer(request), True
        return True

    def _take_in(self, entry: Entry, effects: Effects[Any], now_at: int) -> None:
        """Keep an entry's answer, events, timers and openings for the end of the batch."""
        for opening in effects.openings:
            self._open(opening)
        if entry.timer:
            self._timers[entry.timer.identity] = None
            self.fired_count += 1
        for change in effects.timers:
            self._change_timer(change)
        request = entry.submission.idempotency
        for event in effects.events:
            self._record(
                event, entry.submission.actor, request.request_id if request else "", now_at
            )
        encode = entry.submission.encode
        if encode is None:
            entry.body = effects.result
            return
        encoded: Encoded = encode(effects.result)
        entry.body = encoded.live
        if request:
            record = self._records[request.key] = Record(request.request_hash, encoded.kept)
            self._done.append((request, record))

    def _open(self, opening: AccountOpened | SandboxClockSet) -> None:
        match opening:
            case AccountOpened(account, sandbox):
                self._accounts[account] = AccountRow(account, sandbox)
                if sandbox and sandbox not in self._clocks:
                    self._clocks |= lock_clocks(self._tx, self._tables, [sandbox])
            case SandboxClockSet(sandbox, clock_at, target_at):
                self._clocks[sandbox] = SandboxClock(sandbox, clock_at, target_at)

    def _change_timer(self, change: TimerSet | TimerCleared) -> None:
        identity = (change.account, change.kind, change.key)
        match change:
            case TimerSet():
                row = self._accounts.get(change.account)
                sandbox = row.sandbox if row else ""
                self._timers[identity] = Timer(*identity, sandbox=sandbox, due_at=change.due_at)
                if row and self._at_once is not None and change.due_at <= self._now_in(sandbox):
                    self._at_once.add(change.account)
            case TimerCleared():
                self._timers[identity] = None

    def _record(self, event: Event, actor: str, request_id: str, now_at: int | None) -> None:
        """Put an event on the list; it is numbered at the end."""
        row = self._accounts.get(event.account)
        sandbox = row.sandbox if row else ""
        recorded_at = self._now_in(sandbox)
        effective_at = event.effective_at if event.effective_at is not None else now_at
        kind, payload = self._tools.encode_event(event.payload)
        self._events.append(
            RecordedEvent(
                seq=0,
                account=event.account,
                sandbox=sandbox,
                record_at=recorded_at,
                effective_at=recorded_at if effective_at is None else effective_at,
                actor=actor,
                request_id=request_id,
                type=kind,
                payload=payload,
            )
        )

    # --- refusals and parking -----------------------------------------------------------------

    def _is_parked(self, account: str) -> bool:
        row = self._accounts.get(account)
        return account in self.parked or bool(row and row.parked_cause)

    def _refuse(self, entry: Entry, refusal: DomainError) -> None:
        """Write a refusal on an entry. A timer's or a peer event's parks the account instead."""
        entry.refusal = refusal
        if entry.timer and isinstance(refusal, AccountParked):
            self._waiting.add(entry.timer.identity)
        elif entry.timer:
            self.park(entry.timer.account, f"timer/{entry.timer.kind} {refusal.message}")
        elif entry.peer_event and entry.peer_event.account:
            event = entry.peer_event
            self.park_event(event, f"feed/{event.source}/{event.seq} {refusal.message}")
        elif entry.peer_event:
            raise refusal
