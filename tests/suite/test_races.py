"""Rules under real parallel clients, on both stores."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import grpc
import pytest
from pospago.billing.v1 import catalog_pb2, meter_pb2
from pospago.event.v1 import event_pb2
from pospago.provisioning.v1 import event_service_pb2, events_pb2, instance_pb2, token_pb2

from billing_service.server import BillingApp
from chassis.clock import ManualClock, from_datetime
from chassis.workers import Workers
from tests.postgres import NewDatabase
from tests.suite.clients import Clients, monthly_prices, reason_of, request_id, timestamp
from tests.suite.in_process import Place, RunningSuite, running_billing, running_suite
from tests.suite.processes import free_port
from tests.suite.quiet import move_to, until_quiet

ZONE = ZoneInfo("America/Sao_Paulo")
CLIENTS = 16
STORES = ["sqlite", "postgresql"]


def moment(month: int, day: int, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2027, month, day, hour, minute, second, tzinfo=ZONE)


@asynccontextmanager
async def suite_on(
    store: str, request: pytest.FixtureRequest, folder: Path, clock: ManualClock | None = None
) -> AsyncIterator[RunningSuite]:
    urls = {}
    if store == "postgresql":
        new: NewDatabase = request.getfixturevalue("new_postgres_database")
        urls = {name: new(f"races_{name}", lambda _url: None) for name in SERVICES}
    async with running_suite(folder, clock=clock, database_urls=urls) as suite:
        yield suite


SERVICES = ("provisioning", "billing")


@asynccontextmanager
async def many_clients(suite: RunningSuite, secret: str) -> AsyncIterator[list[Clients]]:
    clients = [suite.clients(secret) for _ in range(CLIENTS)]
    yield clients
    for each in clients:
        await each.close()


async def outcome_of(answering: Any) -> Any:
    try:
        return await answering
    except grpc.aio.AioRpcError as failure:
        return f"{failure.code().name} {reason_of(failure)}"


@pytest.mark.parametrize("store", STORES)
async def test_thousand_creations_on_25_left_give_exactly_25(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """However many clients create at once, a token serves its quota and not one more."""
    async with suite_on(store, request, tmp_path) as suite:
        operator = suite.clients()
        secret = await operator.enrol("acme")
        async with many_clients(suite, secret) as clients:
            outcomes = await asyncio.gather(
                *(
                    outcome_of(clients[n % CLIENTS].create_instance("acme", secret))
                    for n in range(1000)
                )
            )
        listed = await operator.call(
            operator.instances.ListInstances,
            instance_pb2.ListInstancesRequest(parent="accounts/acme", page_size=1000),
        )
        await operator.close()
    made = [each for each in outcomes if each.startswith("accounts/")]
    assert len(made) == 25
    assert len(set(made)) == 25
    assert Counter(outcomes)["RESOURCE_EXHAUSTED QUOTA_USED_UP"] == 975
    assert {each.name for each in listed.instances} == {*made, "accounts/acme/instances/licence"}


@pytest.mark.parametrize("store", STORES)
async def test_hundred_equal_requests_have_one_effect_and_one_answer(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A request repeated by many clients at once is done once and answered the same to all."""
    async with suite_on(store, request, tmp_path) as suite:
        operator = suite.clients()
        secret = await operator.enrol("acme")
        creation = instance_pb2.CreateInstanceRequest(
            parent="accounts/acme", request_id=request_id()
        )
        async with many_clients(suite, secret) as clients:
            answers = await asyncio.gather(
                *(
                    clients[n % CLIENTS].call(
                        clients[n % CLIENTS].instances.CreateInstance, creation
                    )
                    for n in range(100)
                )
            )
        token = await operator.call(
            operator.tokens.GetToken, token_pb2.GetTokenRequest(name="accounts/acme/tokens/1")
        )
        await operator.close()
    assert len({each.SerializeToString(deterministic=True) for each in answers}) == 1
    assert token.token.creations_used == 1


