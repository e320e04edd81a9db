"""The service on one store, where the kind of store makes no difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.billing.builders import Billing, create_store


@pytest.fixture
def sqlite_billing(tmp_path: Path) -> Iterator[Billing]:
    """The service on a fresh SQLite store, with an issuer and a plan."""
    url = f"sqlite:///{tmp_path}/billing.sqlite3"
    create_store(url)
    running = Billing.at(url)
    running.issuer()
    running.plan()
    yield running
    running.close()
