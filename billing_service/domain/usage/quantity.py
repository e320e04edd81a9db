"""Values of usage as whole billionths, which add up fast and exactly.

Units:   `*_nanos` counts billionths of what an event states.
"""

from decimal import Decimal, localcontext
from typing import Final

from billing_service.domain.money import EXACT

NANOS: Final = 10**9
VALUE_MAX: Final = 10**12

_VALUE_NANOS_MAX: Final = VALUE_MAX * NANOS
_DECIMALS_MAX: Final = 9
# So many digits are surely below VALUE_MAX.
_DIGITS_SAFE: Final = 12
_LENGTH_MAX: Final = 1000


def nanos_of(text: str) -> int | None:
    """The value that a text states: `12`, `0.5`. None if an event may not state it.

    Shapes:  digits, and a point between digits; no sign, no exponent; up to 10^12, up to nine
             decimals, zeros at the end aside.
    """
    # Such as the digits of another script are left to what is read with care.
    if len(text) <= _DIGITS_SAFE and text.isdigit() and text.isascii():
        return int(text) * NANOS
    return _read_with_care(text)


def _read_with_care(text: str) -> int | None:
    whole, point, decimals = text.partition(".")
    if len(text) > _LENGTH_MAX or not text.isascii() or not whole.isdigit():
        return None
    if point and not decimals.isdigit():
        return None
    decimals = decimals.rstrip("0")
    if len(decimals) > _DECIMALS_MAX:
        return None
    nanos = int(whole) * NANOS + int(decimals.ljust(_DECIMALS_MAX, "0"))
    return nanos if nanos <= _VALUE_NANOS_MAX else None


def decimal_of(nanos: int) -> Decimal:
    """Billionths as an exact decimal."""
    with localcontext(EXACT):
        return Decimal(nanos).scaleb(-_DECIMALS_MAX)
