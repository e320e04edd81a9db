"""Plans in their other forms: as text in the store, and as messages of the contract."""

import json
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from pospago.billing.v1 import catalog_pb2 as pb

from billing_service.api.plans import from_proto_plan, from_proto_version, to_proto_plan
from billing_service.domain.plan import Plan
from billing_service.domain.price import (
    Anchor,
    IntervalUnit,
    PartPeriod,
    Price,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import Fault
from billing_service.storage.price_text import (
    limits_from_text,
    limits_to_text,
    minimums_from_text,
    minimums_to_text,
    price_from_text,
    price_to_text,
    schedule_from_text,
    schedule_to_text,
    shared_from_text,
    shared_to_text,
)
from tests.billing.any_price import LIMITS, MINIMUMS, PLANS, PRICES, SCHEDULES, SHARED, digits_of
from tests.billing.builders import price_of


@settings(max_examples=300)
@given(PRICES)
def test_price_comes_back_from_its_text_digit_by_digit(price: Price) -> None:
    """The store keeps a price of any kind exactly, even the zeros at a figure's end."""
    assert digits_of(price_from_text(price_to_text(price))) == digits_of(price)


@given(SCHEDULES)
def test_schedule_comes_back_from_its_text(schedule: Schedule) -> None:
    """The store keeps a schedule."""
    assert schedule_from_text(schedule_to_text(schedule)) == schedule


@given(SHARED, LIMITS, MINIMUMS)
def test_what_a_version_says_of_several_prices_comes_back_from_its_text(
    shared: Any, limit: Any, minimum: Any
) -> None:
    """The store keeps shared allowances, limits and minimum spends."""
    kept = (
        shared_from_text(shared_to_text([shared])),
        limits_from_text(limits_to_text([limit])),
        minimums_from_text(minimums_to_text([minimum])),
    )
    assert kept == ((shared,), (limit,), (minimum,))


def test_text_holds_decimals_as_strings() -> None:
    """No reader can take a figure for a binary fraction."""
    stored = json.loads(price_to_text(price_of("39.90")))
    assert stored["model"] == {"is": "flat", "amount": "39.90"}


@settings(max_examples=200)
@given(PLANS)
def test_plan_comes_back_from_its_message(plan: Plan) -> None:
    """What the contract tells of a plan, stated again, is the same plan."""
    found: list[Fault] = []
    read = from_proto_plan(to_proto_plan(plan), "any", path="", found=found)
    (stated,) = plan.versions
    # A schedule that says what the version's says need not be told.
    lean = tuple(
        replace(each, schedule=None) if each.schedule == stated.schedule else each
        for each in stated.prices
    )
    wanted = replace(plan, versions=(replace(stated, version=0, prices=lean),))
    assert (read, found) == (wanted, [])


def version(text: str) -> pb.PlanVersion:
    """A version with one price, and what a test says besides."""
    return text_format.Parse(text, pb.PlanVersion())


GENERAL = """
schedule {interval_unit: INTERVAL_UNIT_YEAR timing: TIMING_ARREARS anchor_day: 15 instalments: 12
  first_period: PART_PERIOD_FREE}
"""


@pytest.mark.parametrize(
    ("stated", "schedule"),
    [
        ("", None),
        ("schedule {timing: TIMING_ARREARS}", None),
        (
            "schedule {timing: TIMING_ADVANCE}",
            Schedule(
                IntervalUnit.YEAR,
                anchor_day=15,
                first_period=PartPeriod.FREE,
                instalments=12,
            ),
        ),
        (
            "schedule {interval_count: 3 interval_unit: INTERVAL_UNIT_MONTH}",
            Schedule(
                IntervalUnit.MONTH,
                3,
                Timing.ARREARS,
                anchor_day=15,
                first_period=PartPeriod.FREE,
            ),
        ),
        (
            "schedule {anchor: ANCHOR_ANNIVERSARY}",
            Schedule(
                IntervalUnit.YEAR,
                timing=Timing.ARREARS,
                anchor=Anchor.ANNIVERSARY,
                anchor_day=15,
                first_period=PartPeriod.FREE,
                instalments=12,
            ),
        ),
    ],
)
def test_price_takes_from_the_version_what_its_schedule_leaves_out(
    stated: str, schedule: Schedule | None
) -> None:
    """Unset fields are those of the version; an interval of its own is charged in one."""
    message = version(f'{GENERAL} prices {{code: "a" currency: "BRL" flat {{}} {stated}}}')
    (price,) = from_proto_version(message, path="", found=[]).prices
    assert price.schedule == schedule


@pytest.mark.parametrize("text", ["1e3", "NaN", "abc", "", " 1", "1.", ".5", "+1", "9" * 21, "٣"])
def test_figure_that_is_no_plain_decimal_is_named_by_its_path(text: str) -> None:
    """Exponents, words and endless digits are no figures of a price."""
    tier = pb.PlanVersion().prices.add().graduated.tiers.add()
    message = pb.PlanVersion()
    price = message.prices.add()
    price.graduated.tiers.add().CopyFrom(tier)
    price.graduated.tiers.add().up_to.value = text
    found: list[Fault] = []
    from_proto_version(message, path="version.", found=found)
    assert [each.path for each in found] == ["version.prices[0].graduated.tiers[1].up_to"]


def test_all_figures_that_are_no_decimals_are_named_at_once() -> None:
    """One call tells all that is wrong with the texts of a version."""
    message = version(
        """
        prices {code: "a" capacity {tiers {ceilings {meter: "meters/m" up_to {value: "x"}}
          amount {value: "-"}}} included {per_unit_of {price: "b" quantity {value: "y"}}}}
        prices {code: "b" percentage {percent {value: "1%"}} discount_percent {value: "ten"}
          minimum_charge {value: "1,5"}}
        shared_allowances {code: "s" allowance {quantity {value: "1e9"}}}
        limits {code: "l" quantity {value: "many"}}
        """
    )
    found: list[Fault] = []
    from_proto_version(message, path="", found=found)
    assert sorted(each.path for each in found) == [
        "limits[0].quantity",
        "prices[0].capacity.tiers[0].amount",
        "prices[0].capacity.tiers[0].ceilings[0].up_to",
        "prices[0].included.per_unit_of.quantity",
        "prices[1].discount_percent",
        "prices[1].minimum_charge",
        "prices[1].percentage.percent",
        "shared_allowances[0].allowance.quantity",
    ]


def test_negative_figure_is_read_as_it_stands() -> None:
    """Whether a figure may be negative is for the rules of prices to say."""
    message = version('prices {code: "a" flat {amount {value: "-1.50"}}}')
    (price,) = from_proto_version(message, path="", found=[]).prices
    assert price.model == price_of("-1.50").model
