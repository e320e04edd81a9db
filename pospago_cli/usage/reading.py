"""`pospago usage summary`, `query` and `watch`: what was used, and what it comes to."""

from typing import Final

import click
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from pospago.billing.v1 import price_pb2
from pospago.billing.v1 import usage_pb2 as pb
from pospago.billing.v1.usage_pb2_grpc import UsageServiceStub
from pospago.provisioning.v1.account_pb2 import GetAccountRequest
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub
from rich.live import Live

from pospago_cli.accounts import ACCOUNT
from pospago_cli.meters import METER
from pospago_cli.session import Leaf, Session, pass_session
from pospago_cli.subscriptions import SUBSCRIPTION
from pospago_cli.tables import as_json, json_text, print_json
from pospago_cli.usage.showing import buckets_shown, summaries_shown
from pospago_cli.values import CivilDate, Instant, Length, Property

PRICE: Final = click.option("--price", default="", help="Only the price with this code. [all]")


@click.command("summary", cls=Leaf)
@click.argument("subscription", type=SUBSCRIPTION)
@PRICE
@click.option("--at", type=Instant(), help="An instant in the periods asked for. [now]")
@pass_session
def summary(session: Session, subscription: str, price: str, at: Timestamp | None) -> None:
    """Show what SUBSCRIPTION used, what is left, what it costs, and what it will come to."""
    request = pb.GetUsageSummaryRequest(subscription=subscription, price=price, time=at)
    answer = session.stub(UsageServiceStub).GetUsageSummary(request)
    if session.as_json:
        print_json(session.console, as_json(answer))
    else:
        session.console.print(summaries_shown(subscription, answer))


@click.command("watch", cls=Leaf)
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--interval", type=Length("1m"), help="The shortest time between answers. [1s]")
@click.option("--count", type=click.IntRange(1), help="End after so many answers. [at Ctrl-C]")
@pass_session
def watch(
    session: Session, subscription: str, interval: Duration | None, count: int | None
) -> None:
    """Show SUBSCRIPTION's summary as it changes; with --json, a line for each answer."""
    request = pb.WatchUsageRequest(subscription=subscription, interval=interval)
    stream = session.stub(UsageServiceStub).WatchUsage(request)
    # On a terminal each answer takes the place of the one before.
    with Live(console=session.console, auto_refresh=False) as live:
        for number, answer in enumerate(stream, start=1):
            if session.as_json:
                session.console.out(json_text(answer), highlight=False)
            elif session.console.is_terminal:
                live.update(summaries_shown(subscription, answer), refresh=True)
            else:
                session.console.print(summaries_shown(subscription, answer))
            if number == count:
                stream.cancel()
                return


@click.command("query", cls=Leaf)
@click.argument("account", type=ACCOUNT)
@click.argument("meter", type=METER)
@click.option("--from", "start_date", type=CivilDate(), help="The first day. [of this month]")
@click.option(
    "--until", "end_date", type=CivilDate(), help="The first day after. [of the month after]"
)
@click.option(
    "--by",
    "granularity",
    type=click.Choice(["hour", "day", "month"]),
    default="day",
    show_default=True,
    help="How long the buckets are, in the account's zone.",
)
@click.option("--group-by", multiple=True, help="Tell apart by this dimension; may be repeated.")
@click.option(
    "--filter",
    "filters",
    type=Property(),
    multiple=True,
    help="Only where a dimension has a value, as region=eu; repeated, one of several.",
)
@pass_session
def query(
    session: Session,
    account: str,
    meter: str,
    start_date: Date | None,
    end_date: Date | None,
    granularity: str,
    group_by: tuple[str, ...],
    filters: tuple[tuple[str, str], ...],
) -> None:
    """Show what ACCOUNT used of METER by hour, day or month, and by dimension."""
    values: dict[str, list[str]] = {}
    for dimension, value in filters:
        values.setdefault(dimension, []).append(value)
    request = pb.QueryUsageRequest(
        parent=account,
        meter=meter,
        start_date=start_date,
        end_date=end_date,
        granularity=f"GRANULARITY_{granularity.upper()}",
        group_by=group_by,
        filters=[
            price_pb2.DimensionFilter(dimension=each, values=stated)
            for each, stated in values.items()
        ],
    )
    answer = session.stub(UsageServiceStub).QueryUsage(request)
    if session.as_json:
        print_json(session.console, as_json(answer))
    else:
        told = session.stub(AccountServiceStub).GetAccount(GetAccountRequest(name=account))
        session.console.print(buckets_shown(answer, request, told.account.time_zone))
