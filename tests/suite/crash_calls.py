"""Calls that are repeated, with the same request id, until somebody acknowledges them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import grpc
import grpc.aio

from tests.suite.clients import Clients, reason_of

# Each attempt; one that waits for a dead service must not hold its caller up.
ATTEMPT_SECONDS: Final = 3.0
ADVANCE_SECONDS: Final = 30.0
GIVE_UP_SECONDS: Final = 300.0
PAUSE_SECONDS: Final = 0.05
_LOST: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }
)


async def insist(clients: Clients, method: Callable[[Clients], Any], request: Any) -> Any:
    """The answer to a request, repeated as it is until it is acknowledged."""
    return await _until_acknowledged(
        lambda: clients.call(method(clients), request, within_s=ATTEMPT_SECONDS)
    )


async def insist_as(
    clients: Clients, method: Callable[[Clients], Any], request: Any, secret: str
) -> Any:
    """The same with another secret."""
    return await _until_acknowledged(
        lambda: clients.call(method(clients), request, secret=secret, within_s=ATTEMPT_SECONDS)
    )


async def insist_on_advance(clients: Clients, sandbox: str, to: datetime) -> None:
    """Move a sandbox's clock; one that is broken off is asked for again with the same time."""

    async def attempt() -> Any:
        return await clients.advance(sandbox, to, within_s=ADVANCE_SECONDS)

    told = await _until_acknowledged(attempt)
    assert told is not None
    assert told.arrived


async def _until_acknowledged(attempt: Callable[[], Awaitable[Any]]) -> Any:
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            return await attempt()
        except grpc.aio.AioRpcError as failure:
            if not may_be_repeated(failure) or time.monotonic() > give_up_at:
                raise
        await asyncio.sleep(PAUSE_SECONDS)


def may_be_repeated(failure: grpc.aio.AioRpcError) -> bool:
    """Whether nobody answered, or the answer was to come back later."""
    if failure.code() in _LOST or reason_of(failure) == "SANDBOX_ADVANCING":
        return True
    # How gRPC tells of a connection that broke in the middle of an answer.
    return failure.code() is grpc.StatusCode.INTERNAL and "RST_STREAM" in (failure.details() or "")
