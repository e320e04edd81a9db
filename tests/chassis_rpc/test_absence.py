"""That a peer is away is told once, after a while."""

from typing import Final

from chassis.rpc.absence import FAIR_CHANCE_SECONDS, Absence

START: Final = 1_000.0


def test_absence_is_told_once_the_peer_had_a_fair_chance() -> None:
    """Not while both may still be starting, and not again."""
    absence = Absence()
    times = (0, FAIR_CHANCE_SECONDS - 0.01, FAIR_CHANCE_SECONDS, FAIR_CHANCE_SECONDS + 60)
    assert [absence.noted(START + each) for each in times] == [False, False, True, False]


def test_peer_that_comes_back_has_a_chance_again() -> None:
    """That it is back is told only where it was told to be away."""
    absence = Absence()
    absence.noted(START)
    quick = absence.ended()
    told = [absence.noted(START + each) for each in (90, 90 + FAIR_CHANCE_SECONDS)]
    assert (quick, told, absence.ended(), absence.ended()) == (False, [False, True], True, False)
