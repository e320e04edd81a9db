"""Totals as rows and back: figures in billionths as two whole numbers, units and nanos."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from billing_service.domain.usage.day_total import DayTotal
from billing_service.domain.usage.judging import TotalKey
from billing_service.domain.usage.quantity import NANOS

# A third of the time that TotalKey(...) and DayTotal(...) take.
_key: Final[Callable[[tuple[str, str, str, str]], TotalKey]] = partial(tuple.__new__, TotalKey)
_total: Final[Callable[[tuple[Any, ...]], DayTotal]] = partial(tuple.__new__, DayTotal)


def total_to_tuple(key: TotalKey, total: DayTotal) -> tuple[Any, ...]:
    """The total of a day as a row, in the order of the columns."""
    counted, sum_nanos, max_nanos, latest_nanos, latest_at, latest_key, first_at, integral = total
    return (
        *key,
        counted,
        *divmod(sum_nanos, NANOS),
        *divmod(max_nanos, NANOS),
        *divmod(latest_nanos, NANOS),
        latest_at,
        latest_key,
        first_at,
        str(integral),
    )


def total_from_tuple(row: Sequence[Any]) -> tuple[TotalKey, DayTotal]:
    """The total of a row, and whose it is."""
    account, meter, day, dimensions, counted, *figures, latest_at, latest_key, first_at, held = row
    sum_units, sum_nanos, max_units, max_nanos, latest_units, latest_nanos = figures
    total = (
        counted,
        sum_units * NANOS + sum_nanos,
        max_units * NANOS + max_nanos,
        latest_units * NANOS + latest_nanos,
        latest_at,
        latest_key,
        first_at,
        int(held),
    )
    return _key((account, meter, day, dimensions)), _total(total)
