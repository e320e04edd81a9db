"""New identifiers: UUIDv7 with a readable prefix, sorted by time."""

import secrets
import threading
from typing import Final, Protocol

from chassis.clock import Clock

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 26


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

    def new(self, prefix: str) -> str:
        """A new identifier: `{prefix}-` and 26 lower-case letters and digits."""
        with self._lock:
            self._last_ms = max(self._last_ms, self._clock.now() // 1000)
            millis = self._last_ms
        random_a, random_b = secrets.randbits(12), secrets.randbits(62)
        number = (millis & (1 << 48) - 1) << 80 | 7 << 76 | random_a << 64 | 2 << 62 | random_b
        return f"{prefix}-{_base32(number)}"


def _base32(number: int) -> str:
    """128 bits as 26 characters, first the highest."""
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH - 1, -1, -1))
