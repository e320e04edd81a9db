"""How an import gets on: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from pospago_cli.usage.importing_state import Tally

LINE_SECONDS: Final = 5.0


class Watcher(Protocol):
    """Hears how an import gets on."""

    def moved(self, share: float, tally: Tally) -> None:
        """More rows were acknowledged."""
        ...

    def told(self, words: str) -> None:
        """Something is to be known, such as why it waits."""
        ...


@contextmanager
def progress(console: Console, tally: Tally) -> Iterator[Watcher]:
    """Somebody who shows it on the console until the block ends."""
    rate = _Rate(tally.rows)
    if not console.is_terminal:
        yield _Lines(console, rate)
        return
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
        yield _Bar(bar, rate)


def counted(tally: Tally) -> str:
    """What became of the rows, in words."""
    return (
        f"{rows_of(tally.rows)} · {tally.accepted:,} accepted · {tally.duplicates:,} duplicates"
        f" · {tally.rejected:,} rejected"
    )


def rows_of(count: int) -> str:
    """So many rows, in words."""
    return "1 row" if count == 1 else f"{count:,} rows"


class _Rate:
    """How many rows a second, since the import began or went on."""

    def __init__(self, rows: int) -> None:
        self._first_rows = rows
        self._start_s = time.monotonic()

    def text(self, rows: int) -> str:
        seconds = max(time.monotonic() - self._start_s, 0.001)
        return f"{(rows - self._first_rows) / seconds:,.0f} rows/s"


class _Bar:
    def __init__(self, bar: Progress, rate: _Rate) -> None:
        self._bar = bar
        self._rate = rate
        self._task = bar.add_task("", total=1.0)

    def moved(self, share: float, tally: Tally) -> None:
        text = f"{counted(tally)} · {self._rate.text(tally.rows)}"
        self._bar.update(self._task, completed=share, description=text)

    def told(self, words: str) -> None:
        self._bar.console.print(Text(words, style="yellow"))


class _Lines:
    def __init__(self, console: Console, rate: _Rate) -> None:
        self._console = console
        self._rate = rate
        self._next_s = time.monotonic() + LINE_SECONDS

    def moved(self, share: float, tally: Tally) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + LINE_SECONDS
            self.told(f"{share:4.0%} · {counted(tally)} · {self._rate.text(tally.rows)}")

    def told(self, words: str) -> None:
        self._console.print(Text(words), soft_wrap=True)
