"""What time it is. The only module that reads the world's clock."""

import threading
import time
from datetime import UTC, datetime
from typing import Final, Protocol

MICROSECONDS_PER_SECOND: Final = 1_000_000


class Clock(Protocol):
    """Tells the time as UTC microseconds since 1970."""

    def now(self) -> int:
        """The present instant, in UTC microseconds since 1970."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """The present instant, in UTC microseconds since 1970."""
        return time.time_ns() // 1000  # noqa: TID251 - this module is where the clock is read


class ManualClock:
    """A clock that stands until it is moved, for tests that play months with real workers."""

    def __init__(self, now_at: int) -> None:
        self._now_at = now_at
        self._lock = threading.Lock()

    def now(self) -> int:
        """The instant it was set to."""
        with self._lock:
            return self._now_at

    def advance_to(self, now_at: int) -> None:
        """Move it to `now_at`, never back."""
        with self._lock:
            self._now_at = max(self._now_at, now_at)


def to_datetime(instant_at: int) -> datetime:
    """The instant as an aware datetime in UTC."""
    seconds, micros = divmod(instant_at, MICROSECONDS_PER_SECOND)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


def from_datetime(moment: datetime) -> int:
    """UTC microseconds since 1970 of an aware datetime, exactly."""
    delta = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * MICROSECONDS_PER_SECOND + delta.microseconds
