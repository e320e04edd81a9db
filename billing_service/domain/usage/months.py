"""Months in UTC, by which events are kept and age out."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def month_at(time_at: int) -> date:
    """The month, UTC, that holds an instant, as its first day."""
    return (_EPOCH + timedelta(microseconds=time_at)).date().replace(day=1)


def month_start(month: date) -> int:
    """The first instant of a month, UTC."""
    since = datetime(month.year, month.month, 1, tzinfo=UTC) - _EPOCH
    return since // timedelta(microseconds=1)
