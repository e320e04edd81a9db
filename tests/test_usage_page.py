"""`docs/usage.md` says what is so: its events come to its figures, and its sums are right."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import yaml
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from pospago.billing.v1 import catalog_pb2, usage_pb2, usage_pb2_grpc

from pospago_cli.catalog.document import parse
from pospago_cli.catalog.loading import load_document
from tests import pricing_page
from tests.billing.builders import SAO_PAULO, at
from tests.billing.serving import Served, request_id, serving

PAGE: Final = Path(__file__).parents[1] / "docs" / "usage.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
ACCOUNT: Final = "accounts/nimbus"
TYPE: Final = "disk.sized"
_FENCE: Final = re.compile(r"^```yaml\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_SUM: Final = re.compile(r"`([\d.+*/ ]+)`")


def rows_under(*columns: str) -> Iterator[list[str]]:
    """The rows of the table of the page with these columns."""
    head = "| " + " | ".join(columns) + " |\n"
    assert TEXT.count(head) == 1, head
    for line in TEXT.partition(head)[2].splitlines()[1:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


EVENTS: Final = list(rows_under("time", "disk", "gigabytes"))
FIGURES: Final = list(rows_under("meter", "quantity", "because"))


@pytest_asyncio.fixture(scope="module")
async def billing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The billing service, to which the events of the page were sent, the latest first."""
    async with serving(tmp_path_factory.mktemp("usage")) as served:
        await served.inside(lambda inside: inside.sandbox("play", at("2031-02-05 08:00")))
        await served.inside(lambda inside: inside.account("nimbus", sandbox="play"))
        meters = catalog_pb2.ApplyCatalogRequest(catalog=catalog(), request_id=request_id())
        await served.call(served.stubs.catalog.ApplyCatalog, meters)
        stub: Any = usage_pb2_grpc.UsageServiceStub(served.channel)
        for row in reversed(EVENTS):
            request = usage_pb2.IngestEventsRequest(events=[event_of(row)])
            answer = await served.call(stub.IngestEvents, request)
            assert answer.accepted_count == 1, answer
        yield served


def catalog() -> catalog_pb2.Catalog:
    """The meters of the page."""
    (stated,) = _FENCE.findall(TEXT)
    text = yaml.safe_dump({"catalog": 1, **yaml.safe_load(stated)}, sort_keys=False)
    return load_document(parse(PAGE.name, text)).messages.catalog


def event_of(row: list[str]) -> usage_pb2.UsageEvent:
    """A row of the table of events, its time by the clocks of the account's zone."""
    time, disk, gigabytes = row
    happened = Timestamp()
    happened.FromDatetime(datetime.fromisoformat(time).replace(tzinfo=ZoneInfo(SAO_PAULO)))
    return usage_pb2.UsageEvent(
        source="page",
        id=f"{time} {disk}",
        subject=ACCOUNT,
        type=TYPE,
        time=happened,
        data={"disk": disk, "gigabytes": gigabytes},
    )


def test_each_meter_of_the_page_has_a_figure() -> None:
    """None is left unexplained."""
    assert [f"meters/{row[0]}" for row in FIGURES] == [each.name for each in catalog().meters]


@pytest.mark.parametrize("row", FIGURES, ids=lambda row: row[0])
async def test_figure_is_what_a_query_answers(billing: Served, row: list[str]) -> None:
    """The events above the table come to the quantity that it states, in February."""
    stub: Any = usage_pb2_grpc.UsageServiceStub(billing.channel)
    request = usage_pb2.QueryUsageRequest(
        parent=ACCOUNT,
        meter=f"meters/{row[0]}",
        start_date=Date(year=2031, month=2, day=1),
        end_date=Date(year=2031, month=3, day=1),
    )
    answer = await billing.call(stub.QueryUsage, request)
    assert Fraction(answer.total_quantity.value) == Fraction(row[1])


@pytest.mark.parametrize("row", FIGURES, ids=lambda row: row[0])
def test_sum_that_explains_a_figure_is_right(row: list[str]) -> None:
    """It comes to the figure, to the decimals that are told."""
    _, quantity, because = row
    decimals = len(quantity.partition(".")[2])
    sums = [pricing_page.worked_out(each) for each in _SUM.findall(because)]
    assert [pricing_page.rounded(each, decimals) for each in sums] in ([Fraction(quantity)], [])
