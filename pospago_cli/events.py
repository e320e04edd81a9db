"""`pospago events`: all that happened, in order, as each service tells it."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Feed:
    """One service's feed, and how it is asked."""

    service: str
    list: Callable[[Any], Any]
    list_request: Callable[..., Any]
    watch: Callable[[Any], Any]
    watch_request: Callable[..., Any]


@click.command("events", cls=Leaf)
@click.option("--follow", "-f", is_flag=True, help="Go on as things happen, until Ctrl-C.")
@click.option("--service", type=click.Choice(SERVICES), default=None, help="Only this feed.")
@click.option("--account", type=ACCOUNT, default=None, help="Only about this account.")
@limit_option
@pass_session
def events(
    session: Session, *, follow: bool, service: str | None, account: str | None, limit: int
) -> None:
    """Show what happened last, feed by feed; with --follow, both as it happens.

    --limit counts the events of each feed from its end.
    """
    feeds = _feeds(session, (service,) if service else SERVICES)
    reached = []
    for feed in feeds:
        found, position = _last(feed, account or "", limit)
        reached.append(position)
        for event in found:
            _print(session, feed.service, event)
    if follow:
        for source, event in _followed(feeds, reached, account or ""):
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


def _feeds(session: Session, services: Sequence[str]) -> list[_Feed]:
    """The feeds of the services that were asked for."""
    provisioning = session.stub(ProvisioningEvents)
    billing = session.stub(BillingEvents)
    known = (
        _Feed(
            "provisioning",
            provisioning.ListEvents,
            provisioning_pb.ListEventsRequest,
            provisioning.WatchEvents,
            provisioning_pb.WatchEventsRequest,
        ),
        _Feed(
            "billing",
            billing.ListEvents,
            billing_pb.ListEventsRequest,
            billing.WatchEvents,
            billing_pb.WatchEventsRequest,
        ),
    )
    return [feed for feed in known if feed.service in services]


def _last(
    feed: _Feed, account: str, limit: int
) -> tuple[Sequence[event_pb2.Event], event_pb2.FeedPosition]:
    """The last events of a feed, and the position up to which it was looked through."""
    head = feed.list(feed.list_request(page_size=1, account=account)).head
    # An account's events lie anywhere in the feed; others are counted back from its end.
    start = 0 if account else max(head.seq - limit, 0)
    after = event_pb2.FeedPosition(epoch=head.epoch, seq=start)
    last: deque[event_pb2.Event] = deque(maxlen=limit)
    while after.seq < head.seq:
        request = feed.list_request(after=after, account=account, page_size=PAGE_SIZE_MAX)
        page = feed.list(request)
        last.extend(page.events)
        after = page.next
    return last, after


def _followed(
    feeds: Sequence[_Feed], after: Sequence[event_pb2.FeedPosition], account: str
) -> Iterator[Told]:
    """The events of several feeds as they come; the first feed to break breaks all."""
    arrived: queue.Queue[Told | grpc.RpcError] = queue.Queue(QUEUE_MAX)

    def follow(feed: _Feed, position: event_pb2.FeedPosition) -> None:
        try:
            for answer in feed.watch(feed.watch_request(after=position, account=account)):
                for event in answer.events:
                    arrived.put((feed.service, event))
        except grpc.RpcError as broken:
            arrived.put(broken)

    for feed, position in zip(feeds, after, strict=True):
        threading.Thread(target=follow, args=(feed, position), daemon=True).start()
    while True:
        told = arrived.get()
        if isinstance(told, grpc.RpcError):
            raise told
        yield told


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
    if figures := tables.figures_of(payload):
        line.append(f"  {figures}")
    line.append(f"  by {event.actor}", style="dim")
    session.console.print(line, soft_wrap=True)
