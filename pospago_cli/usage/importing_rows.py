"""A row of a file of usage, and the event that it states."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import usage_pb2 as pb

ATTRIBUTES: Final = ("source", "id", "subject", "type", "time")
# Said of a row that was rejected, so that its file can be corrected and imported as it is.
REMARK: Final = "import"
EVENT_BYTES_MAX: Final = 1 << 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_A_DAY: Final = 86_400


class Unreadable(ValueError):
    """A row states no event; the text says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: the event, or why it states none; `raw` is what its file held."""

    number: int
    raw: object
    event: pb.UsageEvent | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds of rows that do not say it themselves."""

    account: str = ""
    source: str = ""
    type: str = ""

    def of(self, attribute: str) -> str:
        """What an attribute is where a row leaves it out."""
        match attribute:
            case "subject":
                return self.account
            case "source":
                return self.source
            case "type":
                return self.type
            case _:
                return ""


def event_of(
    stated: Mapping[str, object], properties: Mapping[str, object], defaults: Defaults
) -> pb.UsageEvent:
    """The event that attributes and properties state.

    Errors:  Unreadable, in the words of whoever wrote the file.
    """
    subject = _attribute(stated, "subject", defaults)
    try:
        event = pb.UsageEvent(
            source=_attribute(stated, "source", defaults),
            id=_attribute(stated, "id", defaults),
            subject=subject if "/" in subject else f"accounts/{subject}",
            type=_attribute(stated, "type", defaults),
            time=_time(stated.get("time")),
            data=dict(_data(properties)),
        )
    except UnicodeEncodeError as no_text:
        raise Unreadable("it holds bytes that are no UTF-8") from no_text
    if event.ByteSize() > EVENT_BYTES_MAX:
        raise Unreadable(f"it has more than {EVENT_BYTES_MAX} bytes")
    return event


def _attribute(stated: Mapping[str, object], name: str, defaults: Defaults) -> str:
    value = stated.get(name)
    if value is None or value == "":
        value = defaults.of(name)
    if not value:
        option = {"subject": "account"}.get(name, name)
        said = "" if name == "id" else f", and no --{option} was given"
        raise Unreadable(f"it states no {name}{said}")
    return _text(name, value)


def _data(properties: Mapping[str, object]) -> list[tuple[str, str]]:
    """The properties that have a value, as text."""
    return [
        (name, value if type(value) is str else _text(f"data.{name}", value))
        for name, value in properties.items()
        if value is not None
    ]


def _text(name: str, value: object) -> str:
    """A value as text, digit by digit."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            # The shortest text that is this number; never with an exponent.
            return f"{Decimal(repr(value)):f}"
        case Decimal() if value.is_finite():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            raise Unreadable(f"{name} is neither a text, a number nor a truth value")


def _time(value: object) -> Timestamp | None:
    """The instant of a row; None where it states none: the event happens as it is taken in."""
    if value is None or value == "":
        return None
    read = value if isinstance(value, datetime) else _instant(value)
    if read.tzinfo is None:
        raise Unreadable(f"its time {value} has no offset: write it as 2027-01-31T23:59:00Z")
    since = read - _EPOCH
    return Timestamp(
        seconds=since.days * _SECONDS_A_DAY + since.seconds, nanos=since.microseconds * 1000
    )


def _instant(value: object) -> datetime:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError as no_instant:
        said = f"its time {str(value)[:40]!r} is no instant: write it as 2027-01-31T23:59:00Z"
        raise Unreadable(said) from no_instant
