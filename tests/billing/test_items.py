"""Plans of several prices: kept, charged item by item, and explained, on both stores."""

from decimal import Decimal
from typing import Any, Final

import pytest
from google.protobuf import text_format
from pospago.billing.v1 import catalog_pb2 as pb

from billing_service.api.plans import from_proto_version
from billing_service.domain.allowance import Coverage
from billing_service.domain.errors import InvoiceNotFound, LineNotFound
from billing_service.domain.item_rate import MONTHLY
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy, first_plan
from billing_service.domain.price import (
    AddOn,
    IntervalUnit,
    Licensed,
    PercentDiscount,
    Price,
    Review,
    Schedule,
)
from billing_service.domain.price_change import Indexation, PriceChange
from billing_service.domain.price_models import Fault, Graduated, PerUnit, Tier
from billing_service.storage.queries import find_plan
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from billing_service.use_cases.create_price_change import CREATE_PRICE_CHANGE, CreatePriceChange
from billing_service.use_cases.explain_line import ExplainedLine, explain_line
from tests.billing.builders import Billing, at, day, price_of

PLAN: Final = "bundle"

EVERY_KIND: Final = """
prices {code: "base" display_name: "Base" currency: "BRL" recurring {} flat {amount {value: "9.90"}}
  minimum_charge {value: "1"} discount_percent {value: "12.5"} tax_category: "software"}
prices {code: "seat" currency: "BRL" licensed {unit: "seat"} included {quantity {value: "3"}}
  volume {tiers {up_to {value: "10"} unit_price {value: "20"}} tiers {unit_price {value: "15"}}}}
prices {code: "support" currency: "BRL" licensed {} per_unit {unit_price {value: "0.000000000001"}}
  add_on {quantity_max: 5 exclusive_group: "care"}
  schedule {interval_unit: INTERVAL_UNIT_YEAR instalments: 12 anchor: ANCHOR_ANNIVERSARY}}
prices {code: "calls" currency: "BRL" metered {meter: "meters/calls"} zero_usage: ZERO_USAGE_OMITTED
  graduated {tiers {up_to {value: "1000"}}
  tiers {unit_price {value: "0.05"} flat_fee {value: "1"}}}}
prices {code: "texts" currency: "BRL" metered {meter: "meters/calls"} maximum_charge {value: "90"}
  package {size {value: "100"} package_price {value: "5.00"} rounding: ROUNDING_COMPLETED
  packages_min: 1} included {per_unit_of {price: "seat" quantity {value: "5"}}
  pooling: POOLING_PER_UNIT prorated: true}}
prices {code: "space" currency: "BRL" metered {meter: "meters/calls"}
  stairstep {steps {up_to {value: "10"} amount {value: "0"}} steps {amount {value: "7"}}
  mode: MODE_CUMULATIVE}}
prices {code: "fees" currency: "BRL" metered {meter: "meters/calls"} review: REVIEW_HELD
  percentage {percent {value: "1.5"} fixed_fee {value: "0.39"} free_events: 3
  event_maximum {value: "20"}}}
prices {code: "share" currency: "BRL" metered {meter: "meters/calls"} discount_amount {value: "2"}
  graduated_percentage {tiers {up_to {value: "1000"} percent {value: "2"}}
  tiers {percent {value: "1"}}}}
prices {code: "peak" currency: "BRL" metered {} capacity {
  tiers {ceilings {meter: "meters/calls" up_to {value: "100"}} amount {value: "10"}}
  tiers {ceilings {meter: "meters/calls"} amount {value: "30"}}}}
prices {code: "clients" currency: "BRL" counting {counted: "client" trigger_labels: "ai"
  own_counted: true counting_instant: INSTANT_PERIOD_START} per_unit {unit_price {value: "3"}}}
schedule {timing: TIMING_ARREARS anchor_day: 15 last_period: PART_PERIOD_FULL}
shared_allowances {code: "free" allowance {unlimited: true} prices: "calls" prices: "space"}
limits {code: "users" display_name: "Users" quantity {value: "5"} unit: "user" raised_by: "seat"}
limits {code: "files" unlimited: true}
"""


def version_with(*prices: Price, **more: Any) -> PlanVersion:
    """A version of a plan that bills instances by months."""
    return PlanVersion(0, more.pop("effective_at", None), prices, more.pop("schedule", MONTHLY))


