"""The lines of a text file, however long it is: read one by one, none longer than a bound."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pospago_cli.usage.importing_rows import Unreadable

LINE_BYTES_MAX: Final = 1 << 20
_BOM: Final = "\ufeff"


class Lines(Iterator[str]):
    """The lines of a file with their ends; one that is too long is told as Unreadable.

    Bytes that are no UTF-8 come as surrogates, and go back to the same bytes: see `to_bytes`.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size = path.stat().st_size
        self.read_bytes = 0

    def __next__(self) -> str:
        line = self._file.readline(LINE_BYTES_MAX + 1)
        if not line:
            raise StopIteration
        first = self.read_bytes == 0
        self.read_bytes += len(line)
        if len(line) > LINE_BYTES_MAX:
            self._skip_rest(line)
            raise Unreadable(f"its line has more than {LINE_BYTES_MAX} bytes")
        text = line.decode("utf-8", "surrogateescape")
        return text.removeprefix(_BOM) if first else text

    def _skip_rest(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._file.readline(LINE_BYTES_MAX)
            self.read_bytes += len(line)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def to_bytes(text: str) -> bytes:
    """The bytes that a text was read from."""
    return text.encode("utf-8", "surrogateescape")
