"""`pospago up` and what a newcomer does with it: real processes, gateway and commands."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from pospago_cli.__main__ import run
from pospago_cli.demo import CATALOG
from pospago_cli.processes import Layout
from pospago_cli.session import Session

START_SECONDS_MAX = 300
COMMAND_SECONDS_MAX = 120
ISSUERS = CATALOG.parent.parent / "issuers" / "exemplo.yaml"


@dataclass(frozen=True, slots=True)
class Up:
    """A running `pospago up`, and the file that it prints to."""

    process: subprocess.Popen[bytes]
    layout: Layout
    output: Path

    def pospago(self, *arguments: str, exit_code: int = 0) -> str:
        """What a command prints; run in this process, because a new one takes a second."""
        printed = StringIO()
        console = Console(file=printed, width=200, highlight=False)
        session = Session(
            address=self.layout.address,
            data_folder=str(self.layout.data_dir),
            console=console,
            errors=console,
        )
        assert run(list(arguments), session) == exit_code, printed.getvalue()
        return printed.getvalue()


@contextmanager
def _up(folder: Path) -> Iterator[Up]:
    """`pospago up` that serves; asked to end as Ctrl-C does."""
    layout = Layout.on_free_ports(folder / "data")
    output = folder / "up.log"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "pospago_cli", "up"],
            env={**os.environ, **layout.environment},
            stdout=file,
            stderr=file,
        )
    try:
        give_up_at = time.monotonic() + START_SECONDS_MAX
        while "The suite serves at" not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < give_up_at, output.read_text()
            time.sleep(0.1)
        yield Up(process, layout, output)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS_MAX)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The suite, running for all tests of this file."""
    with _up(tmp_path_factory.mktemp("up")) as running:
        yield running


def test_the_first_start_says_how_to_call(up: Up) -> None:
    """It names the address, a grpcurl call and the credential's file, for its owner only."""
    give_up_at = time.monotonic() + START_SECONDS_MAX
    # Its last line: what is said before comes line by line.
    while "  pospago account list" not in (printed := up.output.read_text()):
        assert time.monotonic() < give_up_at, printed
        time.sleep(0.1)
    credential = up.layout.data_dir / "operator.token"
    assert f"grpcurl -plaintext {up.layout.address} list" in printed
    assert str(credential) in printed
    assert stat.S_IMODE(credential.stat().st_mode) == 0o600


def test_logs_carry_the_name_of_their_process(up: Up) -> None:
    """Each line of a process stands behind its name, and the secret is on none."""
    printed = up.output.read_text()
    for name in ("provisioning", "billing", "gateway"):
        assert f"{name} │ " in printed
    assert (up.layout.data_dir / "operator.token").read_text().strip() not in printed


def test_health_tells_each_part(up: Up) -> None:
    """The suite and both services serve."""
    found = json.loads(up.pospago("health", "--json"))
    assert found == {"suite": "SERVING", "provisioning": "SERVING", "billing": "SERVING"}


def test_an_operator_sets_up_an_integrator(up: Up) -> None:
    """From the catalogue to a subscription and its preview, command by command."""
    up.pospago("issuer", "create", str(ISSUERS))
    up.pospago("catalog", "apply", str(CATALOG), "--yes")
    up.pospago("account", "create", "acme", "--display-name", "Acme")
    up.pospago("instance", "import", "acme", "old-1", "--paid-through", "2099-12-31")
    enrolled = json.loads(
        up.pospago("integrator", "enrol", "acme", "--licences-min", "1", "--json")
    )
    secret = enrolled["secret"]
    up.pospago("instance", "create", "acme", "shop-1", "--token", secret)
    up.pospago("instance", "subscribe", "acme/shop-1", "--token", secret)
    # Each command is a client of its own, so billing may hear of it a moment later.
    give_up_at = time.monotonic() + COMMAND_SECONDS_MAX
    while "39.90 BRL" not in up.pospago("invoice", "preview", "acme", "--token", secret):
        assert time.monotonic() < give_up_at
    assert "InstanceSubscribed" in up.pospago("events", "--account", "acme", "--limit", "20")


def test_a_refusal_exits_with_its_code(up: Up) -> None:
    """Not found is 4, not allowed is 5."""
    assert "accounts/nobody" in up.pospago("account", "get", "nobody", exit_code=4)
    assert "POSPAGO_TOKEN" in up.pospago("account", "list", "--token", "pspg_op_wrong", exit_code=5)


def test_a_sandbox_is_advanced_by_days(up: Up) -> None:
    """A length is counted from the sandbox's own clock."""
    start = "2027-01-04T08:00:00-03:00"
    up.pospago("sandbox", "create", "play", "--start", start)
    moved = json.loads(up.pospago("sandbox", "advance", "play", "+40d", "--json"))
    assert moved["arrived"]
    assert moved["sandbox"]["clock_time"] == "2027-02-13T11:00:00Z"


def test_a_backup_is_taken_while_the_suite_serves(up: Up, tmp_path: Path) -> None:
    """Both stores and the credentials are copied; restoring beside the services is refused."""
    up.pospago("account", "create", "kept")
    up.pospago("db", "backup", str(tmp_path / "kept"))
    assert (tmp_path / "kept" / "manifest.json").exists()
    up.pospago("db", "restore", str(tmp_path / "kept"), "--replace", exit_code=1)


def test_ctrl_c_drains_and_a_backup_comes_back(tmp_path: Path) -> None:
    """Ended by Ctrl-C with 0, restored to the backup, started again: what was kept is there."""
    with _up(tmp_path) as first:
        first.pospago("account", "create", "kept")
        first.pospago("db", "backup", str(tmp_path / "kept"))
        first.pospago("account", "create", "lost")
    assert first.process.returncode == 0, first.output.read_text()
    assert "Draining" in first.output.read_text()
    first.pospago("db", "restore", str(tmp_path / "kept"), "--replace")
    with _up(tmp_path) as second:
        found = json.loads(second.pospago("account", "list", "--json"))
    assert [each["name"] for each in found] == ["accounts/kept"]
