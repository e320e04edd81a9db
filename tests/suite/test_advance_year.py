"""However a sandbox is brought through 400 days, the same happens in it."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import grpc
import pytest
from pospago.provisioning.v1 import sandbox_pb2

from tests.postgres import NewDatabase
from tests.suite.clients import Clients, bearer, timestamp
from tests.suite.in_process import running_suite
from tests.suite.processes import ServiceProcesses, service_processes
from tests.suite.story_facts import Naming, WorldFacts, facts_of
from tests.suite.story_year import Year, play_year, sell

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
SOAK_SECONDS_MAX: Final = 1200
KILLS: Final = ("provisioning", "billing")
# The kill comes at any moment of a step.
KILL_DELAY_SECONDS_MAX: Final = 0.015
SEED: Final = 20_601_225


@asynccontextmanager
async def selling(clients: Clients) -> AsyncIterator[Clients]:
    """Clients of a suite that sells the plan."""
    await sell(clients)
    yield clients
    await clients.close()


async def played(
    clients: Clients, sandbox: str, *, scripted: bool, stride: timedelta | None = None
) -> WorldFacts:
    """The facts of a sandbox after its year."""

    async def advance(sandbox: str, to: datetime) -> None:
        assert (await clients.advance(sandbox, to)).arrived

    await play_year(Year(clients, sandbox), advance, scripted=scripted, stride=stride)
    return await facts_of(clients, Naming(sandbox), sandbox=sandbox)


def told(facts: WorldFacts) -> Counter[str]:
    """How often each kind of thing is told, over all accounts."""
    return Counter(line.partition(" ")[0] for lines in facts.values() for line in lines)


@pytest.fixture(scope="module")
async def clients(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clients]:
    """A suite with files, which sells the plan."""
    folder: Path = tmp_path_factory.mktemp("year")
    async with running_suite(folder) as suite, selling(suite.clients()) as clients:
        yield clients


@pytest.fixture(scope="module")
async def scripted_year(clients: Clients) -> WorldFacts:
    """The year as the script has it, in as few calls as can be."""
    return await played(clients, "year1", scripted=True)


async def test_a_year_holds_what_can_happen(scripted_year: WorldFacts) -> None:
    """The year that is compared below is not an empty one."""
    must = {
        *("InstanceDeleted", "InstanceStopped", "InstanceStopLifted", "AccountStopped"),
        *("AccountStopLifted", "AccountDeletionOrdered", "InvoiceOverdue", "InvoiceReopened"),
        *("CreditApplied", "PaymentReversed", "InstanceMigrated", "InvoiceSettled"),
        *("InvoiceDueSoon", "AccountStopAhead", "AccountDeletionAhead", "InstanceTrialEnding"),
    }
    assert must <= set(told(scripted_year))


async def test_weeks_add_up_to_a_scripted_year(clients: Clients, scripted_year: WorldFacts) -> None:
    """Gone week by week from deed to deed, the same is told of every account."""
    assert await played(clients, "year2", scripted=True, stride=WEEK) == scripted_year


async def test_weeks_add_up_to_an_untouched_year(clients: Clients) -> None:
    """400 days in one call, and week by week, tell the same of every account."""
    whole = await played(clients, "year3", scripted=False)
    assert await played(clients, "year4", scripted=False, stride=WEEK) == whole


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SECONDS_MAX)
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
@pytest.mark.parametrize("scripted", [False, True], ids=["untouched", "scripted"])
async def test_days_add_up_to_a_year(
    tmp_path: Path, store: str, scripted: bool, request: pytest.FixtureRequest
) -> None:
    """400 days in as few calls as can be, and day by day, tell the same of every account."""
    urls = databases(store, request)
    async with (
        running_suite(tmp_path, database_urls=urls) as suite,
        selling(suite.clients()) as clients,
    ):
        whole = await played(clients, "year1", scripted=scripted)
        days = await played(clients, "year2", scripted=scripted, stride=DAY)
    assert days == whole


async def test_a_killed_advance_goes_on_where_it_was(tmp_path: Path) -> None:
    """400 days in one call with both services killed on the way tell the same as without."""
    killed, whole = await played_twice(tmp_path, {}, Kills(count=2, heard=7))
    assert killed == whole


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SECONDS_MAX)
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_a_much_killed_advance_goes_on_where_it_was(
    tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    """The same with a kill every few steps."""
    kills = Kills(count=20, heard=2)
    killed, whole = await played_twice(tmp_path, databases(store, request), kills)
    assert killed == whole


@dataclass(frozen=True, slots=True)
class Kills:
    """How many times a service is killed, each after so many messages of a call were heard."""

    count: int
    heard: int


async def played_twice(
    data_dir: Path, urls: dict[str, str], kills: Kills
) -> tuple[WorldFacts, WorldFacts]:
    """The facts of the year played twice in real processes: with kills on the way, and without."""
    with service_processes(data_dir, urls) as processes:
        addresses = processes.address("provisioning"), processes.address("billing")
        clients = Clients.connect(*addresses, processes.operator_secret())
        async with selling(clients):
            whole = await played(clients, "year1", scripted=False)
            killer = Killer(processes, clients, kills)
            await play_year(Year(clients, "year2"), killer.advance, scripted=False)
            killed = await facts_of(clients, Naming("year2"), sandbox="year2")
    assert killer.kills_count == kills.count
    return killed, whole


class Killer:
    """Advances a sandbox, and kills a service now and then while it is on its way."""

    def __init__(self, processes: ServiceProcesses, clients: Clients, kills: Kills) -> None:
        self.kills_count = 0
        self._processes = processes
        self._clients = clients
        self._kills = kills
        self._random = random.Random(SEED)  # noqa: S311 - repeats itself

    async def advance(self, sandbox: str, to: datetime) -> None:
        """Bring the sandbox there; a broken call is made again."""
        arrived = False
        while not arrived:
            try:
                arrived = await self._try(sandbox, to)
            except grpc.aio.AioRpcError as failure:
                if failure.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                await asyncio.sleep(0.2)

    async def _try(self, sandbox: str, to: datetime) -> bool:
        request = sandbox_pb2.AdvanceSandboxRequest(
            name=f"sandboxes/{sandbox}", to_time=timestamp(to)
        )
        secret = bearer(self._clients.secret)
        heard = 0
        call = self._clients.sandboxes.AdvanceSandbox(request, metadata=secret, timeout=300)
        async for progress in call:
            if progress.arrived:
                return True
            heard += 1
            if heard >= self._kills.heard and self.kills_count < self._kills.count:
                await asyncio.sleep(self._random.uniform(0, KILL_DELAY_SECONDS_MAX))
                service = KILLS[self.kills_count % len(KILLS)]
                self.kills_count += 1
                await asyncio.to_thread(self._kill_and_start, service)
        return False

    def _kill_and_start(self, service: str) -> None:
        self._processes.kill(service)
        self._processes.start(service)


def databases(store: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """Empty databases for both services, or none where they keep files."""
    if store == "sqlite":
        return {}
    new: NewDatabase = request.getfixturevalue("new_postgres_database")
    return {name: new(f"advance_{name}", lambda _url: None) for name in KILLS}
