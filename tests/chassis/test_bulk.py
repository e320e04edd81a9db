"""Many rows at once: what is written is what is read, on both stores."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.chassis.counting import CHASSIS, COUNTERS, Counting

TEXTS = ("", "NULL", "{}", 'a "quoted" one', "back\\slash", "two\nlines", "comma, brace }", "ação")


def _event(seq: int, text: str, payload: bytes) -> dict[str, Any]:
    return {
        "seq": seq,
        "account": "a",
        "sandbox": "",
        "record_at": 1,
        "effective_at": 2**62,
        "actor": text,
        "request_id": "",
        "type": "t",
        "payload": payload,
    }


def test_texts_and_bytes_come_back_as_they_were(counting: Counting) -> None:
    """No character and no byte is changed on the way into the store."""
    payload = bytes(range(256))
    rows = [_event(seq, text, payload) for seq, text in enumerate(TEXTS, start=1)]
    with counting.database.writing() as tx:
        tx.insert(CHASSIS.events, rows)
    events = CHASSIS.events
    query = select(events.c.actor, events.c.payload).order_by(events.c.seq)
    found = counting.database.read(lambda tx: tx.all(query))
    assert [(row[0], bytes(row[1])) for row in found] == [(text, payload) for text in TEXTS]


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 200])
def test_every_row_is_written_once(counting: Counting, count: int) -> None:
    """However many rows there are, each is there afterwards."""
    rows = [{"account": f"many-{number}", "value": number} for number in range(count)]
    with counting.database.writing() as tx:
        tx.insert(COUNTERS, rows)
    query = select(COUNTERS.c.value).where(COUNTERS.c.account.like("many-%"))
    found = counting.database.read(lambda tx: tx.all(query))
    assert sorted(row[0] for row in found) == list(range(count))


def test_of_equal_keys_the_last_row_counts(counting: Counting) -> None:
    """Rows to upsert may name a key twice."""
    rows = [{"account": "twice", "value": value} for value in (1, 2)]
    with counting.database.writing() as tx:
        tx.upsert(COUNTERS, rows)
    query = select(COUNTERS.c.value).where(COUNTERS.c.account == "twice")
    assert counting.database.read(lambda tx: tx.one(query))[0] == 2
