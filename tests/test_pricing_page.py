"""`docs/pricing.md` says what is so: each row is estimated, each sum is worked out."""

from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Any, Final

import pytest
import pytest_asyncio
import yaml
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from google.type.money_pb2 import Money
from pospago.billing.v1 import estimate_pb2, estimate_pb2_grpc

from pospago_cli.catalog.document import parse
from pospago_cli.catalog.loading import load_document
from tests import pricing_page
from tests.billing.serving import Served, serving
from tests.pricing_page import PAGE, Row

TEXT: Final = PAGE.read_text(encoding="utf-8")
ROWS: Final = list(pricing_page.rows(TEXT))
METERS: Final = "calls data payments consulting development cores memory".split()
# An estimate is of a month: this one has as many days as the prices of the page reckon with.
MONTH: Final = "2026-01-01"


@pytest_asyncio.fixture(scope="module")
async def billing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The billing service on SQLite."""
    async with serving(tmp_path_factory.mktemp("pricing")) as served:
        yield served


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_row_is_what_an_estimate_answers(billing: Served, row: Row) -> None:
    """The plan above the row, with its quantities, comes to the row's amounts."""
    stub: Any = estimate_pb2_grpc.EstimateServiceStub(billing.channel)
    answer = await billing.call(stub.Estimate, request_for(row))
    held = [line.amount for invoice in answer.invoices for line in invoice.held_lines]
    assert amount(answer.total) == Fraction(row.cells["amount"])
    assert sum(map(amount, held)) == Fraction(row.cells.get("held", "0"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row_is_what_its_sum_comes_to(row: Row) -> None:
    """The sum that explains a row gives its amount, rounded half up."""
    stated = [row.cells[column] for column in ("amount", "held") if column in row.cells]
    worked_out = [pricing_page.rounded(pricing_page.worked_out(each), 2) for each in row.sums]
    assert worked_out == list(map(Fraction, stated))


@pytest.mark.parametrize("stated", pricing_page.sums(pricing_page.prose(TEXT)))
def test_sum_in_the_text_is_right(stated: str) -> None:
    """What the text works out is so."""
    assert pricing_page.holds(stated)


def test_no_figure_of_the_page_goes_unchecked() -> None:
    """Outside plans, rows and sums the page states no figure."""
    assert pricing_page.figures_outside(pricing_page.prose(TEXT)) == []


def test_every_model_has_a_worked_row() -> None:
    """Each model of the contract is in a plan of the page."""
    prices = [price for row in ROWS for price in plan_of(row).versions[0].prices]
    models = estimate_pb2.EstimateRequest.DESCRIPTOR.file.pool.FindMessageTypeByName(
        "pospago.billing.v1.Price"
    ).oneofs_by_name["model"]
    assert {price.WhichOneof("model") for price in prices} == {each.name for each in models.fields}


def request_for(row: Row) -> estimate_pb2.EstimateRequest:
    """The estimate that a row is about."""
    plan = plan_of(row)
    start = map(int, row.cells.get("from", MONTH).split("-"))
    request = estimate_pb2.EstimateRequest(
        inline_plan=estimate_pb2.EstimateRequest.InlinePlan(
            plan=plan, meters=catalog_of(row).meters
        ),
        start_date=Date(**dict(zip(("year", "month", "day"), start, strict=True))),
        months=int(row.cells.get("months", "1")),
    )
    kinds = {price.code: price.WhichOneof("kind") for price in plan.versions[0].prices}
    for column, cell in row.cells.items():
        if column not in {"amount", "held", "because", "from", "months"}:
            add_quantity(request, kinds, column, cell)
    return request


def add_quantity(
    request: estimate_pb2.EstimateRequest, kinds: dict[str, str | None], column: str, cell: str
) -> None:
    """Add what a cell says is held, used or counted."""
    price, _, meter = column.partition("/")
    if " with " in column:
        counted, _, labels = column.partition(" with ")
        label, _, own = labels.partition(", ")
        request.counted.add(counted=counted, count=int(cell), labels=[label], own=own == "own")
    elif column.endswith(" by unit"):
        used = [Decimal(value=each) for each in cell.split(", ")]
        request.used.add(price=price.removesuffix(" by unit"), by_unit=used)
    elif kinds[price] == "licensed":
        request.held.add(price=price, quantity=Decimal(value=cell))
    elif price == "payments":
        transactions: list[Any] = [
            {"amount": Decimal(value=each)} for each in cell.split(" + ") if cell
        ]
        request.used.add(price=price, transactions=transactions)
    else:
        meter = f"meters/{meter}" if meter else ""
        request.used.add(price=price, meter=meter, quantity=Decimal(value=cell))


def plan_of(row: Row) -> Any:
    """The plan above a row."""
    return catalog_of(row).plans[0]


def catalog_of(row: Row) -> Any:
    """A catalogue of that plan alone, with all meters of the page."""
    meters = {each: {"event": each, "aggregation": "count"} for each in METERS}
    plan = yaml.load(row.plan, yaml.BaseLoader)  # noqa: S506 - it builds texts alone
    whole = {
        "catalog": "1",
        "currency": "USD",
        "meters": meters,
        "plans": {"page": {"display_name": "Page", "version_policy": "follow", **plan}},
    }
    return load_document(parse("pricing.md", yaml.safe_dump(whole))).messages.catalog


def amount(money: Money) -> Fraction:
    """An amount of money, exactly."""
    return money.units + Fraction(money.nanos, 10**9)
