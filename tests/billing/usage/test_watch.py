"""Summaries, queries and watching through the real server: told at once, and on change."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import grpc.aio
import pytest
from pospago.billing.v1 import usage_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.usage_summaries import UsageSummaries
from billing_service.api.usage_watching import UsageWatching
from chassis.clock import from_datetime
from chassis.rpc.feed_signal import FeedSignal
from chassis.rpc.pages import PageTokens
from tests.billing.builders import Billing
from tests.billing.serving import Served, refused, serving
from tests.billing.usage.ingesting import event_of, ingest
from tests.billing.usage.summarising import Summarised, fixed, per_unit

SUBSCRIPTION = "accounts/acme/subscriptions/main"
SOON_SECONDS = 0.3


def subscribe(billing: Billing) -> None:
    """An account that is subscribed to a metered price, and another one."""
    Summarised.on(billing, per_unit("calls", "0.01", included=fixed("1000")))
    billing.account("bolt", zone="UTC")


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with a subscription to a metered price."""
    async with serving(tmp_path_factory.mktemp("watch")) as running:
        await running.inside(subscribe)
        yield running


async def use(served: Served, event_id: str, account: str = "acme") -> None:
    """One call is used."""
    used = event_of(event_id, None, kind="calls", account=account)
    await served.inside(lambda billing: ingest(billing, used))


@contextmanager
def watching(served: Served, interval_seconds: float = 0.1) -> Iterator[Any]:
    """A watcher of the subscription, who goes away at the end."""
    request = pb.WatchUsageRequest(subscription=SUBSCRIPTION)
    request.interval.FromNanoseconds(int(interval_seconds * 1e9))
    metadata = (("authorization", f"Bearer {served.operator_secret}"),)
    call = served.stubs.usage.WatchUsage(request, metadata=metadata, timeout=120)
    try:
        yield call
    finally:
        call.cancel()


def quantity(answer: Any) -> int:
    """How much of the one price is used."""
    (summary,) = answer.summaries
    return int(summary.quantity.value)


async def is_quiet(call: Any) -> bool:
    """Whether a watcher is told nothing for a while."""
    waiting = asyncio.ensure_future(call.read())
    done, _ = await asyncio.wait({waiting}, timeout=SOON_SECONDS)
    return not done


async def test_summary_of_a_price(served: Served) -> None:
    """GetUsageSummary tells figures, period, unit, money and method."""
    await use(served, "get-1")
    request = pb.GetUsageSummaryRequest(subscription=SUBSCRIPTION, price="calls")
    (summary,) = (await served.call(served.stubs.usage.GetUsageSummary, request)).summaries
    start, end = summary.period_start_date, summary.period_end_date
    told = (
        summary.meter,
        summary.unit,
        summary.cost.currency_code,
        summary.included_quantity.value,
    )
    assert (told, start.day, end.day) == (("meters/calls", "GB", "USD", "1000"), 1, 1)


async def test_days_of_a_meter(served: Served) -> None:
    """QueryUsage gives the buckets of the present month, and their total."""
    await use(served, "query-1")
    request = pb.QueryUsageRequest(parent="accounts/acme", meter="meters/calls")
    answer = await served.call(served.stubs.usage.QueryUsage, request)
    total = sum(int(each.quantity.value) for each in answer.buckets)
    assert (str(total), answer.unit) == (answer.total_quantity.value, "GB")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"parent": "accounts/nobody", "meter": "meters/calls"}, "ACCOUNT_NOT_FOUND"),
        ({"parent": "accounts/acme", "meter": "meters/none"}, "METER_NOT_FOUND"),
        (
            {"parent": "accounts/acme", "meter": "meters/calls", "group_by": ["colour"]},
            "INVALID_DIMENSION",
        ),
        (
            {
                "parent": "accounts/acme",
                "meter": "meters/calls",
                "start_date": {"year": 2026, "month": 3, "day": 1},
                "end_date": {"year": 2026, "month": 3, "day": 1},
            },
            "INVALID_TIME_RANGE",
        ),
    ],
)
async def test_refused_queries(served: Served, values: Any, reason: str) -> None:
    """Each fault of a query has its own reason."""
    method = served.stubs.usage.QueryUsage
    assert (await refused(served, method, pb.QueryUsageRequest(**values)))[1] == reason


