"""GetUsageSummary against a bare read of one row by the same path.

Both are served by one process, on the same store, through the same stages from bytes to bytes; 64
callers wait in another. Lines before the result tell how a summary's cost goes with the events that
it sums up, from a thousand to ten million: calls a second, and steps of the store.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import grpc.aio
from pospago.billing.v1 import usage_pb2 as pb

from benchmarks.bare_read import BARE_PATH
from benchmarks.load import bytes_method, run_calls
from benchmarks.measure import Round, alternate, median_cpu_us, report
from benchmarks.metered_service import ACCOUNTS, SIZES, events_of

CALLS_PER_ROUND: Final = 2_000
BAR: Final = 0.50
SUMMARY_PATH: Final = "/pospago.billing.v1.UsageService/GetUsageSummary"


@dataclass(frozen=True, slots=True)
class Served:
    """The service under test; `steps` are those of the store for a summary, by events."""

    port: int
    bare_port: int
    secret: str
    steps: dict[str, int]
    pid: int


@contextmanager
def served() -> Iterator[Served]:
    """The service in a process of its own, on a fresh store."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "benchmarks.metered_service", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield Served(**json.loads(process.stdout.readline()), pid=process.pid)
        finally:
            process.communicate(timeout=30)


def requests_for(numbers: Sequence[int]) -> list[bytes]:
    """Requests for a round, of these accounts in turn."""
    each = [
        pb.GetUsageSummaryRequest(
            subscription=f"accounts/account-{number}/subscriptions/main"
        ).SerializeToString()
        for number in numbers
    ]
    return (each * (CALLS_PER_ROUND // len(each) + 1))[:CALLS_PER_ROUND]


async def measure(under_test: Served) -> None:
    """Alternate summaries and bare reads, then summaries of each size, and report."""
    ours_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.port}")
    bare_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.bare_port}")
    summary = bytes_method(ours_channel, SUMMARY_PATH)
    bare = bytes_method(bare_channel, BARE_PATH)
    metadata = (("authorization", f"Bearer {under_test.secret}"),)
    pid = under_test.pid

    async def of(numbers: Sequence[int]) -> Round:
        requests = requests_for(numbers)
        return await run_calls(summary, requests, metadata=metadata, server_pid=pid)

    async def ours() -> Round:
        return await of(range(ACCOUNTS))

    async def ceiling() -> Round:
        requests = requests_for(range(ACCOUNTS))
        return await run_calls(bare, requests, metadata=metadata, server_pid=pid)

    mine, bares = await alternate(ours, ceiling)
    for size in SIZES:
        numbers = [number for number in range(ACCOUNTS) if events_of(number) == size]
        rate = (await of(numbers)).value
        steps = under_test.steps[str(size)]
        print(f"{size:>12,} events: {rate:,.0f} summaries/s, {steps:,} steps of the store")
    cost_us, bare_us = median_cpu_us(mine), median_cpu_us(bares)
    print(f"server time a call: ours {cost_us:.0f} us, bare {bare_us:.0f} us")
    report("usage_summary", mine, bares, unit="calls/s", bar=BAR)
    await ours_channel.close()
    await bare_channel.close()


def usage_summary() -> None:
    """Summaries on SQLite."""
    with served() as under_test:
        asyncio.run(measure(under_test))
