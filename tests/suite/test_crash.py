"""Services killed in the middle of everything, as `kill -9` does, lose and double nothing."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.suite.clients import Clients
from tests.suite.crash_books import all_faults, open_books
from tests.suite.crash_kills import carry_out, planned_kills, seeded, tell
from tests.suite.crash_load import Load, told
from tests.suite.processes import SERVICES, ServiceProcesses, service_processes

SANDBOXES: Final = ("north", "south")
KILLS: Final = {"sqlite": 3, "postgresql": 2}
KILLS_SOAK: Final = 20


@pytest.fixture(params=sorted(KILLS))
def store(request: pytest.FixtureRequest) -> str:
    """Which store the services keep their things in."""
    return str(request.param)


@pytest.fixture
def urls(store: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """Where the stores are; none are named if they are files."""
    if store == "sqlite":
        return {}
    new = request.getfixturevalue("new_postgres_database")
    return {service: new(f"crash_{service}", lambda _url: None) for service in SERVICES}


async def test_a_few_kills_lose_and_double_nothing(
    store: str, urls: dict[str, str], tmp_path: Path
) -> None:
    """After some kills under load the books agree with each other and what was acknowledged."""
    assert await _faults_after(KILLS[store], store, urls, tmp_path) == []


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_many_kills_lose_and_double_nothing(
    store: str, urls: dict[str, str], tmp_path: Path
) -> None:
    """After twenty kills under load the books agree with each other and what was acknowledged."""
    assert await _faults_after(KILLS_SOAK, store, urls, tmp_path) == []


async def _faults_after(
    kills_count: int, store: str, urls: Mapping[str, str], folder: Path
) -> list[str]:
    choices = seeded(store)
    kills = planned_kills(choices, kills_count)
    with _processes(folder, urls) as processes:
        load = Load(lambda: _connect(processes), choices)
        await load.set_up(SANDBOXES)
        running = asyncio.create_task(load.run())
        killing = asyncio.create_task(carry_out(kills, processes))
        await asyncio.wait([running, killing], return_when=asyncio.FIRST_COMPLETED)
        load.enough.set()
        await asyncio.gather(running, killing)
        with open_books(folder, urls) as books:
            await books.until_caught_up()
            tell("\n".join(map(told, load.ledgers)))
            return all_faults(books, load.ledgers)


@contextmanager
def _processes(folder: Path, urls: Mapping[str, str]) -> Iterator[ServiceProcesses]:
    """Both services; if something goes wrong, what they printed is shown."""
    with service_processes(folder, urls) as processes:
        try:
            yield processes
        finally:
            for service in SERVICES:
                tell(f"--- {service}\n{processes.log_of(service)[-6000:]}")


def _connect(processes: ServiceProcesses) -> Clients:
    return Clients.connect(
        processes.address("provisioning"),
        processes.address("billing"),
        processes.operator_secret(),
    )
