"""`pospago usage import` against a real billing service: nothing lost, nothing doubled."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from pospago_cli.__main__ import INTERRUPTED
from pospago_cli.failures import EXIT_FAILED, EXIT_REFUSED
from pospago_cli.usage.importing_state import SUFFIX
from tests.cli.usage_files import written, written_jsonl, written_parquet
from tests.cli.usage_serving import (
    BATCH,
    ROWS,
    TIME,
    UsageService,
    acknowledged,
    csv_text,
    until_under_way,
    usage_service,
)

TALLY: Final = ("rows", "accepted", "duplicates", "rejected", "rejected_bytes")


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UsageService]:
    """The service for all tests of this file."""
    async with usage_service(tmp_path_factory.mktemp("billing")) as started:
        yield started


@pytest.fixture
async def service(running: UsageService) -> UsageService:
    """The service with an account of the test's own: what it used is what the test imported."""
    await running.open_account()
    return running


def file_of(path: Path, count: int) -> Path:
    """A file of `count` rows of half a megabyte, by the end of its name."""
    ids = [f"r-{number}" for number in range(count)]
    match path.suffix:
        case ".csv":
            return written(path, csv_text(count))
        case ".jsonl":
            rows = [{"id": each, "time": TIME, "data": {"megabytes": 0.5}} for each in ids]
            return written_jsonl(path, rows)
        case _:
            columns = {"id": ids, "time": [TIME] * count, "megabytes": [0.5] * count}
            return written_parquet(path, columns)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("name", ["used.csv", "used.jsonl", "used.parquet"])
async def test_each_kind_of_file_is_counted_once(
    service: UsageService, tmp_path: Path, name: str
) -> None:
    """Imported twice, all rows are duplicates the second time, and the totals stay."""
    path = file_of(tmp_path / name, 250)
    first = await service.imports(path, "--batch", "100")
    again = await service.imports(path)
    assert (first["accepted"], first["duplicates"]) == (250, 0)
    assert (again["accepted"], again["duplicates"]) == (0, 250)
    assert [await service.used("requests"), await service.used("megabytes")] == ["250", "125"]


async def test_a_killed_import_goes_on(service: UsageService, tmp_path: Path) -> None:
    """What was acknowledged is not sent again, and every row counts once."""
    # In batches as small as the child's it would take seconds.
    count = ROWS * 3
    path = file_of(tmp_path / "used.csv", count)
    child = service.child(path)
    await until_under_way(path)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    before = acknowledged(path)
    assert 0 < before < count
    told = await service.imports(path)
    assert told["accepted"] + told["duplicates"] == count
    assert await service.used("requests") == str(count)


async def test_an_interrupted_import_says_how_to_go_on(
    service: UsageService, tmp_path: Path
) -> None:
    """Ctrl-C tells how far it came, and that the same command goes on."""
    path = file_of(tmp_path / "used.csv", ROWS)
    child = service.child(path, stderr=subprocess.PIPE)
    await until_under_way(path)
    child.send_signal(signal.SIGINT)
    # The service runs on this loop, and the child may still wait for its answers.
    _, told = await asyncio.to_thread(child.communicate)
    assert child.returncode == INTERRUPTED
    assert f"{acknowledged(path):,} rows · " in told.decode()
    assert "The same command goes on from here." in told.decode()


async def test_an_import_outlives_the_server(service: UsageService, tmp_path: Path) -> None:
    """A server that is restarted in the middle is waited for; every row counts once."""
    path = file_of(tmp_path / "used.jsonl", ROWS)
    importing = asyncio.create_task(service.imports(path, "--batch", BATCH))
    await until_under_way(path)
    assert acknowledged(path) < ROWS
    await service.restart(away_seconds=0.5)
    told = await importing
    assert told["accepted"] + told["duplicates"] == ROWS
    assert await service.used("requests") == str(ROWS)


async def test_rejected_rows_are_corrected_and_imported(
    service: UsageService, tmp_path: Path
) -> None:
    """They are in a file of their own with what is wrong, and the others count."""
    rows = ["r-1,0.5", "r-2,plenty", "r-3,1,2", "r-4,0.5", "r-1,0.7"]
    path = written(tmp_path / "used.csv", "id,megabytes\n" + "\n".join(rows) + "\n")
    told = await service.imports(path, exit_code=EXIT_REFUSED)
    assert (told["rows"], told["accepted"], told["rejected"]) == (5, 2, 3)
    rejected = Path(told["rejected_file"])
    text = read(rejected)
    assert [line.split(",")[1] for line in text.splitlines()] == [
        "import.reason",
        "MALFORMED_VALUE",
        "UNREADABLE",
        "CONFLICT",
    ]
    corrected = text.replace("plenty", "1").replace("r-3,1,2", "r-3,1").replace("r-1,0.7", "r-5,1")
    again = await service.imports(written(rejected, corrected))
    assert again["accepted"] == 3
    assert await service.used("megabytes") == "4"


async def test_people_are_told_how_to_go_on(service: UsageService, tmp_path: Path) -> None:
    """Words for people name the file of rejected rows and the next command."""
    path = written_jsonl(tmp_path / "used.jsonl", [{"id": "1", "type": "unknown.type"}])
    shown = await service.shown(path, exit_code=EXIT_REFUSED)
    assert "1 row · 0 accepted · 0 duplicates · 1 rejected" in shown
    command = f"pospago usage import {path}.rejected.jsonl --account accounts/{service.account}"
    assert f"→ Correct them there, and run `{command} --source edge" in shown


async def test_a_dry_run_sends_nothing(service: UsageService, tmp_path: Path) -> None:
    """It tells what cannot be read, and writes no file."""
    path = written(tmp_path / "used.csv", "id,time\n1,\n2,tomorrow\n")
    shown = await service.shown(path, "--dry-run", exit_code=EXIT_REFUSED)
    assert "row 2: its time 'tomorrow' is no instant" in shown
    assert names_in(tmp_path) == [path.name]
    assert await service.used("requests") == "0"


async def test_another_file_begins_anew(service: UsageService, tmp_path: Path) -> None:
    """A state that was left by another content of the file is not gone on with."""
    path = file_of(tmp_path / "used.csv", 10)
    state = path.with_name(path.name + SUFFIX)
    left = {"identity": {"path": path.name}, "tally": dict.fromkeys(TALLY, 5)}
    written(state, json.dumps(left))
    told = await service.imports(path)
    assert (told["rows"], told["accepted"]) == (10, 10)
    assert not state.exists()


async def test_an_empty_file_has_no_rows(service: UsageService, tmp_path: Path) -> None:
    """A header alone is an import of nothing."""
    told = await service.imports(written(tmp_path / "used.csv", "id,time\n"))
    assert told["rows"] == 0


async def test_a_file_without_ids_is_refused(service: UsageService, tmp_path: Path) -> None:
    """Without ids no row could be told from another, so nothing is sent."""
    path = written(tmp_path / "used.csv", "time,megabytes\n,1\n")
    shown = await service.shown(path, exit_code=EXIT_FAILED)
    assert "has no column `id`" in shown
