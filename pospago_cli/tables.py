"""Messages as people read them: a table of many, or one message field by field."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

UTC: Final = ZoneInfo("UTC")
# A field's descriptor; the published types name two classes for it.
_Field = Any
_NANOS: Final = Decimal(1_000_000_000)
_RIGHT: Final = frozenset(
    "amount band ceiling cost creations_used decided_amount events events_count full_amount"
    " included included_quantity overage overage_quantity percent projected projected_cost"
    " projected_quantity quantity remaining remaining_quantity tax_amount taxable_amount total"
    " unit_price used".split()
)


def date_text(date: Date) -> str:
    """A civil date as 2027-01-31; empty when unset."""
    return f"{date.year:04}-{date.month:02}-{date.day:02}" if date.year else ""


def money_text(money: Money) -> str:
    """An amount with its currency, such as 39.90 BRL, at least two digits after the point."""
    amount = Decimal(money.units) + Decimal(money.nanos) / _NANOS
    text = f"{amount.normalize():f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction:0<2} {money.currency_code}" if money.currency_code else ""


def instant_text(instant: Timestamp, zone: ZoneInfo = UTC) -> str:
    """An instant to the second in a zone, such as 2027-01-31 23:59:00-03:00, or …Z in UTC."""
    text = instant.ToDatetime(tzinfo=UTC).astimezone(zone).isoformat(" ", "seconds")
    return text.removesuffix("+00:00") + "Z" if zone is UTC else text


def field_text(message: Message, path: str) -> str:
    """What one field says; `path` may lead into messages, as in `programme.plan`."""
    name, _, rest = path.partition(".")
    descriptor = message.DESCRIPTOR.fields_by_name[name]
    value = getattr(message, name)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={value[key]}" for key in sorted(value))
    if descriptor.is_repeated:
        told = (field_text(each, rest) if rest else _value_text(descriptor, each) for each in value)
        return ", ".join(told)
    if descriptor.message_type is not None and not message.HasField(name):
        return ""
    return field_text(value, rest) if rest else _value_text(descriptor, value)


def print_table(console: Console, title: str, messages: Sequence[Message], columns: str) -> None:
    """Print messages of one kind as rows; `columns` names their fields, parted by spaces."""
    console.print(table_of(title, messages, columns))


def table_of(title: str, messages: Sequence[Message], columns: str) -> Table:
    """Messages of one kind as rows; `columns` names their fields, parted by spaces."""
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    paths = columns.split()
    for path in paths:
        parent, _, field = path.rpartition(".")
        table.add_column(
            # The name of a part, such as `buyer.name`, stands for the part.
            (parent if parent and field == "name" else field).replace("_", " "),
            justify="right" if field in _RIGHT else "left",
            # A name is for copying, so it is never cut.
            overflow="fold",
            no_wrap=field == "name",
        )
    for message in messages:
        table.add_row(*(Text(field_text(message, path)) for path in paths))
    return table


def print_fields(console: Console, message: Message) -> None:
    """Print one message field by field, those that say something."""
    table = Table(show_header=False, box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for descriptor, _ in message.ListFields():
        table.add_row(descriptor.name.replace("_", " "), Text(field_text(message, descriptor.name)))
    console.print(table)


def print_json(console: Console, value: object) -> None:
    """Print a value for machines: plain JSON, nothing folded or coloured."""
    console.out(json.dumps(value, ensure_ascii=False, indent=2), highlight=False)


def json_text(message: Message) -> str:
    """A message as one line of JSON."""
    return json.dumps(as_json(message), ensure_ascii=False)


def as_json(message: Message) -> dict[str, object]:
    """A message as JSON with the names of the contract, empty fields included."""
    read: dict[str, object] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return read


def _value_text(descriptor: _Field, value: object) -> str:
    match value:
        case Date():
            return date_text(value)
        case Money():
            return money_text(value)
        case Timestamp():
            return instant_text(value)
        case Duration():
            return str(timedelta(seconds=value.seconds, microseconds=value.nanos // 1000))
        case DecimalMessage():
            return value.value
        case Message():
            return "; ".join(
                f"{inner.name} {field_text(value, inner.name)}" for inner, _ in value.ListFields()
            )
        case bool():
            return "yes" if value else ""
    if descriptor.enum_type is not None and isinstance(value, int):
        return _enum_text(descriptor, value)
    return str(value)


def _enum_text(descriptor: _Field, number: int) -> str:
    """An enum value without the prefix that all its values share; empty when unspecified."""
    if not number:
        return ""
    enum = descriptor.enum_type
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    name: str = enum.values_by_number[number].name
    return name.removeprefix(prefix)


def subject_of(payload: Message | None) -> str:
    """The name of what a message is about: its own, or that of the first message in it."""
    if payload is None:
        return ""
    for descriptor, value in payload.ListFields():
        if isinstance(value, str):
            return value
        if isinstance(value, Message) and "name" in value.DESCRIPTOR.fields_by_name:
            return field_text(payload, f"{descriptor.name}.name")
    return ""


# The field that names an item of a plan.
_ITEM: Final = "price"


def figures_of(payload: Message | None) -> str:
    """What a message states itself beside names: `price api, percent 80, stop time 2027-…Z`."""
    if payload is None:
        return ""
    return ", ".join(
        f"{descriptor.name.replace('_', ' ')} {_value_text(descriptor, value)}"
        for descriptor, value in payload.ListFields()
        if isinstance(value, Date | Timestamp | DecimalMessage | Money) or descriptor.name == _ITEM
    )


def json_line(source: str, envelope: Message, payload: Message | None) -> str:
    """An event as one line of JSON, its payload unpacked."""
    bare = type(envelope)()
    bare.CopyFrom(envelope)
    bare.ClearField("payload")
    told = {"service": source, **as_json(bare)}
    if payload is not None:
        told["payload"] = {"type": payload.DESCRIPTOR.full_name, **as_json(payload)}
    return json.dumps(told, ensure_ascii=False)