@pytest.mark.parametrize("store", STORES)
async def test_hundred_equal_token_requests_tell_one_secret_once(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Of many equal requests for a token one gets the secret, all get the same token."""
    async with suite_on(store, request, tmp_path) as suite:
        operator = suite.clients()
        secret = await operator.enrol("acme")
        asked = token_pb2.RequestTokenRequest(parent="accounts/acme", request_id=request_id())
        async with many_clients(suite, secret) as clients:
            answers = await asyncio.gather(
                *(
                    clients[n % CLIENTS].call(clients[n % CLIENTS].tokens.RequestToken, asked)
                    for n in range(100)
                )
            )
        await operator.close()
    assert sum(bool(each.secret) for each in answers) == 1
    assert len({each.token.SerializeToString(deterministic=True) for each in answers}) == 1


@pytest.mark.parametrize("store", STORES)
async def test_request_id_with_another_body_is_refused_in_a_race(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Of two different requests under one id, sent at once, exactly one is done."""
    async with suite_on(store, request, tmp_path) as suite:
        operator = suite.clients()
        secret = await operator.enrol("acme")
        same_id = str(uuid.uuid4())
        bodies = [
            instance_pb2.CreateInstanceRequest(
                parent="accounts/acme", display_name=str(n), request_id=same_id
            )
            for n in range(2)
        ]
        async with many_clients(suite, secret) as clients:
            outcomes = await asyncio.gather(
                *(
                    outcome_of(
                        clients[n % CLIENTS].call(
                            clients[n % CLIENTS].instances.CreateInstance, bodies[n % 2]
                        )
                    )
                    for n in range(40)
                )
            )
        await operator.close()
    refused = [each for each in outcomes if isinstance(each, str)]
    assert refused == ["ALREADY_EXISTS REQUEST_ID_REUSED"] * 20
    assert len({each.instance.name for each in outcomes if not isinstance(each, str)}) == 1


def catalog_of(amount_minor: int) -> catalog_pb2.ApplyCatalogRequest:
    """Two plans and a meter that all tell which catalogue they are of."""
    policy = catalog_pb2.Plan.VERSION_POLICY_FOLLOW
    versions = [monthly_prices({1: amount_minor})]
    catalog = catalog_pb2.Catalog(
        meters=[
            meter_pb2.Meter(
                name="meters/calls",
                display_name=str(amount_minor),
                event_name="api.call",
                aggregation=meter_pb2.Meter.AGGREGATION_COUNT,
            )
        ],
        plans=[
            catalog_pb2.Plan(name=f"plans/{each}", version_policy=policy, versions=versions)
            for each in ("first", "last")
        ],
    )
    return catalog_pb2.ApplyCatalogRequest(
        catalog=catalog,
        effective_time=timestamp(datetime(2100, 1, 1, tzinfo=UTC)),
        request_id=request_id(),
    )


async def stored_catalog(operator: Clients) -> list[list[str]]:
    """The amounts of each plan's versions, and what the meter is called."""
    told = []
    for name in ("plans/first", "plans/last"):
        request = catalog_pb2.GetPlanRequest(name=name)
        plan = (await operator.call(operator.plans.GetPlan, request)).plan
        told.append([each.prices[0].flat.amount.value for each in plan.versions])
    meter = meter_pb2.GetMeterRequest(name="meters/calls")
    return [*told, [(await operator.call(operator.meters.GetMeter, meter)).meter.display_name]]


async def apply_until_it_counts(client: Clients, request: Any) -> None:
    """Apply a catalogue, again when another one was quicker."""
    while (outcome := await outcome_of(client.call(client.plans.ApplyCatalog, request))) == (
        "ABORTED CONCURRENT_CHANGE"
    ):
        continue
    assert not isinstance(outcome, str), outcome


@pytest.mark.parametrize("store", STORES)
async def test_two_catalogues_at_once_are_applied_one_after_the_other(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Whichever catalogue is first, the other one changes all that it made, and nothing is lost."""
    async with suite_on(store, request, tmp_path) as suite, AsyncExitStack() as stack:
        operator, other = suite.clients(), suite.clients()
        if store == "postgresql":
            # Another process's worth of billing, on the same store.
            place = Place(suite.data_dir, suite.clock, suite.provisioning.port, free_port())
            second = running_billing(place, suite.billing.database.url)
            app = await stack.enter_async_context(second)
            other = Clients.connect(suite.provisioning.address, app.address, operator.secret)
        await asyncio.gather(
            apply_until_it_counts(operator, catalog_of(10_00)),
            apply_until_it_counts(other, catalog_of(20_00)),
        )
        stored = await stored_catalog(operator)
        await other.close()
        await operator.close()
    ten_first = [["10.00", "20.00"], ["10.00", "20.00"], ["2000"]]
    twenty_first = [["20.00", "10.00"], ["20.00", "10.00"], ["1000"]]
    assert stored in (ten_first, twenty_first)


@pytest.mark.parametrize("store", STORES)
async def test_twenty_equal_applications_of_a_catalogue_are_one(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A catalogue that is sent often under one id is applied once, and told the same to all."""
    async with suite_on(store, request, tmp_path) as suite:
        operator, asked = suite.clients(), catalog_of(10_00)
        answers = await asyncio.gather(
            *(operator.call(operator.plans.ApplyCatalog, asked) for _ in range(20))
        )
        stored = await stored_catalog(operator)
        await operator.close()
    assert len({each.SerializeToString(deterministic=True) for each in answers}) == 1
    assert stored == [["10.00"], ["10.00"], ["1000"]]


async def with_subscription(suite: RunningSuite, *accounts: str) -> Clients:
    """An operator's clients, billing set up, and an instance subscribed in each account."""
    operator = suite.clients()
    await operator.set_up_billing()
    for account in accounts:
        secret = await operator.enrol(account)
        await operator.subscribe(await operator.create_instance(account, secret, "shop"))
    await until_quiet(suite)
    return operator


@asynccontextmanager
async def second_closer(
    store: str, suite: RunningSuite, urls: dict[str, str]
) -> AsyncIterator[list[Workers | BillingApp]]:
    """Somebody else who closes months: another process's worth of billing, or a second worker."""
    if store == "sqlite":
        workers = Workers(suite.billing.writer, suite.billing.workers.submission_of)
        workers.start()
        yield [workers]
        await workers.stop()
        return
    provisioning_port = suite.provisioning.port
    place = Place(suite.data_dir, suite.clock, provisioning_port, free_port())
    async with running_billing(place, urls["billing"]) as second:
        yield [second]


@pytest.mark.parametrize("store", STORES)
async def test_month_closed_by_two_workers_has_one_invoice(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Two that close the same month at once issue each payer's invoice once, without a gap."""
    clock = ManualClock(from_datetime(moment(1, 10)))
    accounts = [f"shop-{n}" for n in range(12)]
    async with suite_on(store, request, tmp_path, clock) as suite, AsyncExitStack() as stack:
        operator = await with_subscription(suite, *accounts)
        urls = {"billing": suite.billing.database.url}
        await stack.enter_async_context(second_closer(store, suite, urls))
        await move_to(suite, moment(2, 1, 0, 0, 10))
        invoices = await operator.invoices_of("-")
        await operator.close()
    assert sorted(each.name.split("/")[1] for each in invoices) == sorted(accounts)
    assert sorted(each.number for each in invoices) == [f"INV-{n:06d}" for n in range(1, 13)]


async def stops_of(operator: Clients, account: str) -> list[event_pb2.Event]:
    """The events that tell of an account's instances stopped for non-payment."""
    feed = await operator.call(
        operator.provisioning_events.ListEvents,
        event_service_pb2.ListEventsRequest(account=f"accounts/{account}", page_size=1000),
    )
    found = []
    for event in feed.events:
        stopped = events_pb2.InstanceStopped()
        if event.payload.Unpack(stopped):
            found.append(event)
    return found


@pytest.mark.parametrize("store", STORES)
async def test_feed_paused_across_the_stop_stops_only_who_did_not_pay(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """After a pause, who paid a second before the stop has none, the other's is on its due time."""
    clock = ManualClock(from_datetime(moment(1, 10)))
    async with suite_on(store, request, tmp_path, clock) as suite:
        operator = await with_subscription(suite, "payer", "twin")
        await move_to(suite, moment(2, 1, 0, 0, 10))
        await suite.provisioning.consumer.pause()
        clock.advance_to(from_datetime(moment(2, 10, 23, 59, 59)))
        await operator.pay("payer", 39_90, date(2027, 2, 10))
        clock.advance_to(from_datetime(moment(2, 11, 9)))
        await asyncio.sleep(1)
        suite.provisioning.consumer.resume()
        await until_quiet(suite)
        paid, unpaid = await stops_of(operator, "payer"), await stops_of(operator, "twin")
        await operator.close()
    assert paid == []
    assert [each.effective_time.ToDatetime() for each in unpaid] == [
        (moment(2, 11, 0)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    ]
    assert unpaid[0].record_time.ToDatetime() - unpaid[0].effective_time.ToDatetime() >= timedelta(
        hours=8
    )
