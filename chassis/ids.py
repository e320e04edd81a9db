"""New identifiers: UUIDv7 with a readable prefix, sorted by time."""

import secrets
import threading
from typing import Final, Protocol

from chassis.clock import Clock

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 26
# Ten bits at a time: 13 look-ups make the 26 characters.
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS: Final = tuple(range(5 * _LENGTH - 10, -1, -10))
_RANDOM_BYTES: Final = 10
_POOL_BYTES: Final = _RANDOM_BYTES * 512


class Ids(Protocol):
    """Gives identifiers that were never given before."""

    def new(self, prefix: str) -> str:
        """A new identifier: `{prefix}-` and 26 lower-case letters and digits."""
        ...


class RandomIds:
    """Identifiers from a clock and the machine's randomness: the bits of a UUIDv7, in base 32."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last_ms = 0
        self._pool = b""
        self._taken_bytes = 0

    def new(self, prefix: str) -> str:
        """A new identifier: `{prefix}-` and 26 lower-case letters and digits."""
        with self._lock:
            self._last_ms = max(self._last_ms, self._clock.now() // 1000)
            millis = self._last_ms
            random = self._random()
        random_a, random_b = random >> 68, random & (1 << 62) - 1
        number = (millis & (1 << 48) - 1) << 80 | 7 << 76 | random_a << 64 | 2 << 62 | random_b
        return f"{prefix}-{_base32(number)}"

    def _random(self) -> int:
        """80 bits of the machine's randomness, fetched by the pool: each fetch costs a switch."""
        if self._taken_bytes >= len(self._pool):
            self._pool = secrets.token_bytes(_POOL_BYTES)
            self._taken_bytes = 0
        start = self._taken_bytes
        self._taken_bytes = start + _RANDOM_BYTES
        return int.from_bytes(self._pool[start : self._taken_bytes], "big")


def _base32(number: int) -> str:
    """128 bits as 26 characters, first the highest."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
