"""An event as a command line states it, and what became of it."""

import uuid
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from google.protobuf.timestamp_pb2 import Timestamp
from pospago.billing.v1 import usage_pb2 as pb

from pospago_cli.failures import EXIT_REFUSED, CommandFailed
from pospago_cli.values import Instant, Property

SOURCE: Final = "pospago"
F = TypeVar("F", bound=Callable[..., Any])


class NotTakenIn(CommandFailed):
    """Usage was refused; the text says why and what to do."""

    exit_code = EXIT_REFUSED


def data_option(command: F) -> F:
    """Adds `--data`: the properties of an event."""
    return click.option(
        "--data",
        type=Property(),
        multiple=True,
        help="A property of it, as megabytes=12.5; may be repeated.",
    )(command)


def event_options(command: F) -> F:
    """Adds what states an event: type, id, source, time and properties."""
    for option in (
        data_option,
        click.option("--time", "at", type=Instant(), help="When it happened. [now]"),
        click.option(
            "--source", default=SOURCE, show_default=True, help="Which system tells of it."
        ),
        click.option(
            "--id",
            "event_id",
            default=lambda: str(uuid.uuid4()),
            show_default="a new one",
            help="What tells it from others of the source; sent again, it is counted once.",
        ),
        click.option(
            "--type", "kind", required=True, help="What happened: the event name of a meter."
        ),
    ):
        command = option(command)
    return command


def stated_event(
    account: str,
    *,
    kind: str,
    event_id: str,
    source: str,
    at: Timestamp | None,
    data: tuple[tuple[str, str], ...],
) -> pb.UsageEvent:
    """The event that `event_options` state."""
    return pb.UsageEvent(
        source=source, id=event_id, subject=account, type=kind, time=at, data=dict(data)
    )


def reason_of(refusal: pb.EventRefusal) -> str:
    """Why an event was refused, without the prefix that all reasons share."""
    return pb.EventRefusal.Reason.Name(refusal.reason).removeprefix("REASON_")


def words_of(refusal: pb.EventRefusal) -> str:
    """The same for people: reason, field and message."""
    field = f"{refusal.field}: " if refusal.field else ""
    return f"{reason_of(refusal)} · {field}{refusal.message}"
