"""`pospago serve` and `pospago up`: the suite's processes, one by one or all three."""

import os
import runpy
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from gateway.settings import GatewaySettings
from pospago_cli.failures import CommandFailed
from pospago_cli.processes import MODULES, Suite, inherited
from pospago_cli.session import OPERATOR_FILE, Leaf, Session, pass_session

STYLES: Final = {"provisioning": "cyan", "billing": "magenta", "gateway": "green"}
WATCH_SECONDS: Final = 0.5


@click.command("serve", cls=Leaf)
@click.argument("process", type=click.Choice(sorted(MODULES)))
@pass_session
def serve(session: Session, process: str) -> None:
    """Run one process of the suite in this one, set up by POSPAGO_… variables."""
    if session.data_folder:
        os.environ["POSPAGO_DATA_DIR"] = session.data_folder
    sys.argv = [MODULES[process]]
    runpy.run_module(MODULES[process], run_name="__main__", alter_sys=True)


@click.command("up", cls=Leaf)
@pass_session
def up(session: Session) -> None:
    """Run the whole suite: both services and the gateway. Ctrl-C drains and ends it.

    The first start makes an operator's credential in the data folder and says how to call.
    """
    data_dir = session.data_dir
    first = not (data_dir / OPERATOR_FILE).exists()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    address = f"127.0.0.1:{GatewaySettings().port}"
    suite = Suite(inherited({"POSPAGO_DATA_DIR": str(data_dir)}), prefixed(session.console))
    with _asked_to_end() as asked:
        try:
            suite.start()
            suite.wait_serving(address)
            session.console.print(f"[bold green]The suite serves at {address}.[/bold green]")
            _say_how_to_call(session.console, address, data_dir, first=first)
            while not asked.wait(WATCH_SECONDS):
                suite.require_running()
            session.console.print("[bold]Draining …[/bold]")
        except KeyboardInterrupt:  # asked to end while it was still starting
            session.console.print("[bold]Stopping …[/bold]")
        finally:
            gently = suite.stop()
    if not gently:
        raise CommandFailed("A process had to be killed.", "Its last calls may be cut off.")


def prefixed(console: Console) -> "Prefixed":
    """Prints each line of a process behind the process's name."""
    return Prefixed(console)


class Prefixed:
    """Prints the lines of several processes, one at a time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()

    def __call__(self, name: str, line: str) -> None:
        """Print one line behind the name of its process."""
        text = Text.assemble((f"{name:>12} │ ", STYLES[name]), Text.from_ansi(line))
        with self._lock:
            self._console.print(text, soft_wrap=True)


@contextmanager
def _asked_to_end() -> Iterator[threading.Event]:
    """An event that SIGINT or SIGTERM sets."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        asked.set()

    before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _say_how_to_call(console: Console, address: str, data_dir: Path, *, first: bool) -> None:
    """Print where the credential is, and at the first start the first calls."""
    credential = data_dir / OPERATOR_FILE
    if not credential.exists():
        return  # the settings give the credentials
    console.print(f"The operator's credential is in [bold]{credential}[/bold], for you only.")
    if not first:
        return
    request = """'{"account_id": "acme", "account": {"display_name": "Acme"}}'"""
    create = f"{address} pospago.provisioning.v1.AccountService/CreateAccount"
    calls = (
        f"grpcurl -plaintext {address} list",
        f'TOKEN="$(cat {credential})"',
        f'grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d {request} {create}',
        "pospago account list",
    )
    console.print("\nCall it, for instance:")
    for call in calls:
        console.print(Text(f"  {call}"), soft_wrap=True)
    console.print()
