"""A backup of running services comes back whole, and who is ahead of a restored one is told."""

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Final

import grpc.aio
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pospago.provisioning.v1 import sandbox_pb2

from tests.suite.clients import Clients, reason_of
from tests.suite.crash_books import feed_faults, open_books, quota_faults, series_faults
from tests.suite.crash_calls import insist_on_advance
from tests.suite.crash_load import Load
from tests.suite.in_process import running_suite
from tests.suite.processes import SERVICES, ServiceProcesses, free_port, service_processes

SANDBOX: Final = "north"
SERVING: Final = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING
HEALTH_SECONDS_MAX: Final = 120.0
WATCHED_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that was taken under load, what had been acknowledged before, and what came after.

    In `later` both services have gone on after the backup.
    """

    folder: Path
    instances: frozenset[str]
    later: Path


@pytest_asyncio.fixture(scope="module")
async def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A backup taken while accounts create, subscribe, pay and pass month ends."""
    later = tmp_path_factory.mktemp("served")
    folder = tmp_path_factory.mktemp("backups") / "kept"
    with service_processes(later) as processes:
        load = Load(lambda: connected(processes), random.Random(3))  # noqa: S311 - repeats itself
        await load.set_up([SANDBOX])
        running = asyncio.create_task(load.run())
        while not all(each.payments_minor for each in load.ledgers):
            assert not running.done(), running
            await asyncio.sleep(0.05)
        known = frozenset(name for each in load.ledgers for name in each.instances)
        await pospago("db", "backup", str(folder), data_dir=later)
        await asyncio.sleep(0.5)
        load.enough.set()
        await running
    return Kept(folder, known, later)


async def test_a_backup_under_load_is_whole(kept: Kept, tmp_path: Path) -> None:
    """What comes back is sound, agrees with itself, and holds what was acknowledged before."""
    await pospago("db", "restore", str(kept.folder), data_dir=tmp_path)
    for service in SERVICES:
        with closing(sqlite3.connect(tmp_path / f"{service}.sqlite3")) as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with open_books(tmp_path, {}) as books:
        faults = [*quota_faults(books), *series_faults(books), *feed_faults(books)]
        stored = {
            f"accounts/{row['account']}/instances/{row['id']}"
            for row in books.rows("provisioning", "instances")
        }
    assert faults == []
    assert kept.instances - stored == set()


async def test_restored_services_go_on(kept: Kept, tmp_path: Path) -> None:
    """Both serve what came back, also over stores that had gone on: writes reach the other."""
    copy_stores(kept.later, tmp_path)
    await pospago("db", "restore", "--replace", str(kept.folder), data_dir=tmp_path)
    async with running_suite(tmp_path) as suite:
        clients = suite.clients()
        secret = await clients.enrol("newcomer")
        await clients.subscribe(await clients.create_instance("newcomer", secret))
        # Where the backup found the sandbox on its way, that is where it goes first.
        await insist_on_advance(clients, SANDBOX, await target_of(clients))
        with open_books(tmp_path, {}) as books:
            await books.until_caught_up()
            assert [*quota_faults(books), *series_faults(books), *feed_faults(books)] == []
        assert await feed_health(suite.billing.address, SERVING) == SERVING
        await clients.close()


async def test_billing_ahead_of_restored_provisioning_is_told_so(
    kept: Kept, tmp_path: Path
) -> None:
    """With only provisioning restored, billing applies nothing more and says what to do."""
    restore_provisioning_only(kept, tmp_path)
    metrics_port = free_port()
    with open_books(tmp_path, {}) as books:
        (known,) = books.rows("billing", "cursors")
    async with served(tmp_path, metrics_port) as (processes, clients):
        assert await feed_health(processes.address("billing"), NOT_SERVING) == NOT_SERVING
        with open_books(tmp_path, {}) as books:
            # The new branch must not pass for the old one when it outgrows the known position.
            while books.head("provisioning") <= known["seq"]:
                await clients.create_account(f"later-{books.head('provisioning')}")
            await asyncio.sleep(WATCHED_SECONDS)
            (still,) = books.rows("billing", "cursors")
            assert (still["epoch"], still["seq"]) == (known["epoch"], known["seq"])
        assert "pospago_feed_broken 1.0" in await asyncio.to_thread(metrics_at, metrics_port)
        assert await feed_health(processes.address("billing"), NOT_SERVING) == NOT_SERVING
    log = processes.log_of("billing")
    # Said when it was found; a look now and then, not a thousand a second.
    assert 1 <= log.count("feed broken") <= 2
    assert "Restore the consumer to the same moment" in log


