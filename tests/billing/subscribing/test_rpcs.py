"""Subscriptions to plans, their charges and previews, through the real server."""

from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
import pytest
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as ProtoDecimal
from pospago.billing.v1 import invoice_pb2
from pospago.billing.v1 import subscription_pb2 as pb

from tests.billing.builders import plan_of
from tests.billing.serving import Served, refused, request_id, serving, violations_of
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.test_charging import METERS, PRO

CODE: Final = grpc.StatusCode
FIGURE: Final = "must be a decimal such as 12.50: no exponent, at most 20 digits on each side"
MAIN: Final = "accounts/acme/subscriptions/main"


def _set_up(billing: Any) -> None:
    """An account that has used the calls of March, and whose month is closed."""
    billing.issuer()
    billing.plan(plan_of("instances", currency="USD"))
    live = Live.on(billing, PRO, meters=METERS)
    live.subscribe(held={"seats": 2}, name="Desk", ends="2026-09-01")
    live.use("call", "130")
    billing.subscribe("an-instance", plan="instances")
    billing.go_to("2026-04-01 00:00:03")


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service in April, that has invoiced March."""
    async with serving(tmp_path_factory.mktemp("billing")) as running:
        await running.inside(_set_up)
        yield running


def create(**more: Any) -> pb.CreateSubscriptionRequest:
    """A request for a subscription to the plan that begins when the first one has ended."""
    values: dict[str, Any] = {
        "plan": "plans/pro",
        "held": [pb.Subscription.HeldQuantity(price="seats", quantity=ProtoDecimal(value="1.5"))],
        "start_date": Date(year=2026, month=9, day=1),
    }
    return pb.CreateSubscriptionRequest(
        parent="accounts/acme",
        subscription_id=more.pop("subscription_id", "next"),
        subscription=pb.Subscription(**(values | more)),
        request_id=request_id(),
    )


async def invoice_of(served: Served) -> invoice_pb2.Invoice:
    """The invoice of March."""
    request = invoice_pb2.ListInvoicesRequest(parent="accounts/acme")
    answer = await served.call(served.stubs.invoices.ListInvoices, request)
    invoice: invoice_pb2.Invoice
    (invoice,) = answer.invoices
    return invoice


async def test_created_subscription_is_told_whole(served: Served) -> None:
    """As it was asked for, with its name, state and etag; and so it is read."""
    created = await served.call(served.stubs.subscriptions.CreateSubscription, create())
    told = created.subscription
    request = pb.GetSubscriptionRequest(name="accounts/acme/subscriptions/next")
    read = await served.call(served.stubs.subscriptions.GetSubscription, request)
    assert read.subscription == told
    assert (told.name, told.instance, told.state, told.etag, told.held[0].quantity.value) == (
        "accounts/acme/subscriptions/next",
        "",
        pb.Subscription.STATE_SCHEDULED,
        "1",
        "1.5",
    )


async def test_figure_that_is_none_is_refused_by_its_path(served: Served) -> None:
    """With the quantity's place in the request."""
    none = pb.Subscription.HeldQuantity(price="seats", quantity=ProtoDecimal(value="many"))
    method = served.stubs.subscriptions.CreateSubscription
    assert await violations_of(served, method, create(subscription_id="none", held=[none])) == [
        ("subscription.held[0].quantity", FIGURE)
    ]


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"trial_end_date": Date(year=2026, month=9, day=1)}, "subscription.trial_end_date"),
        ({"anchor": {"date": Date(year=2026, month=2, day=30)}}, "subscription.anchor.date"),
        ({"anchor": {}}, "subscription.anchor.begins"),
        ({"start_date": Date(year=2024, month=9, day=1)}, "subscription.start_date"),
    ],
)
async def test_day_that_cannot_be_is_refused_by_its_path(
    served: Served, stated: dict[str, Any], field: str
) -> None:
    """A trial without a day, an anchor that is no day or none, a beginning long past."""
    method = served.stubs.subscriptions.CreateSubscription
    found = await violations_of(served, method, create(subscription_id="never", **stated))
    assert [path for path, _ in found] == [field]


async def test_usage_that_is_priced_is_refused(served: Served) -> None:
    """On the last day of the first subscription."""
    early = create(subscription_id="early", start_date=Date(year=2026, month=8, day=31))
    method = served.stubs.subscriptions.CreateSubscription
    assert await refused(served, method, early) == (
        CODE.FAILED_PRECONDITION,
        "USAGE_ALREADY_PRICED",
    )


async def test_subscriptions_of_both_kinds_are_listed(served: Served) -> None:
    """An instance names itself, a plan its days and what it holds."""
    request = pb.ListSubscriptionsRequest(
        parent="accounts/acme", states=[pb.Subscription.STATE_ACTIVE]
    )
    answer = await served.call(served.stubs.subscriptions.ListSubscriptions, request)
    told = {each.name.rpartition("/")[2]: each for each in answer.subscriptions}
    assert told["an-instance"].instance == "accounts/acme/instances/an-instance"
    assert (told["main"].instance, told["main"].end_date.month, told["main"].display_name) == (
        "",
        9,
        "Desk",
    )


async def test_charges_tell_their_periods(served: Served) -> None:
    """Those of a plan name no instance; by the included line, too, its charge is found."""
    invoice = await invoice_of(served)
    included = next(
        each for each in invoice.lines if each.part == invoice_pb2.InvoiceLine.PART_INCLUDED
    )
    request = invoice_pb2.ListInvoiceChargesRequest(
        parent=invoice.name, line_number=included.line_number
    )
    answer = await served.call(served.stubs.invoices.ListInvoiceCharges, request)
    (charge,) = answer.charges
    assert (charge.subscription, charge.instance, charge.line_number) == (
        MAIN,
        "",
        included.line_number + 1,
    )
    assert (charge.period_start_date, charge.period_end_date) == (
        Date(year=2026, month=3, day=1),
        Date(year=2026, month=4, day=1),
    )


async def test_excess_is_explained_from_what_was_kept(served: Served) -> None:
    """Quantity, included part and price, though nothing is rated from events any more."""
    invoice = await invoice_of(served)
    excess = next(
        each for each in invoice.lines if each.part == invoice_pb2.InvoiceLine.PART_EXCESS
    )
    request = invoice_pb2.ExplainInvoiceLineRequest(
        name=invoice.name, line_number=excess.line_number
    )
    answer = await served.call(served.stubs.invoices.ExplainInvoiceLine, request)
    told = answer.explanation
    assert (told.quantity.value, told.included_quantity.value, told.amount.units) == (
        "130",
        "100",
        15,
    )


async def test_preview_is_of_both_kinds(served: Served) -> None:
    """April so far: the instance, the fee, the seats, and no calls."""
    request = invoice_pb2.PreviewInvoiceRequest(parent="accounts/acme")
    answer = await served.call(served.stubs.invoices.PreviewInvoice, request)
    lines = [(each.price, each.amount.units) for bill in answer.invoices for each in bill.lines]
    assert lines == [("base", 39), ("base", 31), ("seats", 20), ("calls", 0)]
