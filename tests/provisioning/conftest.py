"""The service on each store, and the real server with its stubs."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from chassis.clock import ManualClock
from tests.provisioning.builders import START_AT, Service, create_store
from tests.provisioning.calling import Served, served


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store that was migrated once, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "provisioning.sqlite3"
    create_store(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """A fresh SQLite store."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'provisioning.sqlite3')}"


@pytest.fixture(params=["sqlite", "postgresql"])
def each_url(request: pytest.FixtureRequest) -> str:
    """A fresh store of each kind: the conformance suite runs on both."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
    else:
        new: Callable[..., str] = request.getfixturevalue("new_postgres_database")
        url = new("provisioning", create_store)
    return url


@pytest.fixture
def service(each_url: str) -> Iterator[Service]:
    """The service on a fresh store of each kind."""
    running = Service.at(each_url)
    yield running
    running.close()


@pytest.fixture
async def provisioning(tmp_path: Path) -> AsyncIterator[Served]:
    """The real server on SQLite."""
    async with served(tmp_path, ManualClock(START_AT)) as running:
        yield running


@pytest.fixture
async def provisioning_on_each(tmp_path: Path, each_url: str) -> AsyncIterator[Served]:
    """The real server on a fresh store of each kind."""
    async with served(tmp_path, ManualClock(START_AT), database_url=each_url) as running:
        yield running
