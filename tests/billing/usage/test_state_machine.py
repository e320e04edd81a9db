"""Usage in any order: events, corrections, reservations, time and closing, against a model.

A failure prints the steps that lead to it, as few as were found.
"""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.builders import create_store
from tests.billing.usage.machine_correcting import CorrectingMachine

Fresh = Callable[[], str]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.fixture
def new_file(tmp_path: Path) -> Fresh:
    """Gives the URL of a new SQLite store with each call."""
    template = tmp_path / "template.sqlite3"
    create_store(f"sqlite:///{template}")
    numbers = itertools.count(1)

    def copied() -> str:
        fresh = tmp_path / f"{next(numbers)}.sqlite3"
        shutil.copyfile(template, fresh)
        return f"sqlite:///{fresh}"

    return copied


def run(fresh: Fresh, *, examples: int, steps: int) -> None:
    """Play the machine some times, each on a store of its own."""
    wanted = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=SLOW)

    class OnFreshStore(CorrectingMachine):
        """The machine on a store of its own."""

        def __init__(self) -> None:
            super().__init__(fresh())

    run_state_machine_as_test(OnFreshStore, settings=wanted)


def test_usage_is_what_the_model_says_on_sqlite(new_file: Fresh) -> None:
    """Some hundred steps, drawn anew with the code, the same on every run of it."""
    run(new_file, examples=15, steps=25)
