"""The field rules of the contract, checked before a servicer sees the request."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any, Final, NamedTuple

import protovalidate
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from protovalidate import FieldPathElementPb

from chassis.errors import FieldViolation, InvalidField
from chassis.rpc.status import VIOLATIONS_MAX

_TIMES: Final = (Timestamp.DESCRIPTOR, Duration.DESCRIPTOR)
_NO_TIME: Final = "is out of range: seconds of the years 1 to 9999, and nanos below 1,000,000,000"
_YEAR_1: Final = -62_135_596_800
_YEAR_9999: Final = 253_402_300_799
_DURATION_MAX: Final = 315_576_000_000
_NANOS_END: Final = 1_000_000_000


class _Listing(NamedTuple):
    """A field with a bound on its entries (0: none), or one whose messages lead to such fields."""

    field: FieldDescriptor
    entries_max: int
    leads_on: bool


class _Count(NamedTuple):
    """How many entries a list of a message has, from and to."""

    name: str
    least: int
    most: int


# More than any request holds.
_ENTRIES_MAX: Final = 1 << 62


def check_fields(request: Message) -> None:
    """Raise InvalidField, naming each field that breaks its rule.

    Lists are counted first: the rules of millions of entries would hold up all other calls. Where
    all rules are such counts, nothing else is looked at unless one of them is broken.
    """
    counts = _counts_of(request.DESCRIPTOR)
    if counts is not None and _are_within(counts, request):
        return
    too_long = list(islice(_too_long(request, ""), VIOLATIONS_MAX))
    if too_long:
        raise InvalidField(*too_long)
    violations = protovalidate.collect_violations(request)
    if violations:
        raise InvalidField(
            *(
                FieldViolation(
                    _path(each.proto.field.elements if each.proto.field else ()),
                    each.proto.message or each.proto.rule_id,
                )
                for each in violations[:VIOLATIONS_MAX]
            )
        )


def _are_within(counts: "Iterable[_Count]", request: Message) -> bool:
    """Whether each list of a request has as many entries as it may have."""
    for name, least, most in counts:  # noqa: SIM110 - half of the time, for each call
        if not least <= len(getattr(request, name)) <= most:
            return False
    return True


def check_times(request: Message) -> None:
    """Raise InvalidField, naming each timestamp and duration that is none: its parts are out of
    range, or have two signs.
    """
    paths = list(islice(_paths_of_no_time(request, ""), VIOLATIONS_MAX))
    if paths:
        raise InvalidField(*(FieldViolation(path, _NO_TIME) for path in paths))


def check_text(request: Message, payload: bytes) -> None:
    """Raise InvalidField, naming each text that holds NUL: not every store can keep that.

    Without a zero byte in the payload there is none, and the request is not looked through.
    """
    if b"\0" in payload:
        paths = list(_paths_of_nul(request, ""))
        if paths:
            text = "must not hold the character NUL"
            raise InvalidField(*(FieldViolation(path, text) for path in paths[:VIOLATIONS_MAX]))


def _too_long(message: Message, prefix: str) -> Iterator[FieldViolation]:
    """The lists and maps of a message, and of those in it, with more entries than they may have."""
    for field, entries_max, leads_on in _listings_of(message.DESCRIPTOR):
        path = prefix + field.name
        if not field.is_repeated:
            if message.HasField(field.name):
                yield from _too_long(getattr(message, field.name), f"{path}.")
            continue
        entries = getattr(message, field.name)
        if entries_max and len(entries) > entries_max:
            yield FieldViolation(path, f"must contain no more than {entries_max} item(s)")
        elif leads_on:
            for place, each in enumerate(entries):
                yield from _too_long(each, f"{path}[{place}].")


@cache
def _listings_of(descriptor: Descriptor) -> tuple[_Listing, ...]:
    """The fields of a kind of message that are counted, or gone into."""
    found = [_Listing(field, _entries_max(field), _leads_on(field)) for field in descriptor.fields]
    return tuple(each for each in found if each.entries_max or each.leads_on)


@cache
def _counts_of(descriptor: Descriptor) -> tuple[_Count, ...] | None:
    """The bounds of a kind of message's own lists; None if it has, or leads to, other rules."""
    kinds = [descriptor]
    for kind in kinds:
        inner = [each.message_type for each in kind.fields if each.message_type is not None]
        kinds.extend(each for each in inner if each not in kinds)
    if any(_has_rules_of_its_own(kind) for kind in kinds):
        return None
    ruled = [(field, _rules_of(field)) for kind in kinds for field in kind.fields]
    ruled = [(field, rules) for field, rules in ruled if rules.ListFields()]
    if any(field.containing_type is not descriptor for field, _ in ruled):
        return None
    if not all(_only_counts(rules) for _, rules in ruled):
        return None
    return tuple(
        _Count(field.name, rules.repeated.min_items, rules.repeated.max_items or _ENTRIES_MAX)
        for field, rules in ruled
    )


