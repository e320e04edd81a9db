"""What every test gets: a PostgreSQL to ask for, zones, searches that repeat themselves, an order.

`pyproject.toml` adds the rest: sockets reach this machine only, warnings are errors.
"""

import gc
from pathlib import Path
from typing import Final
from zoneinfo import reset_tzpath

import pytest
from hypothesis import settings

pytest_plugins = ["tests.postgres"]

# The pinned tzdata, as in the services, not what the machine has, which may be years older. Else
# zones would depend on whether a test before had started a server in the process.
reset_tzpath(to=())

# The files that take longest, longest first: the workers of `make test` come to their end together
# when what they do last is short. Order means nothing else; a file runs whole, by one worker.
LONGEST: Final = (
    "tests/test_docs.py",
    "tests/suite/test_fuzz.py",
    "tests/suite/test_refusals.py",
    "tests/suite/test_story_worlds.py",
    "tests/suite/test_usage_crash.py",
    "tests/suite/test_crash.py",
    "tests/suite/test_advance_year.py",
    "tests/suite/test_story_postgres.py",
    "tests/suite/test_shield.py",
    "tests/cli/test_up.py",
    "tests/suite/test_backup.py",
    "tests/cli/test_backup_under_load.py",
    "tests/suite/test_races.py",
    "tests/billing/subscribing/test_prepaid.py",
    "tests/billing/subscribing/test_changes.py",
    "tests/suite/test_access_matrix.py",
    "tests/suite/test_advance_rules.py",
    "tests/billing/subscribing/test_charging.py",
    "tests/billing/subscribing/test_preview_memory.py",
    "tests/gateway/test_calls.py",
    "tests/suite/test_devices_live.py",
    "tests/suite/test_replay.py",
    "tests/test_tidy.py",
)

# The same examples on every run: a failure here is a failure there.
settings.register_profile("pospago", deadline=None, derandomize=True, database=None)
settings.load_profile("pospago")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first; the rest stay as they are."""
    rank = {config.rootpath / Path(name): place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_collection_finish() -> None:
    """Look for garbage no more among what was collected: it stays to the end."""
    gc.collect()
    gc.freeze()
