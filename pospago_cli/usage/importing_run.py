"""An import under way: rows are read, sent, and written down by what became of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pospago.billing.v1 import usage_pb2 as pb

from pospago_cli.usage.events import reason_of
from pospago_cli.usage.importing_files import UsageFile
from pospago_cli.usage.importing_progress import Watcher
from pospago_cli.usage.importing_rejected import RejectedFile
from pospago_cli.usage.importing_rows import Row
from pospago_cli.usage.importing_sender import Batch, OpenStream, Sender, batches_of
from pospago_cli.usage.importing_state import StateFile, Tally

UNREADABLE: Final = "UNREADABLE"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that was not taken in, and why."""

    row: Row
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Import:
    """An import: its file, how far it has come, and where rejected rows go."""

    file: UsageFile
    state: StateFile
    tally: Tally
    rejected_path: Path
    batch_rows: int

    def run(self, open_stream: OpenStream, watcher: Watcher) -> None:
        """Take in every row that was not acknowledged yet; the tally says what became of them."""
        rejected = RejectedFile(
            self.rejected_path,
            self.file.rejected_header(),
            kept_bytes=self.tally.rejected_bytes,
        )
        try:
            batches = batches_of(self.file.rows(self.tally.rows), self.batch_rows)
            sender = Sender(open_stream, watcher.told)
            for batch, answer in sender.acknowledged(batches):
                self._note(batch, answer, rejected)
                watcher.moved(self.file.share, self.tally)
        finally:
            rejected.close()
        self.state.remove()

    def _note(self, batch: Batch, answer: pb.StreamEventsResponse, rejected: RejectedFile) -> None:
        """Write down what became of a batch: rejected rows first, then how far that is."""
        for each in rejections(batch.rows, answer.refusals):
            text = self.file.rejected_line(each.row, each.reason, each.message)
            rejected.add(text)
            self.tally.rejected += 1
        self.tally.rows = batch.rows[-1].number
        self.tally.accepted += answer.accepted_count
        self.tally.duplicates += list(answer.outcomes).count(pb.EVENT_OUTCOME_DUPLICATE)
        self.tally.rejected_bytes = rejected.flushed_bytes()
        self.state.write(self.tally)


def rejections(rows: Iterable[Row], refusals: Iterable[pb.EventRefusal]) -> Iterator[Rejection]:
    """The rows of a batch that were not taken in, in their order."""
    refused = {each.index: each for each in refusals}
    place = 0
    for row in rows:
        if row.event is None:
            yield Rejection(row, UNREADABLE, row.fault)
            continue
        if refusal := refused.get(place):
            said = f"{refusal.field}: {refusal.message}" if refusal.field else refusal.message
            yield Rejection(row, reason_of(refusal), said)
        place += 1
