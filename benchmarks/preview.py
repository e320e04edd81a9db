"""PreviewChange against a bare read of one row by the same path.

Both are served by one process, on the same store, through the same stages from bytes to bytes; 64
callers wait in another, and each asks for another number of seats than the one before: what is
previewed is reckoned each time. Lines before the result tell how a preview's cost goes with the
months that a subscription has been billed for: calls a second, processor time, and what is asked
of the store.
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
from pospago.billing.v1 import proration_pb2, usage_pb2
from pospago.billing.v1 import subscription_pb2 as pb

from benchmarks.bare_read import BARE_PATH
from benchmarks.load import bytes_method, run_calls
from benchmarks.measure import Round, alternate, median_cpu_us, report
from benchmarks.preview_service import ACCOUNTS, AGES_MONTHS, SEATS, age_of

CALLS_PER_ROUND: Final = 400
BARE_CALLS_PER_ROUND: Final = 2_000
BAR: Final = 0.50
PREVIEW_PATH: Final = "/pospago.billing.v1.SubscriptionService/PreviewChange"
_SEATS_MAX: Final = 97


@dataclass(frozen=True, slots=True)
class Served:
    """The service under test; `asked` is what a preview asks of the store, by months of age."""

    port: int
    bare_port: int
    secret: str
    asked: dict[str, tuple[int, int]]
    pid: int


@contextmanager
def served() -> Iterator[Served]:
    """The service in a process of its own, on a fresh store."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "benchmarks.preview_service", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield Served(**json.loads(process.stdout.readline()), pid=process.pid)
        finally:
            process.communicate(timeout=30)


def previews_of(numbers: Sequence[int]) -> list[bytes]:
    """Requests for a round, of these accounts in turn, each with other seats than the last."""
    return [
        pb.PreviewChangeRequest(
            name=f"accounts/account-{numbers[place % len(numbers)]}/subscriptions/main",
            holding=pb.Holding(
                plan="plans/hybrid",
                held=[
                    pb.Subscription.HeldQuantity(
                        price="seats", quantity={"value": str(SEATS + 1 + place % _SEATS_MAX)}
                    )
                ],
            ),
            proration=proration_pb2.Proration(mode=proration_pb2.Proration.MODE_PRORATE_NOW),
        ).SerializeToString()
        for place in range(CALLS_PER_ROUND)
    ]


def bare_reads() -> list[bytes]:
    """Requests for a round of bare reads."""
    each = [
        usage_pb2.GetUsageSummaryRequest(
            subscription=f"accounts/account-{number}/subscriptions/main"
        ).SerializeToString()
        for number in range(ACCOUNTS)
    ]
    return (each * (BARE_CALLS_PER_ROUND // len(each) + 1))[:BARE_CALLS_PER_ROUND]


async def measure(under_test: Served) -> None:
    """Alternate previews and bare reads, then previews at each age, and report."""
    ours_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.port}")
    bare_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.bare_port}")
    preview = bytes_method(ours_channel, PREVIEW_PATH)
    bare = bytes_method(bare_channel, BARE_PATH)
    metadata = (("authorization", f"Bearer {under_test.secret}"),)
    pid = under_test.pid

    async def of(numbers: Sequence[int]) -> Round:
        return await run_calls(preview, previews_of(numbers), metadata=metadata, server_pid=pid)

    async def ours() -> Round:
        return await of(range(ACCOUNTS))

    async def ceiling() -> Round:
        return await run_calls(bare, bare_reads(), metadata=metadata, server_pid=pid)

    mine, bares = await alternate(ours, ceiling)
    for age in AGES_MONTHS:
        found = await of([number for number in range(ACCOUNTS) if age_of(number) == age])
        statements, steps = under_test.asked[str(age)]
        print(
            f"{age:>3} months: {found.value:,.0f} previews/s, {found.server_cpu_us:,.0f} us, "
            f"{statements} statements, {steps:,} steps of the store"
        )
    cost_us, bare_us = median_cpu_us(mine), median_cpu_us(bares)
    print(f"server time a call: ours {cost_us:.0f} us, bare {bare_us:.0f} us")
    report("preview", mine, bares, unit="calls/s", bar=BAR)
    await ours_channel.close()
    await bare_channel.close()


def preview() -> None:
    """Previews of changes on SQLite."""
    with served() as under_test:
        asyncio.run(measure(under_test))