def plan_with(*prices: Price, **more: Any) -> Plan:
    """A plan that bills instances by months, with its first version."""
    values: dict[str, Any] = {"display_name": "Bundle", "policy": VersionPolicy.FOLLOW} | more
    return Plan(plan_id=PLAN, versions=(version_with(*prices),), **values)


def billed(billing: Billing, plan: Plan, *instances: str) -> None:
    """Let instances of a plan run through March, to its invoice."""
    billing.plan(plan)
    billing.account()
    billing.subscribe(*instances, plan=PLAN)
    billing.go_to("2026-04-02")


def explained(billing: Billing, line_number: int = 1) -> ExplainedLine:
    """How a line of the one invoice came about."""
    invoice = billing.invoice().invoice.invoice_id
    return billing.database.read(
        lambda tx: explain_line(tx, "acme", invoice, line_number, billing.clock.now())
    )


def test_plan_of_every_kind_and_model_is_kept(billing: Billing) -> None:
    """What the store gives back is what was created, digit by digit."""
    found: list[Fault] = []
    message = text_format.Parse(EVERY_KIND, pb.PlanVersion())
    stated = from_proto_version(message, path="", found=found)
    plan = Plan(PLAN, "", VersionPolicy.KEEP, (stated,), "software", 30)
    meter = Meter("calls", "Calls", "call", Aggregation.COUNT, dimensions=("method", "seat"))
    billing.do(CREATE_METER, CreateMeter(meter))
    billing.plan(plan)
    kept = billing.database.read(lambda tx: find_plan(tx, PLAN))
    assert (kept, found) == (first_plan(plan, {"calls": meter}), [])


def test_each_recurring_item_is_charged_for_each_instance_and_month(billing: Billing) -> None:
    """Two items of two instances are four charges a month."""
    billed(billing, plan_with(price_of("10", code="base"), price_of("2", code="care")), "a", "b")
    charges = [(each.subscription, each.price, each.amount_minor) for each in billing.charges()]
    assert charges == [
        ("a", "base", 1000),
        ("b", "base", 1000),
        ("a", "care", 200),
        ("b", "care", 200),
    ]


def test_lines_go_by_the_order_of_the_prices(billing: Billing) -> None:
    """An item has a line of its own, which says what people call it."""
    care = price_of("2", code="care", display_name="Care")
    billed(billing, plan_with(care, price_of("10", code="base")), "a", "b")
    lines = [
        (each.line_number, each.price, each.description, int(each.quantity), each.amount_minor)
        for each in billing.invoice().lines
    ]
    assert lines == [
        (1, "care", "Bundle, Care, band 1, 2026-03", 2, 400),
        (2, "base", "Bundle, band 1, 2026-03", 2, 2000),
    ]


def test_item_without_a_name_goes_by_its_code(billing: Billing) -> None:
    """Of two items without a name, only `base` goes by the plan's name alone."""
    billed(billing, plan_with(price_of("10"), price_of("2", code="care")), "a")
    assert [each.description for each in billing.invoice().lines] == [
        "Bundle, band 1, 2026-03",
        "Bundle, care, band 1, 2026-03",
    ]


def test_line_takes_the_tax_category_of_its_price_or_of_the_plan(billing: Billing) -> None:
    """What a price does not say, its plan does."""
    own = price_of("2", code="own", tax_category="books")
    billed(billing, plan_with(own, price_of("1"), tax_category="software"), "a")
    lines = billing.invoice().lines
    assert [each.tax_category for each in lines] == ["books", "software"]


def test_add_ons_and_what_is_held_or_used_are_not_charged_to_instances(billing: Billing) -> None:
    """Nobody chose them, holds them or used them; the base price is charged alone."""
    extra = price_of("5", code="extra", add_on=AddOn())
    held = price_of("0", code="seat", kind=Licensed(), model=PerUnit(Decimal(7)))
    billed(billing, plan_with(extra, held, price_of("10")), "a")
    assert [each.price for each in billing.charges()] == ["base"]


def test_price_of_all_bands_is_charged_beside_that_of_one(billing: Billing) -> None:
    """A band's instance pays what is for its band and what is for all."""
    one, two = price_of("1", code="one", band=1), price_of("2", code="two", band=2)
    billed(billing, plan_with(one, two, price_of("10", code="all")), "a")
    assert [each.price for each in billing.charges()] == ["one", "all"]


