"""Usage as people read it: a row for each price, a row for each stretch of time."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import usage_pb2 as pb
from rich.console import Group, RenderableType
from rich.text import Text

from pospago_cli.tables import field_text, instant_text, money_text, table_of

_COLUMNS: Final = (
    "price period used included remaining overage cost projected projected_cost".split()
)
_METHODS: Final = {
    pb.UsageSummary.PROJECTION_METHOD_LINEAR: "goes on as it did on average so far",
    pb.UsageSummary.PROJECTION_METHOD_AS_IT_STANDS: "stays as it stands",
}


def summaries_shown(
    subscription: str, answer: pb.GetUsageSummaryResponse | pb.WatchUsageResponse
) -> RenderableType:
    """What each metered price comes to, and below it what else is to be known."""
    title = f"{subscription}, as of {instant_text(answer.as_of_time)}"
    if not answer.summaries:
        return Text(f"{title}: no metered price is in force.")
    table = table_of(title, (), " ".join(_COLUMNS))
    for each in answer.summaries:
        table.add_row(*map(Text, _row(each)))
    notes = (Text(note, style="dim") for each in answer.summaries for note in _notes(each))
    return Group(table, *notes)


def buckets_shown(answer: pb.QueryUsageResponse, dimensions: Sequence[str]) -> RenderableType:
    """What was used in each stretch of time, and in all."""
    table = table_of("", (), " ".join(("start_time end_time", *dimensions, "quantity")))
    table.add_column("events", justify="right")
    for bucket in answer.buckets:
        table.add_row(*map(Text, _bucket(bucket, dimensions)))
    total = Text(f"total {answer.total_quantity.value} {answer.unit}", style="bold")
    return Group(table, total) if answer.buckets else total


def _row(summary: pb.UsageSummary) -> Iterator[str]:
    yield summary.price
    yield _period(summary)
    yield f"{summary.quantity.value} {summary.unit}"
    yield "all" if summary.unlimited else field_text(summary, "included_quantity")
    yield field_text(summary, "remaining_quantity")
    yield field_text(summary, "overage_quantity")
    yield money_text(summary.cost)
    yield field_text(summary, "projected_quantity")
    yield money_text(summary.projected_cost)


def _notes(summary: pb.UsageSummary) -> Iterator[str]:
    """What a row of figures cannot say."""
    yield f"{summary.price}: projected as if it {_METHODS[summary.projection_method]}."
    if summary.HasField("ceiling") or summary.reserved_quantity.value not in {"", "0"}:
        ceiling = field_text(summary, "ceiling")
        of = f" below a ceiling of {ceiling}" if ceiling else ""
        yield f"{summary.price}: {_figure(summary.reserved_quantity)} reserved{of}."
    if summary.is_held:
        review = f": {summary.review}" if summary.review else ""
        yield f"{summary.price}: its cost is held for review{review}."


def _period(summary: pb.UsageSummary) -> str:
    """The first and the last day of the service period."""
    last = _day(summary.period_end_date) - timedelta(days=1)
    return f"{_day(summary.period_start_date)} to {last}"


def _day(day: Date) -> date:
    return date(day.year, day.month, day.day)


def _figure(quantity: Decimal) -> str:
    return quantity.value or "0"


def _bucket(bucket: pb.UsageBucket, dimensions: Sequence[str]) -> Iterator[str]:
    yield instant_text(bucket.start_time)
    yield instant_text(bucket.end_time)
    for each in dimensions:
        yield bucket.dimensions[each]
    yield _figure(bucket.quantity)
    yield str(bucket.events_count)
