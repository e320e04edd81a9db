"""Events of requests as they are read: together where there are many, and as each by itself."""

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st
from pospago.billing.v1 import usage_pb2 as pb

from billing_service.api.usage_intake import (
    NAME_LENGTH_MAX,
    PROPERTIES_MAX,
    PROPERTY_LENGTH_MAX,
    SECONDS_MAX,
    SECONDS_MIN,
    TYPE_LENGTH_MAX,
    EventsRead,
    from_proto_events,
)

FINE = st.sampled_from(["gate", "é", "\\u0000"])
ODD_NAMES = st.sampled_from(["", "a\0b", "a" * NAME_LENGTH_MAX, "a" * (NAME_LENGTH_MAX + 1)])
ODD_TYPES = st.sampled_from(["", "\0", "a" * TYPE_LENGTH_MAX, "a" * (TYPE_LENGTH_MAX + 1)])
TIMES = st.builds(Timestamp, seconds=st.sampled_from([0, 1, SECONDS_MIN, SECONDS_MAX]))
ODD_TIMES = st.builds(
    Timestamp,
    seconds=st.sampled_from([-1, 0, SECONDS_MIN - 1, SECONDS_MAX + 1]),
    nanos=st.sampled_from([-1, 0, 1, 999_999_999, 1_000_000_000]),
)
DATA = st.dictionaries(FINE, FINE, max_size=2)
ODD_DATA = st.sampled_from(
    [
        {"a": "\0"},
        {"a\0": ""},
        {"a": "b" * PROPERTY_LENGTH_MAX},
        {"a": "b" * (PROPERTY_LENGTH_MAX + 1)},
        {str(number): "" for number in range(PROPERTIES_MAX)},
        {str(number): "" for number in range(PROPERTIES_MAX + 1)},
    ]
)


def events(*, odd: bool) -> st.SearchStrategy[pb.UsageEvent]:
    """Events that can be kept, or such that mostly cannot."""
    names = FINE | ODD_NAMES if odd else FINE
    subjects = ["accounts/acme", "accounts/", "acme", "accounts/" + "a" * 100]
    return st.builds(
        pb.UsageEvent,
        source=names,
        id=names,
        type=FINE | ODD_TYPES if odd else FINE,
        subject=st.sampled_from(subjects if odd else subjects[:1]),
        time=st.none() | (TIMES | ODD_TIMES if odd else TIMES),
        data=DATA | ODD_DATA if odd else DATA,
    )


@settings(max_examples=200)
@given(st.lists(events(odd=False), min_size=8, max_size=12), st.lists(events(odd=True), max_size=1))
def test_many_events_are_read_as_each_by_itself(
    fine: list[pb.UsageEvent], odd: list[pb.UsageEvent]
) -> None:
    """What is read, and what is refused and why, is the same whatever comes with it."""
    messages = [*fine, *odd]
    alone = [from_proto_events([each]) for each in messages]
    assert from_proto_events(messages) == EventsRead(
        tuple(event for read in alone for event in read.events),
        [place for place, read in enumerate(alone) if read.events],
        [each._replace(place=place) for place, read in enumerate(alone) for each in read.refusals],
    )
