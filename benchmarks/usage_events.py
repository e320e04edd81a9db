"""The events that benchmarks of ingest send: 100 accounts x 4 meters, over 24 hours, all new."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from pospago.billing.v1 import usage_pb2 as pb

from billing_service.domain.meter import Aggregation

ACCOUNTS: Final = 100
METERS: Final = (Aggregation.COUNT, Aggregation.SUM, Aggregation.MAX, Aggregation.LATEST)
BATCH: Final = 1_000
ZONE: Final = "UTC"
INGEST_PATH: Final = "/pospago.billing.v1.UsageService/IngestEvents"
_DAY_SECONDS: Final = 86_400


def account_of(number: int) -> str:
    """The account of an event of a number."""
    return f"account-{number % ACCOUNTS:03d}"


def type_of(number: int) -> str:
    """The type of an event of a number; each has a meter of its own."""
    return f"used.{number // ACCOUNTS % len(METERS)}"


class EventSource:
    """Events that were never sent before, of the day before today.

    They come in order of time, a second after each other, and again from midnight.
    """

    def __init__(self) -> None:
        today = datetime.now(UTC)  # noqa: TID251 - no clock of a service
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        self.day_at = int((midnight - timedelta(days=1)).timestamp())
        self._next = 0

    def numbers(self, count: int) -> range:
        """The numbers of so many new events."""
        first = self._next
        self._next += count
        return range(first, self._next)

    def event(self, number: int) -> pb.UsageEvent:
        """The event of a number."""
        event = pb.UsageEvent(
            source="benchmark",
            id=f"event-{number:012d}",
            subject=f"accounts/{account_of(number)}",
            type=type_of(number),
            data={"value": str(number % 1_000)},
        )
        event.time.seconds = self.day_at + number % _DAY_SECONDS
        return event

    def batches(self, count: int) -> list[pb.IngestEventsRequest]:
        """So many batches of new events."""
        return [
            pb.IngestEventsRequest(events=map(self.event, self.numbers(BATCH)))
            for _ in range(count)
        ]

    def singles(self, count: int) -> Sequence[bytes]:
        """So many requests of one new event each."""
        return [
            pb.IngestEventsRequest(events=[self.event(number)]).SerializeToString()
            for number in self.numbers(count)
        ]
