"""What a step of a story expects, and what it says when something else came."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from pospago_cli.failures import Refusal
from pospago_cli.tables import field_text, instant_text

MINUTES_LENGTH = len("2027-01-31 23:59")


class Surprise(Exception):
    """Something else came than the rules say."""

    def __init__(self, what: str, *, expected: object, came: object) -> None:
        super().__init__(f"{what}: expected {expected}, came {came}")
        self.what = what
        self.expected = expected
        self.came = came


def expect(what: str, came: object, expected: object) -> None:
    """Raise a Surprise unless both are equal."""
    if came != expected:
        raise Surprise(what, expected=expected, came=came)


def expect_fields(message: Message, zone: ZoneInfo, /, **expected: str) -> None:
    """Raise a Surprise unless each field reads as expected: enums without prefix, times to the
    minute in `zone`, money as `39.90 BRL`, an unset field as nothing.
    """
    came = {name: _read(message, name, zone) for name in expected}
    if came != expected:
        subject = getattr(message, "name", "") or message.DESCRIPTOR.name
        raise Surprise(subject, expected=expected, came=came)


def expect_refusal(reason: str, call: Callable[[], object], *words: str) -> Refusal:
    """The refusal of a call; a Surprise unless it gives `reason` and its message all `words`."""
    try:
        answer = call()
    except grpc.RpcError as error:
        refusal = Refusal.of(error)
    else:
        raise Surprise("a refusal", expected=reason, came=answer)
    if refusal.reason != reason:
        came = f"{refusal.code} {refusal.reason}: {refusal.message}"
        raise Surprise("the reason of a refusal", expected=reason, came=came)
    for word in words:
        if word not in refusal.message:
            raise Surprise("the words of a refusal", expected=word, came=refusal.message)
    return refusal


def _read(message: Message, name: str, zone: ZoneInfo) -> str:
    value = getattr(message, name)
    if isinstance(value, Timestamp) and message.HasField(name):
        return instant_text(value, zone)[:MINUTES_LENGTH]
    return field_text(message, name)
