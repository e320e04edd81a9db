"""Events of usage as they come, and as they are answered: read fast, and refused one by one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, cast

from pospago.billing.v1 import usage_pb2 as pb

from billing_service.domain.usage.event import (
    APART,
    EventOutcome,
    EventRefusal,
    RefusalReason,
    UsageEvent,
    body_text,
    data_text,
    digest_of,
    key_of,
    key_text,
    made_event,
)
from billing_service.domain.usage.intake import IngestResult

NAME_LENGTH_MAX: Final = 200
TYPE_LENGTH_MAX: Final = 100
PROPERTIES_MAX: Final = 50
PROPERTY_LENGTH_MAX: Final = 1_000
# What a timestamp can state: the years 1 to 9999.
SECONDS_MIN: Final = -62_135_596_800
SECONDS_MAX: Final = 253_402_300_799
_NANOS_END: Final = 1_000_000_000
_SECOND_US: Final = 1_000_000
_SHOWN_MAX: Final = 60
# How the character NUL looks in the JSON of an event's data, where other texts may look so too.
_NUL_IN_JSON: Final = "\\u0000"
# To compare a thousand numbers with an enum takes 30 times as long.
_ACCEPTED: Final = int(EventOutcome.ACCEPTED)
# How many subjects are remembered, and how long one that names an account can be.
SUBJECTS_MAX: Final = 20_000
SUBJECT_LENGTH_MAX: Final = 72
_SUBJECT: Final = re.compile("accounts/([a-z0-9][a-z0-9-]{0,62})")


class EventsRead(NamedTuple):
    """The events of a request that are well formed, their places in it, and why others are not."""

    events: tuple[UsageEvent, ...]
    places: list[int]
    refusals: list[EventRefusal]


class Answered(NamedTuple):
    """What became of each event of a request, in order, and why where it was not taken in."""

    outcomes: list[int]
    refusals: list[EventRefusal]

    @property
    def accepted_count(self) -> int:
        """How many were accepted."""
        return self.outcomes.count(_ACCEPTED)


@lru_cache(maxsize=SUBJECTS_MAX)
def _account_of(subject: str) -> str:
    """The account that a subject names; empty where it names none."""
    found = _SUBJECT.fullmatch(subject)
    return found[1] if found else ""


def from_proto_events(messages: Iterable[pb.UsageEvent]) -> EventsRead:
    """The events of a request.

    One that could not be kept is refused by itself. Everything here is done for each of a hundred
    thousand events a second: what is nearly always fine is looked at all at once.
    """
    events: list[UsageEvent] = []
    places: list[int] = []
    refusals: list[EventRefusal] = []
    for place, message in enumerate(messages):
        source, event_id, event_type = message.source, message.id, message.type
        subject, properties, time = message.subject, message.data, message.time
        # What is too long names no account, and is not to be remembered.
        account = _account_of(subject) if len(subject) <= SUBJECT_LENGTH_MAX else ""
        # Half the time that `dict` takes, which asks for each value by way of its item.
        data = {name: properties[name] for name in sorted(properties)}
        seconds, nanos, time_at = time.seconds, time.nanos, None
        if seconds or nanos or message.HasField("time"):
            time_at = seconds * _SECOND_US + nanos // 1_000
        key, text = key_text(source, event_id), data_text(data)
        body = body_text(event_type, time_at, text)
        is_fine = (
            account
            and 0 < len(source) <= NAME_LENGTH_MAX
            and 0 < len(event_id) <= NAME_LENGTH_MAX
            and 0 < len(event_type) <= TYPE_LENGTH_MAX
            and len(text) <= PROPERTY_LENGTH_MAX
            and len(data) <= PROPERTIES_MAX
            # None is in any of the texts, only between them.
            and key.count(APART) == 1
            and body.count(APART) == 2
            and _NUL_IN_JSON not in text
            and SECONDS_MIN <= seconds <= SECONDS_MAX
            and 0 <= nanos < _NANOS_END
        )
        if not is_fine:
            fault = _fault_of(message, account)
            if fault is not None:
                refusals.append(EventRefusal(place, RefusalReason.MALFORMED, *fault))
                continue
        name = key_of(event_id, key), account
        stated = account, source, event_id, event_type, time_at, data, text
        events.append(made_event((name, *stated, digest_of(body))))
        places.append(place)
    return EventsRead(tuple(events), places, refusals)


def answered(read: EventsRead, result: IngestResult) -> Answered:
    """The answers to all events of a request, of which those that were read had this result."""
    if not read.refusals:
        return Answered(result.outcomes, result.refusals)
    outcomes: list[int] = [EventOutcome.REJECTED] * (len(read.places) + len(read.refusals))
    for place, outcome in zip(read.places, result.outcomes, strict=True):
        outcomes[place] = outcome
    moved = [each._replace(place=read.places[each.place]) for each in result.refusals]
    return Answered(outcomes, sorted([*read.refusals, *moved]))


def to_proto_outcomes(outcomes: Iterable[int]) -> Iterable[pb.EventOutcome]:
    """What became of events, as the contract tells it: the numbers are the same."""
    return cast("Iterable[pb.EventOutcome]", outcomes)


def to_proto_refusals(refusals: Sequence[EventRefusal]) -> list[pb.EventRefusal]:
    """Why some events were not taken in, as the contract tells it."""
    return [
        pb.EventRefusal(
            index=each.place,
            reason=cast("pb.EventRefusal.Reason", each.reason),
            field=each.field,
            message=each.message,
        )
        for each in refusals
    ]


def _fault_of(message: pb.UsageEvent, account: str) -> tuple[str, str] | None:
    """The first field of an event that cannot be kept, and what is wrong; None if all can."""
    for field, value, length_max in (
        ("source", message.source, NAME_LENGTH_MAX),
        ("id", message.id, NAME_LENGTH_MAX),
        ("type", message.type, TYPE_LENGTH_MAX),
    ):
        if not 1 <= len(value) <= length_max:
            return field, f"must have 1 to {length_max} characters."
        if APART in value:
            return field, "must not hold the character NUL."
    if not account:
        return "subject", "must be like accounts/{account}."
    if not (
        SECONDS_MIN <= message.time.seconds <= SECONDS_MAX and 0 <= message.time.nanos < _NANOS_END
    ):
        return "time", "is no instant of the years 1 to 9999: seconds and nanos, from 0 up."
    return data_fault(message.data)


def data_fault(data: Mapping[str, str]) -> tuple[str, str] | None:
    """The first of an event's properties that cannot be kept, and why; None if all can."""
    if len(data) > PROPERTIES_MAX:
        return "data", f"must have {PROPERTIES_MAX} properties at most."
    for name, value in data.items():
        field = f"data.{name[:_SHOWN_MAX]}"
        if len(name) > PROPERTY_LENGTH_MAX or len(value) > PROPERTY_LENGTH_MAX:
            return field, f"name and value must have {PROPERTY_LENGTH_MAX:,} characters at most."
        if APART in name or APART in value:
            return field.replace(APART, "�"), "must not hold the character NUL."
    return None
