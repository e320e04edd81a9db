"""A small service on the chassis: accounts with a counter, and timers that add to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import BigInteger, Column, MetaData, String, Table, select

from chassis.batch import BatchTools
from chassis.clock import ManualClock
from chassis.database import Database, Transaction
from chassis.entry import Encoded, Submission
from chassis.errors import AccountNotFound, DomainError, Kind
from chassis.idempotency import Idempotency
from chassis.tables import ChassisTables
from chassis.use_case import (
    AccountOpened,
    Effects,
    Event,
    NotYet,
    SandboxClockSet,
    Scope,
    TimerDue,
    TimerSet,
    UseCase,
)
from chassis.writer import Writer

METADATA: Final = MetaData()
CHASSIS: Final = ChassisTables(METADATA)
COUNTERS: Final = Table(
    "counters",
    METADATA,
    Column("account", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
START_AT: Final = 1_000_000_000_000_000
SECOND: Final = 1_000_000


class TooMuch(DomainError):
    """The counter may not pass its limit."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"


@dataclass(frozen=True, slots=True)
class Counter:
    account: str
    value: int


@dataclass(frozen=True, slots=True)
class Added:
    account: str
    amount: int
    value: int


@dataclass(frozen=True, slots=True)
class Open:
    account: str
    sandbox: str = ""


@dataclass(frozen=True, slots=True)
class Add:
    account: str
    amount: int
    limit: int = 10**9
    timer_in: int = 0
    timer_kind: str = "tick"


@dataclass(frozen=True, slots=True)
class OpenSandbox:
    sandbox: str
    clock_at: int


@dataclass(slots=True)
class CounterFacts:
    counters: dict[str, Counter] = field(default_factory=dict)

    def absorb(self, effects: Effects[Any]) -> None:
        for change in effects.changes:
            assert isinstance(change, Counter)
            self.counters[change.account] = change


def gather(tx: Transaction, commands: Sequence[Any]) -> CounterFacts:
    accounts = sorted({command.account for command in commands if hasattr(command, "account")})
    rows = tx.where_in(select(COUNTERS), COUNTERS.c.account, accounts)
    return CounterFacts({row.account: Counter(row.account, row.value) for row in rows})


def apply(tx: Transaction, effects: Sequence[Effects[Any]]) -> None:
    changes = [each for effect in effects for each in effect.changes if isinstance(each, Counter)]
    last = {each.account: each for each in changes}
    rows = [{"account": each.account, "value": each.value} for each in last.values()]
    tx.upsert(COUNTERS, rows)


def decide_open(facts: CounterFacts, command: Open, now_at: int) -> Effects[Counter]:
    counter = Counter(command.account, 0)
    opening = AccountOpened(command.account, command.sandbox)
    return Effects(counter, changes=(counter,), openings=(opening,))


def decide_add(facts: CounterFacts, command: Add, now_at: int) -> Effects[Counter]:
    counter = facts.counters.get(command.account)
    if counter is None:
        raise AccountNotFound(command.account)
    if counter.value + command.amount > command.limit:
        raise TooMuch("The counter is full: lower the amount.")
    counter = replace(counter, value=counter.value + command.amount)
    timers = (
        (
            TimerSet(
                command.account, command.timer_kind, str(counter.value), now_at + command.timer_in
            ),
        )
        if command.timer_in
        else ()
    )
    event = Event(command.account, Added(command.account, command.amount, counter.value))
    return Effects(counter, changes=(counter,), events=(event,), timers=timers)


def decide_tick(facts: CounterFacts, command: TimerDue, now_at: int) -> Effects[None]:
    counter = facts.counters[command.account]
    counter = replace(counter, value=counter.value + 1000)
    event = Event(command.account, Added(command.account, 1000, counter.value))
    return Effects(None, changes=(counter,), events=(event,))


def decide_wait(facts: CounterFacts, command: TimerDue, now_at: int) -> Effects[None]:
    if facts.counters[command.account].value < 50:
        raise NotYet
    return decide_tick(facts, command, now_at)


def decide_break(facts: CounterFacts, command: TimerDue, now_at: int) -> Effects[None]:
    if facts.counters[command.account].value < 50:
        raise ZeroDivisionError
    return decide_tick(facts, command, now_at)


def of_account(command: Any) -> Scope:
    return Scope(accounts=(command.account,))


def use_case(name: str, decide: Any, scope: Any = of_account) -> UseCase[Any, Any, Any]:
    return UseCase(name, scope, gather, decide, apply)


ADD: Final = use_case("add", decide_add)
OPEN: Final = use_case(
    "open", decide_open, lambda each: Scope(accounts=(each.account,), sandbox=each.sandbox)
)
OPEN_SANDBOX: Final = use_case(
    "open_sandbox",
    lambda _facts, command, _now: Effects(
        None, openings=(SandboxClockSet(command.sandbox, command.clock_at, None),)
    ),
    lambda _command: Scope(),
)
TIMERS: Final = {
    "tick": use_case("tick", decide_tick),
    "wait": use_case("wait", decide_wait),
    "break": use_case("break", decide_break),
}


def encode_event(payload: object) -> tuple[str, bytes]:
    return type(payload).__name__, repr(payload).encode()


@dataclass(slots=True)
class Counting:
    """The service: its store, its writer and its clock."""

    database: Database
    writer: Writer
    clock: ManualClock

    def open(self, *accounts: str, sandbox: str = "") -> None:
        commands = [Submission(OPEN, Open(each, sandbox), "test") for each in accounts]
        assert not [each for each in self.writer.execute(commands) if isinstance(each, Exception)]

    def add(self, account: str, amount: int, **more: Any) -> Any:
        return self.writer.execute([adding(account, amount, **more)])[0]

    def values(self) -> dict[str, int]:
        rows = self.database.read(lambda tx: tx.all(select(COUNTERS)))
        return {row.account: row.value for row in rows}

    def events(self) -> list[Any]:
        events = CHASSIS.events
        return list(self.database.read(lambda tx: tx.all(select(events).order_by(events.c.seq))))

    def close(self) -> None:
        self.writer.close()
        self.database.close()


def adding(account: str, amount: int, *, request_id: str = "", **more: Any) -> Submission:
    """The submission to add to a counter."""
    request = None
    if request_id:
        said = f"{account} {amount} {more}".encode()
        request = Idempotency("account/a", "/Add", request_id, said)
    command = Add(account, amount, **more)
    return Submission(ADD, command, "test", encode, request)


def encode(counter: Counter) -> Encoded:
    return Encoded(f"live {counter.value}".encode(), f"kept {counter.value}".encode())


def start(url: str) -> Counting:
    """The service on the store at `url`, whose tables exist."""
    database = Database(url)
    clock = ManualClock(START_AT)
    tools = BatchTools(CHASSIS, TIMERS, encode_event)
    return Counting(database, Writer(database, tools, clock), clock)


def create_tables(url: str) -> None:
    """Make the tables of the service."""
    database = Database(url)
    with database.writing() as tx:
        METADATA.create_all(tx.connection)
    database.close()
