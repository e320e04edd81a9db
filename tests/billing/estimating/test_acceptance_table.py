"""Every price of the sources comes out of the estimate, from the catalogues in the examples.

The tables read from left to right: what is asked for, the lines of the invoice, and its total.
Lines of what is included are told at 0.00.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import catalog_pb2, tax_pb2
from pospago.billing.v1 import estimate_pb2 as pb

from pospago_cli.catalog.loading import read_catalog
from tests.billing.estimating.requests import amounts, figure, request
from tests.billing.serving import Served, request_id, serving

CATALOGS: Final = Path(__file__).parents[3] / "examples" / "catalogs"


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service whose catalogue is that of all examples."""
    async with serving(tmp_path_factory.mktemp("billing")) as running:
        for file in sorted(CATALOGS.glob("*.yaml")):
            apply = catalog_pb2.ApplyCatalogRequest(
                catalog=read_catalog(file), request_id=request_id()
            )
            await running.call(running.stubs.catalog.ApplyCatalog, apply)
        yield running


async def invoice_of(served: Served, asked: pb.EstimateRequest) -> pb.EstimatedInvoice:
    """The one invoice of an estimate."""
    answer = await served.call(served.stubs.estimates.Estimate, asked)
    invoice: pb.EstimatedInvoice
    (invoice,) = answer.invoices
    return invoice


HYBRID: Final = {
    # 49 a month with 10,000 calls, 0.005 beyond.
    "S3-1 25,000 calls": ("api-pro", {}, {"calls": 25_000}, "49.00 + 0.00 + 75.00", "124.00"),
    "S3-1 8,000 calls": ("api-pro", {}, {"calls": 8_000}, "49.00 + 0.00", "49.00"),
    # 99 a month with 3 seats, or with 5; 15 a seat.
    "S3-2 12 users": ("team", {"seats": 12}, {}, "99.00 + 135.00", "234.00"),
    "S3-2 20 users": ("team-five", {"seats": 20}, {}, "99.00 + 225.00", "324.00"),
    # 29 core; 19 analytics and 9 API access are chosen.
    "S3-3 two of four features": (
        "core",
        {"analytics": 1, "api-access": 1},
        {},
        "29.00 + 19.00 + 9.00",
        "57.00",
    ),
    # 20 a seat, 5 GB a seat pooled, 2 a GB beyond.
    "S3-4 10 users, 80 GB": (
        "team-analytics",
        {"seats": 10},
        {"data": 80},
        "200.00 + 0.00 + 60.00",
        "260.00",
    ),
    # 199, 25 a seat, 0.10 for each 1,000 calls that are begun over 50,000.
    "S3-5 20 users, 150,000 calls": (
        "enterprise-platform",
        {"seats": 20},
        {"calls": 150_000},
        "199.00 + 500.00 + 0.00 + 10.00",
        "709.00",
    ),
    "S3-5 one call more": (
        "enterprise-platform",
        {"seats": 20},
        {"calls": 150_001},
        "199.00 + 500.00 + 0.00 + 10.10",
        "709.10",
    ),
    # One meter, four thresholds: 30,000 calls.
    "S3-6 Starter": ("tier-starter", {}, {"calls": 30_000}, "19.00 + 0.00 + 580.00", "599.00"),
    "S3-6 Pro": ("tier-pro", {}, {"calls": 30_000}, "79.00 + 0.00 + 50.00", "129.00"),
    "S3-6 Business": ("tier-business", {}, {"calls": 30_000}, "199.00 + 0.00", "199.00"),
    "S3-6 Enterprise": ("tier-enterprise", {}, {"calls": 30_000}, "499.00 + 0.00", "499.00"),
    # A retainer with 5 hours; 150 an hour beyond, 100 an incident; no development.
    "S3-7 8 hours, 1 incident": (
        "retainer",
        {},
        {"consulting": 8, "incidents": 1},
        "199.00 + 0.00 + 450.00 + 100.00",
        "749.00",
    ),
    # 99 with 5 seats, 20 a seat, two features of three, 0.02 for 1,000 tokens over 100,000.
    "S3-E1 12 users, 500,000 tokens": (
        "ai-platform",
        {"seats": 12, "custom-models": 1, "api-access": 1},
        {"tokens": 500_000},
        "99.00 + 140.00 + 0.00 + 8.00 + 49.00 + 29.00",
        "325.00",
    ),
    # 29 with 5 users; 10 for each of two more, 19 for builds, 9 for each of two domains.
    "S3-E2 Pro, 7 users, builds, 2 domains": (
        "dev-pro",
        {"extra-user": 2, "priority-builds": 1, "custom-domain": 2},
        {},
        "29.00 + 20.00 + 19.00 + 18.00",
        "86.00",
    ),
    # 79 with 3 seats, 15 a seat, 1 for 1,000 e-mails over the limit, 25,000 contacts, SMS.
    "S3-E3 25,000 contacts, SMS, 5 seats, 12,000 e-mails over": (
        "marketing",
        {"seats": 5, "contacts-25k": 1, "sms": 1},
        {"emails": 62_000},
        "79.00 + 30.00 + 0.00 + 12.00 + 80.00 + 29.00",
        "230.00",
    ),
}


