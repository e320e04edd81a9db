"""Meters: which events they count, how usage is told apart, and how a sum becomes a quantity."""

from dataclasses import replace
from decimal import Decimal, localcontext
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pospago.billing.v1 import meter_pb2

from billing_service.api.meters import from_proto_meter, to_proto_meter
from billing_service.domain.catalog_errors import InvalidMeter, MeterInUse
from billing_service.domain.meter import (
    Aggregation,
    Meter,
    PropertyFilter,
    QuantityRounding,
    RoundingMode,
)
from billing_service.storage.catalog_rows import meter_from_row, meter_to_row

D = Decimal
NANOS: Final = 10**9
HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
METER: Final = Meter("traffic", "Traffic", "traffic", Aggregation.SUM, "mb", "GB")
UP: Final = QuantityRounding(RoundingMode.UP, 0)
DOWN: Final = QuantityRounding(RoundingMode.DOWN, 0)
HALF_UP: Final = QuantityRounding(RoundingMode.HALF_UP, 0)


def by(name: str, *values: str) -> PropertyFilter:
    return PropertyFilter(name, frozenset(values))


def meter(**more: Any) -> Meter:
    return replace(METER, **more)


NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True)
METERS = st.builds(
    Meter,
    st.just("any"),
    st.text(max_size=5),
    NAMES,
    st.sampled_from(Aggregation),
    NAMES,
    st.text(max_size=5),
    st.lists(st.builds(PropertyFilter, NAMES, st.frozensets(st.text(max_size=5), min_size=1))).map(
        tuple
    ),
    st.lists(NAMES, max_size=3, unique=True).map(tuple),
    st.decimals("0.000000001", 10**9, places=9),
    st.builds(QuantityRounding, st.sampled_from(RoundingMode), st.integers(0, 9)),
)


# --- rules ----------------------------------------------------------------------------------------

FAULTS: Final[dict[str, tuple[Meter, str, str]]] = {
    "a value to count": (
        meter(aggregation=Aggregation.COUNT),
        "value_property",
        "must be empty: COUNT uses no value",
    ),
    "no value to sum up": (meter(value_property=""), "value_property", "SUM needs a property"),
    "two filters of a property": (
        meter(filters=(by("kind", "a"), by("zone", "a"), by("kind", "b"))),
        "filters[2].property",
        "kind is filtered before: state all its values there",
    ),
    "a dimension twice": (
        meter(dimensions=("zone", "kind", "zone")),
        "dimensions[2]",
        "zone is stated before: state it once",
    ),
    "nothing makes a unit": (meter(value_per_unit=D(0)), "value_per_unit", "must be above 0"),
    "less than nothing makes a unit": (
        meter(value_per_unit=D(-1)),
        "value_per_unit",
        "must be above 0",
    ),
    "too fine a part makes a unit": (
        meter(value_per_unit=D("0.0000000001")),
        "value_per_unit",
        "must have at most 9 decimals",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_rule_names_field_and_remedy(name: str) -> None:
    """A meter that breaks a rule is refused at the field's path."""
    broken, field, text = FAULTS[name]
    with pytest.raises(InvalidMeter) as refused:
        broken.check("catalog.meters[3].")
    assert refused.value.message == f"catalog.meters[3].{field}: {text}."


def test_meter_in_order_is_taken() -> None:
    """Filters of several properties, dimensions, a fine conversion and a rounding break no rule."""
    fine = meter(
        filters=(by("kind", "a", ""), by("zone", "b")),
        dimensions=("zone", "kind"),
        value_per_unit=D("0.000000001"),
        rounding=UP,
    )
    fine.check()
    assert fine.renamed(fine) == fine


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (meter(filters=(by("kind", "a"),)), "filters"),
        (meter(dimensions=("zone",)), "dimensions"),
        (meter(value_per_unit=D(1024)), "value_per_unit"),
        (meter(rounding=UP), "rounding"),
    ],
)
def test_what_a_meter_sums_up_stays(changed: Meter, field: str) -> None:
    """Filters, dimensions, conversion and rounding are as immutable as the aggregation."""
    with pytest.raises(MeterInUse, match=f"so {field} must stay"):
        METER.renamed(changed)


def test_order_of_dimensions_stays() -> None:
    """Usage is stored under their values in order."""
    with pytest.raises(MeterInUse, match="so dimensions must stay"):
        meter(dimensions=("a", "b")).renamed(meter(dimensions=("b", "a")))


def test_order_of_filters_and_form_of_figures_may_change() -> None:
    """The same filters in another order let the same events through; 1000.0 is 1000."""
    before = meter(filters=(by("a", "x"), by("b", "y")), value_per_unit=D(1000))
    after = meter(filters=(by("b", "y"), by("a", "x")), value_per_unit=D("1000.0"), unit="gB")
    assert before.renamed(after) == replace(before, unit="gB")


# --- events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "passes"),
    [
        ({"kind": "a", "zone": "x"}, True),
        ({"kind": "b", "zone": "x", "more": "1"}, True),
        ({"kind": "c", "zone": "x"}, False),
        ({"kind": "a", "zone": "y"}, False),
        ({"kind": "a"}, False),
        ({"zone": "x"}, True),
        ({"kind": "", "zone": "x"}, True),
        ({"kind": "A", "zone": "x"}, False),
    ],
)
def test_event_passes_all_filters_or_is_not_counted(data: dict[str, str], passes: bool) -> None:
    """One value of each filter suffices; what is missing is empty."""
    counting = meter(filters=(by("kind", "a", "b", ""), by("zone", "x")))
    assert counting.lets_through(data) is passes