def _only_counts(rules: validate_pb2.FieldRules) -> bool:
    """Whether the rules of a field say how many entries it has, and nothing else."""
    stated = [each.name for each, _ in rules.ListFields()]
    return stated == ["repeated"] and all(
        each.name in {"min_items", "max_items"} for each, _ in rules.repeated.ListFields()
    )


def _has_rules_of_its_own(kind: Descriptor) -> bool:
    """Whether a kind of message has rules beside those of its fields."""
    message: Any = validate_pb2.message
    oneof: Any = validate_pb2.oneof
    return kind.GetOptions().HasExtension(message) or any(
        each.GetOptions().HasExtension(oneof) for each in kind.oneofs
    )


def _rules_of(field: FieldDescriptor) -> validate_pb2.FieldRules:
    """The rules of a field, empty where it has none."""
    extension: Any = validate_pb2.field
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[extension]
    return rules


def _entries_max(field: FieldDescriptor) -> int:
    """How many entries a list or map may have; 0 where no rule says so."""
    rules = _rules_of(field)
    return int(rules.repeated.max_items or rules.map.max_pairs)


def _leads_on(field: FieldDescriptor) -> bool:
    """Whether bounded lists or maps are anywhere in the messages of a field."""
    if field.message_type is None or field.message_type.GetOptions().map_entry:
        return False
    kinds = [field.message_type]
    for kind in kinds:
        if any(map(_entries_max, kind.fields)):
            return True
        inner = [each.message_type for each in kind.fields if each.message_type is not None]
        kinds.extend(each for each in inner if each not in kinds)
    return False


def _paths_of_no_time(message: Message, prefix: str) -> Iterator[str]:
    """The paths of a message's timestamps and durations, and of those in it, that are none."""
    for field in _timed_fields(message.DESCRIPTOR):
        content = getattr(message, field.name)
        if field.is_repeated:
            for place, each in enumerate(content):
                yield from _no_time_at(each, f"{prefix}{field.name}[{place}]")
        elif message.HasField(field.name):
            yield from _no_time_at(content, f"{prefix}{field.name}")


def _no_time_at(content: Message, path: str) -> Iterator[str]:
    if isinstance(content, Timestamp):
        if not (_YEAR_1 <= content.seconds <= _YEAR_9999 and 0 <= content.nanos < _NANOS_END):
            yield path
    elif isinstance(content, Duration):
        is_within = abs(content.seconds) <= _DURATION_MAX and abs(content.nanos) < _NANOS_END
        if not is_within or content.seconds * content.nanos < 0:
            yield path
    else:
        yield from _paths_of_no_time(content, f"{path}.")


@cache
def _timed_fields(descriptor: Descriptor) -> tuple[FieldDescriptor, ...]:
    """The fields of a kind of message that are timestamps or durations, or lead to some."""
    return tuple(field for field in descriptor.fields if _leads_to_time(field))


def _leads_to_time(field: FieldDescriptor) -> bool:
    if field.message_type is None or field.message_type.GetOptions().map_entry:
        return False
    kinds = [field.message_type]
    for kind in kinds:
        if kind in _TIMES:
            return True
        inner = [each.message_type for each in kind.fields if each.message_type is not None]
        kinds.extend(each for each in inner if each not in kinds)
    return False


def _paths_of_nul(message: Message, prefix: str) -> Iterator[str]:
    """The paths of the text fields of a message, and of those in it, that hold NUL."""
    for field, content in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            if any("\0" in str(part) for pair in content.items() for part in pair):
                yield f"{prefix}{field.name}"
            continue
        values = content if field.is_repeated else [content]
        for place, value in enumerate(values):
            path = f"{prefix}{field.name}" + (f"[{place}]" if field.is_repeated else "")
            if field.message_type is not None:
                yield from _paths_of_nul(value, f"{path}.")
            elif field.type == FieldDescriptor.TYPE_STRING and "\0" in value:
                yield path


def warm_up(requests: Iterable[Message]) -> None:
    """Compile the rules of these messages now, so that the first caller does not wait for it."""
    for request in requests:
        protovalidate.collect_violations(request)


def _path(elements: Iterable[FieldPathElementPb]) -> str:
    """The path of a field as BadRequest writes it: `account.name`, `lines[2].amount`."""
    return ".".join(map(_step, elements))


def _step(element: FieldPathElementPb) -> str:
    if element.subscript is None:
        return element.field_name
    return f"{element.field_name}[{element.subscript.value}]"
