"""`pospago events`: all that happened, in order, as each service tells it."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import click
import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from pospago.billing.v1 import event_service_pb2 as billing_pb
from pospago.billing.v1 import events_pb2 as _billing_events
from pospago.billing.v1.event_service_pb2_grpc import EventServiceStub as BillingEvents
from pospago.event.v1 import event_pb2
from pospago.provisioning.v1 import event_service_pb2 as provisioning_pb
from pospago.provisioning.v1 import events_pb2 as _provisioning_events
from pospago.provisioning.v1.event_service_pb2_grpc import EventServiceStub as ProvisioningEvents
from rich.text import Text

from pospago_cli import tables
from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import PAGE_SIZE_MAX, Leaf, Session, limit_option, pass_session

SERVICES: Final = ("provisioning", "billing")
STYLES: Final = {"provisioning": "cyan", "billing": "magenta"}
QUEUE_MAX: Final = 1000
# Imported so that the payloads of both feeds are known by name.
PAYLOAD_FILES: Final = (_provisioning_events.DESCRIPTOR, _billing_events.DESCRIPTOR)

Told = tuple[str, event_pb2.Event]


@click.command("events", cls=Leaf)
@click.option("--follow", "-f", is_flag=True, help="Go on as things happen, until Ctrl-C.")
@click.option("--service", type=click.Choice(SERVICES), default=None, help="Only this feed.")
@click.option("--account", type=ACCOUNT, default=None, help="Only about this account.")
@limit_option
@pass_session
def events(
    session: Session, *, follow: bool, service: str | None, account: str | None, limit: int
) -> None:
    """Show what happened, feed by feed; with --follow, both as it happens."""
    wanted = (service,) if service else SERVICES
    if not follow:
        for each in wanted:
            for event in _listed(session, each, account or "", limit):
                _print(session, each, event)
        return
    for source, event in _followed(session, wanted, account or ""):
        _print(session, source, event)


def payload_of(event: event_pb2.Event) -> Message | None:
    """What happened, as a message; None where this client does not know the type."""
    try:
        kind = descriptor_pool.Default().FindMessageTypeByName(event.payload.TypeName())
    except KeyError:
        return None
    payload = message_factory.GetMessageClass(kind)()
    event.payload.Unpack(payload)
    return payload


def _listed(session: Session, service: str, account: str, limit: int) -> Iterator[event_pb2.Event]:
    """The first events of a feed."""
    method, kind = _list_method(session, service)
    after, left = None, limit
    while left > 0:
        request = kind(after=after, account=account, page_size=min(left, PAGE_SIZE_MAX))
        page = method(request)
        yield from page.events
        left -= len(page.events)
        after = page.next
        if page.next.seq >= page.head.seq:
            return


def _followed(session: Session, services: Sequence[str], account: str) -> Iterator[Told]:
    """The events of several feeds as they come; the first feed to break breaks all."""
    arrived: queue.Queue[Told | grpc.RpcError] = queue.Queue(QUEUE_MAX)

    def follow(service: str) -> None:
        method, kind = _watch_method(session, service)
        try:
            for answer in method(kind(account=account)):
                for event in answer.events:
                    arrived.put((service, event))
        except grpc.RpcError as broken:
            arrived.put(broken)

    for service in services:
        threading.Thread(target=follow, args=(service,), daemon=True).start()
    while True:
        told = arrived.get()
        if isinstance(told, grpc.RpcError):
            raise told
        yield told


def _list_method(session: Session, service: str) -> tuple[Callable[[Any], Any], Any]:
    if service == "provisioning":
        return session.stub(ProvisioningEvents).ListEvents, provisioning_pb.ListEventsRequest
    return session.stub(BillingEvents).ListEvents, billing_pb.ListEventsRequest


def _watch_method(session: Session, service: str) -> tuple[Callable[[Any], Any], Any]:
    if service == "provisioning":
        return session.stub(ProvisioningEvents).WatchEvents, provisioning_pb.WatchEventsRequest
    return session.stub(BillingEvents).WatchEvents, billing_pb.WatchEventsRequest


def _print(session: Session, service: str, event: event_pb2.Event) -> None:
    """One event as one line."""
    payload = payload_of(event)
    if session.as_json:
        session.console.out(tables.json_line(service, event, payload), highlight=False)
        return
    line = Text()
    line.append(f"{service:>12} {event.position.seq:>6} ", style=STYLES[service])
    line.append(f"{tables.instant_text(event.effective_time)} ", style="dim")
    line.append(event.payload.TypeName().rpartition(".")[2], style="bold")
    line.append(f" {tables.subject_of(payload) or event.account}")
    line.append(f"  by {event.actor}", style="dim")
    session.console.print(line, soft_wrap=True)
