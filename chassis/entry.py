"""What a batch is made of: submissions, fired timers and a peer's events, in one form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chassis.errors import DomainError
from chassis.idempotency import Idempotency
from chassis.timers import Timer
from chassis.use_case import Scope, UseCase


class Encoded(NamedTuple):
    """An answer as bytes: what the caller gets now, and what a repetition gets."""

    live: bytes
    kept: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """A command to carry out, for whom, and how to encode what it gives.

    Without `encode` the answer is the result itself, and it cannot be repeated. `weight` is how
    many commonplace commands it is as much work as.
    """

    use_case: UseCase[Any, Any, Any]
    command: Any
    actor: str
    encode: Callable[[Any], Encoded] | None = None
    idempotency: Idempotency | None = None
    weight: int = 1


class Answer(NamedTuple):
    """What came of a submission: its body, and the position up to which the feed tells of it."""

    body: Any
    epoch: int
    seq: int
    replayed: bool


@dataclass(frozen=True, slots=True)
class PeerEvent:
    """An event of a peer's feed, and the submission that it amounts to here (None: nothing)."""

    source: str
    seq: int
    account: str
    effective_at: int
    type: str
    payload: bytes
    submission: Submission | None


@dataclass(slots=True)
class Entry:
    """One command of a batch on its way: where it came from, and what became of it."""

    submission: Submission
    scope: Scope
    timer: Timer | None = None
    peer_event: PeerEvent | None = None
    accounts: tuple[str, ...] = ()
    body: Any = None
    replayed: bool = False
    refusal: DomainError | None = None
    events_count: int = field(default=0)

    @property
    def home(self) -> str:
        """The account whose clock it lives by; empty if it has none."""
        return self.scope.accounts[0] if self.scope.accounts else ""


def entry_of(submission: Submission, peer_event: PeerEvent | None = None) -> Entry:
    """A submission as an entry."""
    scope = submission.use_case.scope(submission.command)
    return Entry(submission, scope, peer_event=peer_event, accounts=scope.accounts)


def grouped(entries: Sequence[Entry]) -> list[tuple[UseCase[Any, Any, Any], list[Entry]]]:
    """The entries in groups of one use case, as few as keep each account's order of arrival."""
    if len({id(entry.submission.use_case) for entry in entries}) == 1:
        return [(entries[0].submission.use_case, list(entries))]
    groups: list[tuple[UseCase[Any, Any, Any], list[Entry]]] = []
    places: dict[str, list[int]] = {}
    last: dict[str, int] = {}
    for entry in entries:
        touched = entry.accounts or (f"sandbox/{entry.scope.sandbox}",)
        floor = max(last.get(account, 0) for account in touched)
        use_case = entry.submission.use_case
        own = places.setdefault(use_case.name, [])
        # The last group of this kind is the only one that can still stand at or after the floor
        # without a search, and batches are small.
        place = next((index for index in own if index >= floor), None)
        if place is None:
            place = len(groups)
            groups.append((use_case, []))
            own.append(place)
        groups[place][1].append(entry)
        for account in touched:
            last[account] = place
    return groups
