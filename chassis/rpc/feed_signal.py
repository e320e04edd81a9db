"""Wakes those who watch the feed when something was committed to it."""

import asyncio
import contextlib

from chassis.feed import Position


class FeedSignal:
    """Counts commits and wakes the watchers of one event loop.

    `committed` is called in the writing thread; all else belongs to the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._event = asyncio.Event()
        self._waiters = 0
        self.commits_count = 0

    def committed(self, _head: Position) -> None:
        """Note a commit."""
        self.commits_count += 1
        # Nobody watches: nobody is woken, and the writer loses no time.
        if self._waiters and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    async def wait(self, seen_count: int, seconds: float) -> None:
        """Return at the next commit after the `seen_count`-th, or after some seconds."""
        self._waiters += 1
        event = self._event
        try:
            # Looked at after the waiter is counted, so that no commit falls between the two.
            if self.commits_count == seen_count:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await event.wait()
        finally:
            self._waiters -= 1

    def _wake(self) -> None:
        self._event.set()
        self._event = asyncio.Event()
