"""The service on a copy of a prepared store, and on each kind of store for what these decide."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.billing.builders import Billing, create_store


def _prepared(url: str) -> Billing:
    """The service on a fresh store, with an issuer and a plan."""
    running = Billing.at(url)
    running.issuer()
    running.plan()
    return running


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with an issuer and a plan, to be copied."""
    folder = tmp_path_factory.mktemp("credits")
    url = f"sqlite:///{folder}/billing.sqlite3"
    create_store(url)
    _prepared(url).close()
    return folder


@pytest.fixture
def billing(template: Path, tmp_path: Path) -> Iterator[Billing]:
    """The service on SQLite: for what is the same wherever it is stored."""
    folder = tmp_path / "store"
    shutil.copytree(template, folder)
    running = Billing.at(f"sqlite:///{folder}/billing.sqlite3")
    yield running
    running.close()


@pytest.fixture
def either(url: str) -> Iterator[Billing]:
    """The service on each kind of store: for what is read back."""
    running = _prepared(url)
    yield running
    running.close()
