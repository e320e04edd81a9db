"""The rows that were not taken in, in a file of their own, each with what is wrong."""

from pathlib import Path
from typing import BinaryIO

from pospago_cli.usage.importing_lines import to_bytes


class RejectedFile:
    """A file that is made by the first row that is rejected."""

    def __init__(self, path: Path, header: str, *, kept_bytes: int) -> None:
        """Keep what an import that goes on has written; without any of it, begin anew."""
        self.path = path
        self._header = header
        self._kept_bytes = kept_bytes if path.exists() else 0
        self._file: BinaryIO | None = None
        if self._kept_bytes:
            with path.open("r+b") as file:
                # Rows that were written after the import was last known to stand come again.
                file.truncate(kept_bytes)
        else:
            path.unlink(missing_ok=True)

    def add(self, text: str) -> None:
        """Write a row down."""
        if self._file is None:
            self._file = self._opened()
        self._file.write(to_bytes(text))

    def flushed_bytes(self) -> int:
        """How long the file is, with all that was added."""
        if self._file is None:
            return self._kept_bytes
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        """Close it, if there is one."""
        if self._file is not None:
            self._file.close()

    def _opened(self) -> BinaryIO:
        """The file, its header written."""
        file = self.path.open("ab")
        if not self._kept_bytes:
            file.write(to_bytes(self._header))
        return file
