"""The field rules of the contract: long lists are counted before their entries are looked at."""

import re
import time

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import price_pb2, usage_guard_pb2, usage_pb2

from chassis.errors import InvalidField
from chassis.rpc.validation import check_fields, check_times

COUNT = 200_000
ACCOUNT = "accounts/acme"


def _keys() -> Message:
    keys = usage_pb2.VoidEventsRequest.Keys(keys=[usage_pb2.EventKey()] * COUNT)
    return usage_pb2.VoidEventsRequest(parent=ACCOUNT, keys=keys)


def _values() -> Message:
    few = price_pb2.DimensionFilter(dimension="disk", values=["a"])
    many = price_pb2.DimensionFilter(dimension="disk", values=["a"] * COUNT)
    return usage_pb2.QueryUsageRequest(parent=ACCOUNT, meter="meters/a", filters=[few, many])


def _guard() -> Message:
    guard = usage_guard_pb2.UsageGuard(percents=[Decimal(value="1")] * COUNT)
    return usage_guard_pb2.SetUsageGuardRequest(guard=guard)


def _data() -> Message:
    data = {str(number): "" for number in range(COUNT)}
    return usage_pb2.AmendEventRequest(parent=ACCOUNT, data=data)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (_keys(), "keys.keys"),
        (_values(), "filters[1].values"),
        (_guard(), "guard.percents"),
        (_data(), "data"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_list_that_is_far_too_long_is_refused_at_once(request_: Message, path: str) -> None:
    """Its entries are never looked at, so that nobody else has to wait."""
    begun = time.process_time()
    with pytest.raises(InvalidField, match=rf": {re.escape(path)}: must contain no more than"):
        check_fields(request_)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("count", [0, 10_001])
def test_lists_whose_count_is_the_only_rule_are_counted(count: int) -> None:
    """Nothing else of such a request is looked at, but too few and too many are refused."""
    request = usage_pb2.IngestEventsRequest(events=[usage_pb2.UsageEvent()] * count)
    with pytest.raises(InvalidField, match="events: must contain"):
        check_fields(request)


def test_rules_of_texts_are_looked_at_where_no_list_is_bounded() -> None:
    """A request without lists is not taken for one whose counts are right."""
    with pytest.raises(InvalidField, match="parent"):
        check_fields(usage_pb2.ListUsageEventsRequest())


END = 1_000_000_000
NO_TIMES = (
    *(Timestamp(nanos=-1), Timestamp(nanos=END)),
    *(Timestamp(seconds=-62_135_596_801), Timestamp(seconds=253_402_300_800)),
)
NO_DURATIONS = (
    *(Duration(nanos=END), Duration(seconds=1, nanos=-1), Duration(seconds=-1, nanos=1)),
    *(Duration(seconds=315_576_000_001), Duration(nanos=-END)),
)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        *((usage_pb2.ListUsageEventsRequest(end_time=each), "end_time") for each in NO_TIMES),
        (
            usage_guard_pb2.SettleReservationRequest(event=usage_pb2.UsageEvent(time=NO_TIMES[0])),
            "event.time",
        ),
        (
            usage_pb2.ListUsageEventsResponse(
                events=[{}, {"event": {"time": NO_TIMES[1]}}],
            ),
            "events[1].event.time",
        ),
        *((usage_guard_pb2.ReserveUsageRequest(hold=each), "hold") for each in NO_DURATIONS),
    ],
)
def test_a_time_that_is_none_is_refused(request_: Message, path: str) -> None:
    """Wherever it is: its parts are out of range, or have two signs."""
    with pytest.raises(InvalidField, match=rf": {re.escape(path)}: is out of range"):
        check_times(request_)


@pytest.mark.parametrize(
    "request_",
    [
        usage_pb2.ListUsageEventsRequest(),
        usage_pb2.ListUsageEventsRequest(
            start_time=Timestamp(seconds=-62_135_596_800),
            end_time=Timestamp(seconds=253_402_300_799, nanos=END - 1),
        ),
        usage_guard_pb2.ReserveUsageRequest(hold=Duration(seconds=-1, nanos=1 - END)),
    ],
)
def test_the_ends_of_time_are_times(request_: Message) -> None:
    """The first and the last one that can be stated, and one that is not stated."""
    check_times(request_)
