"""A billing service with accounts and meters, to which usage is imported; it can be restarted."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from billing_service.server import BillingApp
from chassis.clock import ManualClock
from pospago_cli.usage.importing_state import SUFFIX
from tests.billing.builders import START_AT, Billing
from tests.cli.catalog_files import written
from tests.cli.shell import Shell
from tests.suite.in_process import Place, running_billing
from tests.suite.processes import free_port

UNDER_WAY_SECONDS_MAX: Final = 240
ROWS: Final = 4_000
# So small that an import is under way for a while.
BATCH: Final = "20"
CATALOG: Final = """\
catalog: 1
currency: BRL
meters:
  requests: { event: request.served, aggregation: count }
  megabytes: { event: request.served, aggregation: sum, property: megabytes }
"""
STATED: Final = ("--source", "edge", "--type", "request.served")
# The served clock shows 2 March 2026.
TIME: Final = "2026-03-01T12:00:00-03:00"


@dataclass(slots=True)
class UsageService:
    """The running service and a shell beside it."""

    place: Place
    clock: ManualClock
    running: AbstractAsyncContextManager[BillingApp]
    app: BillingApp
    shell: Shell
    account: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def open_account(self) -> None:
        """Let a new account be the one whose usage is imported."""
        self.account = f"acme-{next(self.numbers)}"
        inside = Billing(self.app.database, self.clock, self.app.writer, self.numbers)
        await self.app.writer.call(lambda: inside.account(self.account))

    async def shown(self, path: Path, *options: str, exit_code: int = 0) -> str:
        """What an import prints."""
        stated = (str(path), "--account", self.account, *STATED, *options)
        return await self.shell.pospago("usage", "import", *stated, exit_code=exit_code)

    async def imports(self, path: Path, *options: str, exit_code: int = 0) -> dict[str, Any]:
        """What an import tells of itself."""
        printed = await self.shown(path, *options, "--json", exit_code=exit_code)
        told: dict[str, Any]
        told, _ = json.JSONDecoder().raw_decode(printed[printed.index("{") :])
        return told

    async def used(self, meter: str) -> str:
        """What was used of a meter in March 2026."""
        dates = ("--from", "2026-03-01", "--until", "2026-04-01")
        printed = await self.shell.pospago("usage", "query", self.account, meter, *dates, "--json")
        total: str = json.loads(printed)["total_quantity"]["value"]
        return total

    def child(self, path: Path, stderr: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """An import in a process of its own."""
        return subprocess.Popen(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "pospago_cli", "usage", "import", str(path), *STATED),
                *("--account", self.account, "--batch", BATCH, "--address", self.shell.address),
            ],
            env={**os.environ, "POSPAGO_TOKEN": self.shell.secret},
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )

    async def restart(self, away_seconds: float) -> None:
        """Stop the service, and start it again on the same store and port a little later."""
        await self.running.__aexit__(None, None, None)
        await asyncio.sleep(away_seconds)
        self.running = running_billing(self.place)
        self.app = await self.running.__aenter__()


@asynccontextmanager
async def usage_service(folder: Path) -> AsyncIterator[UsageService]:
    """The service until the block ends."""
    clock = ManualClock(START_AT)
    place = Place(folder, clock, provisioning_port=free_port(), billing_port=free_port())
    running = running_billing(place)
    app = await running.__aenter__()
    secret = (folder / "operator.token").read_text(encoding="ascii").strip()
    service = UsageService(place, clock, running, app, Shell(app.address, secret))
    try:
        await service.shell.pospago("catalog", "apply", str(written(folder, CATALOG)), "--yes")
        yield service
    finally:
        await service.running.__aexit__(None, None, None)


def acknowledged(path: Path) -> int:
    """How many rows of a file are acknowledged, as its import's state tells."""
    state = path.with_name(path.name + SUFFIX)
    try:
        return int(json.loads(state.read_text(encoding="utf-8"))["tally"]["rows"])
    except (FileNotFoundError, ValueError):
        return 0


async def until_under_way(path: Path) -> None:
    """Return when the first rows of a file are acknowledged."""
    async with asyncio.timeout(UNDER_WAY_SECONDS_MAX):
        while not acknowledged(path):  # noqa: ASYNC110 - another process has no event to set
            await asyncio.sleep(0.005)


def csv_text(rows: int = ROWS) -> str:
    """A file of that many rows, each of half a megabyte."""
    lines = (f"r-{number},{TIME},0.5\n" for number in range(rows))
    return "id,time,megabytes\n" + "".join(lines)
