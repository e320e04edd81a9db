"""A backup of both SQLite stores in one folder, taken beside the running services, and its return.

The folder holds a copy of each store, of the credentials (without `hash.key` no token's secret
would be recognised), and a manifest with what each copy weighs and where its feed stands. Neither
copy has applied more of the other's feed than the other holds.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData

from chassis.clock import Clock, to_datetime
from chassis.credentials import HASH_KEY_FILE, OPERATOR_FILE, SERVICE_NAMES
from chassis.database import Database, StoreLockedError
from chassis.feed import append_epoch
from chassis.tables import ChassisTables
from pospago_cli.failures import CommandFailed

MANIFEST_FILE: Final = "manifest.json"
MANIFEST_FORMAT: Final = 1
PEERS: Final = {"provisioning": "billing", "billing": "provisioning"}
CREDENTIAL_FILES: Final = (
    HASH_KEY_FILE,
    OPERATOR_FILE,
    *(f"service-{name}.token" for name in SERVICE_NAMES),
)
ATTEMPTS_MAX: Final = 200
ATTEMPT_PAUSE_SECONDS: Final = 0.005
_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StoreCopy:
    """One store in a backup: its file, and where its feed stands."""

    file: str
    size_bytes: int
    sha256: str
    epoch: int
    seq: int
    peer_seq: int


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a snapshot of a store stands: its own feed, and how much of its peer's it applied."""

    epoch: int
    seq: int
    peer_seq: int


def back_up(data_dir: Path, folder: Path, clock: Clock) -> Mapping[str, StoreCopy]:
    """Copy both stores and the credentials into a new folder; the services go on serving."""
    paths = {name: data_dir / store_file(name) for name in PEERS}
    for path in paths.values():
        if not path.exists():
            raise CommandFailed(f"There is no store {path}.", "Name the data folder: --data-dir.")
    if folder.exists() and any(folder.iterdir()):
        raise CommandFailed(f"{folder} is not empty.", "Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        sources = {
            name: stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
            for name, path in paths.items()
        }
        standings = _hold_snapshots(sources)
        copies = {
            name: _copied(source, folder / store_file(name), standings[name])
            for name, source in sources.items()
        }
    _copy_credentials(data_dir, folder)
    manifest = {
        "format": MANIFEST_FORMAT,
        "taken_at": to_datetime(clock.now()).isoformat(),
        "stores": {name: asdict(copy) for name, copy in copies.items()},
    }
    text = json.dumps(manifest, indent=2)
    # Written last: a folder without a manifest is no backup.
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
    return copies


def restore(folder: Path, data_dir: Path, *, replace: bool) -> Mapping[str, StoreCopy]:
    """Bring both stores and the credentials back; each feed goes on in a new epoch.

    Errors:  CommandFailed if the backup is damaged, a service runs on the data folder, or stores
             are there already and `replace` was not asked for.
    """
    copies = _read_manifest(folder)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = [path for name in copies if (path := data_dir / store_file(name)).exists()]
    if there and not replace:
        raise CommandFailed(
            f"{there[0]} exists.", "Restore into another --data-dir, or --replace what is there."
        )
    with ExitStack() as stack:
        for name in copies:
            stack.callback(_locked(data_dir / store_file(name)).close)
        drafts = {
            name: _draft(folder / copy.file, data_dir / f"{store_file(name)}.restoring")
            for name, copy in copies.items()
        }
        for name, draft in drafts.items():
            target = data_dir / store_file(name)
            # A log left by the replaced store must never be read into the restored one.
            for suffix in ("-wal", "-shm"):
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            draft.replace(target)
        _copy_credentials(folder, data_dir)
    return copies


def store_file(service: str) -> str:
    """The name of a service's store in the data folder."""
    return f"{service}.sqlite3"


def _hold_snapshots(sources: Mapping[str, sqlite3.Connection]) -> dict[str, _Standing]:
    """Open a read transaction on each store such that none is ahead of the other.

    What is written between the two may make one so; then both are let go and taken anew.
    """
    for _ in range(ATTEMPTS_MAX):
        standings = {}
        for name, source in sources.items():
            source.execute("BEGIN")
            standings[name] = _standing(source, PEERS[name])
        if all(standings[name].peer_seq <= standings[peer].seq for name, peer in PEERS.items()):
            return standings
        for source in sources.values():
            source.execute("ROLLBACK")
        time.sleep(ATTEMPT_PAUSE_SECONDS)
    raise CommandFailed(
        f"No consistent moment in {ATTEMPTS_MAX} attempts: a store is ahead of the other's feed.",
        "Was one of them restored without the other? Restore both from one backup.",
    )


def _standing(source: sqlite3.Connection, peer: str) -> _Standing:
    head = source.execute("SELECT seq FROM feed_head").fetchone()
    epoch = source.execute("SELECT max(epoch) FROM epochs").fetchone()
    cursor = source.execute("SELECT seq FROM cursors WHERE source = ?", (peer,)).fetchone()
    return _Standing(
        epoch=int(epoch[0] or 0) if epoch else 0,
        seq=int(head[0]) if head else 0,
        peer_seq=int(cursor[0]) if cursor else 0,
    )


def _copied(source: sqlite3.Connection, target: Path, standing: _Standing) -> StoreCopy:
    """Copy the snapshot that `source` holds, and see that the copy is sound."""
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy)
        # One file, without a log beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = copy.execute("PRAGMA quick_check").fetchone()
    if verdict != "ok":
        raise CommandFailed(f"The copy {target} is damaged: {verdict}.")
    target.chmod(0o600)
    return StoreCopy(
        file=target.name,
        size_bytes=target.stat().st_size,
        sha256=_sha256(target),
        epoch=standing.epoch,
        seq=standing.seq,
        peer_seq=standing.peer_seq,
    )


def _read_manifest(folder: Path) -> dict[str, StoreCopy]:
    """The copies that a backup holds, each as it was written."""
    path = folder / MANIFEST_FILE
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        copies = {name: StoreCopy(**copy) for name, copy in manifest["stores"].items()}
        complete = manifest["format"] == MANIFEST_FORMAT and set(copies) == set(PEERS)
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise CommandFailed(f"{path} is no manifest of a backup: {wrong}.") from wrong
    if not complete:
        raise CommandFailed(
            f"{path} is of another format.", "Restore with the release that made it."
        )
    for copy in copies.values():
        kept = folder / copy.file
        if not kept.exists() or _sha256(kept) != copy.sha256:
            raise CommandFailed(f"{kept} is missing or damaged.", "Use another backup.")
    return copies


def _locked(path: Path) -> Database:
    """The store at a path, held against every other process; nothing is opened yet."""
    try:
        return Database(f"sqlite:///{path}")
    except StoreLockedError as locked:
        raise CommandFailed(str(locked)) from locked


def _draft(kept: Path, draft: Path) -> Path:
    """A copy of a backed-up store, beside its target, with a new epoch."""
    shutil.copyfile(kept, draft)
    draft.chmod(0o600)
    database = Database(f"sqlite:///{draft}", exclusive=False)
    try:
        with database.writing() as tx:
            append_epoch(tx, ChassisTables(MetaData()))
    finally:
        database.close()
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    return draft


def _copy_credentials(source: Path, target: Path) -> None:
    """Copy the credential files that there are, for their owner only."""
    for name in CREDENTIAL_FILES:
        if (source / name).exists():
            copy = target / name
            copy.unlink(missing_ok=True)
            handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write((source / name).read_bytes())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
