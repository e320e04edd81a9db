"""What a catalogue file says in one word: numbers, percentages, codes, yes and no."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

# Digits may be grouped by single underscores.
_NUMBER: Final = r"[0-9]+(_[0-9]+)*(\.[0-9]+(_[0-9]+)*)?"
_WHOLE: Final = r"[0-9]+(_[0-9]+)*"
# Decimals behind a comma, and what is left of them as a key between braces.
DECIMALS: Final = re.compile(rf"{_WHOLE}%?", re.ASCII)
COMMA: Final = re.compile(rf"{_WHOLE},{_WHOLE}%?", re.ASCII)
POINT: Final = "Write a decimal point, not a comma, such as 29.90."


def _number(value: object) -> str:
    """A number of 0 or more as exact digits."""
    if not isinstance(value, str) or not re.fullmatch(_NUMBER, value, re.ASCII):
        raise ValueError(_said(value, "a number such as 49.90 or 10_000"))
    return value.replace("_", "")


def _percent(value: object) -> str:
    """A number of percent; the sign may be left out."""
    if not isinstance(value, str) or not re.fullmatch(f"{_NUMBER}%?", value, re.ASCII):
        raise ValueError(_said(value, "a percentage such as 8.5 or 8.5%"))
    return value.replace("_", "").removesuffix("%")


def _discount(value: object) -> str:
    """A number of percent with its sign, or an amount without one."""
    if not isinstance(value, str) or not re.fullmatch(f"{_NUMBER}%?", value, re.ASCII):
        raise ValueError(_said(value, "a percentage such as 20% or an amount such as 5.00"))
    return value.replace("_", "")


def _whole(value: object) -> object:
    """A whole number of 0 or more."""
    if isinstance(value, str):
        if not re.fullmatch(_WHOLE, value, re.ASCII) or len(value) > 24:
            raise ValueError(_said(value, "a whole number such as 12"))
        return int(value.replace("_", ""))
    return value


def _flag(value: object) -> object:
    """`true` or `false`, in no other spelling."""
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise ValueError(_said(value, "true or false"))
        return value == "true"
    return value


def _said(value: object, wanted: str) -> str:
    seen = repr(value) if isinstance(value, str) and value else "what is there"
    return f"must be {wanted}, and {seen} is none"


Number = Annotated[
    str,
    BeforeValidator(_number),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": f"^{_NUMBER}$"},
            ]
        }
    ),
]
Percent = Annotated[
    str,
    BeforeValidator(_percent),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 100},
                {"type": "string", "pattern": f"^{_NUMBER}%?$"},
            ]
        }
    ),
]
Discount = Annotated[
    str,
    BeforeValidator(_discount),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": f"^{_NUMBER}%?$"},
            ]
        }
    ),
]
_WHOLE_SCHEMA: Final = WithJsonSchema(
    {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_WHOLE}$"}]}
)
# What the contract keeps in 32 bits, and the few counts that may be larger.
Whole = Annotated[int, BeforeValidator(_whole), Field(le=2_147_483_647), _WHOLE_SCHEMA]
Large = Annotated[int, BeforeValidator(_whole), Field(le=1_000_000_000_000), _WHOLE_SCHEMA]
Flag = Annotated[bool, BeforeValidator(_flag)]
Slug = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
Code = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
Property = Annotated[str, Field(pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
