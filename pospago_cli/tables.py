"""Messages as people read them: a table of many, or one message field by field."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

UTC: Final = ZoneInfo("UTC")
# A field's descriptor; the published types name two classes for it.
_Field = Any
_NANOS: Final = Decimal(1_000_000_000)
_RIGHT: Final = frozenset(
    "amount amount_left amount_paid balance band ceiling cost creations_used decided_amount events"
    " events_count full_amount included included_quantity overage overage_quantity percent"
    " projected projected_cost projected_quantity quantity redemptions_count remaining"
    " remaining_quantity tax_amount taxable_amount total unallocated_amount unit_price used".split()
)
# What one holds of a price is told as it is stated: `seats=12`.
_HELD: Final = {"price", "quantity"}
# Text up to here stays on one line of its cell; what is longer may be folded to as little.
_CELL_WIDTH: Final = 28
_GAP_WIDTH: Final = 3
_UNBOUNDED: Final = 10_000


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
    """Print messages of one kind as rows; `columns` names their fields, parted by spaces.

    Where that is too wide, columns that say nothing are left out, and else each is told by itself.
    """
    if _width_of(messages, columns) > console.width:
        columns = " ".join(path for path in columns.split() if _says_anything(messages, path))
    if not messages or _width_of(messages, columns) <= console.width:
        console.print(table_of(title, messages, columns))
        return
    console.print(Text(title, style="italic"))
    for message in messages:
        console.print()
        console.print(
            _rows((_heading(each), field_text(message, each)) for each in columns.split())
        )


def table_of(title: str, messages: Sequence[Message], columns: str) -> Table:
    """Messages of one kind as rows; `columns` names their fields, parted by spaces."""
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    paths = columns.split()
    for path in paths:
        field = path.rpartition(".")[2]
        table.add_column(
            _heading(path),
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
    names = (descriptor.name for descriptor, _ in message.ListFields())
    console.print(_rows((_heading(name), field_text(message, name)) for name in names))


@dataclass(frozen=True, slots=True)
class Readable:
    """A table where all of its cells fit on a line, and each of its rows by itself elsewhere."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The one or the other."""
        unbounded = options.update(width=_UNBOUNDED)
        if Measurement.get(console, unbounded, self.table).maximum <= options.max_width:
            yield self.table
            return
        columns = self.table.columns
        for cells in zip(*(column.cells for column in columns), strict=True):
            told = zip(columns, cells, strict=True)
            yield _rows((str(column.header), str(cell)) for column, cell in told)


def _rows(told: Iterable[tuple[str, str]]) -> Table:
    """What is told, a row for each heading that has a text."""
    table = Table(show_header=False, box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for heading, text in told:
        if text:
            table.add_row(heading, Text(text))
    return table


def _heading(path: str) -> str:
    """What a field is called; the name of a part, such as `buyer.name`, stands for the part."""
    parent, _, field = path.rpartition(".")
    return (parent if parent and field == "name" else field).replace("_", " ")


def _says_anything(messages: Sequence[Message], path: str) -> bool:
    return any(field_text(message, path) for message in messages)


def _width_of(messages: Sequence[Message], columns: str) -> int:
    """How wide a table must be so that each cell can be read."""
    width = 0
    for path in columns.split():
        told = (field_text(message, path) for message in messages)
        longest = max((len(_heading(path)), *map(len, told)))
        # A name is never folded.
        folds = path.rpartition(".")[2] != "name"
        width += (min(longest, _CELL_WIDTH) if folds else longest) + _GAP_WIDTH
    return width


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
            whole, point, fraction = value.value.partition(".")
            return f"{whole}{point}{fraction[:2]}{fraction[2:].rstrip('0')}"
        case Message() if {each.name for each in value.DESCRIPTOR.fields} == _HELD:
            return f"{field_text(value, 'price')}={field_text(value, 'quantity')}"
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
