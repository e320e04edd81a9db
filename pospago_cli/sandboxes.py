"""`pospago sandbox`: worlds with a clock that can be moved, in which nothing is really billed."""

from datetime import UTC, datetime

import click
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.provisioning.v1 import sandbox_pb2 as pb
from pospago.provisioning.v1.sandbox_pb2_grpc import SandboxServiceStub
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pospago_cli.accounts import SANDBOX
from pospago_cli.failures import CommandFailed
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.tables import instant_text
from pospago_cli.values import Instant, read_length, to_timestamp

COLUMNS = "name display_name owner clock_time target_time create_time"


@click.group("sandbox", cls=Noun)
def sandbox() -> None:
    """Sandboxes: try everything, move the clock, owe nothing."""


@sandbox.command("create")
@click.argument("sandbox_id", metavar="[ID]", default="")
@click.option("--display-name", default="", help="What people call it.")
@click.option("--start", type=Instant(), default=None, help="What its clock shows. [now]")
@click.option("--account-id", default="", help="For an integrator: the account in it.")
@request_id_option
@pass_session
def create(
    session: Session,
    sandbox_id: str,
    display_name: str,
    start: Timestamp | None,
    account_id: str,
    request_id: str,
) -> None:
    """Create a sandbox called ID; an integrator's comes with an enrolled account in it."""
    request = pb.CreateSandboxRequest(
        sandbox_id=sandbox_id,
        display_name=display_name,
        start_time=start,
        account_id=account_id,
        request_id=request_id,
    )
    answer = session.stub(SandboxServiceStub).CreateSandbox(request)
    session.show(answer.sandbox, answer=answer)
    if answer.token:
        session.show_secret(answer.secret)


@sandbox.command("get")
@click.argument("name", type=SANDBOX)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one sandbox with its clock."""
    answer = session.stub(SandboxServiceStub).GetSandbox(pb.GetSandboxRequest(name=name))
    session.show(answer.sandbox, answer=answer)


@sandbox.command("list")
@limit_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List sandboxes."""
    method = session.stub(SandboxServiceStub).ListSandboxes
    session.list(method, pb.ListSandboxesRequest(), of="sandboxes", columns=COLUMNS, limit=limit)


@sandbox.command("advance")
@click.argument("name", type=SANDBOX)
@click.argument("to", metavar="INSTANT|+LENGTH")
@pass_session
def advance(session: Session, name: str, to: str) -> None:
    """Move a sandbox's clock, to an instant or by a length such as +3d or +12h.

    All that falls due on the way is done, in both services. Broken off, the same call goes on.
    """
    stub = session.stub(SandboxServiceStub)
    start = stub.GetSandbox(pb.GetSandboxRequest(name=name)).sandbox.clock_time
    target = _target(start, to)
    stream = stub.AdvanceSandbox(pb.AdvanceSandboxRequest(name=name, to_time=target))
    answer = pb.AdvanceSandboxResponse()
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=session.errors, transient=True) as progress:
        bar = progress.add_task("", total=max(target.seconds - start.seconds, 1))
        for answer in session.connection.messages(stream):
            clock = answer.sandbox.clock_time
            told = f"{instant_text(clock)} · {answer.fired_count} things done"
            progress.update(bar, completed=clock.seconds - start.seconds, description=told)
    if not answer.arrived:
        raise CommandFailed(f"{name} did not arrive.", "Call again with the same time: it goes on.")
    session.show(answer.sandbox, answer=answer)


def _target(start: Timestamp, to: str) -> Timestamp:
    """Where to go: an instant, or a length after the clock."""
    if not to.startswith("+"):
        return Instant().convert(to, None, None)
    length = read_length(to[1:])
    if length is None:
        raise click.BadParameter(f"{to!r}: write a length such as +3d or +12h")
    clock: datetime = start.ToDatetime(tzinfo=UTC)
    return to_timestamp(clock + length)
