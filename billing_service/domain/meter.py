"""Meters: what is measured, and how events are summed up to a quantity."""

from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Final

from billing_service.domain.catalog_errors import InvalidMeter, MeterInUse

# What may change of a meter: not what it sums up.
_NAMES: Final = ("display_name", "unit")


class Aggregation(Enum):
    """How events are summed up to a quantity."""

    COUNT = "count"
    SUM = "sum"
    MAX = "max"
    LATEST = "latest"
    UNIQUE_COUNT = "unique_count"
    WEIGHTED_SUM = "weighted_sum"


@dataclass(frozen=True, slots=True)
class Meter:
    """What is measured. `value_property` is empty with COUNT, and only then."""

    meter_id: str
    display_name: str
    event_name: str
    aggregation: Aggregation
    value_property: str = ""
    unit: str = ""

    def check(self, prefix: str = "meter.") -> None:
        """Refuse a value where events are counted, and the lack of one where it is needed.

        Errors:  InvalidMeter, with the field under `prefix`.
        """
        counts = self.aggregation is Aggregation.COUNT
        if counts and self.value_property:
            raise InvalidMeter(f"{prefix}value_property", "must be empty: COUNT uses no value")
        if not counts and not self.value_property:
            name = self.aggregation.name
            raise InvalidMeter(f"{prefix}value_property", f"{name} needs a property")

    def renamed(self, wanted: "Meter") -> "Meter":
        """The meter called as `wanted` is; it must sum up the same.

        Errors:  MeterInUse, naming the fields that differ.
        """
        summed = (each.name for each in fields(self) if each.name not in _NAMES)
        others = [name for name in summed if getattr(self, name) != getattr(wanted, name)]
        if others:
            raise MeterInUse(self.meter_id, others)
        return replace(self, display_name=wanted.display_name, unit=wanted.unit)
