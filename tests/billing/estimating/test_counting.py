"""Counting prices count what they say, and apply only where something triggers them."""

from decimal import Decimal

import pytest

from billing_service.domain.counting import CountedGroup, CountedThings
from billing_service.domain.price import Counting

PARTNER = frozenset({"partner"})
YEAR_END = frozenset({"year-end"})
TRIGGERED = Counting("client", trigger_labels=PARTNER)
OWN = CountedGroup("client", 1, PARTNER, is_own=True)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([], None),
        ([CountedGroup("client", 300, YEAR_END)], None),
        ([CountedGroup("client", 0, PARTNER)], None),
        ([OWN], 0),
        ([OWN, CountedGroup("client", 99)], 99),
        ([CountedGroup("client", 1, PARTNER), CountedGroup("client", 299, YEAR_END)], 300),
        ([CountedGroup("client", 7, PARTNER | YEAR_END)], 7),
        ([CountedGroup("seat", 5, PARTNER), CountedGroup("client", 3)], 3),
    ],
)
def test_once_something_triggers_it_all_things_of_the_kind_count(
    groups: list[CountedGroup], expected: int | None
) -> None:
    """A label on anything of the account makes the price apply, and then all clients count."""
    quantity = None if expected is None else Decimal(expected)
    assert CountedThings(groups).quantity(TRIGGERED) == quantity


def test_without_trigger_labels_it_applies_to_nothing_at_all() -> None:
    """A price without a condition has the quantity 0 where there is nothing to count."""
    assert CountedThings([]).quantity(Counting("client")) == 0


@pytest.mark.parametrize(("labelled_only", "expected"), [(False, 5), (True, 2)])
def test_only_what_is_labelled_counts_if_the_price_says_so(
    labelled_only: bool, expected: int
) -> None:
    """Of two labelled and three other clients, two or five are counted."""
    kind = Counting("client", trigger_labels=PARTNER, labelled_only=labelled_only)
    groups = [CountedGroup("client", 2, PARTNER), CountedGroup("client", 3)]
    assert CountedThings(groups).quantity(kind) == expected


@pytest.mark.parametrize(("own_counted", "expected"), [(False, 3), (True, 4)])
def test_the_accounts_own_counts_if_the_price_says_so(own_counted: bool, expected: int) -> None:
    """A partner is its own fourth client, or it is not."""
    kind = Counting("client", trigger_labels=PARTNER, own_counted=own_counted)
    assert CountedThings([OWN, CountedGroup("client", 3)]).quantity(kind) == expected
