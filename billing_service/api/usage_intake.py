"""Events of usage as they come, and as they are answered: read fast, and refused one by one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple, cast

from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import usage_pb2 as pb

from billing_service.domain.usage.event import (
    APART,
    EventOutcome,
    EventRefusal,
    RefusalReason,
    StatedEvents,
    UsageEvent,
    data_text,
    data_texts,
    event_of,
    events_of,
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
# So many events are read faster together than one by one.
_MANY: Final = 8
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

    One that could not be kept is refused by itself. This is done for a hundred thousand events a
    second: what nearly always is fine is looked at all at once, and one by one only if it is not.
    """
    listed = list(messages)
    if len(listed) >= _MANY:
        stated = _stated_by(listed)
        if _are_kept(stated) and _are_instants([each.time for each in listed]):
            return EventsRead(events_of(stated), list(range(len(listed))), [])
    return _read_one_by_one(listed)


def _read_one_by_one(messages: Iterable[pb.UsageEvent]) -> EventsRead:
    """The same for any events, in twice the time where there are many."""
    events: list[UsageEvent] = []
    places: list[int] = []
    refusals: list[EventRefusal] = []
    for place, message in enumerate(messages):
        account, data = _account_named(message.subject), _data_of(message)
        fault = _fault_of(message, account, data)
        if fault is None:
            named = account, message.source, message.id, message.type
            events.append(event_of((*named, _time_at(message), data, data_text(data))))
            places.append(place)
        else:
            refusals.append(EventRefusal(place, RefusalReason.MALFORMED, *fault))
    return EventsRead(tuple(events), places, refusals)


def _stated_by(messages: Sequence[pb.UsageEvent]) -> StatedEvents:
    """What events state, whatever it is; an account is empty where the subject names none."""
    subjects = [each.subject for each in messages]
    account_by_subject = {subject: _account_named(subject) for subject in set(subjects)}
    data = [_data_of(each) for each in messages]
    return StatedEvents(
        accounts=[account_by_subject[each] for each in subjects],
        sources=[each.source for each in messages],
        event_ids=[each.id for each in messages],
        types=[each.type for each in messages],
        times_at=[_time_at(each) for each in messages],
        data=data,
        texts=data_texts(data),
    )


def _account_named(subject: str) -> str:
    """The account that a subject names; empty where it names none."""
    # What is too long names none, and is not to be remembered.
    return _account_of(subject) if len(subject) <= SUBJECT_LENGTH_MAX else ""


def _data_of(message: pb.UsageEvent) -> dict[str, str]:
    """The properties of an event.

    In half the time that `dict` takes, which asks for each value by way of its item.
    """
    properties = message.data
    return {name: properties[name] for name in properties}


def _time_at(message: pb.UsageEvent) -> int | None:
    """When an event happened; None where it does not state that."""
    time = message.time
    time_at: int = time.seconds * _SECOND_US + time.nanos // 1_000
    return time_at if time_at or message.HasField("time") else None


def _are_kept(stated: StatedEvents) -> bool:
    """Whether all events can surely be kept, their times aside: not if one may be too large."""
    named = stated.accounts, stated.sources, stated.event_ids, stated.types
    return (
        all(map(all, named))
        and max(map(len, stated.sources)) <= NAME_LENGTH_MAX
        and max(map(len, stated.event_ids)) <= NAME_LENGTH_MAX
        and max(map(len, stated.types)) <= TYPE_LENGTH_MAX
        and max(map(len, stated.texts)) <= PROPERTY_LENGTH_MAX
        and max(map(len, stated.data)) <= PROPERTIES_MAX
        and APART not in "".join(chain.from_iterable(named))
        and _NUL_IN_JSON not in "".join(stated.texts)
    )


def _are_instants(times: Sequence[Timestamp]) -> bool:
    """Whether all times are of the years 1 to 9999."""
    seconds, nanos = [each.seconds for each in times], [each.nanos for each in times]
    return (
        min(seconds) >= SECONDS_MIN
        and max(seconds) <= SECONDS_MAX
        and min(nanos) >= 0
        and max(nanos) < _NANOS_END
    )


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


def _fault_of(
    message: pb.UsageEvent, account: str, data: Mapping[str, str]
) -> tuple[str, str] | None:
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
    return data_fault(data)


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
