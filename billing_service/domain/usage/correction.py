"""Events as they are kept, and what was done to them since: corrections are facts of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

NO_DATA: Final[Mapping[str, str]] = MappingProxyType({})


class CorrectionKind(Enum):
    """What was done to an event."""

    AMENDED = "amended"
    VOIDED = "voided"


class Why(NamedTuple):
    """Why events are corrected, and who does it."""

    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class Correction:
    """That an event was amended or voided, in order from 1; `data` holds from then on."""

    account: str
    event_key: bytes
    ordinal: int
    kind: CorrectionKind
    data: Mapping[str, str]
    why: Why
    recorded_at: int


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it came, and what was corrected, the earliest first.

    `meters` names those of its type that there were when it came, each between slashes.
    """

    account: str
    source: str
    event_id: str
    event_key: bytes
    type: str
    time_at: int
    data: Mapping[str, str]
    meters: str
    recorded_at: int
    corrections: tuple[Correction, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it counts: it was not voided."""
        return not self.corrections or self.corrections[-1].kind is not CorrectionKind.VOIDED

    @property
    def data_now(self) -> Mapping[str, str]:
        """Its data after all amendments."""
        return self.corrections[-1].data if self.corrections else self.data

    def amended(self, data: Mapping[str, str], why: Why, now: int) -> "RecordedEvent":
        """The event with other data from now on."""
        return self._corrected(CorrectionKind.AMENDED, data, why, now)

    def voided(self, why: Why, now: int) -> "RecordedEvent":
        """The event, which counts no more."""
        return self._corrected(CorrectionKind.VOIDED, NO_DATA, why, now)

    def _corrected(
        self, kind: CorrectionKind, data: Mapping[str, str], why: Why, now: int
    ) -> "RecordedEvent":
        ordinal = len(self.corrections) + 1
        more = Correction(self.account, self.event_key, ordinal, kind, data, why, now)
        return replace(self, corrections=(*self.corrections, more))
