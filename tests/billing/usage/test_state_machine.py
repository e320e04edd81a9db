"""Usage in any order: events, corrections, reservations, time and closing, against a model.

A failure prints the steps that led to it. The soak tests play longer, and look for fewer steps.
"""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.billing.builders import create_store
from tests.billing.usage.machine_closing import ClosingMachine

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


@pytest.fixture
def new_database(new_postgres_database: Callable[..., str]) -> Fresh:
    """Gives the URL of a new PostgreSQL store with each call."""
    return lambda: new_postgres_database("billing", create_store)


def play(fresh: Fresh, *, examples: int, steps: int, shrinks: bool = False) -> int:
    """Play the machine some times, each on a store of its own; gives how many times it was.

    `shrinks`: look for fewer steps that fail, too, which takes minutes.
    """
    played: list[str] = []

    class OnFreshStore(ClosingMachine):
        """The machine on a store of its own."""

        def __init__(self) -> None:
            played.append(fresh())
            super().__init__(played[-1])

    phases = (Phase.generate, Phase.shrink) if shrinks else (Phase.generate,)
    wanted = settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=phases,
        suppress_health_check=SLOW,
    )
    run_state_machine_as_test(OnFreshStore, settings=wanted)
    return len(played)


def test_usage_is_what_the_model_says_on_sqlite(new_file: Fresh) -> None:
    """Some hundred steps, the same on every run."""
    assert play(new_file, examples=6, steps=25) >= 6


def test_usage_is_what_the_model_says_on_postgresql(new_database: Fresh) -> None:
    """The same with fewer steps: what counts is that every rule runs there, too."""
    assert play(new_database, examples=2, steps=20) >= 2


@pytest.mark.soak
def test_usage_stays_what_the_model_says_on_sqlite(new_file: Fresh) -> None:
    """Some ten thousand steps."""
    assert play(new_file, examples=200, steps=60, shrinks=True) >= 200


@pytest.mark.soak
def test_usage_stays_what_the_model_says_on_postgresql(new_database: Fresh) -> None:
    """Some thousand steps."""
    assert play(new_database, examples=60, steps=40, shrinks=True) >= 60
