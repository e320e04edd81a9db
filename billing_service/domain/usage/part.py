"""Which part of a meter's usage is meant: dimensions as they are stored, filtered and grouped.

Shapes:  dimensions are stored as a JSON array of their values, in the order of the meter's.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from billing_service.domain.meter import Meter
from billing_service.domain.price import DimensionFilter
from billing_service.domain.usage.period_total import DimensionedDay

_TEXTS_MAX = 65_536


@lru_cache(maxsize=_TEXTS_MAX)
def dimension_values(dimensions: str) -> tuple[str, ...]:
    """The values of dimensions, in the order of the meter's; '' for one that was missing."""
    return tuple(json.loads(dimensions))


def is_in_part(meter: Meter, filters: Sequence[DimensionFilter], dimensions: str) -> bool:
    """Whether usage of these dimensions passes all filters; one that the meter lacks is ''."""
    return all(value_of(meter, each.dimension, dimensions) in each.values for each in filters)


def value_of(meter: Meter, dimension: str, dimensions: str) -> str:
    """The value of one dimension; '' of one that the meter lacks."""
    if dimension not in meter.dimensions:
        return ""
    return dimension_values(dimensions)[meter.dimensions.index(dimension)]


def part_of(
    meter: Meter, filters: Sequence[DimensionFilter], days: Sequence[DimensionedDay]
) -> Sequence[DimensionedDay]:
    """The totals that pass all filters."""
    if not filters:
        return days
    return [each for each in days if is_in_part(meter, filters, each.dimensions)]


def levels_in_part(
    meter: Meter, filters: Sequence[DimensionFilter], levels: Mapping[str, int]
) -> Mapping[str, int]:
    """The levels, by dimensions, that pass all filters."""
    if not filters:
        return levels
    return {name: level for name, level in levels.items() if is_in_part(meter, filters, name)}


def by_value(
    meter: Meter, names: Sequence[str], dimensions: Iterable[str]
) -> dict[tuple[str, ...], set[str]]:
    """Stored dimensions grouped by the values of those of some names."""
    grouped: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for each in dimensions:
        grouped[tuple(value_of(meter, name, each) for name in names)].add(each)
    return dict(grouped)
