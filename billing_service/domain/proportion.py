"""Whole amounts in proportion to others, so that the parts add up to the whole."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

_Weight = TypeVar("_Weight", int, Fraction)


def in_proportion(amount_minor: int, weights: Sequence[_Weight]) -> list[int]:
    """An amount in proportion to weights, by largest remainder; of equal ones, the first.

    Shapes:  weights may be negative, as what is taken back is. Where they add up to 0, there is
             nothing that they could be a part of: all goes to the first.
    """
    whole = sum(weights)
    if whole == 0:
        return [amount_minor, *(0 for _ in weights[1:])] if weights else []
    sign = 1 if whole > 0 else -1
    divided = [divmod(amount_minor * weight * sign, whole * sign) for weight in weights]
    parts = [quotient for quotient, _ in divided]
    # Each was rounded down by less than 1, so fewer are missing than there are parts.
    missing = amount_minor - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda place: -divided[place][1])
    for place in by_remainder[:missing]:
        parts[place] += 1
    return parts
