"""Totals as rows and back: figures in billionths as two whole numbers, units and nanos."""

from collections.abc import Sequence
from typing import Any

from billing_service.domain.usage.day_total import DayTotal
from billing_service.domain.usage.judging import TotalKey
from billing_service.domain.usage.quantity import NANOS


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
    total = DayTotal(
        row[4],
        row[5] * NANOS + row[6],
        row[7] * NANOS + row[8],
        row[9] * NANOS + row[10],
        row[11],
        row[12],
        row[13],
        int(row[14]),
    )
    return TotalKey(row[0], row[1], row[2], row[3]), total
