"""A feed told again from its beginning to an empty consumer leaves there what it left at first."""

import asyncio
import random
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from pospago.provisioning.v1 import instance_pb2, integrator_pb2

from chassis.clock import SystemClock
from chassis.rpc.consumer import FeedConsumer
from chassis.writer import Writer
from pospago_cli.backup import CREDENTIAL_FILES, back_up
from tests.suite.clients import Clients, proto_date, request_id
from tests.suite.crash_books import Books, Row, open_books
from tests.suite.crash_load import ZONE, Caller, Ledger, Load
from tests.suite.in_process import (
    Place,
    RunningSuite,
    running_billing,
    running_provisioning,
    running_suite,
)
from tests.suite.processes import free_port

SANDBOX: Final = "north"
APPLY_SECONDS_MAX: Final = 300.0
# Past the stop of what was not paid on day 10, before its deletion on day 15.
STOPPED_DAY: Final = 12
# What nothing but provisioning's feed writes in billing while nobody edits a profile.
OF_PROVISIONING: Final = ("accounts", "billing_profiles", "subscriptions", "subscription_facts")


@pytest_asyncio.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSuite]:
    """Both services after months of real and sandbox life, paid, unpaid, and paid too late."""
    async with running_suite(tmp_path_factory.mktemp("told")) as suite:
        load = Load(suite.clients, random.Random(7))  # noqa: S311 - must repeat itself
        await load.set_up([SANDBOX])
        clients = suite.clients()
        await _run_up_debts(clients)
        running = asyncio.create_task(load.run())
        await asyncio.sleep(0.5)
        load.enough.set()
        await running
        await _pay_late(clients, load.ledgers[-1].reached)
        with open_books(suite.data_dir, {}) as books:
            await books.until_caught_up()
        yield suite
        await clients.close()


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_empty_billing_learns_the_same_from_provisioning(
    told: RunningSuite, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """An empty billing that follows the whole feed keeps the same accounts and subscriptions."""
    # Left out is what its own timers and callers write: invoices, payments, standings, clocks.
    url = ""
    if store == "postgresql":
        url = request.getfixturevalue("new_postgres_database")("replayed", lambda _url: None)
    for name in CREDENTIAL_FILES:
        shutil.copy(told.data_dir / name, tmp_path / name)
    place = Place(tmp_path, SystemClock(), told.provisioning.port, free_port())
    async with running_billing(place, url) as replayed:
        await _until_applied(replayed.consumer, told.provisioning.writer)
        with (
            open_books(told.data_dir, {}) as before,
            open_books(tmp_path, {"billing": url}) as after,
        ):
            for table in OF_PROVISIONING:
                assert after.rows("billing", table) == before.rows("billing", table) != []
            assert _locks(after, "billing") == _locks(before, "billing") != []


async def test_provisioning_without_standings_learns_them_again(
    told: RunningSuite, tmp_path: Path
) -> None:
    """A provisioning that has forgotten what billing told comes to the same standings."""
    # Left out is what its own callers and timers write too: the instances.
    folder = tmp_path / "copy"
    back_up(told.data_dir, folder, SystemClock())
    with closing(sqlite3.connect(folder / "provisioning.sqlite3")) as copy, copy:
        copy.execute("DELETE FROM standings")
        copy.execute("DELETE FROM cursors")
    place = Place(folder, SystemClock(), free_port(), told.billing.port)
    async with running_provisioning(place) as replayed:
        await _until_applied(replayed.consumer, told.billing.writer)
        with open_books(told.data_dir, {}) as before, open_books(folder, {}) as after:
            standings = before.rows("provisioning", "standings")
            assert after.rows("provisioning", "standings") == standings
            assert {bool(row["deletion_ordered_at"]) for row in standings} == {True, False}


async def _run_up_debts(clients: Clients) -> None:
    """Two accounts in the sandbox that never pay: one subscribes, the other moved from prepaid."""
    secret = await clients.enrol("debtor", ladder=((0, 1),), sandbox=SANDBOX)
    names = [await clients.create_instance("debtor", secret) for _ in range(3)]
    for name in names[:2]:
        await clients.subscribe(name)
    request = instance_pb2.CancelInstanceRequest(name=names[0], request_id=request_id())
    await clients.call(clients.instances.CancelInstance, request)
    await clients.create_account("moved", sandbox=SANDBOX)
    await clients.call(
        clients.instances.ImportInstance,
        instance_pb2.ImportInstanceRequest(
            parent="accounts/moved",
            instance_id="old",
            paid_through_date=proto_date(date(2027, 1, 20)),
            request_id=request_id(),
        ),
    )
    await clients.call(
        clients.integrators.EnrolIntegrator,
        integrator_pb2.EnrolIntegratorRequest(
            account="accounts/moved",
            programme=integrator_pb2.Programme(licences_min=1),
            migrate_prepaid=True,
            request_id=request_id(),
        ),
    )


async def _pay_late(clients: Clients, reached: datetime) -> None:
    """An account that is stopped for an unpaid month, and pays after that."""
    secret = await clients.enrol("late", ladder=((0, 1),), sandbox=SANDBOX)
    caller = Caller(clients, Ledger("late", secret, SANDBOX))
    await caller.subscribe(await caller.create())
    following = reached.astimezone(ZONE).replace(day=1) + timedelta(days=32)
    await caller.advance(following.replace(day=STOPPED_DAY))
    await caller.pay_invoices(following.replace(day=STOPPED_DAY).date())


async def _until_applied(consumer: FeedConsumer, peer: Writer) -> None:
    """Wait until a consumer stands at the head of its peer's feed."""
    until = time.monotonic() + APPLY_SECONDS_MAX
    await consumer.wait(peer.head.epoch, peer.head.seq, until)


def _locks(books: Books, service: str) -> list[Any]:
    """Which accounts a service knows, in which sandbox."""
    rows: list[Row] = books.rows(service, "account_locks")
    return [(row["account"], row["sandbox"], row["peer_parked"]) for row in rows]