async def test_told_at_once_and_on_change(served: Served) -> None:
    """The first answer comes at once, the next one with the next event."""
    with watching(served) as call:
        before = quantity(await call.read())
        await use(served, "change-1")
        assert quantity(await call.read()) == before + 1


async def test_a_burst_is_told_once(served: Served) -> None:
    """Between two answers lies the interval, and the second one has all of a burst."""
    with watching(served, SOON_SECONDS) as call:
        before = quantity(await call.read())
        started = time.monotonic()
        for number in range(5):
            await use(served, f"burst-{number}")
        while quantity(await call.read()) < before + 5:
            pass
        assert time.monotonic() - started >= SOON_SECONDS / 2


async def test_nothing_is_told_of_others(served: Served) -> None:
    """What others use, and what is foreseen as time goes on, is no change."""
    with watching(served) as call:
        await call.read()
        served.clock.advance_to(served.clock.now() + 3_600_000_000)
        await use(served, "other-1", account="bolt")
        assert await is_quiet(call)


async def test_the_turn_of_a_period_is_told(served: Served) -> None:
    """When the month turns, the summary of the new one comes, though nothing was written."""
    now = datetime.fromtimestamp(served.clock.now() / 1e6, ZoneInfo("UTC")).date()
    turn = (now.replace(day=28) + timedelta(days=7)).replace(day=1)
    turn_at = from_datetime(datetime(turn.year, turn.month, 1, tzinfo=ZoneInfo("UTC")))
    served.clock.advance_to(turn_at - 200_000)
    await use(served, "turn-1")
    with watching(served) as call:
        await call.read()
        served.clock.advance_to(turn_at)
        (summary,) = (await call.read()).summaries
    start = summary.period_start_date
    assert (date(start.year, start.month, start.day), summary.quantity.value) == (turn, "0")


async def test_a_watcher_may_go_and_another_come(served: Served) -> None:
    """A watcher who goes away leaves nothing behind that keeps others from being told."""
    with watching(served) as call:
        await call.read()
    with watching(served) as call:
        before = quantity(await call.read())
        await use(served, "again-1")
        assert quantity(await call.read()) == before + 1


async def test_an_unknown_subscription_is_refused(served: Served) -> None:
    """Nobody watches what there is not."""
    request = pb.WatchUsageRequest(subscription="accounts/acme/subscriptions/none")
    metadata = (("authorization", f"Bearer {served.operator_secret}"),)
    call = served.stubs.usage.WatchUsage(request, metadata=metadata, timeout=60)
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await call.read()
    assert refusal.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_stopping_server_ends_the_watch(tmp_path: Path) -> None:
    """A watcher is told that the server stops, and does not keep it from stopping."""
    async with serving(tmp_path) as running:
        await running.inside(subscribe)
        with watching(running) as call:
            await call.read()
            await running.app.server.stop()
            with pytest.raises(grpc.aio.AioRpcError) as ending:
                await call.read()
    assert ending.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_what_other_processes_write_is_found(billing: Billing) -> None:
    """Where others write to the store too, a watcher is told without a signal."""
    subscribe(billing)
    reads = Reads(billing.database, billing.clock, PageTokens(b"key"))
    silent = FeedSignal(asyncio.get_running_loop())
    request = pb.WatchUsageRequest(subscription=SUBSCRIPTION)
    request.interval.FromMilliseconds(100)
    watch = UsageWatching(UsageSummaries(reads), silent, is_alone=False).watch(request)
    before = quantity(await anext(watch))
    await asyncio.to_thread(ingest, billing, event_of("elsewhere", None, kind="calls"))
    after = quantity(await anext(watch))
    await watch.aclose()
    assert after == before + 1