UNSUITED: Final = [
    {"schedule": Schedule(IntervalUnit.YEAR, timing=MONTHLY.timing)},
    {"schedule": Schedule()},
    {"review": Review.HELD},
]


@pytest.mark.parametrize("unsuited", UNSUITED)
def test_price_by_other_periods_parks_the_payer_and_is_named(
    billing: Billing, unsuited: dict[str, Any]
) -> None:
    """An instance is billed by whole months in arrears, so nothing else is charged."""
    billed(billing, plan_with(price_of("1"), price_of("2", code="odd", **unsuited)), "a")
    assert "charges price odd by other periods" in billing.parked()["acme"]


def test_version_by_months_frees_the_payer(billing: Billing) -> None:
    """The remedy that the refusal states is one."""
    billed(billing, plan_with(price_of("2", schedule=Schedule())), "a")
    mended = version_with(price_of("3"), effective_at=at("2026-05-01"))
    billing.do(ADD_PLAN_VERSION, AddPlanVersion(PLAN, mended))
    billing.writer.retry_parked("acme", lambda _event: None)
    assert [each.amount_minor for each in billing.charges()] == [300]


def test_line_is_explained_from_its_price_to_its_rounding(billing: Billing) -> None:
    """A discount of 12.5% on 9.90 leaves 8.6625, which is rounded once for each instance."""
    base = price_of("9.90", discount=PercentDiscount(Decimal("12.5")))
    billed(billing, plan_with(base), "a", "b", "c")
    found = explained(billing)
    told = found.explanation
    assert (
        (told.plan, told.plan_version, told.price, told.model, told.model_amount),
        (told.discount, told.coverage, told.exact_amount, told.amount_minor),
        (found.charges_count, int(found.line.quantity), found.line.amount_minor),
        found.line.unit_price,
    ) == (
        (PLAN, 1, "base", "flat", Decimal("9.90")),
        (Decimal("1.2375"), Coverage(31, 31), "8.6625", 866),
        (3, 3, 2598),
        Decimal("8.6625"),
    )


def test_line_is_explained_by_the_version_and_index_it_was_charged_by(billing: Billing) -> None:
    """A later version changes nothing of what is explained; the account's index is told."""
    billing.account()
    billing.plan(plan_with(price_of("100")))
    change = PriceChange(
        account="acme",
        price_change_id="index",
        plan=PLAN,
        effective_on=day("2026-03-05"),
        plan_version=None,
        indexation=Indexation(Decimal("4.5")),
        note="",
        notice_at=0,
    )
    billing.do(CREATE_PRICE_CHANGE, CreatePriceChange(change))
    billing.subscribe("a", plan=PLAN, on="2026-04-01 12:00")
    billing.go_to("2026-05-02")
    dearer = version_with(price_of("300"), effective_at=at("2026-06-01"))
    billing.do(ADD_PLAN_VERSION, AddPlanVersion(PLAN, dearer))
    told = explained(billing).explanation
    assert (told.plan_version, told.model_amount, told.price_index, told.amount_minor) == (
        1,
        Decimal(100),
        Decimal("1.045"),
        104_50,
    )


def test_tiered_item_is_explained_by_its_tiers(billing: Billing) -> None:
    """One instance reaches the first tier, whose fee is its price."""
    tiers = Graduated((Tier(Decimal(1), Decimal(4), Decimal(6)), Tier(None, Decimal(2))))
    billed(billing, plan_with(price_of("0", model=tiers)), "a")
    found = explained(billing)
    (share,) = found.explanation.shares
    assert [share.unit_price, share.flat_fee, share.amount, found.line.unit_price] == [
        Decimal(4),
        Decimal(6),
        Decimal(10),
        Decimal(10),
    ]


def test_line_that_is_not_there_is_named(billing: Billing) -> None:
    """A number beyond the last line explains nothing."""
    billed(billing, plan_with(price_of("1")), "a")
    with pytest.raises(LineNotFound, match="accounts/acme/invoices/inv-000001 has no line 2"):
        explained(billing, 2)


def test_invoice_that_is_not_there_is_named(billing: Billing) -> None:
    """There is nothing to explain before anything was billed."""
    with pytest.raises(InvoiceNotFound, match="accounts/acme/invoices/inv-9"):
        billing.database.read(lambda tx: explain_line(tx, "acme", "inv-9", 1, 0))
