"""After 11 April: a plan with a metered price, usage told twice, and the month that prices it."""

import uuid
from typing import Final

from pospago.billing.v1 import invoice_pb2, subscription_pb2, usage_pb2
from pospago.billing.v1.invoice_pb2_grpc import InvoiceServiceStub
from pospago.billing.v1.subscription_pb2_grpc import SubscriptionServiceStub
from pospago.billing.v1.usage_pb2_grpc import UsageServiceStub

from pospago_cli.invoice_showing import rendered
from pospago_cli.story.expectations import expect, expect_fields
from pospago_cli.story.player import SAO_PAULO, Player
from pospago_cli.story.script import Step, at, on
from pospago_cli.usage.showing import summaries_shown
from pospago_cli.values import to_date, to_timestamp

FAROL: Final = "farol"
SUBSCRIPTION: Final = "site"
REQUESTS: Final = 150
LINE_FIELDS: Final = ("part", "quantity", "unit_price", "amount")


def subscribed(player: Player) -> None:
    """An account that is no integrator subscribes to a plan of the catalogue, from 1 April."""
    player.open_account(FAROL, "Farol Digital")
    request = subscription_pb2.CreateSubscriptionRequest(
        parent=player.account(FAROL),
        subscription_id=SUBSCRIPTION,
        subscription=subscription_pb2.Subscription(
            plan="plans/growth", start_date=to_date(on(4, 1))
        ),
        request_id=str(uuid.uuid4()),
    )
    stub = player.operator.stub(SubscriptionServiceStub)
    expect_fields(stub.CreateSubscription(request).subscription, SAO_PAULO, state="ACTIVE")
    player.tell("Farol subscribes to Growth: 49.00 a month with 100 requests, 0.05 for each more.")


def told_twice(player: Player) -> None:
    """A batch of events whose answer was lost is sent again: each event counts once."""
    expect("accepted at first", _sent(player).count(usage_pb2.EVENT_OUTCOME_ACCEPTED), REQUESTS)
    again = _sent(player)
    expect("duplicates", again.count(usage_pb2.EVENT_OUTCOME_DUPLICATE), REQUESTS)
    player.tell(f"Its servers send {REQUESTS} events, and all of them again: counted once.")


def summed_up(player: Player) -> None:
    """What is used, what is left of what is included, what it costs: at once."""
    name = f"{player.account(FAROL)}/subscriptions/{SUBSCRIPTION}"
    request = usage_pb2.GetUsageSummaryRequest(subscription=name)
    answer = player.operator.stub(UsageServiceStub).GetUsageSummary(request)
    (summary,) = answer.summaries
    expect_fields(
        summary,
        SAO_PAULO,
        quantity="150",
        included_quantity="100",
        remaining_quantity="0",
        overage_quantity="50",
        cost="2.50 BRL",
    )
    player.narrator.show(summaries_shown(name, answer))
    player.tell("50 requests exceed what is included: 2.50 so far.")


def invoiced(player: Player) -> None:
    """April closes: the fee, and its requests, included and excess apart."""
    request = invoice_pb2.ListInvoicesRequest(parent=player.account(FAROL))
    (bill,) = player.operator.stub(InvoiceServiceStub).ListInvoices(request).invoices
    player.narrator.show(rendered(bill))
    lines = [line for line in bill.lines if line.price == "requests"]
    expect("lines of requests", len(lines), 2)
    included, excess = lines
    expect_fields(included, SAO_PAULO, part="INCLUDED", quantity="100", amount="0.00 BRL")
    expect_fields(excess, SAO_PAULO, part="EXCESS", quantity="50", amount="2.50 BRL")
    player.tell("April's invoice has 100 requests that are included, and 50 that are not.")


def _sent(player: Player) -> list[int]:
    """What became of each of the events of 12 April."""
    events = [
        usage_pb2.UsageEvent(
            source="edge",
            id=f"request-{number}",
            subject=player.account(FAROL),
            type="request.served",
            time=to_timestamp(at(4, 12, number // 60, number % 60)),
        )
        for number in range(REQUESTS)
    ]
    request = usage_pb2.IngestEventsRequest(events=events)
    return list(player.operator.stub(UsageServiceStub).IngestEvents(request).outcomes)


METERED: Final = (
    Step(at(4, 11, 10), "A plan with usage", subscribed),
    Step(at(4, 12, 9), "Usage, told twice", told_twice),
    Step(at(4, 12, 9), "What it comes to", summed_up),
    Step(at(5, 1, 9), "April is invoiced", invoiced),
)
