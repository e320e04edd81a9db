"""Requests that use all that a plan, a catalogue and an estimate can hold, to be damaged."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf import text_format
from pospago.billing.v1 import catalog_pb2, estimate_pb2, meter_pb2, proration_pb2, tax_pb2

from tests.suite.requests import fresh, sample

# One price of each kind and model, with allowances, bounds and discounts where they may be.
_VERSION: Final = text_format.Parse(
    """
schedule {interval_unit: INTERVAL_UNIT_MONTH interval_count: 1 timing: TIMING_ARREARS
  anchor: ANCHOR_CALENDAR anchor_day: 31}
prices {code: "core" display_name: "Core" currency: "BRL" tax_category: "service" recurring {}
  schedule {interval_unit: INTERVAL_UNIT_YEAR anchor: ANCHOR_ANNIVERSARY instalments: 12}
  flat {amount {value: "40"}}}
prices {code: "seat" currency: "BRL" licensed {unit: "seat"} per_unit {unit_price {value: "15"}}
  included {quantity {value: "3"}} minimum_charge {value: "10"}}
prices {code: "device" band: 1 currency: "BRL" licensed {}
  graduated {tiers {up_to {value: "10"} unit_price {value: "2"} flat_fee {value: "1"}}
    tiers {unit_price {value: "1.5"}}} discount_percent {value: "20"}}
prices {code: "contacts" currency: "BRL" licensed {}
  add_on {quantity_max: 5 exclusive_group: "contacts"} flat {amount {value: "80"}}
  discount_amount {value: "0.5"}}
prices {code: "domains" currency: "BRL" licensed {} add_on {} zero_usage: ZERO_USAGE_CHARGED
  volume {tiers {up_to {value: "5"} unit_price {value: "9"}} tiers {unit_price {value: "8"}}}}
prices {code: "calls" currency: "BRL" metered {meter: "meters/calls"}
  package {size {value: "1000"} package_price {value: "0.1"} packages_min: 1}
  included {quantity {value: "50000"} prorated: true} maximum_charge {value: "1000"}}
prices {code: "storage" currency: "BRL"
  metered {meter: "meters/calls" filters {dimension: "method" values: "get" values: "put"}}
  per_unit {unit_price {value: "2"}}
  included {per_unit_of {price: "seat" quantity {value: "5"} dimension: "seat"}
    pooling: POOLING_PER_UNIT}}
prices {code: "mails" currency: "BRL" metered {meter: "meters/calls"} review: REVIEW_HELD
  stairstep {mode: MODE_CUMULATIVE steps {up_to {value: "10"} amount {value: "1"}}
    steps {amount {value: "3"}}}}
prices {code: "texts" currency: "BRL" metered {meter: "meters/calls"}
  per_unit {unit_price {value: "0.000000000001"}} zero_usage: ZERO_USAGE_OMITTED}
prices {code: "fees" currency: "BRL" metered {meter: "meters/calls"}
  percentage {percent {value: "2.9"} fixed_fee {value: "0.3"} free_amount {value: "100"}
    free_events: 2 event_minimum {value: "1"} event_maximum {value: "20"}}}
prices {code: "cut" currency: "BRL" metered {meter: "meters/calls"}
  graduated_percentage {tiers {up_to {value: "100"} percent {value: "3"} flat_fee {value: "1"}}
    tiers {percent {value: "2"}}}}
prices {code: "peak" currency: "BRL" metered {}
  capacity {tiers {ceilings {meter: "meters/calls" up_to {value: "10"}} amount {value: "5"}}
    tiers {ceilings {meter: "meters/calls"} amount {value: "50"}}}}
prices {code: "clients" currency: "BRL"
  counting {counted: "client" trigger_labels: "partner" trigger_labels: "external"
    own_counted: true counting_instant: INSTANT_PERIOD_START}
  stairstep {steps {up_to {value: "99"} amount {value: "200"}} steps {amount {value: "500"}}}}
shared_allowances {code: "messages" allowance {quantity {value: "100"} prorated: true}
  prices: "mails" prices: "texts"}
limits {code: "space" display_name: "Space" quantity {value: "10"} unit: "GB" raised_by: "seat"}
limits {code: "builds" unlimited: true}
minimum_spends {currency: "BRL" amount {value: "500"} prices: "mails" prices: "texts"}
""",
    catalog_pb2.PlanVersion(),
)
_METER: Final = text_format.Parse(
    """
name: "meters/calls" display_name: "Calls" event_name: "event-calls" aggregation: AGGREGATION_SUM
value_property: "count" unit: "call" dimensions: "method" dimensions: "seat"
""",
    meter_pb2.Meter(),
)
_MEASURE: Final = text_format.Parse(
    """
