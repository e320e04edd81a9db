"""What a subscription holds where it lapses and is paused: each by itself, in any order."""

from collections.abc import Sequence
from typing import Final

import pytest

from billing_service.domain.subscription import FactKind, SubscriptionState
from billing_service.domain.subscription_change import change_id_of, changes_of, held_as_of
from tests.billing.builders import at
from tests.billing.subscribing.timelines import ZONE, fact, holding, subscription

LAPSED: Final = FactKind.LAPSED
PAID: Final = FactKind.PAID_UP
PAUSED: Final = FactKind.PAUSED
RESUMED: Final = FactKind.UNPAUSED
TIMES: Final = ("2027-02-01 00:00", "2027-02-10 00:00", "2027-02-20 00:00", "2027-03-01 00:00")
HELD: Final = holding({"seats": 3})


@pytest.mark.parametrize(
    ("kinds", "states"),
    [
        ([LAPSED, PAID], "unpaid active"),
        ([LAPSED, LAPSED, PAID], "unpaid unpaid active"),
        ([PAID, LAPSED], "active unpaid"),
        ([LAPSED, PAUSED, PAID, RESUMED], "unpaid paused paused active"),
        ([LAPSED, PAUSED, RESUMED, PAID], "unpaid paused unpaid active"),
        ([PAUSED, LAPSED, RESUMED, PAID], "paused paused unpaid active"),
        ([PAUSED, LAPSED, PAID, RESUMED], "paused paused paused active"),
    ],
)
def test_what_is_lapsed_and_paused_needs_both_to_end(
    kinds: Sequence[FactKind], states: str
) -> None:
    """A pause is told before a lapse, and nothing is held in either."""
    told = [fact(when, kind=kind) for when, kind in zip(TIMES, kinds, strict=False)]
    what = subscription(HELD, told)
    found = [(what.state(at(each, ZONE), ZONE), what.holding_at(at(each, ZONE))) for each in TIMES]
    assert found[: len(kinds)] == [
        (SubscriptionState(each), HELD if each == "active" else None) for each in states.split()
    ]


def test_lapsed_from_the_first_instant_it_holds_nothing_yet() -> None:
    """It has one phase, which says what it would hold."""
    what = subscription(HELD, [fact("2027-01-01 00:00", kind=LAPSED)])
    (phase,) = what.phases()
    assert (phase.holding, phase.stated, phase.is_lapsed) == (None, HELD, True)


def test_change_while_it_is_lapsed_is_what_it_goes_on_with() -> None:
    """It is shown at once, and held once it is paid."""
    more = holding({"seats": 5})
    told = [fact(TIMES[0], kind=LAPSED), fact(TIMES[1], more), fact(TIMES[2], kind=PAID)]
    what = subscription(HELD, told)
    shown = held_as_of(what, at(TIMES[1], ZONE))
    held = [what.holding_at(at(each, ZONE)) for each in TIMES[1:3]]
    assert (shown, held) == (more, [None, more])


def test_lapses_are_no_changes_that_could_be_undone() -> None:
    """Only what was asked for is told as a change, by its place."""
    told = [fact(TIMES[0], kind=LAPSED), fact(TIMES[1], kind=PAID), fact(TIMES[2], kind=PAUSED)]
    what = subscription(HELD, told)
    assert [change_id_of(ordinal) for ordinal, _ in changes_of(what)] == ["change-4"]
