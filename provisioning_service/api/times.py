"""Instants, lengths and civil dates, to and from the contract's messages."""

from datetime import date

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from chassis.errors import FieldViolation, InvalidField

YEAR_MAX = 2199
_SECOND_US = 1_000_000


def to_proto_timestamp(instant_at: int | None) -> Timestamp | None:
    """An instant as the contract tells it; None stays unset."""
    if instant_at is None:
        return None
    timestamp = Timestamp()
    fill_timestamp(timestamp, instant_at)
    return timestamp


def fill_timestamp(timestamp: Timestamp, instant_at: int) -> None:
    """Write an instant into a message."""
    timestamp.seconds, micros = divmod(instant_at, _SECOND_US)
    timestamp.nanos = micros * 1000


def from_proto_timestamp(timestamp: Timestamp) -> int:
    """The instant of a timestamp, in microseconds; finer parts are cut off."""
    return timestamp.seconds * _SECOND_US + timestamp.nanos // 1000


def to_proto_duration(length_us: int) -> Duration:
    """A length as the contract tells it."""
    seconds, micros = divmod(length_us, _SECOND_US)
    return Duration(seconds=seconds, nanos=micros * 1000)


def from_proto_duration(duration: Duration) -> int:
    """A length in microseconds; finer parts are cut off."""
    return duration.seconds * _SECOND_US + duration.nanos // 1000


def to_proto_date(day: date | None) -> Date | None:
    """A civil date as the contract tells it; None stays unset."""
    return None if day is None else Date(year=day.year, month=day.month, day=day.day)


def fill_date(message: Date, day: date) -> None:
    """Write a civil date into a message."""
    message.year, message.month, message.day = day.year, day.month, day.day


def from_proto_date(message: Date, field: str) -> date:
    """The civil date of a message; InvalidField, naming `field`, if there is no such day."""
    try:
        day = date(message.year, message.month, message.day)
    except ValueError:
        raise InvalidField(FieldViolation(field, "is no day of the calendar")) from None
    if not 1970 <= day.year <= YEAR_MAX:
        raise InvalidField(FieldViolation(field, f"must lie from 1970 to {YEAR_MAX}"))
    return day
