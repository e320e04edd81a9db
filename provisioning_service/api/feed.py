"""EventService: the chassis's feed, for callers whose secret still works."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from google.protobuf.message import Message

from chassis.rpc.call import Call
from chassis.rpc.events import EventFeed
from provisioning_service.api.reading import Reads


class Feed:
    """The servicer of EventService. A watcher whose secret ends is told nothing more."""

    def __init__(self, feed: EventFeed, reads: Reads) -> None:
        self._feed = feed
        self._reads = reads

    async def ListEvents(self, request: Any, call: Call) -> Message:
        """Give a page of the feed."""
        await self._check(call)
        return await self._feed.ListEvents(request, call)

    async def WatchEvents(self, request: Any, call: Call) -> AsyncGenerator[Message, None]:
        """Send the feed from a position on, as it happens."""
        async with aclosing(self._feed.WatchEvents(request, call)) as pages:
            async for page in pages:
                await self._check(call)
                yield page

    async def _check(self, call: Call) -> None:
        if call.caller.secret_hash:
            await self._reads.run(call, lambda _tx: None)