display_name: "Traffic" event_name: "net.out" aggregation: AGGREGATION_WEIGHTED_SUM
value_property: "mb" unit: "GB" filters {property: "kind" values: "upload" values: ""}
filters {property: "tier" values: "paid"} dimensions: "region" dimensions: "seat"
value_per_unit {value: "1024"} rounding {mode: MODE_UP decimals: 3}
""",
    meter_pb2.Meter(),
)
_TAXES: Final = text_format.Parse(
    """
rates {display_name: "ISS" percent {value: "8.5"}}
rates {tax_category: "service" display_name: "ISS" percent {value: "5"}}
rates {tax_category: "book" display_name: "Free" percent {value: "0"} exempt: true}
prices_include_tax: true rounding: ROUNDING_LINE tax_point: TAX_POINT_PERIOD_END
""",
    tax_pb2.TaxProfileVersion(),
)
_ASKED: Final = text_format.Parse(
    """
band: 1 currency: "BRL" start_date {year: 2028 month: 1 day: 31}
end_date {year: 2028 month: 3 day: 24} months: 3 show_tiers: true explain: true
held {price: "seat" quantity {value: "12"}} held {price: "device" quantity {value: "11.5"}}
held {price: "contacts" quantity {value: "1"}} held {price: "domains" quantity {value: "0"}}
used {price: "calls" quantity {value: "150001"}}
used {price: "storage" by_unit {value: "7"} by_unit {value: "0.5"}}
used {price: "mails" quantity {value: "60"}} used {price: "texts" quantity {value: "1000000000"}}
used {price: "fees" transactions {amount {value: "99.99"} count: 1000000}
  transactions {amount {value: "0.01"}}}
used {price: "cut" quantity {value: "1000"}}
used {price: "peak" meter: "meters/calls" quantity {value: "11"}}
counted {counted: "client" count: 250 labels: "partner" labels: "year-end"}
counted {counted: "client" count: 1 own: true}
tax_treatment: TAX_TREATMENT_STANDARD
""",
    estimate_pb2.EstimateRequest(),
)

Fill = Callable[[Any], None]


def _fill_plan(plan: Any) -> None:
    """Give a plan one version with all there can be in one."""
    plan.price_change_notice_days = 30
    plan.tax_category = "service"
    plan.default_proration.mode = proration_pb2.Proration.MODE_FULL_NOW
    plan.ClearField("versions")
    plan.versions.add().CopyFrom(_VERSION)


def _fill_new_plan(request: Any) -> None:
    _fill_plan(request.plan)


def _fill_further_version(request: Any) -> None:
    request.version.MergeFrom(_VERSION)


def _fill_catalog(request: Any) -> None:
    catalog = request.catalog
    catalog.meters.add().CopyFrom(_METER)
    measure = catalog.meters.add(name=f"meters/{fresh('new')}")
    measure.MergeFrom(_MEASURE)
    taxes = catalog.tax_profiles.add(name=f"taxProfiles/{fresh('new')}")
    taxes.versions.add().CopyFrom(_TAXES)
    plan = catalog.plans.add(name=f"plans/{fresh('new')}", version_policy="VERSION_POLICY_KEEP")
    _fill_plan(plan)


def _fill_meter(request: Any) -> None:
    request.meter.CopyFrom(_MEASURE)


def _fill_tax_profile(request: Any) -> None:
    request.tax_profile.ClearField("versions")
    request.tax_profile.versions.add().CopyFrom(_TAXES)


def _fill_estimate(request: Any) -> None:
    request.MergeFrom(_ASKED)
    request.ClearField("account")
    request.inline_tax.CopyFrom(_TAXES)
    inline = request.inline_plan
    inline.meters.add().CopyFrom(_METER)
    inline.plan.version_policy = inline.plan.VERSION_POLICY_FOLLOW
    _fill_plan(inline.plan)


def _fill_subscription(request: Any) -> None:
    text_format.Merge(
        """
        display_name: "Desk" anchor {date {year: 2024 month: 2 day: 29}}
        price_overrides {price: "instance" percent_off {value: "12.5"}}
        """,
        request.subscription,
    )


_FILLS: Final[Mapping[str, Fill]] = {
    "billing.CatalogService.CreatePlan": _fill_new_plan,
    "billing.CatalogService.AddPlanVersion": _fill_further_version,
    "billing.CatalogService.ApplyCatalog": _fill_catalog,
    "billing.MeterService.CreateMeter": _fill_meter,
    "billing.TaxProfileService.CreateTaxProfile": _fill_tax_profile,
    "billing.EstimateService.Estimate": _fill_estimate,
    "billing.SubscriptionService.CreateSubscription": _fill_subscription,
}
RICH: Final = tuple(sorted(_FILLS))


def rich_request(rpc: str, names: Mapping[str, str]) -> Any:
    """A well-formed request of one of `RICH`, with all that it can hold."""
    request = sample(rpc, **names)
    _FILLS[rpc](request)
    return request
