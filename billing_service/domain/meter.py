"""Meters: what is measured, and how events are summed up to a quantity.

Units:   values of events and their sums are whole nanos, value x 10^9; integrals are nanos x
         microseconds; quantities are exact decimals in the meter's unit.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Final, assert_never

from billing_service.domain.catalog_errors import InvalidMeter, MeterInUse
from billing_service.domain.money import EXACT
from billing_service.domain.price_models.figures import (
    ONE,
    QUANTITY_DECIMALS_MAX,
    ZERO,
    decimals_of,
)

# What may change of a meter: not what it sums up.
_NAMES: Final = ("display_name", "unit")
_HOUR_US: Final = 3_600_000_000
_DIMENSION_TEXTS_MAX: Final = 8_192


class Aggregation(Enum):
    """How events are summed up to a quantity."""

    COUNT = "count"
    SUM = "sum"
    MAX = "max"
    LATEST = "latest"
    UNIQUE_COUNT = "unique_count"
    WEIGHTED_SUM = "weighted_sum"


class RoundingMode(Enum):
    """Which way a quantity is rounded."""

    HALF_UP = "half_up"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """Lets events through whose property has one of the values; without it, it is empty."""

    property: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class QuantityRounding:
    """How a quantity is rounded, to so many decimals."""

    mode: RoundingMode
    decimals: int

    def quotient(self, numerator: int, divisor: int) -> Decimal:
        """A quotient rounded once.

        Shapes:  `numerator` >= 0, `divisor` > 0; the result has no zeros at its end.
        """
        whole = _whole(self.mode, numerator * 10**self.decimals, divisor)
        decimals = self.decimals
        while decimals and not whole % 10:
            whole, decimals = whole // 10, decimals - 1
        return Decimal(whole).scaleb(-decimals, EXACT)


AS_EXACT_AS_STORED: Final = QuantityRounding(RoundingMode.HALF_UP, QUANTITY_DECIMALS_MAX)


@dataclass(frozen=True, slots=True)
class Meter:
    """What is measured. `value_property` is empty with COUNT, and only then.

    `value_per_unit` of what events state makes one unit. `dimensions` have an order: usage is
    stored under their values in it.
    """

    meter_id: str
    display_name: str
    event_name: str
    aggregation: Aggregation
    value_property: str = ""
    unit: str = ""
    filters: tuple[PropertyFilter, ...] = ()
    dimensions: tuple[str, ...] = ()
    value_per_unit: Decimal = ONE
    rounding: QuantityRounding = AS_EXACT_AS_STORED

    def check(self, prefix: str = "meter.") -> None:
        """Refuse what no usage could be summed up by.

        Errors:  InvalidMeter, with the field under `prefix`.
        """
        for field, text in self._faults():
            raise InvalidMeter(f"{prefix}{field}", text)

    def renamed(self, wanted: "Meter") -> "Meter":
        """The meter called as `wanted` is; it must sum up the same.

        Errors:  MeterInUse, naming the fields that differ.
        """
        before, after = self._summed(), wanted._summed()
        others = [name for name, value in before.items() if after[name] != value]
        if others:
            raise MeterInUse(self.meter_id, others)
        return replace(self, display_name=wanted.display_name, unit=wanted.unit)

    def lets_through(self, data: Mapping[str, str]) -> bool:
        """Whether it counts an event of its type with these properties."""
        return all(data.get(each.property, "") in each.values for each in self.filters)

    def dimensions_of(self, data: Mapping[str, str]) -> str:
        """The values of its dimensions, '' for one that is missing, as a JSON array."""
        if not self.dimensions:
            return "[]"
        return dimensions_text(tuple([data.get(name, "") for name in self.dimensions]))

    def converted(self, value_nanos: int) -> Decimal:
        """The quantity of a value: converted, then rounded once."""
        return self.rounding.quotient(value_nanos, _nanos(self.value_per_unit))

    def converted_integral(self, value_nanos_us: int) -> Decimal:
        """The quantity of a value weighted by the time it held, in hours: rounded once."""
        return self.rounding.quotient(value_nanos_us, _nanos(self.value_per_unit) * _HOUR_US)

    def no_dimension(self, name: str) -> str:
        """That a property is no dimension of it, and which are."""
        known = ", ".join(self.dimensions) or "none"
        return f"{name} is no dimension of meters/{self.meter_id}: it has {known}"

    def _faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong, by field."""
        counts = self.aggregation is Aggregation.COUNT
        if counts and self.value_property:
            yield "value_property", "must be empty: COUNT uses no value"
        if not counts and not self.value_property:
            yield "value_property", f"{self.aggregation.name} needs a property"
        filtered: set[str] = set()
        for place, each in enumerate(self.filters):
            if each.property in filtered:
                text = f"{each.property} is filtered before: state all its values there"
                yield f"filters[{place}].property", text
            filtered.add(each.property)
        for place, name in enumerate(self.dimensions):
            if name in self.dimensions[:place]:
                yield f"dimensions[{place}]", f"{name} is stated before: state it once"
        if self.value_per_unit <= ZERO:
            yield "value_per_unit", "must be above 0"
        elif decimals_of(self.value_per_unit) > QUANTITY_DECIMALS_MAX:
            yield "value_per_unit", f"must have at most {QUANTITY_DECIMALS_MAX} decimals"

    def _summed(self) -> dict[str, object]:
        """What it sums up, by field; the order of its filters says nothing."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        kept = {name: value for name, value in told.items() if name not in _NAMES}
        return kept | {"filters": frozenset(self.filters)}


def _whole(mode: RoundingMode, numerator: int, divisor: int) -> int:
    """A quotient as a whole number, rounded once."""
    match mode:
        case RoundingMode.HALF_UP:
            return (2 * numerator + divisor) // (2 * divisor)
        case RoundingMode.UP:
            return -(-numerator // divisor)
        case RoundingMode.DOWN:
            return numerator // divisor
    assert_never(mode)


@lru_cache(_DIMENSION_TEXTS_MAX)
def dimensions_text(values: tuple[str, ...]) -> str:
    """The values of dimensions as a JSON array, always in the same form."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


@lru_cache
def _nanos(figure: Decimal) -> int:
    """A figure of at most 9 decimals in billionths."""
    return int(figure.scaleb(QUANTITY_DECIMALS_MAX, EXACT))
