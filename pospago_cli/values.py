"""What people type, as the contracts say it: names, dates, instants, durations, amounts."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

import click
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money

_DURATION: Final = re.compile(r"^(\d+)([smhd])$")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CURRENCY: Final = re.compile(r"^[A-Z]{3}$")
_NUMBER: Final = re.compile(r"[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?")
_NANO_DIGITS: Final = 9


class ResourceName(click.ParamType[str]):
    """A resource name, in full or by the parts that vary: `acme/shop-1`."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.name = re.sub(r"[a-zA-Z]+/\{(\w+)\}", r"\1", pattern)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name in full."""
        collections = re.findall(r"(\w+)/\{", self.pattern)
        if value.startswith(f"{collections[0]}/"):
            return value
        parts = value.split("/")
        if len(parts) != len(collections) or not all(parts):
            self.fail(f"{value!r}: write {self.name}, or in full {self.pattern}", param, ctx)
        return "/".join(f"{each}/{part}" for each, part in zip(collections, parts, strict=True))


class CivilDate(click.ParamType[Date]):
    """A civil date such as 2027-01-31."""

    name = "date"

    def convert(
        self, value: str | Date, param: click.Parameter | None, ctx: click.Context | None
    ) -> Date:
        """The date as a message."""
        if isinstance(value, Date):
            return value
        try:
            return to_date(date.fromisoformat(value))
        except ValueError:
            self.fail(f"{value!r}: write a date such as 2027-01-31", param, ctx)


class Instant(click.ParamType[Timestamp]):
    """An instant with its offset, such as 2027-01-31T23:59:00-03:00."""

    name = "instant"

    def convert(
        self, value: str | Timestamp, param: click.Parameter | None, ctx: click.Context | None
    ) -> Timestamp:
        """The instant as a message."""
        if isinstance(value, Timestamp):
            return value
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            read = None
        if read is None or read.tzinfo is None:
            self.fail(
                f"{value!r}: write an instant with its offset, such as 2027-01-31T23:59:00-03:00",
                param,
                ctx,
            )
        return to_timestamp(read)


class Length(click.ParamType[Duration]):
    """A length of time such as 36h or 2d, up to the longest."""

    name = "length"

    def __init__(self, longest: str = "") -> None:
        self.longest = longest

    def convert(
        self, value: str | Duration, param: click.Parameter | None, ctx: click.Context | None
    ) -> Duration:
        """The length as a message."""
        if isinstance(value, Duration):
            return value
        length = read_length(value)
        if length is None:
            self.fail(f"{value!r}: write a length such as 90s, 30m, 36h or 2d", param, ctx)
        longest = read_length(self.longest)
        if longest is not None and length > longest:
            self.fail(f"{value!r}: write a length of at most {self.longest}", param, ctx)
        message = Duration()
        message.FromTimedelta(length)
        return message


class Currency(click.ParamType[str]):
    """A currency of ISO 4217, such as BRL."""

    name = "currency"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The currency as it was written."""
        if not _CURRENCY.fullmatch(value):
            self.fail(f"{value!r}: write three capitals, such as BRL", param, ctx)
        return value


class Amount(click.ParamType[Money]):
    """An amount with its currency, such as 39.90BRL."""

    name = "amount"

    def convert(
        self, value: str | Money, param: click.Parameter | None, ctx: click.Context | None
    ) -> Money:
        """The amount as a message."""
        if isinstance(value, Money):
            return value
        try:
            return to_money(value)
        except ValueError:
            self.fail(f"{value!r}: write an amount such as 39.90BRL", param, ctx)


class Number(click.ParamType[DecimalMessage]):
    """A quantity that is not negative, such as 12, 0.5 or 25_000."""

    name = "number"

    def convert(
        self,
        value: str | DecimalMessage,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> DecimalMessage:
        """The quantity as a message."""
        if isinstance(value, DecimalMessage):
            return value
        if not _NUMBER.fullmatch(value):
            self.fail(f"{value!r}: write a quantity such as 12, 0.5 or 25_000", param, ctx)
        return DecimalMessage(value=value.replace("_", ""))


class Percent(Number):
    """A percentage such as 80, 0.5 or 80%."""

    name = "percent"

    def convert(
        self,
        value: str | DecimalMessage,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> DecimalMessage:
        """The percentage as a message."""
        stated = value.removesuffix("%") if isinstance(value, str) else value
        return super().convert(stated, param, ctx)


class Property(click.ParamType[tuple[str, str]]):
    """A property and its value, such as `megabytes=12.5`."""

    name = "property=value"

    def convert(
        self,
        value: str | tuple[str, str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, str]:
        """The property and the value, both as they were written."""
        if isinstance(value, tuple):
            return value
        name, sign, stated = value.partition("=")
        if not name or not sign:
            self.fail(f"{value!r}: write a property and its value, as megabytes=12.5", param, ctx)
        return name, stated


def read_length(text: str) -> timedelta | None:
    """A length such as `36h`; None where the text is none."""
    found = _DURATION.match(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def to_date(day: date) -> Date:
    """A civil date as a message."""
    return Date(year=day.year, month=day.month, day=day.day)


def to_timestamp(instant: datetime) -> Timestamp:
    """An instant as a message."""
    message = Timestamp()
    message.FromDatetime(instant)
    return message


def to_money(text: str) -> Money:
    """An amount such as `39.90BRL` or `39.90 BRL` as a message; ValueError for anything else."""
    digits, currency = text[:-3].strip(), text[-3:]
    if not _CURRENCY.match(currency):
        raise ValueError(text)
    try:
        amount = Decimal(digits)
        nanos = int(amount.scaleb(_NANO_DIGITS).to_integral_exact())
    except (InvalidOperation, OverflowError) as not_a_number:
        raise ValueError(text) from not_a_number
    if Decimal(nanos) != amount.scaleb(_NANO_DIGITS):
        raise ValueError(text)
    sign = -1 if nanos < 0 else 1
    units, rest = divmod(abs(nanos), 10**_NANO_DIGITS)
    return Money(currency_code=currency, units=sign * units, nanos=sign * rest)
