"""A stream of requests, each answered by itself: in their order, some of them under way at once.

Nothing is read while as many are under way as may be: whoever sends has to wait. The same holds for
answers that nobody takes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

UNDER_WAY_MAX: Final = 8


class Exchange:
    """One stream under way, from its first request to its last answer.

    `receive` gives the task that serves the next request, None after the last one. What it raises
    ends the stream once those before it are answered; what a task raises ends it at once.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable["asyncio.Task[bytes] | None"]],
        send: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._receive = receive
        self._send = send
        self._room = asyncio.Semaphore(UNDER_WAY_MAX)
        self._under_way: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Answer until the last request is answered; leaves nothing behind, however it ends."""
        receiving = asyncio.create_task(self._receive_all())
        self._keep(receiving)
        try:
            while (serving := await self._under_way.get()) is not None:
                await self._send(await serving)
                self._room.release()
            await receiving
        finally:
            left = list(self._tasks)
            for each in left:
                each.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _receive_all(self) -> None:
        """Take requests in as there is room, and serve each as a task of its own."""
        try:
            while True:
                await self._room.acquire()
                serving = await self._receive()
                if serving is None:
                    return
                self._keep(serving)
                self._under_way.put_nowait(serving)
        finally:
            self._under_way.put_nowait(None)

    def _keep(self, task: "asyncio.Task[Any]") -> None:
        """Remember a task until it is done, so that it can be ended."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
