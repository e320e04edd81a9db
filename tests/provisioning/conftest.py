"""The service on each store, and the real server with its stubs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.provisioning.builders import Service, create_store


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite store."""
    url = f"sqlite:///{tmp_path}/provisioning.sqlite3"
    create_store(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """The service on a fresh store of each kind: the conformance suite runs on both."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
    else:
        new: Callable[..., str] = request.getfixturevalue("new_postgres_database")
        url = new("provisioning", create_store)
    running = Service.at(url)
    yield running
    running.close()
