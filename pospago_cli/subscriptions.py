"""`pospago subscription`: what is billed, and what it holds of its plan."""

import click
from google.type.date_pb2 import Date
from pospago.billing.v1 import estimate_pb2
from pospago.billing.v1 import subscription_pb2 as pb
from pospago.billing.v1.subscription_pb2_grpc import SubscriptionServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.agreed import Agreed
from pospago_cli.anchors import Anchor
from pospago_cli.coupons import COUPON
from pospago_cli.estimate.quantities import Held
from pospago_cli.plans import PLAN
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.subscription_showing import show_subscription
from pospago_cli.values import CivilDate, ResourceName

SUBSCRIPTION = ResourceName("accounts/{account}/subscriptions/{subscription}")
COLUMNS = "name plan band state start_date end_date held instance"


@click.group("subscription", cls=Noun)
def subscription() -> None:
    """Subscriptions: plans that accounts are billed by, and instances of integrators."""


@subscription.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("subscription_id", metavar="ID")
@click.option("--plan", type=PLAN, required=True, help="The plan, as `pospago plan list` says it.")
@click.option("--band", type=click.IntRange(0, 1000), default=0, help="Its tariff band.")
@click.option("--display-name", default="", help="What people call it. [the account's name]")
@click.option(
    "--held",
    type=Held(),
    multiple=True,
    help="How much it holds of a licensed price, as seats=12; analytics=1 chooses an add-on.",
)
@click.option(
    "--agreed",
    type=Agreed(),
    multiple=True,
    help="What one of a price costs it, as seats=12, or how much less, as seats=20%.",
)
@click.option(
    "--coupon",
    "coupons",
    type=COUPON,
    multiple=True,
    help="A coupon that it holds; may be repeated, in their order.",
)
@click.option(
    "--start", "start_date", type=CivilDate(), help="The first day, also one past. [today]"
)
@click.option("--end", "end_date", type=CivilDate(), help="The first day without it. [it goes on]")
@click.option(
    "--anchor",
    type=Anchor(),
    help="Where periods begin: calendar, start, or on the day of a date. [as the plan says]",
)
@click.option(
    "--trial-end", "trial_end_date", type=CivilDate(), help="The first day charged. [the first day]"
)
@click.option("--prepaid", is_flag=True, help="Each period is paid of the balance as it begins.")
@request_id_option
@pass_session
def create(
    session: Session,
    account: str,
    subscription_id: str,
    plan: str,
    band: int,
    display_name: str,
    held: tuple[estimate_pb2.EstimateRequest.HeldQuantity, ...],
    agreed: tuple[pb.Subscription.PriceOverride, ...],
    coupons: tuple[str, ...],
    start_date: Date | None,
    end_date: Date | None,
    anchor: pb.Subscription.Anchor | None,
    trial_end_date: Date | None,
    request_id: str,
    *,
    prepaid: bool,
) -> None:
    """Subscribe ACCOUNT to a plan, as its subscription ID.

    What the plan charges is on the account's monthly invoices from then on, and its metered prices
    price the account's usage. `pospago estimate PLAN` tells before what that would cost. Prepaid,
    and with less balance than its first period costs, it is unpaid until there is more.
    """
    wanted = pb.Subscription(
        plan=plan,
        band=band,
        display_name=display_name,
        held=[
            pb.Subscription.HeldQuantity(price=each.price, quantity=each.quantity) for each in held
        ],
        start_date=start_date,
        end_date=end_date,
        anchor=anchor,
        trial_end_date=trial_end_date,
        price_overrides=agreed,
        coupons=coupons,
        prepaid=prepaid,
    )
    request = pb.CreateSubscriptionRequest(
        parent=account,
        subscription_id=subscription_id,
        subscription=wanted,
        request_id=request_id,
    )
    answer = session.stub(SubscriptionServiceStub).CreateSubscription(request)
    show_subscription(session, answer)


@subscription.command("get")
@click.argument("name", type=SUBSCRIPTION)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one subscription."""
    request = pb.GetSubscriptionRequest(name=name)
    answer = session.stub(SubscriptionServiceStub).GetSubscription(request)
    show_subscription(session, answer)


@subscription.command("list")
@click.argument("account", type=ACCOUNT)
@click.option(
    "--state",
    "states",
    type=click.Choice(["scheduled", "active", "paused", "unpaid", "cancelled", "ended"]),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@limit_option
@pass_session
def list_(session: Session, account: str, states: tuple[str, ...], limit: int) -> None:
    """List ACCOUNT's subscriptions."""
    wanted = [f"STATE_{state.upper()}" for state in states]
    request = pb.ListSubscriptionsRequest(parent=account, states=wanted)
    method = session.stub(SubscriptionServiceStub).ListSubscriptions
    session.list(method, request, of="subscriptions", columns=COLUMNS, limit=limit)
