"""How far an import has come, beside its file, so that it can go on after it was broken off."""

import json
from dataclasses import asdict, dataclass, field, fields
from hashlib import blake2b
from pathlib import Path
from typing import Final

SUFFIX: Final = ".import-state"
_HEAD_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes an import the same one: the file, what is made of it, and where it goes."""

    path: str
    size: int
    head: str
    defaults: tuple[str, ...]
    address: str

    @classmethod
    def of(cls, path: Path, defaults: tuple[str, ...], address: str) -> "Identity":
        """The identity of an import of a file as it is now."""
        with path.open("rb") as file:
            head = blake2b(file.read(_HEAD_BYTES), digest_size=16).hexdigest()
        return cls(path.name, path.stat().st_size, head, defaults, address)


@dataclass(slots=True)
class Tally:
    """What became of the rows so far; `rejected_bytes` of the file of rejected rows are theirs."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejected_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StateFile:
    """The file that tells how far an import has come."""

    path: Path
    identity: Identity
    _temporary: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_temporary", self.path.with_name(f"{self.path.name}.new"))

    def read(self) -> Tally | None:
        """How far this same import has come; None where it never began, or another file did."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            tally = Tally(**{each.name: int(kept["tally"][each.name]) for each in fields(Tally)})
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            # What cannot be read is no reason to stop: events that were taken in are duplicates.
            return None
        return tally if kept["identity"] == _plain(self.identity) else None

    def write(self, tally: Tally) -> None:
        """Keep how far it has come, whole or not at all."""
        told = {"identity": _plain(self.identity), "tally": asdict(tally)}
        self._temporary.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        self._temporary.replace(self.path)

    def remove(self) -> None:
        """Forget it: the import is done."""
        self.path.unlink(missing_ok=True)


def _plain(identity: Identity) -> dict[str, object]:
    return {**asdict(identity), "defaults": list(identity.defaults)}
