"""Refusals of those who bring, correct or drop events."""

from datetime import date

from billing_service.domain.calendar import instant_text, month_key
from billing_service.domain.refusals import BillingError, Fault, InTheWay
from billing_service.domain.usage.reading_errors import EventsAgedOut
from chassis.errors import Kind, ResourceInfo


class InvalidEvent(Fault):
    """The event could not be taken in.

    `text` may begin with the field, as it does where events of a batch are refused.
    """

    reason = "INVALID_EVENT"

    def __init__(self, field: str, text: str) -> None:
        named = f"{field.removeprefix('event.')} "
        super().__init__(field, text.removeprefix(named).rstrip("."))


class EventNotFound(BillingError):
    """The account has no event of that source and id."""

    kind = Kind.NOT_FOUND
    reason = "EVENT_NOT_FOUND"

    def __init__(self, account: str, source: str, event_id: str) -> None:
        name = f"event {event_id!r} of source {source!r}"
        super().__init__(
            f"accounts/{account} has no {name}: check both, or send it first.",
            detail=ResourceInfo("pospago/UsageEvent", name),
        )


class EventVoided(InTheWay):
    """The event was voided, so there is nothing to amend."""

    reason = "EVENT_VOIDED"

    def __init__(self, source: str, event_id: str) -> None:
        super().__init__(
            f"event {event_id!r} of source {source!r}",
            "was voided and counts no more: send what is right under another id",
        )


class TooManyEvents(Fault):
    """More events are in the stretch of time than one call may void."""

    reason = "TOO_MANY_EVENTS"

    def __init__(self, events_max: int) -> None:
        super().__init__(
            "range", f"holds more than {events_max:,} events that count: ask for a shorter one"
        )


class EventsNotCorrectable(EventsAgedOut):
    """Events are to be corrected that are no longer kept."""

    def __init__(self, kept_at: int) -> None:
        InTheWay.__init__(
            self,
            "events",
            f"are kept since {instant_text(kept_at)}: what came before can no longer be amended "
            "or voided; ask for no earlier ones",
        )


class MonthTooRecent(InTheWay):
    """A month, or one before it, may still be corrected or charged."""

    reason = "MONTH_TOO_RECENT"

    def __init__(self, month: date, why: str) -> None:
        super().__init__(
            f"the events of {month_key(month)}",
            f"may still be needed: {why}; state an earlier month",
        )
