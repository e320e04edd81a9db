"""The field rules of the contract, checked before a servicer sees the request."""

from collections.abc import Iterable, Iterator

import protovalidate
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from protovalidate import FieldPathElementPb

from chassis.errors import FieldViolation, InvalidField
from chassis.rpc.status import VIOLATIONS_MAX


def check_fields(request: Message) -> None:
    """Raise InvalidField, naming each field that breaks its rule."""
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


def check_text(request: Message, payload: bytes) -> None:
    """Raise InvalidField, naming each text that holds NUL: not every store can keep that.

    Without a zero byte in the payload there is none, and the request is not looked through.
    """
    if b"\0" in payload:
        paths = list(_paths_of_nul(request, ""))
        if paths:
            text = "must not hold the character NUL"
            raise InvalidField(*(FieldViolation(path, text) for path in paths[:VIOLATIONS_MAX]))


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
