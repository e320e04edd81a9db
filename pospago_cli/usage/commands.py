"""`pospago usage`: what was used, sent in and corrected."""

from datetime import date
from typing import Any

import click
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from pospago.billing.v1 import usage_pb2 as pb
from pospago.billing.v1.usage_pb2_grpc import UsageServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.failures import CommandFailed
from pospago_cli.session import (
    Noun,
    Session,
    ask,
    limit_option,
    pass_session,
    request_id_option,
)
from pospago_cli.tables import as_json, date_text, print_json
from pospago_cli.usage.events import (
    SOURCE,
    NotTakenIn,
    data_option,
    event_options,
    stated_event,
    words_of,
)
from pospago_cli.usage.importing import import_
from pospago_cli.usage.reading import query, summary, watch
from pospago_cli.values import CivilDate, Instant

COLUMNS = (
    "event.time event.source event.id event.type event.data counts corrections.kind"
    " corrections.reason"
)


@click.group("usage", cls=Noun)
def usage() -> None:
    """Usage: events taken in once, what they sum up to, and what that costs."""


for each in (import_, query, summary, watch):
    usage.add_command(each)


@usage.command("send")
@click.argument("account", type=ACCOUNT)
@event_options
@pass_session
def send(session: Session, /, account: str, **stated: Any) -> None:
    """Send one event of ACCOUNT's usage. Sent again with its --id, it is counted once."""
    event = stated_event(account, **stated)
    request = pb.IngestEventsRequest(events=[event])
    answer = session.stub(UsageServiceStub).IngestEvents(request)
    if session.as_json:
        print_json(session.console, as_json(answer))
    if answer.refusals:
        raise NotTakenIn(words_of(answer.refusals[0]))
    if not session.as_json:
        outcome = pb.EventOutcome.Name(answer.outcomes[0]).removeprefix("EVENT_OUTCOME_")
        session.console.print(f"{outcome}  {event.source} {event.id}", soft_wrap=True)


@usage.command("events")
@click.argument("account", type=ACCOUNT)
@click.option("--from", "start_time", type=Instant(), help="The first instant. [of this month]")
@click.option(
    "--until", "end_time", type=Instant(), help="The first instant after. [of the month after]"
)
@click.option("--type", "kind", default="", help="Only of this type.")
@click.option("--source", default="", help="Only of this source.")
@limit_option
@pass_session
def events(
    session: Session,
    account: str,
    start_time: Timestamp | None,
    end_time: Timestamp | None,
    kind: str,
    source: str,
    limit: int,
) -> None:
    """List ACCOUNT's events, with what was amended or voided."""
    request = pb.ListUsageEventsRequest(
        parent=account, start_time=start_time, end_time=end_time, type=kind, source=source
    )
    method = session.stub(UsageServiceStub).ListUsageEvents
    session.list(method, request, of="events", columns=COLUMNS, limit=limit, as_row=_as_it_counts)


def _as_it_counts(recorded: pb.RecordedUsageEvent) -> pb.RecordedUsageEvent:
    """The event with the data in force, in place of those it came with."""
    shown = pb.RecordedUsageEvent()
    shown.CopyFrom(recorded)
    for each in recorded.corrections:
        if each.kind == pb.EventCorrection.KIND_AMENDED:
            shown.event.data.clear()
            shown.event.data.update(each.data)
    return shown


@usage.command("amend")
@click.argument("account", type=ACCOUNT)
@click.argument("event_id", metavar="ID")
@click.option("--source", default=SOURCE, show_default=True, help="Its source.")
@data_option
@click.option("--reason", required=True, help="Why, for the record.")
@request_id_option
@pass_session
def amend(
    session: Session,
    account: str,
    event_id: str,
    source: str,
    data: tuple[tuple[str, str], ...],
    reason: str,
    request_id: str,
) -> None:
    """Let ACCOUNT's event ID count by other data; the event stays as it came.

    What --data states takes the place of all its data: state what stays as it was, too.
    """
    request = pb.AmendEventRequest(
        parent=account,
        event=pb.EventKey(source=source, id=event_id),
        data=dict(data),
        reason=reason,
        request_id=request_id,
    )
    answer = session.stub(UsageServiceStub).AmendEvent(request)
    session.show(answer.event, answer=answer)


@usage.command("void")
@click.argument("account", type=ACCOUNT)
@click.argument("event_ids", metavar="[ID]...", nargs=-1)
@click.option("--source", default=SOURCE, show_default=True, help="Their source.")
@click.option("--from", "start_time", type=Instant(), help="Without ID: the first instant.")
@click.option("--until", "end_time", type=Instant(), help="Without ID: the first instant after.")
@click.option("--type", "kind", default="", help="Without ID: only of this type.")
@click.option("--reason", required=True, help="Why, for the record.")
@request_id_option
@pass_session
def void(
    session: Session,
    account: str,
    event_ids: tuple[str, ...],
    source: str,
    start_time: Timestamp | None,
    end_time: Timestamp | None,
    kind: str,
    reason: str,
    request_id: str,
) -> None:
    """Take events of ACCOUNT back: some by ID, or all of --source in a stretch of time.

    They count no more, and stay known: none of them can be sent again.
    """
    request = pb.VoidEventsRequest(parent=account, reason=reason, request_id=request_id)
    if event_ids and not (start_time or end_time or kind):
        request.keys.keys.extend(pb.EventKey(source=source, id=each) for each in event_ids)
    elif start_time and end_time and not event_ids:
        request.range.CopyFrom(
            pb.VoidEventsRequest.Range(
                source=source, start_time=start_time, end_time=end_time, type=kind
            )
        )
    else:
        raise CommandFailed(
            "Which events was not stated.",
            "Name them by ID, or take all of --source with --from and --until.",
        )
    answer = session.stub(UsageServiceStub).VoidEvents(request)
    if session.as_json:
        print_json(session.console, as_json(answer))
    else:
        before = answer.already_voided_count
        known = f"; {before} had been voided before" if before else ""
        count = answer.voided_count
        events = "1 event counts" if count == 1 else f"{count:,} events count"
        session.console.print(f"{events} no more{known}.")


@usage.command("age-out")
@click.option(
    "--before", type=CivilDate(), required=True, help="Any day of the first month that stays."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@request_id_option
@pass_session
def age_out(session: Session, before: Date, request_id: str, *, yes: bool) -> None:
    """Drop the events themselves of all months, in UTC, before one.

    Totals and what is known of ids stay. Those months take no more events, and nothing in them can
    be amended, voided or asked for by the hour.
    """
    first = date(before.year, before.month, 1).isoformat()
    if not yes:
        ask(f"Drop all events before {first}?")
    request = pb.AgeOutEventsRequest(before_month=before, request_id=request_id)
    answer = session.stub(UsageServiceStub).AgeOutEvents(request)
    if session.as_json:
        print_json(session.console, as_json(answer))
    elif answer.months:
        months = ", ".join(date_text(each)[:7] for each in answer.months)
        session.console.print(f"{answer.events_count} events dropped, of {months}.")
    else:
        session.console.print(f"There were no events before {first}.")
