"""Exact decimals, to and from the contract's messages."""

import re
from decimal import Decimal
from typing import Final

from google.type.decimal_pb2 import Decimal as ProtoDecimal

from chassis.errors import FieldViolation, InvalidField

_QUANTITY: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


def to_proto_decimal(value: Decimal | None) -> ProtoDecimal | None:
    """An exact decimal as the contract tells it; None stays unset."""
    return None if value is None else ProtoDecimal(value=f"{value:f}")


def from_proto_quantity(message: ProtoDecimal, field: str) -> Decimal:
    """A quantity of a request; InvalidField, naming `field`, if it states none."""
    if not _QUANTITY.fullmatch(message.value):
        text = "must be a quantity such as 2 or 0.5: not negative, with up to 9 decimals"
        raise InvalidField(FieldViolation(field, text))
    return Decimal(message.value)
