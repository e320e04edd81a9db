"""Rows as tuples: what is written is what is read, on both stores, for few rows and for many."""

import pytest
from sqlalchemy import func, select

from chassis.tuples import insert_tuples, upsert_tuples
from tests.chassis.counting import CHASSIS, COUNTERS, Counting

PAYLOAD = bytes(range(256))
# So many are copied into PostgreSQL.
MANY = 600


@pytest.mark.parametrize("count", [3, MANY])
@pytest.mark.parametrize(
    "texts",
    [
        ("plain", "ação", ""),
        ("NULL", "{}", "comma, brace }"),
        ("plain", 'a "quoted" one'),
        ("plain", "back\\slash", r"\N", r"\t"),
        ("plain", "two\nlines"),
        ("a\ttab", "plain"),
        ("a\rreturn", "plain"),
    ],
)
def test_texts_and_bytes_come_back_as_they_were(
    counting: Counting, texts: tuple[str, ...], count: int
) -> None:
    """No character and no byte is changed on the way into the store."""
    sent = [texts[seq % len(texts)] for seq in range(count)]
    rows = [(seq, "a", "", 1, 2**62, text, "", "t", PAYLOAD) for seq, text in enumerate(sent)]
    with counting.database.writing() as tx:
        insert_tuples(tx, CHASSIS.events, rows)
    events = CHASSIS.events
    query = select(events.c.actor, events.c.effective_at, events.c.payload).order_by(events.c.seq)
    found = counting.database.read(lambda tx: tx.all(query))
    assert [(row[0], row[1], bytes(row[2])) for row in found] == [
        (text, 2**62, PAYLOAD) for text in sent
    ]


@pytest.mark.parametrize("count", [2, MANY])
def test_none_is_no_value(counting: Counting, count: int) -> None:
    """A column may lack values in some rows."""
    clocks = CHASSIS.sandbox_clocks
    rows = [(f"s-{number}", 1, number % 2 or None) for number in range(count)]
    with counting.database.writing() as tx:
        insert_tuples(tx, clocks, rows)
    query = select(func.count()).where(clocks.c.target_at.is_(None))
    assert counting.database.read(lambda tx: tx.one(query))[0] == count // 2


def test_row_of_a_known_key_takes_the_place_of_the_one_before(counting: Counting) -> None:
    """Others are added."""
    with counting.database.writing() as tx:
        upsert_tuples(tx, COUNTERS, [("one", 1), ("other", 2)])
        upsert_tuples(tx, COUNTERS, [("one", 3)])
    query = select(COUNTERS.c.account, COUNTERS.c.value).order_by(COUNTERS.c.account)
    found = counting.database.read(lambda tx: tx.all(query))
    assert [tuple(row) for row in found] == [("one", 3), ("other", 2)]
