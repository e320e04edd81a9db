"""Catalogue files as text: nothing is resolved, and what has a wrong form is told by its line."""

from pathlib import Path
from typing import Final

import pytest
from google.protobuf import text_format
from pospago.billing.v1 import meter_pb2, price_pb2

from pospago_cli.catalog.applying import checked
from pospago_cli.catalog.document import DEPTH_MAX, parse
from pospago_cli.catalog.faults import CatalogRefused
from pospago_cli.catalog.loading import load_document
from tests.cli.catalog_files import PLAN, faults_of, written

DIMENSIONED: Final = """\
catalog: 1
currency: BRL
meters:
  traffic:
    event: net.out
    aggregation: sum
    property: mb
    unit: GB
    filters: { kind: [upload, sync], tier: [paid, ""] }
    dimensions: [region, seat]
    value_per_unit: 1_024
    rounding: { mode: half_up, decimals: 2 }
plans:
  pro:
    display_name: Pro
    version_policy: follow
    prices:
      - code: traffic
        metered: { meter: traffic, filters: { region: [br, mx] } }
        per_unit: 2
        included: { per: seats, quantity: 5, pooled: false, dimension: seat }
"""
METER: Final = """
name: "meters/traffic" event_name: "net.out" aggregation: AGGREGATION_SUM value_property: "mb"
unit: "GB" filters {property: "kind" values: "upload" values: "sync"}
filters {property: "tier" values: "paid" values: ""} dimensions: "region" dimensions: "seat"
value_per_unit {value: "1024"} rounding {mode: MODE_HALF_UP decimals: 2}
"""
PRICE: Final = """
code: "traffic" currency: "BRL"
metered {meter: "meters/traffic" filters {dimension: "region" values: "br" values: "mx"}}
per_unit {unit_price {value: "2"}}
included {per_unit_of {price: "seats" quantity {value: "5"} dimension: "seat"}
  pooling: POOLING_PER_UNIT}
"""


def test_a_number_is_what_was_written() -> None:
    """No digit gets lost between the file and the message, and grouping adds none."""
    text = PLAN + "        per_unit: 0.10000000000000000001\n        included: 1_000_000\n"
    price = load_document(parse("a.yaml", text)).messages.catalog.plans[0].versions[0].prices[1]
    assert price.per_unit.unit_price.value == "0.10000000000000000001"
    assert price.included.quantity.value == "1000000"


def test_what_a_meter_counts_and_a_price_prices_of_it_is_data() -> None:
    """Filters, dimensions, conversion and rounding reach the contract, short forms spelled out."""
    catalog = load_document(parse("a.yaml", DIMENSIONED)).messages.catalog
    assert catalog.meters[0] == text_format.Parse(METER, meter_pb2.Meter())
    assert catalog.plans[0].versions[0].prices[0] == text_format.Parse(PRICE, price_pb2.Price())


def test_the_short_form_of_a_meter_is_its_id_and_of_a_rounding_its_mode() -> None:
    """`metered: calls` prices all of it; `rounding: up` leaves whole units."""
    text = PLAN.replace("aggregation: count", "aggregation: count, rounding: up")
    catalog = load_document(parse("a.yaml", text + "        per_unit: 1\n")).messages.catalog
    rounding, metered = catalog.meters[0].rounding, catalog.plans[0].versions[0].prices[1].metered
    assert rounding == meter_pb2.Meter.Rounding(mode=meter_pb2.Meter.Rounding.MODE_UP)
    assert metered == price_pb2.Metered(meter="meters/api-calls")


@pytest.mark.parametrize(
    ("text", "line", "field", "said", "remedy"),
    [
        ("catalog: 2", 1, "catalog", "must be 1", "There are: 1."),
        ("plans: {}", 1, "catalog", "is missing", "Add `catalog: 1`."),
        ("catalog: 1\nplans: {pro: {display_name: P, prices: []}}", 2, "plans.pro.version_policy",
         "is missing", "Add one of `version_policy: follow`, `version_policy: keep`."),
        ("catalog: 1\nplans: {pro: {version_policy: keep, prices: []}}", 2,
         "plans.pro.display_name", "is missing", "Add it."),
        ("catalog: 1\nplan: {}", 2, "plan", "no key", "Did you mean 'plans'?"),
        ("catalog: 1\nplans: []", 2, "plans", "must be a mapping", "Write `key: value`"),
        ("catalog: 1\nplans: {Pro: {}}", 2, "plans.Pro", "must be an id", "lower-case"),
        ("catalog: 1\ncurrency: usd", 2, "currency", "must be a currency", "such as USD"),
        ("catalog: 1\nplans: &a {}\nmeters: *a", 3, "", "refers to &a", "Write it out."),
        ("catalog: 1\nplans: [", 2, "", "is no YAML", ""),
        ("", 1, "", "is empty", "catalog: 1"),
        ("catalog: 1\nmeters: {a: {event: e, aggregation: sums}}", 2, "meters.a.aggregation",
         "'sums' is none", "Did you mean 'sum'?"),
        ("catalog: 1\nmeters: {a: {event: e, aggregation: count, rounding: ceil}}", 2,
         "meters.a.rounding", "'ceil' is none", "There are: down, half_up, up."),
        ("catalog: 1\nmeters: {a: {event: e, aggregation: count, dimensions: [a b]}}", 2,
         "meters.a.dimensions[0]", "must be a property of events", "Write up to 100 letters"),
    ],
)  # fmt: skip
def test_a_wrong_form_is_told_with_line_and_remedy(
    tmp_path: Path, text: str, line: int, field: str, said: str, remedy: str
) -> None:
    """The fault names the line, the field, what is wrong and what to do."""
    fault = faults_of(written(tmp_path, text))[0]
    assert (fault.line, fault.field) == (line, field)
    assert said in fault.text
    assert remedy in fault.remedy


