"""The field rules of the contract: long lists are counted before their entries are looked at."""

import re
import time

import pytest
from google.protobuf.message import Message
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import price_pb2, usage_guard_pb2, usage_pb2

from chassis.errors import InvalidField
from chassis.rpc.validation import check_fields

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
