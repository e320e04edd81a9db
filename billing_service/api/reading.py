"""The way from a servicer to the store for reads: snapshots, clocks, pages of lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from billing_service.storage.queries import clock_of, sandbox_of
from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.errors import InvalidPageToken
from chassis.rpc.pages import Key, PageTokens

T = TypeVar("T")


class Reads:
    """Reads on a consistent snapshot, by the clock of whoever is read about."""

    def __init__(self, database: Database, clock: Clock, pages: PageTokens) -> None:
        self._database = database
        self._clock = clock
        self._pages = pages

    async def run(self, query: Callable[[Transaction], T]) -> T:
        """What `query` gives on a snapshot."""
        return await self._database.reading(query)

    async def of_account(self, account: str, query: Callable[[Transaction, int], T]) -> T:
        """What `query` gives on a snapshot, with what the account's clock shows."""
        return await self._database.reading(
            lambda tx: query(tx, self.now_in(tx, sandbox_of(tx, account)))
        )

    def now_in(self, tx: Transaction, sandbox: str) -> int:
        """What the clock of a world shows; the real one for '' and where there is no sandbox."""
        shown = clock_of(tx, sandbox) if sandbox else None
        return self._clock.now() if shown is None else shown

    def page(self, request: Message, first: Key = ("",)) -> "Page":
        """The page that a list is asked for; `first` comes before the first entry's key.

        Errors:  InvalidPageToken, also for a key of another form than `first`.
        """
        asked = self._pages.read(request)
        after = first if asked.after is None else asked.after
        if [type(part) for part in after] != [type(part) for part in first]:
            raise InvalidPageToken
        return Page(request, self._pages, asked.size, after)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: what follows the key `after`, at most `size` entries."""

    request: Message
    tokens: PageTokens
    size: int
    after: Key

    @property
    def after_id(self) -> str:
        """The key of a list by id."""
        return str(self.after[0])

    @property
    def limit(self) -> int:
        """How many to read: one more than the page holds tells whether there is another."""
        return self.size + 1

    def cut(
        self, found: Sequence[T], key_of: Callable[[T], Key], *, more_after: Key | None = None
    ) -> tuple[Sequence[T], str]:
        """The entries of the page, and the token of the next one; empty on the last.

        `more_after`: where the next page goes on if all that was found is on this one.
        """
        entries = found[: self.size]
        if len(found) <= self.size:
            return entries, self.tokens.next(self.request, more_after) if more_after else ""
        return entries, self.tokens.next(self.request, key_of(entries[-1]))
