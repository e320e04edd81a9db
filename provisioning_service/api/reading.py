"""The way from a servicer to the store, for reads, and the pages of its lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.errors import InvalidPageToken
from chassis.rpc.call import Call
from chassis.rpc.pages import PageRequest, PageTokens
from provisioning_service.api.callers import check_still_active

T = TypeVar("T")


class Reads:
    """Reads for callers whose secret still works."""

    def __init__(self, database: Database, clock: Clock, pages: PageTokens) -> None:
        self._database = database
        self._clock = clock
        self._pages = pages

    async def run(self, call: Call, query: Callable[[Transaction], T]) -> T:
        """What `query` gives on a snapshot in which the caller's secret works.

        Errors:  SecretNotActive.
        """
        now = self._clock.now()

        def checked(tx: Transaction) -> T:
            check_still_active(tx, call.caller, now=now)
            return query(tx)

        return await self._database.reading(checked)

    def page(self, request: Message) -> "PageOfIds":
        """The page that a list by id is asked for."""
        asked = self._pages.read(request)
        return PageOfIds(request, self._pages, asked.size, _id_after(asked))


@dataclass(frozen=True, slots=True)
class PageOfIds:
    """A page of a list by id: what follows `after`, at most `size` entries."""

    request: Message
    tokens: PageTokens
    size: int
    after: str

    @property
    def limit(self) -> int:
        """How many to read: one more than the page holds tells whether there is another."""
        return self.size + 1

    def cut(self, found: Sequence[T], id_of: Callable[[T], str]) -> tuple[Sequence[T], str]:
        """The entries of the page, and the token of the next one; empty on the last."""
        entries = found[: self.size]
        if len(found) <= self.size:
            return entries, ""
        return entries, self.tokens.next(self.request, (id_of(entries[-1]),))


def _id_after(asked: PageRequest) -> str:
    match asked.after:
        case None:
            return ""
        case (str() as after,):
            return after
        case _:
            raise InvalidPageToken
