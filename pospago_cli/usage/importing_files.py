"""The kinds of files that usage is imported from, and how each is opened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pospago_cli.failures import CommandFailed
from pospago_cli.usage.importing_csv import CsvFile
from pospago_cli.usage.importing_jsonl import JsonlFile
from pospago_cli.usage.importing_rows import Defaults, Row


class UsageFile(Protocol):
    """A file of usage, and how its rejected rows are written."""

    @property
    def rejected_suffix(self) -> str:
        """What is added to its name for the file of rejected rows."""
        ...

    @property
    def share(self) -> float:
        """How much of it was read, from 0 to 1."""
        ...

    def rows(self, after: int) -> Iterator[Row]:
        """The rows that follow the first `after`."""
        ...

    def rejected_header(self) -> str:
        """What the file of rejected rows begins with."""
        ...

    def rejected_line(self, row: Row, reason: str, message: str) -> str:
        """A rejected row with what is wrong."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


def opened(path: Path, defaults: Defaults) -> UsageFile:
    """The file, by the end of its name."""
    match path.suffix:
        case ".csv":
            return CsvFile(path, defaults)
        case ".jsonl":
            return JsonlFile(path, defaults)
        case ".parquet":
            # Only now: the library is large, and no other command needs it.
            from pospago_cli.usage.importing_parquet import ParquetFile  # noqa: PLC0415

            return ParquetFile(path, defaults)
        case _:
            raise CommandFailed(
                f"{path} is of no kind that can be imported.",
                "Name it .csv, .jsonl (a CloudEvent on each line) or .parquet.",
            )
