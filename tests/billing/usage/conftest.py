"""The service on one store, where the kind of store makes no difference."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.billing.builders import Billing, create_store


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store with an issuer and a plan, to be copied."""
    file = tmp_path_factory.mktemp("prepared") / "billing.sqlite3"
    create_store(f"sqlite:///{file}")
    running = Billing.at(f"sqlite:///{file}")
    running.issuer()
    running.plan()
    running.close()
    return file


@pytest.fixture
def sqlite_billing(prepared_file: Path, tmp_path: Path) -> Iterator[Billing]:
    """The service on a fresh SQLite store, with an issuer and a plan."""
    file = shutil.copy(prepared_file, tmp_path / "billing.sqlite3")
    running = Billing.at(f"sqlite:///{file}")
    yield running
    running.close()
