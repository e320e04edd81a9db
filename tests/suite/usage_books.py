"""What billing's store has of usage, read from outside and compared with what was sent."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from tests.suite.crash_books import Books
from tests.suite.usage_load import COUNT_METER, SUM_METER, UsageLedger

EVENT_TABLES: Final = "usage_events_"


def usage_faults(books: Books, ledger: UsageLedger) -> list[str]:
    """Whatever the store does not agree on with what was sent, or with itself."""
    keys = Counter(row["account"] for row in books.rows("billing", "usage_keys"))
    stored = Counter(dict(_stored_events(books)))
    counts, sums = Counter[str](), Counter[str]()
    for row in books.rows("billing", "usage_totals"):
        if row["meter"] == COUNT_METER:
            counts[row["account"]] += row["events_count"]
        elif row["meter"] == SUM_METER:
            sums[row["account"]] += row["sum_units"]
    found = {"keys": keys, "events": stored, "counts": counts, "sums": sums}
    sent = {name: Counter(ledger.counts) for name in ("keys", "events", "counts")}
    sent["sums"] = Counter(ledger.sums)
    return [
        f"{name}: {found[name]} for {sent[name]}" for name in found if found[name] != sent[name]
    ]


def counted_events(books: Books) -> int:
    """How many events the totals have counted; no event is counted otherwise than kept."""
    rows = books.rows("billing", "usage_totals")
    counted = sum(int(row["events_count"]) for row in rows if row["meter"] == COUNT_METER)
    assert counted == sum(count for _, count in _stored_events(books))
    return counted


def _stored_events(books: Books) -> Iterator[tuple[str, int]]:
    """How many events each account has in the tables of all months."""
    counts = Counter[str]()
    engine = books.engines["billing"]
    names = sa.inspect(engine).get_table_names()
    with engine.connect() as connection:
        for name in names:
            if name.startswith(EVENT_TABLES):
                query: sa.Select[str, int] = sa.select(
                    sa.column("account", sa.String), sa.func.count()
                ).select_from(sa.table(name))
                for account, count in connection.execute(query.group_by(sa.column("account"))):
                    counts[account] += count
    yield from counts.items()
