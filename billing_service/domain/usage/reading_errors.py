"""Refusals of those who ask what was used."""

from collections.abc import Sequence

from billing_service.domain.calendar import instant_text
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.refusals import Fault, InTheWay


class InvalidTimeRange(Fault):
    """A stretch of time is empty, turned round or too long."""

    reason = "INVALID_TIME_RANGE"


class InvalidDimension(Fault):
    """The meter has no such dimension."""

    reason = "INVALID_DIMENSION"

    def __init__(self, field: str, dimension: str, dimensions: Sequence[str]) -> None:
        known = ", ".join(dimensions) or "none"
        super().__init__(field, f"{dimension} is no dimension of the meter, which has: {known}")


class TooManyBuckets(Fault):
    """The answer would be longer than any."""

    reason = "TOO_MANY_BUCKETS"

    def __init__(self, buckets_max: int) -> None:
        text = f"makes more than {buckets_max:,} buckets: ask for fewer days or dimensions"
        super().__init__("granularity", text)


class EventsAgedOut(InTheWay):
    """Events themselves are needed that are no longer kept."""

    reason = "EVENTS_AGED_OUT"

    def __init__(self, kept_at: int) -> None:
        super().__init__(
            "events",
            f"are kept since {instant_text(kept_at)}: ask for no earlier ones; totals of days and "
            "months are there for all times",
        )


class MeteredPriceNotFound(PriceNotFound):
    """A summary is asked for of a price that the subscription has at no time."""

    def __init__(self, subscription: str, price: str, codes: Sequence[str]) -> None:
        known = ", ".join(codes) or "none"
        InTheWay.__init__(
            self,
            subscription,
            f"has no metered price {price}, but these: {known}: name one of them, or none",
        )
