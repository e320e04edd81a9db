"""Usage taken in, end to end, against a raw bulk write; one event a call, against an echo.

The service is in a process of its own: what is acknowledged went through access, rules, judging and
deduplication, and is durable with its totals. The raw write has one connection, and a transaction
for each batch.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import grpc.aio

from benchmarks.echo import ECHO_PATH
from benchmarks.load import CALLERS, bytes_method, run_calls
from benchmarks.measure import Result, Round, alternate, median_cpu_us, report
from benchmarks.raw_usage import RawBatch, RawPostgres, RawSqlite, RawStore, prepare, rate
from benchmarks.usage_events import BATCH, INGEST_PATH, EventSource
from tests.postgres import postgres_server

BATCHES_PER_ROUND: Final = 40
# Senders of batches: as many wait for their answers at a time.
SENDERS: Final = 4
CALLS_PER_ROUND: Final = 4_000
MEMORY_STEP: Final = 1_000_000
_SECOND_US: Final = 1_000_000
_MIB: Final = 1_048_576


@dataclass(frozen=True, slots=True)
class Served:
    """A service under test, with the echo in the same process."""

    port: int
    echo_port: int
    secret: str
    pid: int

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What a call carries."""
        return (("authorization", f"Bearer {self.secret}"),)


@contextmanager
def served(database_url: str = "") -> Iterator[Served]:
    """The service in a process of its own, on a fresh store."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "benchmarks.usage_service", folder, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield Served(**json.loads(process.stdout.readline()), pid=process.pid)
        finally:
            process.communicate(timeout=60)


async def measure_batches(name: str, under_test: Served, store: RawStore) -> None:
    """Alternate batches through the service and raw writes of the same rows, and report."""
    source, totals = EventSource(), dict[tuple[str, str], int]()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.port}")
    method = bytes_method(channel, INGEST_PATH)
    batches = source.batches(BATCHES_PER_ROUND)

    async def ours() -> Round:
        nonlocal batches
        requests = [batch.SerializeToString() for batch in batches]
        found = await run_calls(
            method,
            requests,
            metadata=under_test.metadata,
            callers=SENDERS,
            server_pid=under_test.pid,
        )
        batches = source.batches(BATCHES_PER_ROUND)
        return Round(found.value * BATCH, found.server_cpu_us / BATCH)

    async def ceiling() -> Round:
        rows = [RawBatch(batch, totals) for batch in batches]
        before_us = own_processor_us()
        found = rate(store, rows)
        return Round(found, (own_processor_us() - before_us) / (len(rows) * BATCH))

    mine, raw = await alternate(ours, ceiling)
    print(
        f"{SENDERS} senders of {BATCH:,} events; processor time an event: ours "
        f"{median_cpu_us(mine):.1f} us, raw {median_cpu_us(raw):.1f} us"
    )
    report(name, mine, raw, unit="events/s", bar=0.50)
    await channel.close()


def own_processor_us() -> float:
    """How much processor time this process has used, in microseconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * _SECOND_US


async def measure_singles(under_test: Served) -> None:
    """Alternate calls of one event and echoes, and report."""
    source = EventSource()
    ours_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.port}")
    echo_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.echo_port}")

    async def of(channel: grpc.aio.Channel, path: str) -> Round:
        return await run_calls(
            bytes_method(channel, path),
            source.singles(CALLS_PER_ROUND),
            metadata=under_test.metadata,
            server_pid=under_test.pid,
        )

    mine, bare = await alternate(
        lambda: of(ours_channel, INGEST_PATH), lambda: of(echo_channel, ECHO_PATH)
    )
    cost_us, bare_us = median_cpu_us(mine), median_cpu_us(bare)
    print(f"{CALLERS} callers; server time a call: ours {cost_us:.0f} us, echo {bare_us:.0f} us")
    report("ingest_single", mine, bare, unit="calls/s", bar=0.45)
    await ours_channel.close()
    await echo_channel.close()


async def measure_memory(under_test: Served, events_count: int) -> None:
    """Send events, tell after each million what the service holds in memory, and report.

    The ratio is what it held after the first million, over what it holds in the end.
    """
    source = EventSource()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.port}")
    method = bytes_method(channel, INGEST_PATH)
    held: list[float] = []
    while len(held) * MEMORY_STEP < events_count:
        for _ in range(MEMORY_STEP // BATCH // BATCHES_PER_ROUND):
            requests = [each.SerializeToString() for each in source.batches(BATCHES_PER_ROUND)]
            await run_calls(method, requests, metadata=under_test.metadata, callers=SENDERS)
        held.append(resident_mib(under_test.pid))
        print(f"{len(held) * MEMORY_STEP:>12,} events: {held[-1]:,.0f} MiB resident", flush=True)
    first, last = held[0], held[-1]
    ratio = round(first / last, 3)
    result = Result("ingest_memory", round(last, 1), "MiB", round(first, 1), ratio, bar=0.90)
    print(json.dumps(asdict(result)))
    await channel.close()


def resident_mib(pid: int) -> float:
    """How much memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / _MIB


def ingest_sqlite() -> None:
    """Batches on SQLite."""
    with tempfile.TemporaryDirectory() as folder, served() as under_test:
        path = f"{folder}/raw.sqlite3"
        prepare(f"sqlite:///{path}", EventSource().day_at * _SECOND_US)
        asyncio.run(measure_batches("ingest_sqlite", under_test, RawSqlite(path)))


def ingest_postgres() -> None:
    """Batches on PostgreSQL."""
    with postgres_server(durable=True) as server:
        raw = server.url(server.new_database("raw", lambda _url: None))
        prepare(raw, EventSource().day_at * _SECOND_US)
        url = server.url(server.new_database("benchmark", lambda _url: None))
        with served(url) as under_test:
            asyncio.run(measure_batches("ingest_postgres", under_test, RawPostgres(raw)))


def ingest_single() -> None:
    """Single events on SQLite."""
    with served() as under_test:
        asyncio.run(measure_singles(under_test))


def ingest_memory() -> None:
    """What the service holds in memory over ten million events, or as many as EVENTS says."""
    with served() as under_test:
        asyncio.run(measure_memory(under_test, int(os.environ.get("EVENTS", "10000000"))))
