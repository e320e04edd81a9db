"""The streams under way, so that a stopping server can end them with a word of why."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from chassis.errors import TemporarilyUnavailable


class RunningStreams:
    """Runs each stream as a task of its own, which a stop can cancel without the caller's doing."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def run(self, stream: Coroutine[Any, Any, None]) -> None:
        """Run a stream to its end; TemporarilyUnavailable if the server stops meanwhile."""
        task = asyncio.create_task(stream)
        self._tasks.add(task)
        try:
            if self._stopping:
                task.cancel()
            await asyncio.wait({task})
        finally:
            self._tasks.discard(task)
            if not task.done():
                # The caller went away: end the stream before the call is over.
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if task.cancelled():
            raise TemporarilyUnavailable("A server that is stopping")
        task.result()

    def stop(self) -> None:
        """End all streams, and each that comes later, with UNAVAILABLE."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
