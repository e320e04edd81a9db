"""Decimals and choices of the contract's messages, read with their faults and told exactly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from google.protobuf.message import Message
from google.type.decimal_pb2 import Decimal as ProtoDecimal

from billing_service.domain.price_models import Fault

E = TypeVar("E", bound=Enum)

_DIGITS_MAX: Final = 20
_DECIMAL: Final = re.compile(rf"-?[0-9]{{1,{_DIGITS_MAX}}}(\.[0-9]{{1,{_DIGITS_MAX}}})?")
_NO_DECIMAL: Final = (
    f"must be a decimal such as 12.50: no exponent, at most {_DIGITS_MAX} digits on each side"
)
ZERO: Final = Decimal(0)


@dataclass(slots=True)
class Figures:
    """Reads decimals, and notes the path of each one that is none; that one reads as 0."""

    faults: list[Fault] = field(default_factory=list)

    def optional(self, message: Message, name: str, path: str = "") -> Decimal | None:
        """The decimal in a field; None if it is unset. `path` leads to the message."""
        if not message.HasField(name):
            return None
        return self.stated(getattr(message, name), f"{path}{name}")

    def of(self, message: Message, name: str, path: str = "") -> Decimal:
        """The decimal in a field; 0 if it is unset."""
        return self.optional(message, name, path) or ZERO

    def stated(self, message: ProtoDecimal, path: str) -> Decimal:
        """The decimal that a message at `path` states."""
        if _DECIMAL.fullmatch(message.value):
            return Decimal(message.value)
        self.faults.append(Fault(path, _NO_DECIMAL))
        return ZERO


@dataclass(frozen=True, slots=True)
class Choice(Generic[E]):
    """An enum of the contract and ours, whose values have the same names but for a prefix."""

    members: Mapping[int, E]
    numbers: Mapping[E, Any]

    @classmethod
    def of(cls, values: Any, prefix: str, enum: type[E]) -> "Choice[E]":
        """The pairs of `PREFIX_NAME` and `NAME`."""
        numbers = {member: values.Value(f"{prefix}_{member.name}") for member in enum}
        return cls({number: member for member, number in numbers.items()}, numbers)

    def read(self, number: int, unset: E) -> E:
        """The member with a number; `unset` for the unspecified one."""
        return self.members.get(number, unset)
