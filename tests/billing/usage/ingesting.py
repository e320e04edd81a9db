"""Usage on a store: events with defaults, taken in, and what they come to."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.usage import event
from billing_service.domain.usage.event import UsageEvent, data_text
from billing_service.domain.usage.intake import IngestResult
from billing_service.storage.tables import table
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from billing_service.use_cases.ingest import INGEST, IngestEvents
from tests.billing.builders import Billing

TOLERANCE_US: Final = 300 * 1_000_000
AGE_MAX_US: Final = 1_100 * 86_400 * 1_000_000


def event_of(
    event_id: str,
    time_at: int | None,
    value: str = "1",
    *,
    account: str = "acme",
    source: str = "gate",
    kind: str = "api.call",
    **data: str,
) -> UsageEvent:
    """An event that states a value."""
    return stated_event(account, source, event_id, kind, time_at, {"value": value, **data})


def stated_event(
    account: str,
    source: str,
    event_id: str,
    kind: str,
    time_at: int | None,
    data: Mapping[str, str],
) -> UsageEvent:
    """An event that states this, and what follows from that."""
    return event.event_of((account, source, event_id, kind, time_at, data, data_text(data)))


def meter_of(
    meter: str = "calls",
    aggregation: Aggregation = Aggregation.SUM,
    *,
    kind: str = "api.call",
    **more: Any,
) -> Meter:
    """A meter of the value, or of how many events there are."""
    name = "" if aggregation is Aggregation.COUNT else "value"
    return Meter(meter, "", kind, aggregation, name, **more)


def measure(billing: Billing, *meters: Meter) -> None:
    """Create meters."""
    for meter in meters:
        billing.do(CREATE_METER, CreateMeter(meter))


def batch_of(billing: Billing, events: Sequence[UsageEvent]) -> IngestEvents:
    """Events as a command that comes now."""
    return IngestEvents(tuple(events), billing.clock.now(), TOLERANCE_US, AGE_MAX_US)


def ingest(billing: Billing, *events: UsageEvent) -> IngestResult:
    """Take events in, now."""
    return billing.do(INGEST, batch_of(billing, events))


def rows_of(billing: Billing, name: str) -> list[dict[str, Any]]:
    """All rows of a table, in the order of its key."""
    rows = table(name)
    query = select(rows).order_by(*rows.primary_key)
    return [dict(row._mapping) for row in billing.database.read(lambda tx: tx.all(query))]


def counts_of(billing: Billing, meter: str = "calls") -> dict[tuple[str, str], int]:
    """How many events each day of a meter counts, by day and dimensions."""
    found = rows_of(billing, "usage_totals")
    return {
        (row["day"].isoformat(), row["dimensions"]): row["events_count"]
        for row in found
        if row["meter"] == meter
    }
