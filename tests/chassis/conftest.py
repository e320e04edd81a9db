"""The counting service on each store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chassis.counting import Counting, create_tables, start


@pytest.fixture(params=["sqlite", "postgresql"])
def counting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counting]:
    """The counting service on a fresh store."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/counting.sqlite3"
        create_tables(url)
    else:
        new: Callable[..., str] = request.getfixturevalue("new_postgres_database")
        url = new("counting", create_tables)
    service = start(url)
    yield service
    service.close()
