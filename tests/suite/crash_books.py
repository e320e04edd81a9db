"""Reads both stores from outside, and compares them with each other and with what was acknowledged.

Each comparison gives the faults it finds, in words.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from billing_service.storage.tables import METADATA as BILLING
from chassis.clock import to_datetime
from provisioning_service.storage.tables import METADATA as PROVISIONING
from tests.suite.crash_load import Ledger, billed_months

CATCH_UP_SECONDS_MAX: Final = 240.0
TABLES: Final = {"provisioning": PROVISIONING, "billing": BILLING}
PEERS: Final = {"provisioning": "billing", "billing": "provisioning"}
STATES_AFTER: Final = {
    "on trial": {"trial", "deleted"},
    "subscribed": {"active"},
    "cancelled": {"cancelling", "deleted"},
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Books:
    """Both stores, read only."""

    engines: Mapping[str, sa.Engine]

    def rows(self, service: str, table: str) -> list[Row]:
        """Every row of a table, by its key."""
        found = TABLES[service].tables[table]
        query = sa.select(found).order_by(*found.primary_key.columns)
        with self.engines[service].connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def head(self, service: str) -> int:
        """Where a service's feed stands."""
        return int(self.rows(service, "feed_head")[0]["seq"])

    def applied(self, service: str) -> int:
        """How much of its peer's feed a service has applied."""
        return max((int(row["seq"]) for row in self.rows(service, "cursors")), default=0)

    async def until_caught_up(self) -> None:
        """Wait until each cursor stands at its peer's head, and neither feed grows."""
        give_up_at = time.monotonic() + CATCH_UP_SECONDS_MAX
        before: tuple[int, ...] = ()
        while True:
            heads = tuple(self.head(service) for service in PEERS)
            applied = tuple(self.applied(peer) for peer in PEERS.values())
            if heads == applied == before:
                return
            before = heads
            assert time.monotonic() < give_up_at, f"feeds at {heads}, applied up to {applied}"
            await asyncio.sleep(0.3)


@contextmanager
def open_books(data_dir: Path, urls: Mapping[str, str]) -> Iterator[Books]:
    """The stores of a data folder, or at the URLs; let go of in the end."""
    engines = {
        service: sa.create_engine(
            urls.get(service) or f"sqlite:///{data_dir / service}.sqlite3", poolclass=sa.NullPool
        )
        for service in PEERS
    }
    try:
        yield Books(engines)
    finally:
        for engine in engines.values():
            engine.dispose()


def all_faults(books: Books, ledgers: Sequence[Ledger]) -> list[str]:
    """Whatever the books and the ledgers do not agree on."""
    return [
        *instance_faults(books, ledgers),
        *quota_faults(books),
        *charge_faults(books, ledgers),
        *payment_faults(books, ledgers),
        *series_faults(books),
        *feed_faults(books),
    ]


def instance_faults(books: Books, ledgers: Sequence[Ledger]) -> Iterator[str]:
    """Each acknowledged instance is there in the state it was left in, and there are no others."""
    stored = {
        f"accounts/{row['account']}/instances/{row['id']}": row
        for row in books.rows("provisioning", "instances")
        if row["rung"]
    }
    known = {name: each for ledger in ledgers for name, each in ledger.instances.items()}
    yield from (f"{name} was never acknowledged" for name in stored.keys() - known.keys())
    yield from (f"{name} is lost" for name in known.keys() - stored.keys())
    for name in known.keys() & stored.keys():
        left = "subscribed" if known[name].subscribed_at else "on trial"
        left = "cancelled" if known[name].cancelled_at else left
        if stored[name]["state"] not in STATES_AFTER[left]:
            yield f"{name} was left {left} and is {stored[name]['state']}"
        if _moment(stored[name]["subscribed_at"]) != known[name].subscribed_at:
            yield f"{name} was subscribed at another time than acknowledged"


