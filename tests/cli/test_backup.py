"""Backup and restore of both stores, without the services."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import MetaData, update

from chassis.clock import ManualClock
from chassis.database import Database
from chassis.feed import prepare_feed
from chassis.tables import ChassisTables
from pospago_cli.backup import MANIFEST_FILE, PEERS, back_up, restore, store_file
from pospago_cli.failures import CommandFailed

CLOCK = ManualClock(1_800_000_000_000_000)


class _Store:
    """A store with nothing but what the chassis keeps."""

    def __init__(self, data_dir: Path, service: str) -> None:
        metadata = MetaData()
        self.tables = ChassisTables(metadata)
        self.database = Database(f"sqlite:///{data_dir / store_file(service)}")
        with self.database.writing() as tx:
            metadata.create_all(tx.connection)
            prepare_feed(tx, self.tables)
            cursor = {"source": PEERS[service], "epoch": 1, "seq": 0}
            cursor |= {"watermark_at": 0, "holder": "", "held_until_at": 0}
            tx.insert(self.tables.cursors, [cursor])

    def stand(self, *, seq: int, peer_seq: int) -> None:
        """Put the feed's head and the cursor on the peer's feed."""
        with self.database.writing() as tx:
            tx.execute(update(self.tables.feed_head).values(seq=seq))
            tx.execute(update(self.tables.cursors).values(seq=peer_seq))


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[dict[str, _Store]]:
    """Both stores, open as the services hold them."""
    (tmp_path / "data").mkdir()
    found = {service: _Store(tmp_path / "data", service) for service in PEERS}
    found["provisioning"].stand(seq=40, peer_seq=7)
    found["billing"].stand(seq=9, peer_seq=40)
    yield found
    for store in found.values():
        store.database.close()


def _close(stores: dict[str, _Store]) -> None:
    for store in stores.values():
        store.database.close()


def _epochs(path: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT epoch, starts_after_seq FROM epochs").fetchall()


def test_a_backup_is_taken_beside_open_stores(stores: dict[str, _Store], tmp_path: Path) -> None:
    """Services that hold the stores do not stand in the way, and the copies say where each is."""
    copies = back_up(tmp_path / "data", tmp_path / "kept", CLOCK)
    assert {name: (copy.seq, copy.peer_seq) for name, copy in copies.items()} == {
        "provisioning": (40, 7),
        "billing": (9, 40),
    }


def test_a_copy_holds_a_snapshot_without_a_log(stores: dict[str, _Store], tmp_path: Path) -> None:
    """A copy is one file, for its owner only, whatever is written afterwards."""
    back_up(tmp_path / "data", tmp_path / "kept", CLOCK)
    stores["provisioning"].stand(seq=41, peer_seq=7)
    kept = tmp_path / "kept"
    expected = {MANIFEST_FILE, *(store_file(name) for name in PEERS)}
    assert {each.name for each in kept.iterdir()} == expected
    with closing(sqlite3.connect(kept / store_file("provisioning"))) as connection:
        assert connection.execute("SELECT seq FROM feed_head").fetchone() == (40,)
    assert stat.S_IMODE((kept / store_file("billing")).stat().st_mode) == 0o600


def test_no_backup_is_taken_of_stores_that_contradict_each_other(
    stores: dict[str, _Store], tmp_path: Path
) -> None:
    """A store that has applied what the other never told is named, not copied."""
    stores["billing"].stand(seq=9, peer_seq=41)
    with pytest.raises(CommandFailed, match="ahead of the other's feed"):
        back_up(tmp_path / "data", tmp_path / "kept", CLOCK)


def test_a_restore_is_refused_while_a_service_runs(
    stores: dict[str, _Store], tmp_path: Path
) -> None:
    """The refusal names the process that holds the store."""
    back_up(tmp_path / "data", tmp_path / "kept", CLOCK)
    with pytest.raises(CommandFailed, match=str(os.getpid())):
        restore(tmp_path / "kept", tmp_path / "data", replace=True)


def test_a_restore_replaces_nothing_unasked(stores: dict[str, _Store], tmp_path: Path) -> None:
    """Stores that are there stay, unless they are to be replaced."""
    back_up(tmp_path / "data", tmp_path / "kept", CLOCK)
    _close(stores)
    with pytest.raises(CommandFailed, match="exists"):
        restore(tmp_path / "kept", tmp_path / "data", replace=False)


def test_a_restored_feed_goes_on_in_a_new_epoch(stores: dict[str, _Store], tmp_path: Path) -> None:
    """The new epoch starts after the last number that came back, in both stores."""
    back_up(tmp_path / "data", tmp_path / "kept", CLOCK)
    stores["provisioning"].stand(seq=55, peer_seq=9)
    _close(stores)
    restore(tmp_path / "kept", tmp_path / "data", replace=True)
    found = {name: _epochs(tmp_path / "data" / store_file(name)) for name in PEERS}
    assert found == {"provisioning": [(1, 0), (2, 40)], "billing": [(1, 0), (2, 9)]}


def test_credentials_come_back_with_the_stores(stores: dict[str, _Store], tmp_path: Path) -> None:
    """Without the hash key no secret would be recognised, so it comes along, for its owner only."""
    (tmp_path / "data" / "hash.key").write_text("abc")
    back_up(tmp_path / "data", tmp_path / "kept", CLOCK)
    _close(stores)
    restore(tmp_path / "kept", tmp_path / "elsewhere", replace=False)
    brought = tmp_path / "elsewhere" / "hash.key"
    assert brought.read_text() == "abc"
    assert stat.S_IMODE(brought.stat().st_mode) == 0o600


def test_a_damaged_backup_is_refused(stores: dict[str, _Store], tmp_path: Path) -> None:
    """A copy that is not what the manifest says is not restored."""
    back_up(tmp_path / "data", tmp_path / "kept", CLOCK)
    with (tmp_path / "kept" / store_file("billing")).open("ab") as file:
        file.write(b"x")
    with pytest.raises(CommandFailed, match="damaged"):
        restore(tmp_path / "kept", tmp_path / "elsewhere", replace=False)
