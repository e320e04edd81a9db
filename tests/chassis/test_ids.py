"""New identifiers: never twice, sorted by time, readable."""

import re

from chassis.clock import ManualClock
from chassis.ids import RandomIds


def test_ids_are_never_given_twice() -> None:
    """Far more identifiers than one fetch of randomness holds are all different."""
    ids = RandomIds(ManualClock(0))
    assert len({ids.new("inst") for _ in range(5_000)}) == 5_000


def test_ids_are_readable() -> None:
    """An identifier is its prefix and 26 letters and digits that nobody confuses."""
    assert re.fullmatch(r"inst-[0-9a-hjkmnp-tv-z]{26}", RandomIds(ManualClock(0)).new("inst"))


def test_ids_sort_by_time() -> None:
    """An identifier given later sorts after one given earlier."""
    clock = ManualClock(1_700_000_000_000_000)
    ids = RandomIds(clock)
    given = []
    for _ in range(100):
        given.append(ids.new("inst"))
        clock.advance_to(clock.now() + 1_000)
    assert given == sorted(given)
