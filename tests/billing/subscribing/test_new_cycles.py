"""A change in full begins a new cycle: of all items, and of what changes later on its day."""

from typing import Final

import pytest

from billing_service.domain.price import AddOn, Schedule, Timing
from billing_service.domain.proration import ChangeDay, Granularity, Proration, ProrationMode
from billing_service.domain.subscription_facts import FactKind
from tests.billing.builders import day
from tests.billing.estimating.plans import flat, plan, seats
from tests.billing.subscribing.timelines import charges, fact, holding, subscribed, subscription

FULL: Final = ProrationMode.FULL_NOW
PRO: Final = plan(
    seats("31.00"),
    flat("62.01", "support", add_on=AddOn()),
    schedule=Schedule(timing=Timing.ADVANCE),
)


def test_a_new_cycle_begins_for_all_items() -> None:
    """From the 11th on, months are counted from an 11th, also of what did not change."""
    change = fact("2027-06-11 10:00", holding({"seats": 5, "support": 1}), Proration(FULL))
    first = holding({"seats": 3, "support": 1})
    what = subscription(first, [change], begins_on=day("2027-06-01"))
    found = charges(subscribed(what, PRO), "2027-07-01")
    assert [
        (each.price.price.code, each.price.period.start_on.isoformat(), each.amount_minor)
        for each in found
    ] == [
        ("seats", "2027-06-01", 9300),
        ("seats", "2027-06-11", 15500),
        ("seats", "2027-07-11", 15500),
        ("support", "2027-06-01", 6201),
        ("support", "2027-06-11", 6201),
        ("support", "2027-07-11", 6201),
    ]


@pytest.mark.parametrize("by", [Granularity.SECOND, Granularity.DAY])
@pytest.mark.parametrize("mode", [each for each in ProrationMode if each is not FULL])
def test_later_change_on_the_day_before_a_new_cycle_begins_with_it(
    mode: ProrationMode, by: Granularity
) -> None:
    """The 11th is the old month's, which is charged in full; eight seats cost from the 12th on."""
    facts = [
        fact("2027-06-11 10:00", holding({"seats": 5}), Proration(FULL, change_day=ChangeDay.OLD)),
        fact("2027-06-11 15:00", holding({"seats": 8, "support": 1}), Proration(mode, by)),
    ]
    what = subscription(holding({"seats": 3}), facts, begins_on=day("2027-06-01"))
    assert [
        (each.price.period.start_on.isoformat(), each.amount_minor)
        for each in charges(subscribed(what, PRO), "2027-06-01")
    ] == [("2027-06-01", 9300), ("2027-06-12", 24800), ("2027-06-12", 6201)]


@pytest.mark.parametrize("end_day", ChangeDay)
def test_what_is_over_before_a_new_cycle_is_charged_to_its_day(end_day: ChangeDay) -> None:
    """Cancelled on the day after which the new cycle was to begin: 10 or 11 days of June."""
    facts = [
        fact("2027-06-11 10:00", holding({"seats": 5}), Proration(FULL, change_day=ChangeDay.OLD)),
        fact(
            "2027-06-11 15:00",
            kind=FactKind.CANCELLED,
            proration=Proration(change_day=end_day),
        ),
    ]
    what = subscription(holding({"seats": 3}), facts, begins_on=day("2027-06-01"))
    days = 10 if end_day is ChangeDay.NEW else 11
    assert [each.amount_minor for each in charges(subscribed(what, PRO), "2027-07-01")] == [
        days * 310
    ]
