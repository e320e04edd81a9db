"""How much may be under way at once: calls, streams, bytes of requests."""

import asyncio
from collections import deque


class Admission:
    """Counts what is under way and lets in no more than `limit`."""

    __slots__ = ("_waiting", "limit", "under_way")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.under_way = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def enter(self, size: int = 1) -> bool:
        """Take room of a size; False if there is none. Whoever entered must leave."""
        if self.under_way + size > self.limit:
            return False
        self.under_way += size
        return True

    async def wait(self, size: int) -> None:
        """Take room of a size, as soon as there is some; after those who wait already."""
        if not self._waiting and self.enter(size):
            return
        room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, room))
        try:
            await room
        except asyncio.CancelledError:
            if room.cancelled():
                self._admit()
            else:
                self.leave(size)
            raise

    def leave(self, size: int = 1) -> None:
        """Give the room back."""
        self.under_way -= size
        if self._waiting:
            self._admit()

    def _admit(self) -> None:
        """Let in those who wait, in their order, as far as there is room."""
        while self._waiting:
            size, room = self._waiting[0]
            if not room.done():
                if not self.enter(size):
                    return
                room.set_result(None)
            self._waiting.popleft()