@pytest.mark.parametrize(
    ("value", "field", "said"),
    [
        ("flat: -1", "flat", "must be a number"),
        ("flat: 1e3", "flat", "must be a number"),
        ('flat: "1,5"', "flat", "must be a number"),
        ("{flat: 29,90}", "90", "is no key"),
        ("flat: 1__0", "flat", "must be a number"),
        ("flat:", "flat", "must be a number"),
        ("flat: {amount: 1}", "flat", "must be a number"),
        ("flat: 49 USD", "flat", "must be a number"),
        ("graduated: 5", "graduated", "must be a list"),
        ("graduated: [{up_to: 5, price: 1}, {}]", "graduated[0].price", "no key"),
        ("package: {size: 1}", "package.package_price", "is missing"),
        ("package: {size: 1, package_price: 1, packages_min: 1.5}", "package.packages_min",
         "must be a whole number"),
        ("stairstep: [{up_to: 5}]", "stairstep[0].amount", "is missing"),
        ("{included: lots, flat: 1}", "included", "must be a number"),
        ("{included: {per: seats}, flat: 1}", "included", "must have either a quantity"),
        ("{discount: twenty, flat: 1}", "discount", "must be a percentage"),
        ("{interval: week, flat: 1}", "interval", "must be month, year"),
        ("{interval: {months: 1, years: 1}, flat: 1}", "interval", "must be month, year"),
        ("{counting: {counted: c, labelled_only: yes}, flat: 1}", "counting.labelled_only",
         "must be true or false"),
        ("{metered: {meter: m, filter: {}}, flat: 1}", "metered.filter", "no key"),
        ("{metered: {filters: {}}, flat: 1}", "metered.meter", "is missing"),
        ("{metered: {meter: m, filters: {a b: [c]}}, flat: 1}", "metered.filters.a b",
         "must be a property of events"),
        ("{metered: {meter: m, filters: {a: b}}, flat: 1}", "metered.filters.a", "must be a list"),
        ("{included: {quantity: 5, dimension: seat}, flat: 1}", "included", "goes with `per`"),
        ("{licensed: seat, metered: m, flat: 1}", "", "must have one of licensed"),
        ("{flat: 1, per_unit: 1}", "", "must have one of flat"),
        ("licensed: seat", "", "must have one of flat"),
    ],
)  # fmt: skip
def test_a_wrong_value_of_a_price_is_told_by_its_field(
    tmp_path: Path, value: str, field: str, said: str
) -> None:
    """The fault names the value by the path that the file has for it."""
    keys = value.removeprefix("{").removesuffix("}") if value.startswith("{") else value
    head = PLAN.partition("      - code: calls")[0]
    price = f"      - {{code: calls, {keys}}}\n"
    fault = faults_of(written(tmp_path, head + price))[0]
    assert (fault.line, fault.field) == (12, ".".join(filter(None, ["plans.pro.prices[1]", field])))
    assert said in fault.text


@pytest.mark.parametrize("price", ["flat: 29,90", "{code: calls, flat: 29,90}"])
def test_a_decimal_comma_is_told_to_be_a_point(tmp_path: Path, price: str) -> None:
    """Between braces YAML parts the figure in two, and the remedy is the same."""
    head, _, _ = PLAN.partition("      - code: calls")
    text = f"{head}      - {price}\n" if price.startswith("{") else f"{PLAN}        {price}\n"
    assert faults_of(written(tmp_path, text))[0].remedy == (
        "Write a decimal point, not a comma, such as 29.90."
    )


def test_a_currency_that_nothing_states_is_told_once(tmp_path: Path) -> None:
    """However many prices lack it, one line mends them all."""
    text = PLAN.replace("    currency: USD\n", "") + "        per_unit: 1\n"
    (fault,) = faults_of(written(tmp_path, text))
    assert (fault.line, fault.field) == (1, "currency")
    assert fault.text == "is missing, and prices of plans.pro state none of their own"
    assert fault.remedy == "Add it at the top, such as `currency: USD`, or to each plan."


def test_a_currency_of_each_price_is_enough(tmp_path: Path) -> None:
    """Neither the file nor the plan needs one then."""
    text = PLAN.replace("    currency: USD\n", "") + "        per_unit: 1\n"
    text = text.replace("- code: ", "- currency: USD\n        code: ")
    assert checked(written(tmp_path, text)).messages.catalog.plans


def test_a_key_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """YAML would take the last one in silence."""
    fault = faults_of(written(tmp_path, PLAN + "        flat: 1\n        flat: 2\n"))[0]
    assert (fault.line, fault.field) == (15, "plans.pro.prices[1].flat")
    assert fault.text == "is there twice, first in line 14"


def test_what_is_nested_too_deeply_is_refused() -> None:
    """A mistaken file cannot exhaust the reader."""
    with pytest.raises(CatalogRefused, match="deep"):
        parse("deep.yaml", "[" * (DEPTH_MAX + 2) + "]" * (DEPTH_MAX + 2))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A binary file is told by its name, like any other fault."""
    path = tmp_path / "wrong.yaml"
    path.write_bytes(b"\xff\xfe")
    assert str(faults_of(path)[0]).startswith(f"{path}:1: ")


def test_a_fault_reads_as_file_line_field_and_remedy(tmp_path: Path) -> None:
    """One line says it all, in the form that editors jump to."""
    path = written(tmp_path, "catalog: 1\nplan: {}\n")
    assert str(faults_of(path)[0]) == (
        f"{path}:2: plan: is no key that can stand here. Did you mean 'plans'?"
    )
