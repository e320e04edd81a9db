"""What a document tells its reader to do: its fenced blocks, in order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# The README speaks of the data folder before there is one.
MADE_BY_A_RUN: Final = "data/"
_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE_NAME: Final = re.compile(r"^# ([\w.]+\.py)\n")
_PATH: Final = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
_COMMAND: Final = re.compile(r"`pospago((?:\s[a-z][a-z-]*)+)")
_LINK: Final = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, and what the reader is told to see; None: nothing is shown."""

    place: str
    language: str
    text: str
    output: str | None

    @property
    def refused(self) -> bool:
        """Whether the reader is told that it will be refused."""
        return (self.output or "").startswith("ERROR:")

    @property
    def file_name(self) -> str:
        """The file that a Python step is to be saved as, named in its first line."""
        found = _FILE_NAME.match(self.text)
        assert found, f"{self.place}: the first line must name the file, as `# name.py`"
        return found[1]


def documents() -> tuple[Path, ...]:
    """Every document for readers, the README first."""
    return (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def all_pages() -> tuple[Path, ...]:
    """The documents, the decision records, the change log and the README of each package."""
    packages = (
        path for path in ROOT.glob("*/**/README.md") if path.relative_to(ROOT).parts[0][0] != "."
    )
    records = (ROOT / "docs" / "decisions").glob("[0-9]*.md")
    return (*documents(), ROOT / "CHANGELOG.md", *sorted(records), *sorted(packages))


def steps(document: Path) -> list[Step]:
    """The steps of a document; a block `output` belongs to the block of commands before it."""
    found: list[Step] = []
    text = document.read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        language, body = fence[1], fence[2]
        place = f"{document.name}:{text.count(chr(10), 0, fence.start()) + 1}"
        if language == "output":
            told = found.pop()
            assert told.output is None, f"{place}: output of what?"
            found.append(Step(told.place, told.language, told.text, body))
        elif language in {"sh", "python"}:
            found.append(Step(place, language, body, None))
    return found


def named_paths(page: Path) -> Iterator[str]:
    """What a page names as a file or folder: by a path in backticks, or by a link."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for pattern in (_PATH, _LINK):
        for found in pattern.finditer(text):
            if not found[1].startswith(MADE_BY_A_RUN):
                yield found[1]


def enforcing_tests(record: Path) -> list[str]:
    """The test files that a decision record names as what enforces it."""
    _, _, told = record.read_text(encoding="utf-8").partition("**Enforced by.**")
    return [name for name in _PATH.findall(told) if name.startswith("tests/")]


def spoken_commands(page: Path) -> Iterator[list[str]]:
    """Each `pospago noun verb` in running text, as its words up to the first argument."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for found in _COMMAND.finditer(text):
        yield found[1].split()
