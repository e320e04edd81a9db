"""Has what lapsed for want of payment looked at again once its payer has credit."""

from collections.abc import Iterable
from typing import Final

from billing_service.storage.facts import Facts
from billing_service.use_cases.timers import TOP_UP
from chassis.use_case import TimerSet

# The key of the timer that also asks whoever collects of the payer.
ASKING: Final = "ask"


def topping_up(facts: Facts, payer: str, now: int) -> tuple[TimerSet, ...]:
    """What looks again at what waits for a payer's credit, now that there is some.

    Shapes:  `facts.waiting` was gathered.
    """
    return (TimerSet(payer, TOP_UP, "", now),) if payer in facts.waiting else ()


def asking(facts: Facts, payers: Iterable[str], payer: str, now: int) -> tuple[TimerSet, ...]:
    """The same where another one comes to pay, or by another way: whoever collects is asked again.

    Shapes:  `payers` are those whose subscriptions may wait.
    """
    is_waiting = any(each in facts.waiting for each in payers)
    return (TimerSet(payer, TOP_UP, ASKING, now),) if is_waiting else ()
