"""A price that is looked up by its day is the one that is charged for that day."""

from dataclasses import replace
from typing import Final

from billing_service.domain.price import Schedule
from billing_service.domain.proration import Proration, ProrationMode
from tests.billing.builders import day
from tests.billing.estimating.plans import calls, plan
from tests.billing.subscribing.timelines import fact, holding, subscribed, subscription

QUARTERLY: Final = Schedule(interval_count=3)
PRO: Final = plan(calls("0.01"), schedule=QUARTERLY)
MAX: Final = replace(plan(calls("0.02"), schedule=QUARTERLY), plan_id="max")


def test_price_is_looked_up_as_a_later_difference_leaves_it() -> None:
    """What is taken back in March goes from the change of February on; the part before it stays."""
    facts = [
        fact("2027-02-10", holding({}, "max")),
        fact("2027-03-10", holding({}), Proration(ProrationMode.DIFFERENCE_NOW)),
    ]
    of = subscribed(subscription(holding({}), facts), PRO, MAX)
    charged = list(of.prices_in(None, day("2027-03-01")))
    found = [of.price_at("calls", day(text)) for text in ("2027-01-01", "2027-02-10")]
    assert [(e.period, e.coverage) for e in found if e] == [(e.period, e.coverage) for e in charged]
    assert len(charged) == 2
