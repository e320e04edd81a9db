"""Plans as people read them."""

import io

import pytest
from google.protobuf import text_format
from pospago.billing.v1 import catalog_pb2 as pb
from rich.console import Console

from pospago_cli.plans import rendered

PLAN = """
name: "plans/hybrid" display_name: "Hybrid" version_policy: VERSION_POLICY_KEEP
versions {version: 1
  prices {code: "seat" band: 2 currency: "USD" licensed {unit: "seat"} zero_usage: ZERO_USAGE_SHOWN
    volume {tiers {up_to {value: "10"} unit_price {value: "9"}} tiers {unit_price {value: "7"}}}}
  prices {code: "calls" currency: "USD" metered {meter: "meters/calls"} review: REVIEW_HELD
    per_unit {unit_price {value: "0.0005"}} included {quantity {value: "1000"}}}
  limits {code: "users" quantity {value: "5"}}
  minimum_spends {currency: "USD" amount {value: "500"} prices: "calls"}}
versions {version: 2 effective_time {seconds: 1800000000}
  prices {code: "seat" currency: "USD" licensed {} flat {amount {value: "1"}} add_on {}}}
"""


def printed() -> str:
    """What a reader sees of the plan, spaces aside."""
    console = Console(file=io.StringIO(), width=200)
    console.print(rendered(text_format.Parse(PLAN, pb.Plan())))
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


@pytest.mark.parametrize(
    "part",
    [
        "name plans/hybrid display name Hybrid version policy KEEP",
        "Version 1, since ever",
        "seat 2 USD licensed unit seat volume tiers up_to 10; unit_price 9, unit_price 7 calls",
        "calls all USD metered meter meters/calls per_unit unit_price 0.0005 included",
        "quantity 1000, review HELD",
        "limits: code users; quantity 5",
        "minimum spends: currency USD; amount 500; prices calls",
        "Version 2, since 2027-01-15 08:00:00Z",
        "seat all USD licensed flat amount 1 add_on",
    ],
)
def test_plan_shows_each_version_with_its_prices(part: str) -> None:
    """Each price says where its quantity comes from, what it costs, and what is special."""
    assert part in printed()
