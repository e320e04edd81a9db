"""`pospago coupon`: discounts that subscriptions hold by name."""

from typing import Final

import click
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import coupon_pb2 as pb
from pospago.billing.v1.coupon_pb2_grpc import CouponServiceStub

from pospago_cli.plans import PLAN
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import Currency, Instant, Number, Percent, ResourceName

COUPON: Final = ResourceName("coupons/{coupon}")
COLUMNS: Final = (
    "name display_name percent amount currency periods_count forever redemptions_count state"
)


@click.group("coupon", cls=Noun)
def coupon() -> None:
    """Coupons: discounts that subscriptions hold, for some periods or for good."""


@coupon.command("create")
@click.argument("coupon_id", metavar="ID")
@click.option("--percent", type=Percent(), default=None, help="So many percent off.")
@click.option("--amount", type=Number(), default=None, help="Instead: so much, in --currency.")
@click.option("--currency", type=Currency(), default=None, help="What the amount is in.")
@click.option(
    "--periods",
    type=click.IntRange(1, 1000),
    default=None,
    help="For so many service periods. [for good]",
)
@click.option(
    "--plan", "plans", type=PLAN, multiple=True, help="Only for this plan; may be repeated."
)
@click.option(
    "--price", "prices", multiple=True, help="Only for the price of this code; may be repeated."
)
@click.option(
    "--before", type=Instant(), default=None, help="From when on nobody may redeem it. [never]"
)
@click.option(
    "--redemptions-max",
    type=click.IntRange(0),
    default=0,
    help="How often it may be redeemed. [any]",
)
@click.option("--display-name", default="", help="What people call it. [its ID]")
@request_id_option
@pass_session
def create(
    session: Session,
    coupon_id: str,
    *,
    percent: Decimal | None,
    amount: Decimal | None,
    currency: str | None,
    periods: int | None,
    plans: tuple[str, ...],
    prices: tuple[str, ...],
    before: Timestamp | None,
    redemptions_max: int,
    display_name: str,
    request_id: str,
) -> None:
    """Create the coupon ID. Nothing of it is changed later.

    An amount is taken off each of the prices that it is for; say which with --price.
    """
    if (percent is None) == (amount is None):
        raise click.UsageError("state either --percent or --amount")
    wanted = pb.Coupon(
        display_name=display_name,
        percent=percent,
        amount=amount,
        currency=currency or "",
        periods_count=periods,
        forever=True if periods is None else None,
        plans=plans,
        prices=prices,
        redeem_before_time=before,
        redemptions_max=redemptions_max,
    )
    request = pb.CreateCouponRequest(coupon_id=coupon_id, coupon=wanted, request_id=request_id)
    answer = session.stub(CouponServiceStub).CreateCoupon(request)
    session.show(answer.coupon, answer=answer)


@coupon.command("deactivate")
@click.argument("name", type=COUPON)
@request_id_option
@pass_session
def deactivate(session: Session, name: str, request_id: str) -> None:
    """Let nobody redeem a coupon any more; subscriptions that hold it keep it."""
    request = pb.DeactivateCouponRequest(name=name, request_id=request_id)
    answer = session.stub(CouponServiceStub).DeactivateCoupon(request)
    session.show(answer.coupon, answer=answer)


@coupon.command("get")
@click.argument("name", type=COUPON)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one coupon, and how often it was redeemed outside sandboxes."""
    answer = session.stub(CouponServiceStub).GetCoupon(pb.GetCouponRequest(name=name))
    session.show(answer.coupon, answer=answer)


@coupon.command("list")
@click.option(
    "--state",
    "states",
    type=click.Choice(["active", "deactivated"]),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@limit_option
@pass_session
def list_(session: Session, states: tuple[str, ...], limit: int) -> None:
    """List the coupons."""
    wanted = [f"STATE_{state.upper()}" for state in states]
    request = pb.ListCouponsRequest(states=wanted)
    method = session.stub(CouponServiceStub).ListCoupons
    session.list(method, request, of="coupons", columns=COLUMNS, limit=limit)