def quota_faults(books: Books) -> Iterator[str]:
    """Each token has used as much as it created instances."""
    created = Counter(
        (row["account"], row["rung"]) for row in books.rows("provisioning", "instances")
    )
    for row in books.rows("provisioning", "tokens"):
        count = created[row["account"], row["rung"]]
        if row["creations_used"] != count:
            yield f"{row['account']} rung {row['rung']} used {row['creations_used']} for {count}"
        if row["creations_max"] and count > row["creations_max"]:
            yield f"{row['account']} rung {row['rung']} created {count}"


def charge_faults(books: Books, ledgers: Sequence[Ledger]) -> Iterator[str]:
    """Each instance-month that was lived through is billed once, on an invoice that is issued."""
    charged = Counter(
        (row["account"], row["subscription"], row["period_start_on"])
        for row in books.rows("billing", "charges")
    )
    expected = Counter(
        (ledger.account, name.rpartition("/")[2], month)
        for ledger in ledgers
        if ledger.sandbox
        for name, known in ledger.instances.items()
        for month in billed_months(known, ledger.reached)
    )
    yield from (f"{key} is billed {n} times too often" for key, n in (charged - expected).items())
    yield from (f"{key} is not billed" for key in expected - charged)
    lines: dict[tuple[str, str], int] = defaultdict(int)
    for row in books.rows("billing", "charges"):
        lines[row["payer"], row["invoice"]] += row["amount_minor"]
    totals = {
        (row["payer"], row["invoice"]): row["total_minor"]
        for row in books.rows("billing", "invoices")
    }
    if dict(lines) != totals:
        yield "the invoices' totals are not the sums of their charges"


def payment_faults(books: Books, ledgers: Sequence[Ledger]) -> Iterator[str]:
    """Each acknowledged payment is there once, and no more is paid than came in or is owed."""
    stored = {
        f"accounts/{row['payer']}/payments/{row['payment']}": row
        for row in books.rows("billing", "payments")
    }
    known = {name: sum_ for each in ledgers for name, sum_ in each.payments_minor.items()}
    if {name: row["amount_minor"] for name, row in stored.items()} != known:
        yield f"{len(stored)} payments are recorded, {len(known)} were acknowledged"
    used: dict[str, int] = defaultdict(int)
    paid: dict[tuple[str, str], int] = defaultdict(int)
    for row in books.rows("billing", "allocations"):
        used[f"accounts/{row['payer']}/payments/{row['payment']}"] += row["amount_minor"]
        paid[row["payer"], row["invoice"]] += row["amount_minor"]
    for name, row in stored.items():
        if used[name] + row["unallocated_minor"] != row["amount_minor"] or used[name] < 0:
            yield f"{name} of {row['amount_minor']} is used for {used[name]}"
    for row in books.rows("billing", "invoices"):
        if paid[row["payer"], row["invoice"]] > row["total_minor"]:
            yield f"{row['invoice']} is paid more than once"


def series_faults(books: Books) -> Iterator[str]:
    """The numbers of each series run from 1 to the last without a gap."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in books.rows("billing", "invoices"):
        numbers[row["series"]].append(row["sequence"])
    for row in books.rows("billing", "number_series"):
        if sorted(numbers[row["series"]]) != list(range(1, row["last"] + 1)):
            yield f"series {row['series']} has {numbers[row['series']]} up to {row['last']}"


def feed_faults(books: Books) -> Iterator[str]:
    """Each feed's numbers run to its head without a gap, and no account waits."""
    for service in PEERS:
        numbers = [row["seq"] for row in books.rows(service, "events")]
        if numbers != list(range(1, books.head(service) + 1)):
            yield f"the feed of {service} has gaps"
        yield from (
            f"{row['account']} is parked in {service}: {row['parked_cause']}"
            for row in books.rows(service, "account_locks")
            if row["parked_cause"]
        )


def _moment(at_us: int | None) -> datetime | None:
    return None if at_us is None else to_datetime(at_us)
