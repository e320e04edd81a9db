"""The service on each store, and the real server with its stubs."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.billing.builders import Billing, create_store


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store that was migrated once, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "billing.sqlite3"
    create_store(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh store of each kind: the conformance suite runs on both."""
    if request.param == "sqlite":
        migrated: Path = request.getfixturevalue("migrated_file")
        return f"sqlite:///{shutil.copy(migrated, tmp_path / 'billing.sqlite3')}"
    new: Callable[..., str] = request.getfixturevalue("new_postgres_database")
    return new("billing", create_store)


@pytest.fixture
def billing(url: str) -> Iterator[Billing]:
    """The service on a fresh store, with an issuer and a plan."""
    running = Billing.at(url)
    running.issuer()
    running.plan()
    yield running
    running.close()
