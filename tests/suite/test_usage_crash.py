"""Billing killed while usage comes in, as `kill -9` does, loses no event and doubles none."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from tests.suite.clients import Clients
from tests.suite.crash_books import open_books
from tests.suite.crash_kills import carry_out, planned_kills, seeded, tell
from tests.suite.processes import ServiceProcesses, service_processes
from tests.suite.usage_books import usage_faults
from tests.suite.usage_load import UsageLoad, prepare_store

STORES: Final = ("sqlite", "postgresql")
KILLS: Final = 2
KILLS_SOAK: Final = 30


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """Which store the services keep their things in."""
    return str(request.param)


@pytest.fixture
def urls(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """Where billing's store is; a file is not named."""
    if store == "sqlite":
        prepare_store(f"sqlite:///{tmp_path}/billing.sqlite3")
        return {}
    new = request.getfixturevalue("new_postgres_database")
    return {"billing": new("usage_crash", prepare_store)}


async def test_a_few_kills_lose_and_double_no_usage(
    store: str, urls: dict[str, str], tmp_path: Path
) -> None:
    """After some kills under load the totals are those of the distinct events."""
    assert await _faults_after(KILLS, store, urls, tmp_path) == []


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_many_kills_lose_and_double_no_usage(
    store: str, urls: dict[str, str], tmp_path: Path
) -> None:
    """After thirty kills under load the totals are those of the distinct events."""
    assert await _faults_after(KILLS_SOAK, store, urls, tmp_path) == []


async def _faults_after(
    kills_count: int, store: str, urls: dict[str, str], folder: Path
) -> list[str]:
    choices = seeded(store)
    kills = planned_kills(choices, kills_count, ["billing"])
    with service_processes(folder, urls, ["billing"]) as processes:
        load = UsageLoad(lambda: _connect(processes), choices)
        running = asyncio.create_task(load.run())
        killing = asyncio.create_task(carry_out(kills, processes))
        await asyncio.wait([running, killing], return_when=asyncio.FIRST_COMPLETED)
        load.enough.set()
        await asyncio.gather(running, killing)
        tell(f"{dict(load.ledger.counts)}\n{processes.log_of('billing')[-6000:]}")
        with open_books(folder, urls) as books:
            return usage_faults(books, load.ledger)


def _connect(processes: ServiceProcesses) -> Clients:
    billing = processes.address("billing")
    return Clients.connect(billing, billing, processes.operator_secret())
