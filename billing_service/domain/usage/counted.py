"""Whether a price counts an event: of the type its meter counts, and let through by all filters."""

from collections.abc import Iterator
from typing import Final

from billing_service.domain.meter import Meter
from billing_service.domain.price import Metered
from billing_service.domain.usage.event import UsageEvent
from billing_service.domain.usage.event_errors import InvalidEvent

_SHOWN_MAX: Final = 60


def check_counted(event: UsageEvent, price: Metered, meter: Meter, prefix: str) -> None:
    """Refuse an event that a price of a meter does not count; `prefix` leads to its fields.

    Errors:  InvalidEvent, naming the first field that keeps it from being counted.
    """
    for field, value, text in _reasons(event, price, meter):
        shown = value if len(value) <= _SHOWN_MAX else f"{value[:_SHOWN_MAX]}…"
        remedy = "state one that is counted there, or send the event by itself"
        raise InvalidEvent(f"{prefix}{field}", f"is {shown!r}, {text}: {remedy}")


def _reasons(event: UsageEvent, price: Metered, meter: Meter) -> Iterator[tuple[str, str, str]]:
    """What keeps it from being counted: the field, its value, and why."""
    name = f"meters/{meter.meter_id}"
    if event.type != meter.event_name:
        yield "type", event.type, f"and {name} counts events of type {meter.event_name!r}"
    for each in meter.filters:
        value = event.data.get(each.property, "")
        if value not in each.values:
            yield f"data.{each.property}", value, f"which the filters of {name} do not let through"
    for part in price.filters:
        # Usage lacks a dimension that its meter does not tell apart.
        is_told = part.dimension in meter.dimensions
        value = event.data.get(part.dimension, "") if is_told else ""
        if value not in part.values:
            yield (
                f"data.{part.dimension}",
                value,
                "which the filters of the price do not let through",
            )
