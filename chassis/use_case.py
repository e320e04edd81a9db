"""What a write is made of: commands in, effects out.

A use case takes a list of commands of one kind: `gather` reads what they need once, `decide` is a
pure fold over the list, `apply` writes the changes with one statement per table. The writer adds
locks, due timers, idempotency, events and the commit, so that no use case knows of them.

What each write makes one of or more is a named tuple: a frozen class takes five times as long.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from chassis.database import Transaction

C = TypeVar("C")
F = TypeVar("F", bound="Facts")
R = TypeVar("R")


class Scope(NamedTuple):
    """What a command touches.

    `accounts` are locked in ascending order, and what is due on them is done first; the first one's
    clock tells the command's `now`. Without accounts `sandbox`'s clock does, and without that the
    real one. `advancing` admits the command while the sandbox is being advanced.

    A `tolerant` command takes in what has happened, whatever state its accounts are in: neither a
    parked one nor a sandbox being advanced refuses it. Its accounts may live by several clocks, so
    its `now` is the real one's.
    """

    accounts: tuple[str, ...] = ()
    sandbox: str = ""
    advancing: bool = False
    tolerant: bool = False


class Event(NamedTuple):
    """A fact to record: about which account (or none), what, and since when (None: now)."""

    account: str
    payload: object
    effective_at: int | None = None


class TimerSet(NamedTuple):
    """Makes something happen by itself at `due_at`. The same kind and key again: moves it."""

    account: str
    kind: str
    key: str
    due_at: int


@dataclass(frozen=True, slots=True)
class TimerCleared:
    """Takes a timer back; nothing happens if there is none."""

    account: str
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class TimerDue:
    """The command of a timer that fired: due at `due_at`, done at `fired_at` or later."""

    account: str
    kind: str
    key: str
    due_at: int
    fired_at: int
    sandbox: str


@dataclass(frozen=True, slots=True)
class AccountOpened:
    """Tells the chassis of a new account, so that it can be locked, and whose clock it lives by."""

    account: str
    sandbox: str


@dataclass(frozen=True, slots=True)
class SandboxClockSet:
    """Tells the chassis of a sandbox's clock, and where it is being advanced to, if it is."""

    sandbox: str
    clock_at: int
    target_at: int | None


@dataclass(frozen=True, slots=True)
class Effects(Generic[R]):
    """What one command does.

    `changes` are entities in their new state, for the service's storage; `events` and `timers` go
    to the chassis. `result` is what the caller is told. A newly created account or sandbox is told
    to the chassis in `openings`.
    """

    result: R
    changes: tuple[object, ...] = ()
    events: tuple[Event, ...] = ()
    timers: tuple[TimerSet | TimerCleared, ...] = ()
    openings: tuple[AccountOpened | SandboxClockSet, ...] = ()


class Facts(Protocol):
    """What `gather` read, kept true by taking in the effects of each command decided."""

    def absorb(self, effects: "Effects[Any]") -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        ...


class NotYet(Exception):
    """Raised by a timer's `decide`: what it waits for has not come. It stays, and is retried."""


@dataclass(frozen=True, slots=True)
class UseCase(Generic[C, F, R]):
    """One kind of write.

    Shapes:  `gather` and `apply` are called once per list, `decide` once per command, with the
             command's `now` (of its account's clock; a timer's due time).
    Errors:  `decide` raises DomainError to refuse its own command; nothing else is undone.
    """

    name: str
    scope: Callable[[C], Scope]
    gather: Callable[["Transaction", Sequence[C]], F]
    decide: Callable[[F, C, int], Effects[R]]
    apply: Callable[["Transaction", Sequence[Effects[R]]], None]
    # Widens a scope by what only the store knows, such as the accounts that a payer pays for.
    # Called before and after locking, until it no longer grows.
    widen: Callable[["Transaction", C], tuple[str, ...]] | None = None
