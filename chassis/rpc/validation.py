"""The field rules of the contract, checked before a servicer sees the request."""

from collections.abc import Iterable

import protovalidate
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
