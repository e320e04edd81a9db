"""Usage as people read it: a row for each price, a row for each stretch of time."""

import decimal
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import usage_pb2 as pb
from rich.console import Group, RenderableType
from rich.text import Text

from pospago_cli.tables import Readable, field_text, instant_text, money_text, table_of

_COLUMNS: Final = (
    "price period used unit included remaining overage cost projected projected_cost".split()
)
_PROJECTED_DECIMALS: Final = 2
_DIGITS_MAX: Final = 80
_METHODS: Final = {
    pb.UsageSummary.PROJECTION_METHOD_LINEAR: "goes on as it did on average so far",
    pb.UsageSummary.PROJECTION_METHOD_AS_IT_STANDS: "stays as it stands",
}


class _Shape(NamedTuple):
    """What a stretch of time is called, and how its beginning is written."""

    name: str
    format: str


_SHAPES: Final = {
    pb.QueryUsageRequest.GRANULARITY_HOUR: _Shape("hour", "%Y-%m-%d %H:%M%z"),
    pb.QueryUsageRequest.GRANULARITY_DAY: _Shape("day", "%Y-%m-%d"),
    pb.QueryUsageRequest.GRANULARITY_MONTH: _Shape("month", "%Y-%m"),
}


def summaries_shown(
    subscription: str, answer: pb.GetUsageSummaryResponse | pb.WatchUsageResponse
) -> RenderableType:
    """What each metered price comes to, and below it what else is to be known."""
    title = f"{subscription}, as of {instant_text(answer.as_of_time)}"
    if not answer.summaries:
        return Text(f"{title}: no metered price is in force.")
    table = table_of("", (), " ".join(_COLUMNS))
    for each in answer.summaries:
        table.add_row(*map(Text, _row(each)))
    notes = (Text(note, style="dim") for each in answer.summaries for note in _notes(each))
    return Group(Text(title), Readable(table), *notes)


def buckets_shown(
    answer: pb.QueryUsageResponse, request: pb.QueryUsageRequest, zone: str
) -> RenderableType:
    """What was used in each stretch of time, by the clocks of a zone, and in all."""
    total = Text(f"total {_figure(answer.total_quantity)} {answer.unit}", style="bold")
    if not answer.buckets:
        return total
    shape, clock = _SHAPES[request.granularity], ZoneInfo(zone)
    title = Text(f"{request.meter} of {request.parent}, in {zone}")
    table = table_of("", (), " ".join((shape.name, *request.group_by, "quantity", "events")))
    for bucket in answer.buckets:
        start = bucket.start_time.ToDatetime(tzinfo=clock)
        dimensions = (bucket.dimensions[each] for each in request.group_by)
        figures = (_figure(bucket.quantity), str(bucket.events_count))
        table.add_row(*map(Text, (start.strftime(shape.format), *dimensions, *figures)))
    return Group(title, table, total)


def _row(summary: pb.UsageSummary) -> Iterator[str]:
    yield summary.price
    yield _period(summary)
    yield _figure(summary.quantity)
    yield summary.unit
    yield "all" if summary.unlimited else field_text(summary, "included_quantity")
    yield field_text(summary, "remaining_quantity")
    yield field_text(summary, "overage_quantity")
    yield money_text(summary.cost)
    yield _projected(summary)
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


def _projected(summary: pb.UsageSummary) -> str:
    """The projected quantity, no finer than what was used: a guess has no billionths."""
    if not summary.HasField("projected_quantity"):
        return ""
    _, _, decimals = summary.quantity.value.partition(".")
    places = max(_PROJECTED_DECIMALS, len(decimals))
    projected = decimal.Decimal(summary.projected_quantity.value)
    with decimal.localcontext(prec=_DIGITS_MAX):
        return f"{round(projected, places).normalize():f}"


def _figure(quantity: Decimal) -> str:
    return quantity.value or "0"
