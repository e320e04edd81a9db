"""A load of calls from one client process: so many callers, each waiting for its answer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import grpc

from benchmarks.measure import Round, processor_us

CALLERS: Final = 64
Method = Callable[..., Any]


def bytes_method(channel: grpc.aio.Channel, path: str) -> Method:
    """A unary method that takes and gives bytes."""
    return channel.unary_unary(path)


async def run_calls(
    method: Method,
    requests: Sequence[bytes],
    *,
    metadata: Sequence[tuple[str, str]] = (),
    callers: int = CALLERS,
    server_pid: int = 0,
) -> Round:
    """All requests sent; gives calls a second and what a call cost the server."""
    waiting = iter(requests)
    cpu_before_us = processor_us(server_pid) if server_pid else 0.0
    started = time.perf_counter()

    async def caller() -> None:
        for request in waiting:
            await method(request, metadata=metadata, timeout=60)

    await asyncio.gather(*(caller() for _ in range(callers)))
    elapsed = time.perf_counter() - started
    cpu_us = (processor_us(server_pid) - cpu_before_us) / len(requests) if server_pid else 0.0
    return Round(len(requests) / elapsed, cpu_us)


async def latencies_us(
    method: Method, requests: Sequence[bytes], *, metadata: Sequence[tuple[str, str]] = ()
) -> list[float]:
    """How long each call takes when one caller makes them one after the other."""
    found = []
    for request in requests:
        started = time.perf_counter()
        await method(request, metadata=metadata, timeout=60)
        found.append((time.perf_counter() - started) * 1_000_000)
    return found
