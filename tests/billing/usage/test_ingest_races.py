"""Many clients at once: every increment counts, and nothing counts twice, on both stores."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import grpc.aio
import pytest
from pospago.billing.v1 import usage_pb2
from sqlalchemy import text

from billing_service.domain.meter import Aggregation
from billing_service.domain.usage.event import EventOutcome, UsageEvent
from billing_service.storage.usage_gathering import gather_intake
from billing_service.use_cases.ingest import INGEST
from chassis.entry import Submission
from tests.billing.builders import START_AT, Billing, create_store
from tests.billing.serving import Served, serving
from tests.billing.usage.ingesting import batch_of, event_of, measure, meter_of, rows_of

CLIENTS = 200
INCREMENTS = 50
SENDERS = 20
HOUR_US = 3_600_000_000


@pytest.fixture
def processes(url: str) -> Iterator[list[Billing]]:
    """The service with an account and its meters: on PostgreSQL in two processes."""
    with ExitStack() as stack:
        count = 2 if url.startswith("postgresql") else 1
        running = [Billing.at(url) for _ in range(count)]
        for each in running:
            stack.callback(each.close)
        running[0].account()
        measure(
            running[0],
            meter_of("calls", Aggregation.COUNT),
            meter_of("sum"),
            meter_of("people", Aggregation.UNIQUE_COUNT),
        )
        yield running


async def send(billing: Billing, events: Sequence[UsageEvent]) -> list[int]:
    """What becomes of events that one of many clients sends."""
    answer = await billing.writer.submit(Submission(INGEST, batch_of(billing, events), "test"))
    outcomes: list[int] = answer.body.outcomes
    return outcomes


def totals_of(billing: Billing) -> dict[str, int]:
    """How many events each meter counted."""
    return {row["meter"]: row["events_count"] for row in rows_of(billing, "usage_totals")}


def test_parallel_increments_all_count(processes: list[Billing]) -> None:
    """200 clients add 1 to one subscription 50 times each: exactly 10,000."""

    async def client(number: int) -> None:
        own = processes[number % len(processes)]
        for turn in range(INCREMENTS):
            event = event_of(f"{number}/{turn}", START_AT - HOUR_US + turn)
            assert await send(own, [event]) == [EventOutcome.ACCEPTED]

    async def clients() -> None:
        await asyncio.gather(*(client(number) for number in range(CLIENTS)))

    asyncio.run(clients())
    (total,) = (row for row in rows_of(processes[0], "usage_totals") if row["meter"] == "sum")
    assert total["sum_units"] == CLIENTS * INCREMENTS
    assert set(totals_of(processes[0]).values()) == {CLIENTS * INCREMENTS}


def test_batch_that_many_send_at_once_counts_once(processes: list[Billing]) -> None:
    """20 clients send the same 100 events in one moment: each is accepted by one of them."""
    batch = [event_of(str(number), START_AT - number, str(number)) for number in range(100)]

    async def senders() -> list[list[int]]:
        own = (processes[number % len(processes)] for number in range(SENDERS))
        return await asyncio.gather(*(send(each, batch) for each in own))

    answers = asyncio.run(senders())
    accepted = [answer.count(EventOutcome.ACCEPTED) for answer in answers]
    assert sum(accepted) == len(batch)
    assert set(totals_of(processes[0]).values()) == {len(batch)}


def test_months_that_two_need_at_once_are_made_once(processes: list[Billing]) -> None:
    """The first events of several months come from everywhere at the same time."""
    month_us = 31 * 24 * HOUR_US

    async def senders() -> None:
        await asyncio.gather(
            *(
                send(
                    processes[number % len(processes)],
                    [event_of(f"{number}/{n}", START_AT - n * month_us) for n in range(4)],
                )
                for number in range(SENDERS)
            )
        )

    asyncio.run(senders())
    assert len(rows_of(processes[0], "usage_segments")) == 4


@pytest.fixture
def database_url(request: pytest.FixtureRequest, new_postgres_database: Callable[..., str]) -> str:
    """Where a service keeps its data; empty: in SQLite, in its folder."""
    if request.param == "sqlite":
        return ""
    return new_postgres_database("billing", create_store)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_batch_sent_by_many_callers_at_once_counts_once(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same through the real server: 20 callers, one batch, one count."""
    async with serving(tmp_path_factory.mktemp("served"), database_url=database_url) as served:
        await served.inside(_meter)
        answers = await _call_at_once(served)
        totals = await served.inside(totals_of)
    assert sum(answers) == 100
    assert totals == {"calls": 100}


def _meter(billing: Billing) -> None:
    billing.account()
    measure(billing, meter_of("calls", Aggregation.COUNT))


async def _call_at_once(served: Served) -> list[int]:
    """How many events each of many callers is told that it brought."""
    events = [
        usage_pb2.UsageEvent(
            source="gate", id=str(number), subject="accounts/acme", type="api.call"
        )
        for number in range(100)
    ]
    request = usage_pb2.IngestEventsRequest(events=events)

    async def caller() -> int:
        async with grpc.aio.insecure_channel(served.app.address) as channel:
            own = type(served.stubs)(channel).usage.IngestEvents
            answer = await served.call(own, request)
        return int(answer.accepted_count)

    return await asyncio.gather(*(caller() for _ in range(SENDERS)))


def test_old_months_of_a_slow_sandbox_do_not_age_out_meanwhile(billing: Billing) -> None:
    """An event without a time lies where the sandbox's clock is: its month stays until it is in."""
    billing.sandbox("slow", START_AT)
    billing.account("toy", sandbox="slow")
    measure(billing, meter_of())
    billing.clock.advance_to(START_AT + 200 * 24 * HOUR_US)
    batch = batch_of(billing, [event_of("e1", None, account="toy")])
    locked = text(
        "SELECT mode FROM pg_locks WHERE relation = CAST('usage_segments' AS regclass) "
        "AND mode = 'RowShareLock'"
    )
    with billing.database.writing() as tx:
        gather_intake(tx, [(batch.events, batch.bounds)])
        is_kept = tx.dialect == "sqlite" or tx.one(locked) is not None
    assert is_kept
