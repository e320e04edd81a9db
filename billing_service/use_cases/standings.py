"""Where accounts stand after something changed, and what the world is told of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from billing_service.domain.account import Standing
from billing_service.domain.events import AccountExpiryChanged, AccountStopLifted
from billing_service.domain.standing import derive, must_stay_stopped
from billing_service.storage.facts import Facts
from chassis.use_case import Event, TimerCleared, TimerSet


@dataclass(slots=True)
class Outcome:
    """What a command comes to, gathered step by step; becomes its effects."""

    changes: list[object] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    timers: list[TimerSet | TimerCleared] = field(default_factory=list)

    def take_over(self, other: "Outcome") -> None:
        """Add what another one comes to, which follows."""
        self.changes += other.changes
        self.events += other.events
        self.timers += other.timers


def restate(
    facts: Facts,
    accounts: Iterable[str],
    *,
    now: int,
    outcome: Outcome,
    effective_at: int | None = None,
) -> None:
    """Derive the standings of accounts anew, lift stops that have lost their reason.

    `facts` is an overlay that holds what has changed, and takes in the new standings too.
    """
    for account in accounts:
        before = facts.standing(account)
        owed = facts.owed_by(account)
        after = before
        if before.stopped_at is not None and not must_stay_stopped(owed, now):
            after = replace(after, stopped_at=None, stopped_by="")
            outcome.events.append(Event(account, AccountStopLifted(account), effective_at))
        after = derive(
            after,
            owed=owed,
            spans=facts.spans.get(account, ()),
            terms=facts.terms_in_force(account, now),
        )
        if _expiry(before) != _expiry(after):
            outcome.events.append(Event(account, AccountExpiryChanged(after), effective_at))
        if before != after:
            facts.take_in([after])
            outcome.changes.append(after)


def _expiry(standing: Standing) -> tuple[object, object]:
    return (standing.expires_on, standing.earliest_unsettled_month)
