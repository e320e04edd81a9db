"""Backups taken while the suite is written to as fast as it goes."""

import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pospago.provisioning.v1 import account_pb2
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub

from chassis.clock import SystemClock
from pospago_cli.backup import PEERS, back_up, restore, store_file
from pospago_cli.client import Connection
from pospago_cli.processes import Layout, Suite, bare

BACKUPS = 5
WRITERS = 4
ACKNOWLEDGED_MIN = 50


@contextmanager
def _written_to(layout: Layout) -> Iterator[list[str]]:
    """The suite, and accounts created without end; gives the names acknowledged so far."""
    acknowledged: list[str] = []
    enough = threading.Event()
    run_id = uuid.uuid4().hex[:8]
    suite = Suite(bare(layout.environment), lambda _name, _line: None)
    suite.start()
    try:
        suite.wait_serving(layout.address)
        secret = (layout.data_dir / "operator.token").read_text().strip()

        def write(number: int) -> None:
            with Connection.to(layout.address, secret) as connection:
                stub = connection.stub(AccountServiceStub)
                made = 0
                while not enough.is_set():
                    made += 1
                    request = account_pb2.CreateAccountRequest(
                        account_id=f"load-{run_id}-{number}-{made}", request_id=str(uuid.uuid4())
                    )
                    acknowledged.append(stub.CreateAccount(request).account.name)

        writers = [threading.Thread(target=write, args=(each,)) for each in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            while len(acknowledged) < ACKNOWLEDGED_MIN:
                suite.require_running()
                time.sleep(0.01)
            yield acknowledged
        finally:
            enough.set()
            for writer in writers:
                writer.join()
    finally:
        suite.stop()


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup, and the accounts whose creation was acknowledged before it was begun."""

    folder: Path
    known: frozenset[str]

    def number(self, service: str, query: str) -> int:
        """What a query on one of the copies gives."""
        return _number(self.folder, service, query)


@pytest.fixture(scope="module")
def backups(tmp_path_factory: pytest.TempPathFactory) -> list[Kept]:
    """Several backups, taken one after the other under load."""
    folder = tmp_path_factory.mktemp("load")
    found = []
    with _written_to(Layout.on_free_ports(folder / "data")) as acknowledged:
        for turn in range(BACKUPS):
            kept = Kept(folder / f"kept-{turn}", frozenset(acknowledged))
            back_up(folder / "data", kept.folder, SystemClock())
            found.append(kept)
    return found


def test_a_backup_holds_what_was_acknowledged(backups: list[Kept]) -> None:
    """Each write acknowledged before a backup began is in it."""
    for kept in backups:
        assert kept.known <= _accounts(kept.folder)


def test_a_copy_is_whole(backups: list[Kept]) -> None:
    """The feed's head tells as many events as there are."""
    for kept in backups:
        for service in PEERS:
            head = kept.number(service, "SELECT seq FROM feed_head")
            assert kept.number(service, "SELECT count(*) FROM events") == head


def test_neither_copy_is_ahead_of_the_other(backups: list[Kept]) -> None:
    """What one has applied of the other's feed, the other has told."""
    for kept in backups:
        for service, peer in PEERS.items():
            head = kept.number(peer, "SELECT seq FROM feed_head")
            assert kept.number(service, "SELECT max(seq) FROM cursors") <= head


def test_a_backup_under_load_is_served_again(backups: list[Kept], tmp_path: Path) -> None:
    """Restored elsewhere, both services start, take new writes and have lost none."""
    kept = backups[-1]
    restore(kept.folder, tmp_path, replace=False)
    with _written_to(Layout.on_free_ports(tmp_path)) as acknowledged:
        more = set(acknowledged)
    assert kept.known | more <= _accounts(tmp_path)
    assert _number(tmp_path, "billing", "SELECT max(epoch) FROM epochs") == 2


def _accounts(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / store_file("provisioning"))) as connection:
        rows = connection.execute("SELECT account FROM account_locks").fetchall()
    return {f"accounts/{account}" for (account,) in rows}


def _number(folder: Path, service: str, query: str) -> int:
    with closing(sqlite3.connect(folder / store_file(service))) as connection:
        return int(connection.execute(query).fetchone()[0])