async def test_sandbox_waits_while_billing_is_ahead(kept: Kept, tmp_path: Path) -> None:
    """An advance that billing cannot follow is refused, not half done nor an internal error."""
    restore_provisioning_only(kept, tmp_path)
    async with running_suite(tmp_path) as suite:
        assert await feed_health(suite.billing.address, NOT_SERVING) == NOT_SERVING
        clients = suite.clients()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await clients.advance(SANDBOX, await target_of(clients))
        await clients.close()
        assert reason_of(refused.value) == "TEMPORARILY_UNAVAILABLE"


# --- steps ----------------------------------------------------------------------------------------


def restore_provisioning_only(kept: Kept, folder: Path) -> None:
    """Billing as it went on, provisioning as it was: what an operator must not do."""
    copy_stores(kept.later, folder)
    apart = folder / "apart"
    command_line("db", "restore", str(kept.folder), data_dir=apart)
    shutil.copy(apart / "provisioning.sqlite3", folder / "provisioning.sqlite3")


def copy_stores(source: Path, target: Path) -> None:
    """The stores and credentials of services that have ended."""
    for file in source.iterdir():
        if file.suffix in {".sqlite3", ".token", ".key"}:
            shutil.copy(file, target / file.name)


async def pospago(*arguments: str, data_dir: Path) -> None:
    """Run the command line beside what else is under way."""
    await asyncio.to_thread(command_line, *arguments, data_dir=data_dir)


def command_line(*arguments: str, data_dir: Path) -> None:
    """Run the command line on a data folder."""
    command = [sys.executable, "-m", "pospago_cli", "--data-dir", str(data_dir), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr


@asynccontextmanager
async def served(
    data_dir: Path, metrics_port: int
) -> AsyncIterator[tuple[ServiceProcesses, Clients]]:
    """Both services on a data folder, and a client of them."""
    processes = ServiceProcesses(data_dir)
    try:
        await asyncio.to_thread(processes.start, "provisioning")
        port = {"POSPAGO_BILLING_METRICS_PORT": str(metrics_port)}
        await asyncio.to_thread(lambda: processes.start("billing", **port))
        clients = connected(processes)
        yield processes, clients
        await clients.close()
    finally:
        await asyncio.to_thread(processes.stop_all)


def connected(processes: ServiceProcesses) -> Clients:
    """A client of both services, with the operator's secret."""
    return Clients.connect(
        processes.address("provisioning"),
        processes.address("billing"),
        processes.operator_secret(),
    )


async def target_of(clients: Clients) -> Any:
    """Where the sandbox is on its way to, or an hour on if it stands."""
    request = sandbox_pb2.GetSandboxRequest(name=f"sandboxes/{SANDBOX}")
    sandbox = (await clients.call(clients.sandboxes.GetSandbox, request)).sandbox
    if sandbox.HasField("target_time"):
        return sandbox.target_time.ToDatetime(UTC)
    return sandbox.clock_time.ToDatetime(UTC) + timedelta(hours=1)


async def feed_health(billing: str, wanted: int) -> int:
    """What billing says of the feed it follows: at once what is wanted, or what it says at last."""
    until = asyncio.get_running_loop().time() + HEALTH_SECONDS_MAX
    request = health_pb2.HealthCheckRequest(service="feed/provisioning")
    async with grpc.aio.insecure_channel(billing) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        while True:
            status = int((await stub.Check(request)).status)
            if status == wanted or asyncio.get_running_loop().time() > until:
                return status
            await asyncio.sleep(0.1)


def metrics_at(port: int) -> str:
    """What billing shows on its metrics page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        return str(page.read().decode())
