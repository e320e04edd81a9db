"""How a story is told while it is played."""

from datetime import datetime
from typing import Protocol

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text


class Narrator(Protocol):
    """Tells a story to somebody."""

    def scene(self, at: datetime, title: str) -> None:
        """A new scene begins."""
        ...

    def tell(self, words: str) -> None:
        """Something happened."""
        ...

    def show(self, picture: RenderableType) -> None:
        """Something to look at."""
        ...


class ConsoleNarrator:
    """Tells it on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last_day = ""

    def scene(self, at: datetime, title: str) -> None:
        """Print the date, when it is a new one, and what it is about."""
        day = f"{at:%a} {at.day} {at:%B %Y}"
        if day != self._last_day:
            self._console.print()
            self._console.rule(Text(day, style="bold cyan"), align="left")
            self._last_day = day
        self._console.print(Text(f"{at:%H:%M}  {title}", style="bold"))

    def tell(self, words: str) -> None:
        """Print what happened."""
        line = Text.assemble(("✓ ", "green"), words)
        self._console.print(Padding(line, (0, 0, 0, 7)))

    def show(self, picture: RenderableType) -> None:
        """Print it, indented."""
        self._console.print(Padding(picture, (0, 0, 0, 7)))


class SilentNarrator:
    """Keeps the scenes' titles and lines, for a test to read."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def scene(self, at: datetime, title: str) -> None:
        """Keep the scene's title."""
        self.lines.append(f"{at:%Y-%m-%d %H:%M} {title}")

    def tell(self, words: str) -> None:
        """Keep what happened."""
        self.lines.append(words)

    def show(self, picture: RenderableType) -> None:
        """Pictures are for people."""
