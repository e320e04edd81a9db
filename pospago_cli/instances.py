"""`pospago instance`: what an integrator creates, subscribes and cancels."""

import uuid

import click
from google.protobuf.duration_pb2 import Duration
from google.type.date_pb2 import Date
from pospago.provisioning.v1 import instance_pb2 as pb
from pospago.provisioning.v1.instance_pb2_grpc import InstanceServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import CivilDate, Length, ResourceName

INSTANCE = ResourceName("accounts/{account}/instances/{instance}")
COLUMNS = "name state stop_reasons payment_type band expire_date trial_end_time purge_time"


@click.group("instance", cls=Noun)
def instance() -> None:
    """Instances: created on a token, tried, subscribed, cancelled."""


@instance.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("instance_id", metavar="[ID]", default="")
@click.option("--display-name", default="", help="What people call it.")
@click.option("--trial", "trial_length", type=Length(), default=None, help="Length of its trial.")
@request_id_option
@pass_session
def create(
    session: Session,
    account: str,
    instance_id: str,
    display_name: str,
    trial_length: Duration | None,
    request_id: str,
) -> None:
    """Create an instance in ACCOUNT and start its trial.

    Call with an integrator token (--token). An operator's creation is INACTIVE.
    """
    request = pb.CreateInstanceRequest(
        parent=account,
        instance_id=instance_id,
        display_name=display_name,
        trial_length=trial_length,
        request_id=request_id,
    )
    answer = session.stub(InstanceServiceStub).CreateInstance(request)
    session.show(answer.instance, answer=answer)


@instance.command("get")
@click.argument("name", type=INSTANCE)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one instance, also a deleted one."""
    answer = session.stub(InstanceServiceStub).GetInstance(pb.GetInstanceRequest(name=name))
    session.show(answer.instance, answer=answer)


@instance.command("list")
@click.argument("account", type=ACCOUNT)
@click.option(
    "--state",
    "states",
    type=click.Choice(["trial", "active", "cancelling", "inactive", "deleted"]),
    multiple=True,
    help="Only in this state; may be repeated. [all but deleted]",
)
@click.option("--stopped", is_flag=True, help="Only stopped ones.")
@limit_option
@pass_session
def list_(
    session: Session, account: str, states: tuple[str, ...], *, stopped: bool, limit: int
) -> None:
    """List ACCOUNT's instances."""
    wanted = [f"STATE_{state.upper()}" for state in states]
    request = pb.ListInstancesRequest(parent=account, states=wanted, stopped_only=stopped)
    method = session.stub(InstanceServiceStub).ListInstances
    session.list(method, request, of="instances", columns=COLUMNS, limit=limit)


@instance.command("subscribe")
@click.argument("name", type=INSTANCE)
@request_id_option
@pass_session
def subscribe(session: Session, name: str, request_id: str) -> None:
    """Subscribe an instance on trial, or withdraw a cancellation."""
    request = pb.SubscribeInstanceRequest(name=name, request_id=request_id)
    answer = session.stub(InstanceServiceStub).SubscribeInstance(request)
    session.show(answer.instance, answer=answer)


@instance.command("cancel")
@click.argument("name", type=INSTANCE)
@request_id_option
@pass_session
def cancel(session: Session, name: str, request_id: str) -> None:
    """Cancel an instance: it stays usable until its expiry; a trial is deleted at once."""
    request = pb.CancelInstanceRequest(name=name, request_id=request_id)
    answer = session.stub(InstanceServiceStub).CancelInstance(request)
    session.show(answer.instance, answer=answer)


@instance.command("suspend")
@click.argument("name", type=INSTANCE)
@click.option("--note", default="", help="Why, for the record.")
@request_id_option
@pass_session
def suspend(session: Session, name: str, note: str, request_id: str) -> None:
    """Stop an instance for a reason of the operator's; billing goes on."""
    request = pb.SuspendInstanceRequest(name=name, note=note, request_id=request_id)
    answer = session.stub(InstanceServiceStub).SuspendInstance(request)
    session.show(answer.instance, answer=answer)


@instance.command("resume")
@click.argument("name", type=INSTANCE)
@request_id_option
@pass_session
def resume(session: Session, name: str, request_id: str) -> None:
    """Take the operator's stop back."""
    request = pb.ResumeInstanceRequest(name=name, request_id=request_id)
    answer = session.stub(InstanceServiceStub).ResumeInstance(request)
    session.show(answer.instance, answer=answer)


@instance.command("import")
@click.argument("account", type=ACCOUNT)
@click.argument("instance_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--paid-through", type=CivilDate(), required=True, help="The last day paid for.")
@pass_session
def import_(
    session: Session, account: str, instance_ids: tuple[str, ...], paid_through: Date
) -> None:
    """Take over prepaid instances that exist already: the licences that count for enrolment."""
    stub = session.stub(InstanceServiceStub)
    requests = (
        pb.ImportInstanceRequest(
            parent=account,
            instance_id=each,
            paid_through_date=paid_through,
            request_id=str(uuid.uuid4()),
        )
        for each in instance_ids
    )
    imported = [stub.ImportInstance(request).instance for request in requests]
    session.show_many("imported", imported, "name state payment_type paid_through_date")