def test_without_filters_all_events_count() -> None:
    """A meter that says nothing lets everything of its type through."""
    assert METER.lets_through({})


@pytest.mark.parametrize(
    ("dimensions", "data", "told"),
    [
        ((), {"zone": "x"}, "[]"),
        (("zone",), {"zone": "x", "kind": "a"}, '["x"]'),
        (("zone", "kind"), {"kind": "a"}, '["","a"]'),
        (("zone", "kind"), {"kind": 'say "é"\\', "zone": "\0"}, '["\\u0000","say \\"é\\"\\\\"]'),
    ],
)
def test_dimensions_are_told_in_order(
    dimensions: tuple[str, ...], data: dict[str, str], told: str
) -> None:
    """A JSON array of the values, '' for what is missing; one form for each."""
    assert meter(dimensions=dimensions).dimensions_of(data) == told


# --- quantities -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "value_per_unit", "rounding", "quantity"),
    [
        ("1536", "1024", None, "1.5"),
        ("1536", "1000", None, "1.536"),
        ("0", "1024", UP, "0"),
        ("1", "1024", UP, "1"),
        ("1024", "1024", UP, "1"),
        ("1024.000000001", "1024", UP, "2"),
        ("1023.999999999", "1024", DOWN, "0"),
        ("1024", "1024", DOWN, "1"),
        ("511.999999999", "1024", HALF_UP, "0"),
        ("512", "1024", HALF_UP, "1"),
        ("1535.999999999", "1024", HALF_UP, "1"),
        ("1536", "1024", HALF_UP, "2"),
        ("1", "3", None, "0.333333333"),
        ("2", "3", None, "0.666666667"),
        ("5000", "1", None, "5000"),
        ("999999999999.999999999", "0.000000001", None, "999999999999999999999"),
    ],
)
def test_value_is_converted_and_rounded_once(
    value: str, value_per_unit: str, rounding: QuantityRounding | None, quantity: str
) -> None:
    """What events state, by what makes a unit; half up to nine decimals unless said otherwise."""
    counting = meter(value_per_unit=D(value_per_unit), rounding=rounding or METER.rounding)
    assert str(counting.converted(int(D(value) * NANOS))) == quantity


@pytest.mark.parametrize(
    ("value", "held_us", "value_per_unit", "hours"),
    [
        (2, 3 * HOUR_US, 1, "6"),
        (1, HOUR_US // 3, 1, "0.333333333"),
        (2048, DAY_US, 1024, "48"),
        (1, 1, 1, "0"),
    ],
)
def test_value_that_held_is_weighted_in_hours(
    value: int, held_us: int, value_per_unit: int, hours: str
) -> None:
    """Two units for three hours are six; the conversion comes before the one rounding."""
    counting = meter(value_per_unit=D(value_per_unit))
    assert str(counting.converted_integral(value * NANOS * held_us)) == hours


@settings(max_examples=200)
@given(st.integers(0, 10**30), METERS)
def test_quantity_lies_within_one_step_of_the_value(nanos: int, counting: Meter) -> None:
    """Rounding moves a quantity by less than one of its last decimals, to its side."""
    rounding, quantity = counting.rounding, counting.converted(nanos)
    with localcontext(prec=100):
        step = D(1).scaleb(-rounding.decimals)
        unit = step * counting.value_per_unit
        steps = quantity / step
        moved = (quantity * counting.value_per_unit - D(nanos) / NANOS) / unit
    assert steps == int(steps)
    match rounding.mode:
        case RoundingMode.UP:
            assert 0 <= moved < 1
        case RoundingMode.DOWN:
            assert -1 < moved <= 0
        case RoundingMode.HALF_UP:
            assert D("-0.5") < moved <= D("0.5")


# --- forms ----------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(METERS)
def test_meter_is_told_and_stored_as_it_is(counting: Meter) -> None:
    """The contract's message and the row give back what they were made of."""
    told = from_proto_meter("any", to_proto_meter(counting))
    stored: Any = SimpleNamespace(**meter_to_row(counting))
    assert (told, meter_from_row(stored)) == (counting, counting)


def test_meter_that_leaves_all_out_is_plain() -> None:
    """No filter, no dimension, one for one, and half up to nine decimals."""
    message = meter_pb2.Meter(
        event_name="call", aggregation=meter_pb2.Meter.AGGREGATION_COUNT, display_name="Calls"
    )
    plain = Meter("calls", "Calls", "call", Aggregation.COUNT)
    assert from_proto_meter("calls", message) == plain


def test_conversion_that_is_no_decimal_is_refused() -> None:
    """The refusal names the field by its path."""
    message = to_proto_meter(METER)
    message.value_per_unit.value = "1e3"
    with pytest.raises(InvalidMeter, match=r"^catalog\.meters\[1\]\.value_per_unit: must be a"):
        from_proto_meter("traffic", message, "catalog.meters[1].")
