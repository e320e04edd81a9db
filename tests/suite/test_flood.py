"""Three times as much usage as can be taken: refused with a delay, and what is accepted is kept."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.suite.crash_books import open_books
from tests.suite.crash_kills import tell
from tests.suite.flooding import Flood, Watch
from tests.suite.processes import ServiceProcesses, free_port
from tests.suite.usage_books import counted_events
from tests.suite.usage_load import prepare_store

TIMES: Final = 3
QUEUE_WEIGHT_MAX: Final = 200_000
# Small enough to be full within a second or two.
QUEUE_WEIGHT_SHORT: Final = 10_000
MEMORY_EVERY_SECONDS: Final = 1.0
# What a process may gain between the first half of a flood and the end: caches that fill.
MEMORY_GROWTH_MAX: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class Flooded:
    """What came of a flood: what was sent, what the server showed, what its store holds."""

    flood: Flood
    watch: Watch
    stored_count: int
    memory_bytes: list[int]


@contextmanager
def billing_process(folder: Path, metrics_port: int, **more: str) -> Iterator[ServiceProcesses]:
    """Billing alone, with accounts and meters on a store of its own."""
    prepare_store(f"sqlite:///{folder}/billing.sqlite3")
    processes = ServiceProcesses(folder)
    try:
        processes.start("billing", POSPAGO_BILLING_METRICS_PORT=str(metrics_port), **more)
        yield processes
    finally:
        processes.stop_all()


async def flooded(
    folder: Path, *, measure_seconds: float, seconds: float, queue_weight_max: int
) -> Flooded:
    """Find out what billing takes, then offer three times as much for some seconds."""
    port = free_port()
    more = {"POSPAGO_BILLING_QUEUE_WEIGHT_MAX": str(queue_weight_max)}
    with billing_process(folder, port, **more) as processes:
        flood = Flood(processes.address("billing"), processes.operator_secret())
        watch, memory_bytes = Watch(port), list[int]()
        await flood.open()
        calls_per_second = await flood.sustained(measure_seconds)
        watching = asyncio.create_task(watch.run())
        weighing = asyncio.create_task(_weigh(processes, memory_bytes))
        await flood.offered(TIMES * calls_per_second, seconds)
        for each in (watching, weighing):
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each
        await flood.close()
        tell(f"{calls_per_second:.0f} calls/s, {dict(flood.outcomes)}, {watch.highest}")
        tell(f"{[each // 2**20 for each in memory_bytes]} MiB")
        with open_books(folder, {}) as books:
            return Flooded(flood, watch, counted_events(books), memory_bytes)


async def _weigh(processes: ServiceProcesses, memory_bytes: list[int]) -> None:
    while True:
        memory_bytes.append(processes.memory_bytes("billing"))
        await asyncio.sleep(MEMORY_EVERY_SECONDS)


async def test_flood_is_refused_and_what_is_accepted_is_kept(tmp_path: Path) -> None:
    """A short flood: some calls are refused with a delay, and what is accepted is counted."""
    came = await flooded(
        tmp_path, measure_seconds=1.5, seconds=3, queue_weight_max=QUEUE_WEIGHT_SHORT
    )
    assert set(came.flood.outcomes) == {"OK", "RESOURCE_EXHAUSTED OVERLOADED"}
    assert came.flood.without_delay_count == 0
    assert came.stored_count == came.flood.accepted_count
    assert came.watch.highest["pospago_writes_queued_weight"] <= QUEUE_WEIGHT_SHORT


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_long_flood_leaves_memory_flat(tmp_path: Path) -> None:
    """A minute of flood at the bounds that are shipped: as before, and memory does not grow."""
    came = await flooded(tmp_path, measure_seconds=5, seconds=60, queue_weight_max=QUEUE_WEIGHT_MAX)
    assert set(came.flood.outcomes) == {"OK", "RESOURCE_EXHAUSTED OVERLOADED"}
    assert came.flood.without_delay_count == 0
    assert came.stored_count == came.flood.accepted_count
    assert came.watch.highest["pospago_writes_queued_weight"] <= QUEUE_WEIGHT_MAX
    half = len(came.memory_bytes) // 2
    first, second = came.memory_bytes[:half], came.memory_bytes[half:]
    assert max(second) - max(first) <= MEMORY_GROWTH_MAX
