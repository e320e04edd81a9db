"""What is wrong with a catalogue file: where, what, and what to do."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pospago_cli.failures import EXIT_REFUSED, CommandFailed

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one value of a catalogue: its path in the file, and the remedy."""

    path: Path
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class CatalogFault:
    """A flaw with its place in the file."""

    file: str
    line: int
    field: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        text = self.text.rstrip(".")
        return f"{self.file}:{self.line}: {field}{text}." + (f" {self.remedy}" * bool(self.remedy))

    def as_json(self) -> dict[str, object]:
        """The same for machines."""
        return {
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "text": self.text,
            "remedy": self.remedy,
        }


class CatalogRefused(CommandFailed):
    """A catalogue file is wrong; one line for each fault."""

    exit_code = EXIT_REFUSED

    def __init__(self, faults: Sequence[CatalogFault], remedy: str = "") -> None:
        super().__init__("\n".join(map(str, faults)), remedy)
        self.faults = tuple(faults)


def field_of(path: Path) -> str:
    """A path as people write it: `plans.pro.prices[1].flat`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def nearest(word: str, known: Iterable[str]) -> str:
    """A remedy that names what was probably meant, else all there is."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"There are: {', '.join(words)}." if words else "There are none."
