"""Parking: an account for which something cannot be done waits, and everybody else goes on.

Parking is itself an event, so that the other service closes nothing for the account meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from chassis.database import Transaction
from chassis.entry import PeerEvent
from chassis.tables import ChassisTables
from chassis.touch import NoFacts
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class AccountParkedFact:
    """The fact that an account is parked, and why."""

    account: str
    cause: str


@dataclass(frozen=True, slots=True)
class AccountUnparkedFact:
    """The fact that an account goes on."""

    account: str


@dataclass(frozen=True, slots=True)
class NotePeerParking:
    """The command to note whether the other service has parked an account."""

    account: str
    parked: bool


def note_peer_parking(tables: ChassisTables) -> UseCase[NotePeerParking, NoFacts, None]:
    """The use case that notes what the other service says about parking."""

    def decide(_facts: NoFacts, command: NotePeerParking, _now_at: int) -> Effects[None]:
        return Effects(None, changes=(command,))

    def apply(tx: Transaction, effects: Sequence[Effects[None]]) -> None:
        locks = tables.account_locks
        for effect in effects:
            for note in effect.changes:
                if isinstance(note, NotePeerParking):
                    tx.execute(
                        update(locks)
                        .where(locks.c.account == note.account)
                        .values(peer_parked=int(note.parked))
                    )

    return UseCase(
        name="note_peer_parking",
        scope=lambda command: Scope(accounts=(command.account,), advancing=True),
        gather=lambda _tx, _commands: NoFacts(),
        decide=decide,
        apply=apply,
    )


def keep_parked_event(tx: Transaction, tables: ChassisTables, event: PeerEvent) -> None:
    """Keep a peer's event until its account is no longer parked."""
    tx.upsert(
        tables.parked_events,
        [
            {
                "account": event.account,
                "source": event.source,
                "seq": event.seq,
                "effective_at": event.effective_at,
                "type": event.type,
                "payload": event.payload,
            }
        ],
    )


def read_parked_events(tx: Transaction, tables: ChassisTables, account: str) -> list[PeerEvent]:
    """The events that wait with an account, in order; their submissions are still to be made."""
    kept = tables.parked_events
    query = select(kept).where(kept.c.account == account).order_by(kept.c.source, kept.c.seq)
    return [
        PeerEvent(
            source=row.source,
            seq=row.seq,
            account=row.account,
            effective_at=row.effective_at,
            type=row.type,
            payload=bytes(row.payload),
            submission=None,
        )
        for row in tx.all(query)
    ]


def forget_parked_events(tx: Transaction, tables: ChassisTables, account: str) -> None:
    """Drop the events that waited with an account: they are applied, or kept anew."""
    kept = tables.parked_events
    tx.execute(delete(kept).where(kept.c.account == account))
