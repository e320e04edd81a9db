"""Meters and price changes as rows and back."""

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from billing_service.domain.meter import (
    Aggregation,
    Meter,
    PropertyFilter,
    QuantityRounding,
    RoundingMode,
)
from billing_service.domain.price_change import Indexation, PriceChange
from billing_service.storage.rows import Values


def meter_to_row(meter: Meter) -> Values:
    """A meter as a row."""
    return {
        "meter": meter.meter_id,
        "display_name": meter.display_name,
        "event_name": meter.event_name,
        "aggregation": meter.aggregation.value,
        "value_property": meter.value_property,
        "unit": meter.unit,
        "filters": json.dumps([[each.property, *sorted(each.values)] for each in meter.filters]),
        "dimensions": json.dumps(meter.dimensions),
        "value_per_unit": str(meter.value_per_unit),
        "rounding_mode": meter.rounding.mode.value,
        "rounding_decimals": meter.rounding.decimals,
    }


def meter_from_row(row: Row[Any]) -> Meter:
    """The meter of a row."""
    return Meter(
        meter_id=row.meter,
        display_name=row.display_name,
        event_name=row.event_name,
        aggregation=Aggregation(row.aggregation),
        value_property=row.value_property,
        unit=row.unit,
        filters=tuple(
            PropertyFilter(name, frozenset(values)) for name, *values in json.loads(row.filters)
        ),
        dimensions=tuple(json.loads(row.dimensions)),
        value_per_unit=Decimal(row.value_per_unit),
        rounding=QuantityRounding(RoundingMode(row.rounding_mode), row.rounding_decimals),
    )


def price_change_to_row(change: PriceChange) -> Values:
    """A price change as a row; one of the two kinds is filled."""
    index = change.indexation
    return {
        "account": change.account,
        "price_change": change.price_change_id,
        "plan": change.plan,
        "effective_on": change.effective_on,
        "plan_version": change.plan_version,
        "index_percent": str(index.percent) if index else "",
        "is_yearly": bool(index and index.yearly),
        "note": change.note,
        "notice_at": change.notice_at,
        "cancelled_at": change.cancelled_at,
    }


def price_change_from_row(row: Row[Any]) -> PriceChange:
    """The price change of a row."""
    percent = row.index_percent
    return PriceChange(
        account=row.account,
        price_change_id=row.price_change,
        plan=row.plan,
        effective_on=row.effective_on,
        plan_version=row.plan_version,
        indexation=Indexation(Decimal(percent), yearly=row.is_yearly) if percent else None,
        note=row.note,
        notice_at=row.notice_at,
        cancelled_at=row.cancelled_at,
    )
