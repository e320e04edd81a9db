"""PostgreSQL's arrays: lists of any length in one parameter."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine


def array_of(kind: TypeEngine[Any]) -> ARRAY[Any]:
    """The type of arrays of a column's type.

    Without its length: a cast to that would cut longer texts off without a word.
    """
    return ARRAY(String() if isinstance(kind, String) else kind)


def array_text(values: Sequence[Any]) -> str:
    """Values as PostgreSQL writes an array of them. The driver takes five times as long."""
    return "{" + ",".join([_element_text(value) for value in values]) + "}"


def _element_text(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case bytes() | memoryview():
            return f'"\\\\x{value.hex()}"'
        case _:
            # Numbers, truth values and dates write themselves as they are read.
            return str(value)
