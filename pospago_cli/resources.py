"""`pospago resource` and `pospago entitlement`: what an account holds, and what it may have."""

from typing import Final

import click
from google.type.decimal_pb2 import Decimal as DecimalMessage
from pospago.provisioning.v1 import entitlement_pb2, resource_pb2
from pospago.provisioning.v1.entitlement_pb2_grpc import EntitlementServiceStub
from pospago.provisioning.v1.resource_pb2_grpc import ResourceServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import Number, ResourceName

RESOURCE: Final = ResourceName("accounts/{account}/resources/{resource}")
COLUMNS: Final = "name kind display_name state create_time"
ENTITLED: Final = "code limit unlimited used remaining"


@click.group("resource", cls=Noun)
def resource() -> None:
    """Resources: the devices, seats and other things that an account holds."""


@resource.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("kind")
@click.argument("resource_id", metavar="ID")
@click.option("--display-name", default="", help="What people call it.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="May be repeated.")
@request_id_option
@pass_session
def create(
    session: Session,
    account: str,
    kind: str,
    resource_id: str,
    display_name: str,
    labels: tuple[str, ...],
    request_id: str,
) -> None:
    """Add one of KIND to what ACCOUNT holds, if its subscriptions allow one more."""
    pairs = [label.partition("=") for label in labels]
    if any(not key or not separator for key, separator, _ in pairs):
        raise click.UsageError("Write each label as KEY=VALUE.")
    request = resource_pb2.CreateResourceRequest(
        parent=account,
        resource_id=resource_id,
        resource=resource_pb2.Resource(
            kind=kind, display_name=display_name, labels={key: value for key, _, value in pairs}
        ),
        request_id=request_id,
    )
    answer = session.stub(ResourceServiceStub).CreateResource(request)
    session.show(answer.resource, answer=answer)


@resource.command("get")
@click.argument("name", type=RESOURCE)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one resource, also a removed one."""
    request = resource_pb2.GetResourceRequest(name=name)
    answer = session.stub(ResourceServiceStub).GetResource(request)
    session.show(answer.resource, answer=answer)


@resource.command("list")
@click.argument("account", type=ACCOUNT)
@click.option("--kind", default="", help="Only of this kind.")
@limit_option
@pass_session
def list_(session: Session, account: str, *, kind: str, limit: int) -> None:
    """List what ACCOUNT holds."""
    request = resource_pb2.ListResourcesRequest(parent=account, kind=kind)
    method = session.stub(ResourceServiceStub).ListResources
    session.list(method, request, of="resources", columns=COLUMNS, limit=limit)


@resource.command("remove")
@click.argument("name", type=RESOURCE)
@request_id_option
@pass_session
def remove(session: Session, name: str, request_id: str) -> None:
    """Remove a resource for good; a suspended one takes its place."""
    request = resource_pb2.RemoveResourceRequest(name=name, request_id=request_id)
    answer = session.stub(ResourceServiceStub).RemoveResource(request)
    session.show(answer.resource, answer=answer)


@click.group("entitlement", cls=Noun)
def entitlement() -> None:
    """Entitlements: what an account may use under its subscriptions, and why."""


@entitlement.command("check")
@click.argument("account", type=ACCOUNT)
@click.argument("code")
@click.option("--quantity", type=Number(), default=None, help="How much more. [1]")
@pass_session
def check(session: Session, account: str, code: str, *, quantity: DecimalMessage | None) -> None:
    """Say whether ACCOUNT may have so much more of what CODE names, and why."""
    request = entitlement_pb2.CheckEntitlementRequest(parent=account, code=code, quantity=quantity)
    answer = session.stub(EntitlementServiceStub).CheckEntitlement(request)
    session.show(answer)


@entitlement.command("list")
@click.argument("account", type=ACCOUNT)
@pass_session
def list_entitlements(session: Session, account: str) -> None:
    """List all that ACCOUNT is entitled to, with what of it is held."""
    request = entitlement_pb2.GetEntitlementsRequest(name=f"{account}/entitlements")
    answer = session.stub(EntitlementServiceStub).GetEntitlements(request)
    session.show_many("entitlements", answer.entitlements, ENTITLED)