@pytest.mark.parametrize(
    ("plan", "held", "used", "lines", "total"), HYBRID.values(), ids=HYBRID.keys()
)
async def test_hybrid_billing(
    served: Served, plan: str, held: Any, used: Any, lines: str, total: str
) -> None:
    """Subscriptions, seats, features, usage and what is on demand, in US dollars."""
    invoice = await invoice_of(served, request(plan, held=held, used=used))
    assert (amounts(invoice.lines), figure(invoice.total)) == (lines, total)


ITEMISED: Final[dict[str, Any]] = {"held": {"seats": 7, "analytics": 1}, "used": {"calls": 25_420}}


async def test_s3_inv_itemised_invoice(served: Served) -> None:
    """S3-INV: five lines, 8.5% on the document."""
    invoice = await invoice_of(
        served,
        request("pro-monthly", **ITEMISED, tax_profile="taxProfiles/sales-tax-example"),
    )
    assert [amounts(invoice.lines), *_figures(invoice)] == [
        "49.00 + 105.00 + 0.00 + 77.10 + 19.00",
        "250.10",
        "21.26",
        "271.36",
    ]


async def test_s3_inv_with_tax_on_each_line(served: Served) -> None:
    """S3-INV: tax that is rounded on each line comes to a cent more."""
    by_line = tax_pb2.TaxProfileVersion(
        rates=[tax_pb2.TaxRate(percent=Decimal(value="8.5"))],
        rounding=tax_pb2.TaxProfileVersion.ROUNDING_LINE,
    )
    invoice = await invoice_of(served, request("pro-monthly", **ITEMISED, inline_tax=by_line))
    assert _figures(invoice) == ["250.10", "21.27", "271.37"]


def _figures(invoice: pb.EstimatedInvoice) -> list[str]:
    return [figure(each) for each in (invoice.subtotal, invoice.tax_total, invoice.total)]


@pytest.mark.parametrize(
    ("with_partner_level", "with_year_end_only", "total"),
    [
        (0, 0, "200.00"),
        (99, 0, "200.00"),
        (100, 0, "500.00"),
        (250, 0, "500.00"),
        (251, 0, "1000.00"),
        (1, 299, "1000.00"),
    ],
)
async def test_s2_t_partner_level_integrations(
    served: Served, with_partner_level: int, with_year_end_only: int, total: str
) -> None:
    """S2-T: one fee by the number of clients, all of which count once one integration does."""
    own = _clients(1, "partner-level", own=True)
    clients = [_clients(with_partner_level, "partner-level"), _clients(with_year_end_only)]
    invoice = await invoice_of(served, request("api-partner", counted=[own, *clients]))
    assert figure(invoice.total) == total


async def test_s2_t_only_year_end_settlement(served: Served) -> None:
    """S2-T: year-end settlement triggers no fee."""
    counted = [_clients(1, own=True), _clients(300)]
    invoice = await invoice_of(served, request("api-partner", counted=counted))
    assert (amounts(invoice.lines), figure(invoice.total)) == ("0.00", "0.00")


def _clients(count: int, *labels: str, own: bool = False) -> pb.EstimateRequest.CountedGroup:
    carried = ["year-end-settlement", *labels]
    return pb.EstimateRequest.CountedGroup(counted="client", count=count, labels=carried, own=own)


async def test_s2_a_external_access(served: Served) -> None:
    """S2-A: 149 for a client with external integrations, three or one."""
    invoice = await invoice_of(served, request("api-client", held={"external-access": 1}))
    assert figure(invoice.total) == "149.00"


@pytest.mark.parametrize(
    ("used", "held_for_review"),
    [
        ({"requests": 500_000}, ""),
        ({"requests": 600_000}, "0.00 + 1700.00"),
        ({"transfer": 30_000}, ""),
        ({"transfer": 31_000}, "0.00 + 17.00"),
    ],
)
async def test_s2_c_consumption_is_held_for_review(
    served: Served, used: Any, held_for_review: str
) -> None:
    """S2-C: what exceeds a threshold is listed outside the total, which stays 0."""
    invoice = await invoice_of(served, request("api-client", used=used))
    assert (amounts(invoice.held_lines), figure(invoice.total)) == (held_for_review, "0.00")


@pytest.mark.parametrize(
    ("licences", "monthly", "total"), [(1, "3.33", "39.96"), (100, "333.33", "3999.96")]
)
async def test_s4_a_annual_plan(served: Served, licences: int, monthly: str, total: str) -> None:
    """S4-A: an order of the 17th has twelve equal instalments, each when its month has ended."""
    asked = request("annual", held={"licences": licences}, start="2027-01-17", months=13)
    answer = await served.call(served.stubs.estimates.Estimate, asked)
    lines = [amounts(each.lines) for each in answer.invoices]
    assert (lines, figure(answer.total)) == (["", *[monthly] * 12], total)


async def test_s4_f_flexible_plan(served: Served) -> None:
    """S4-F: one account that was used."""
    invoice = await invoice_of(served, request("flexible", used={"accounts": 1}))
    assert figure(invoice.total) == "4.00"
