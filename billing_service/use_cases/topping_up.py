"""Has what lapsed for want of payment looked at again once its payer has credit."""

from billing_service.storage.facts import Facts
from billing_service.use_cases.timers import TOP_UP
from chassis.use_case import TimerSet


def topping_up(facts: Facts, payer: str, now: int) -> tuple[TimerSet, ...]:
    """What looks again at what waits for a payer's credit, now that there is some.

    Shapes:  `facts.waiting` was gathered.
    """
    return (TimerSet(payer, TOP_UP, "", now),) if payer in facts.waiting else ()
