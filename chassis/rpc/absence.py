"""Whether it is to be told that a peer is away: once, and not before it had a fair chance."""

from dataclasses import dataclass
from typing import Final

# Processes that start together find each other within this time.
FAIR_CHANCE_SECONDS: Final = 5.0


@dataclass(slots=True)
class Absence:
    """Since when a peer is away, by a clock of seconds; None: it is not, as far as is known."""

    _since: float | None = None
    _is_told: bool = False

    def noted(self, now: float) -> bool:
        """Note that it is away; gives whether that is to be told now."""
        if self._since is None:
            self._since = now
        if self._is_told or now - self._since < FAIR_CHANCE_SECONDS:
            return False
        self._is_told = True
        return True

    def ended(self) -> bool:
        """Note that it is there; gives whether its absence was told."""
        was_told = self._is_told
        self._since, self._is_told = None, False
        return was_told
