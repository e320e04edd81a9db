"""`pospago health`: whether the suite takes calls."""

from typing import Final

import click
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pospago_cli.failures import EXIT_UNREACHABLE
from pospago_cli.session import Leaf, Session, pass_session
from pospago_cli.tables import print_json

HEALTH_SECONDS: Final = 5
ASKED: Final = {
    "suite": "",
    "provisioning": "pospago.provisioning.v1.InstanceService",
    "billing": "pospago.billing.v1.InvoiceService",
}


def health_of(channel: grpc.Channel) -> dict[str, str]:
    """What each part of the suite says of itself, such as SERVING."""
    stub = health_pb2_grpc.HealthStub(channel)
    found = {}
    for part, service in ASKED.items():
        request = health_pb2.HealthCheckRequest(service=service)
        status = stub.Check(request, timeout=HEALTH_SECONDS).status
        found[part] = health_pb2.HealthCheckResponse.ServingStatus.Name(status)
    return found


def serves(channel: grpc.Channel) -> bool:
    """Whether the suite as a whole says that it serves."""
    request = health_pb2.HealthCheckRequest()
    status = health_pb2_grpc.HealthStub(channel).Check(request, timeout=HEALTH_SECONDS).status
    return bool(status == health_pb2.HealthCheckResponse.SERVING)


@click.command("health", cls=Leaf)
@pass_session
@click.pass_context
def health(ctx: click.Context, session: Session) -> None:
    """Say whether the suite, and each service behind the gateway, serves."""
    found = session.stub(health_of)
    if session.as_json:
        print_json(session.console, found)
    else:
        for part, status in found.items():
            style = "green" if status == "SERVING" else "red"
            session.console.print(f"{part:<14}[{style}]{status}[/{style}]")
    if set(found.values()) != {"SERVING"}:
        ctx.exit(EXIT_UNREACHABLE)
