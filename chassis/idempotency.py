"""Doing it twice equals doing it once: what each request was answered, kept with its effects."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import select, update

from chassis.database import Transaction
from chassis.errors import RequestIdExpired, RequestIdReused
from chassis.tables import ChassisTables
from chassis.tuples import insert_tuples

ANSWER_KEPT_US: Final = 35 * 86_400 * 1_000_000
AGED_OUT_MAX: Final = 5_000


class Idempotency(NamedTuple):
    """What tells a repeated request: who asks, which rpc, its id, and the bytes of what it says."""

    caller: str
    rpc: str
    request_id: str
    content: bytes

    @property
    def key(self) -> tuple[str, str, str]:
        """The identity of the request, whatever it says."""
        return (self.caller, self.rpc, self.request_id)

    @property
    def request_hash(self) -> bytes:
        """What is kept of the content to compare a repetition with."""
        return hashlib.sha256(self.content).digest()


class Record(NamedTuple):
    """A request that was done, and what a repetition of it is answered (None: too long ago)."""

    request_hash: bytes
    response: bytes | None

    def answer(self, request: Idempotency) -> bytes:
        """What a repetition of the request is answered.

        Errors:  RequestIdReused if it says something else; RequestIdExpired if the answer is gone.
        """
        if self.request_hash != request.request_hash:
            raise RequestIdReused(request.request_id)
        if self.response is None:
            raise RequestIdExpired(request.request_id)
        return self.response


def read_records(
    tx: Transaction, tables: ChassisTables, requests: Sequence[Idempotency]
) -> dict[tuple[str, str, str], Record]:
    """What is on record of `requests`, by key."""
    if not requests:
        return {}
    named = {
        "callers": sorted({each.caller for each in requests}),
        "rpcs": sorted({each.rpc for each in requests}),
    }
    ids = list({each.request_id for each in requests})
    rows = tx.all_in(tables.queries.records, ids, named)
    return {
        (caller, rpc, request_id): Record(bytes(request_hash), response)
        for caller, rpc, request_id, request_hash, response in rows
    }


def write_records(
    tx: Transaction,
    tables: ChassisTables,
    done: Iterable[tuple[Idempotency, Record]],
    now_at: int,
) -> None:
    """Put requests on record with what a repetition of each is answered."""
    rows = [
        (*request.key, record.request_hash, record.response, now_at) for request, record in done
    ]
    insert_tuples(tx, tables.idempotency, rows)


def drop_old_answers(tx: Transaction, tables: ChassisTables, now_at: int) -> int:
    """Drop some answers older than 35 days, keep their keys; gives how many."""
    kept = tables.idempotency
    old = (
        select(kept.c.caller, kept.c.rpc, kept.c.request_id)
        .where(kept.c.recorded_at < now_at - ANSWER_KEPT_US, kept.c.response.is_not(None))
        .order_by(kept.c.recorded_at)
        .limit(AGED_OUT_MAX)
    )
    rows = tx.all(old)
    for row in rows:
        tx.execute(
            update(kept)
            .where(kept.c.caller == row[0], kept.c.rpc == row[1], kept.c.request_id == row[2])
            .values(response=None)
        )
    return len(rows)
