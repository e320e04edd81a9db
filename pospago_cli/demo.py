"""`pospago demo`: the whole story in a sandbox, through the gateway and three real processes."""

import uuid
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click
from pospago.billing.v1 import invoice_pb2
from pospago.billing.v1.invoice_pb2_grpc import InvoiceServiceStub
from pospago.provisioning.v1 import sandbox_pb2
from pospago.provisioning.v1.sandbox_pb2_grpc import SandboxServiceStub
from rich.console import Console
from rich.text import Text

from pospago_cli.catalog.applying import apply_catalog, checked
from pospago_cli.client import Connection
from pospago_cli.failures import EXIT_FAILED, CommandFailed
from pospago_cli.processes import Layout, Suite, bare
from pospago_cli.session import OPERATOR_FILE, Leaf, Session, pass_session
from pospago_cli.story.expectations import Surprise, expect
from pospago_cli.story.metered import METERED
from pospago_cli.story.narration import ConsoleNarrator
from pospago_cli.story.player import Player, Stage
from pospago_cli.story.script import at, play
from pospago_cli.story.whole import WHOLE_STORY
from pospago_cli.values import to_timestamp

EXAMPLES: Final = Path(__file__).parent.parent / "examples"
CATALOG: Final = EXAMPLES / "catalogs" / "integrator.yaml"
METERED_CATALOG: Final = EXAMPLES / "usage" / "catalog.yaml"
SANDBOX_ID: Final = "demo"
STORY_WIDTH: Final = 110
START: Final = at(1, 4, 8)


@click.command("demo", cls=Leaf)
@click.option("--provisioning-database-url", default="", help="[a file that is thrown away]")
@click.option("--billing-database-url", default="", help="[a file that is thrown away]")
@pass_session
@click.pass_context
def demo(
    ctx: click.Context,
    session: Session,
    provisioning_database_url: str,
    billing_database_url: str,
) -> None:
    """Play months of four integrators in a sandbox, and check each step.

    Starts the suite on free ports with a data folder that is thrown away, whatever POSPAGO_…
    variables say: your own data is never touched. Exits with 0 only if everything came as the
    rules say. Prices are illustrative.
    """
    console = session.console
    console.width = min(console.width, STORY_WIDTH)
    with ExitStack() as stack:
        data_dir = Path(stack.enter_context(TemporaryDirectory(prefix="pospago-demo-")))
        layout = Layout.on_free_ports(data_dir)
        urls = {
            "POSPAGO_PROVISIONING_DATABASE_URL": provisioning_database_url,
            "POSPAGO_BILLING_DATABASE_URL": billing_database_url,
        }
        suite = Suite(bare({**layout.environment, **urls}), _keep_quiet)
        stack.callback(suite.stop)
        with console.status("Starting provisioning, billing and the gateway …"):
            suite.start()
            suite.wait_serving(layout.address)
        console.print(f"Three processes run behind [bold]{layout.address}[/bold].")
        operator = (data_dir / OPERATOR_FILE).read_text(encoding="ascii").strip()
        connection = stack.enter_context(Connection.to(layout.address, operator))
        if not _played(console, connection):
            ctx.exit(EXIT_FAILED)


def sell_the_catalog(connection: Connection, path: Path = CATALOG) -> None:
    """Make the stored catalogue what a file says."""
    apply_catalog(connection, checked(path))


def open_sandbox(connection: Connection, sandbox_id: str) -> str:
    """The name of a new sandbox whose clock stands where the story begins."""
    request = sandbox_pb2.CreateSandboxRequest(
        sandbox_id=sandbox_id,
        display_name="Four integrators",
        start_time=to_timestamp(START),
        request_id=str(uuid.uuid4()),
    )
    return connection.stub(SandboxServiceStub).CreateSandbox(request).sandbox.name


class SandboxClock:
    """Moves a sandbox's clock, through the gateway."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def __call__(self, to: datetime) -> None:
        """Return when the sandbox has arrived at `to`."""
        stub = self._connection.stub(SandboxServiceStub)
        request = sandbox_pb2.AdvanceSandboxRequest(name=self._sandbox, to_time=to_timestamp(to))
        arrived = False
        for answer in self._connection.messages(stub.AdvanceSandbox(request)):
            arrived = answer.arrived
        if not arrived:
            raise CommandFailed(f"{self._sandbox} did not arrive at {to.isoformat()}.")


def _played(console: Console, connection: Connection) -> bool:
    """Play the story and say whether all came as expected."""
    sell_the_catalog(connection)
    sell_the_catalog(connection, METERED_CATALOG)
    scenes = (*WHOLE_STORY, *METERED)
    sandbox = open_sandbox(connection, SANDBOX_ID)
    stage = Stage(sandbox=sandbox, prefix="", move_to=SandboxClock(connection, sandbox))
    try:
        play(Player(connection, stage, ConsoleNarrator(console)), scenes)
        _expect_nothing_real(connection)
    except Surprise as surprise:
        console.print()
        console.print(Text(f"✗ {surprise.what}", style="bold red"))
        console.print(Text(f"  expected: {surprise.expected}"))
        console.print(Text(f"  came:     {surprise.came}"))
        return False
    console.print()
    console.print(
        f"[bold green]Every expectation of {len(scenes)} scenes held.[/bold green] "
        "It all happened in a sandbox: no real invoice was issued."
    )
    return True


def _expect_nothing_real(connection: Connection) -> None:
    """What happens in a sandbox appears in no real list."""
    everyone = invoice_pb2.ListInvoicesRequest(parent="accounts/-")
    real = connection.stub(InvoiceServiceStub).ListInvoices(everyone).invoices
    expect("invoices of the real world", len(real), 0)


def _keep_quiet(_name: str, _line: str) -> None:
    """The story is what is printed; a process that ends by itself is quoted."""
