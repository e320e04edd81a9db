"""`pospago subscription change|preview|cancel|pause|resume|undo`: what is held from when on."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from pospago.billing.v1 import estimate_pb2
from pospago.billing.v1 import proration_pb2 as proration_pb
from pospago.billing.v1 import subscription_pb2 as pb
from pospago.billing.v1.subscription_pb2_grpc import SubscriptionServiceStub

from pospago_cli.agreed import Agreed
from pospago_cli.coupons import COUPON
from pospago_cli.estimate.quantities import Held
from pospago_cli.plans import PLAN
from pospago_cli.session import Session, pass_session, request_id_option
from pospago_cli.subscription_showing import show_preview, show_subscription
from pospago_cli.subscriptions import SUBSCRIPTION, subscription
from pospago_cli.values import CivilDate, Instant

F = TypeVar("F", bound=Callable[..., Any])
_MODES: Final = (
    "prorate-now",
    "prorate-next-invoice",
    "full-now",
    "difference-now",
    "none-until-renewal",
)
_GRANULARITIES: Final = ("second", "day", "day-of-30")


def _with(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _stated(_ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    """A token, '' where there is none; an empty one would let a change go unconfirmed."""
    if value == "":
        raise click.BadParameter("is empty: leave it out, or state the token", param=param)
    return value or ""


timing_options: Final = _with(
    click.option(
        "--renewal", "moment", flag_value="MOMENT_RENEWAL", help="At the end of its period. [now]"
    ),
    click.option("--on", "day", type=CivilDate(), help="From the first instant of a day on. [now]"),
    click.option("--at", "time", type=Instant(), help="From an instant on. [now]"),
    click.option("--mode", type=click.Choice(_MODES), help="How it is charged. [as the plan says]"),
    click.option(
        "--by", type=click.Choice(_GRANULARITIES), help="How a period is divided. [as the plan]"
    ),
)
more_holding_options: Final = _with(
    click.option("--band", type=click.IntRange(0, 1000), default=0, help="Its tariff band."),
    click.option(
        "--held",
        type=Held(),
        multiple=True,
        help="How much it is to hold of a licensed price, in all; analytics=1 chooses an add-on.",
    ),
    click.option(
        "--agreed",
        type=Agreed(),
        multiple=True,
        help="What one of a price costs it, as seats=12, or how much less, as seats=20%.",
    ),
    click.option(
        "--coupon",
        "coupons",
        type=COUPON,
        multiple=True,
        help="A coupon that it holds; may be repeated, in their order.",
    ),
)
holding_options: Final = _with(
    click.option("--plan", type=PLAN, required=True, help="The plan that it is to have."),
    more_holding_options,
)
preview_option: Final = click.option(
    "--preview",
    "preview_token",
    metavar="TOKEN",
    callback=_stated,
    help="The token of its preview: exactly as that told.",
)
etag_option: Final = click.option("--etag", default="", help="Only if it is still as it was then.")


def effective_of(*, moment: str | None, day: Date | None, time: Timestamp | None) -> pb.Effective:
    """When a change is to take effect.

    Errors:  UsageError for more than one.
    """
    if sum(each is not None for each in (moment, day, time)) > 1:
        raise click.UsageError("state one of --renewal, --on and --at")
    if moment is not None:
        return pb.Effective(moment=moment)
    return pb.Effective(date=day, time=time)


def proration_of(mode: str | None, by: str | None) -> proration_pb.Proration:
    """How a change is to be charged, as far as that is stated."""
    return proration_pb.Proration(
        mode=_number(proration_pb.Proration.Mode, "MODE", mode),
        granularity=_number(proration_pb.Proration.Granularity, "GRANULARITY", by),
    )


def holding_of(
    plan: str,
    band: int,
    held: tuple[estimate_pb2.EstimateRequest.HeldQuantity, ...],
    agreed: tuple[pb.Subscription.PriceOverride, ...],
    coupons: tuple[str, ...],
) -> pb.Holding:
    """What a subscription is to hold."""
    quantities = [
        pb.Subscription.HeldQuantity(price=each.price, quantity=each.quantity) for each in held
    ]
    return pb.Holding(
        plan=plan, band=band, held=quantities, price_overrides=agreed, coupons=coupons
    )


@subscription.command("change")
@click.argument("name", type=SUBSCRIPTION)
@holding_options
@timing_options
@etag_option
@preview_option
@request_id_option
@pass_session
def change(
    session: Session,
    name: str,
    plan: str,
    band: int,
    held: tuple[estimate_pb2.EstimateRequest.HeldQuantity, ...],
    agreed: tuple[pb.Subscription.PriceOverride, ...],
    coupons: tuple[str, ...],
    moment: str | None,
    day: Date | None,
    time: Timestamp | None,
    mode: str | None,
    by: str | None,
    etag: str,
    preview_token: str,
    request_id: str,
) -> None:
    """Change what subscription NAME holds.

    All that it is to hold is stated, not the difference: what is left out is no longer held.
    """
    request = pb.ChangeSubscriptionRequest(
        name=name,
        holding=holding_of(plan, band, held, agreed, coupons),
        effective=effective_of(moment=moment, day=day, time=time),
        proration=proration_of(mode, by),
        etag=etag,
        preview_token=preview_token,
        request_id=request_id,
    )
    show_subscription(session, session.stub(SubscriptionServiceStub).ChangeSubscription(request))


@subscription.command("preview")
@click.argument("name", type=SUBSCRIPTION)
@click.option("--plan", type=PLAN, help="The plan that it would have; left out: its end.")
@more_holding_options
@timing_options
@pass_session
def preview(
    session: Session,
    name: str,
    plan: str | None,
    band: int,
    held: tuple[estimate_pb2.EstimateRequest.HeldQuantity, ...],
    agreed: tuple[pb.Subscription.PriceOverride, ...],
    coupons: tuple[str, ...],
    moment: str | None,
    day: Date | None,
    time: Timestamp | None,
    mode: str | None,
    by: str | None,
) -> None:
    """Tell what a change of subscription NAME would come to, or its end without --plan.

    The token that is told confirms it: `--preview TOKEN` with the same words.
    """
    asked: dict[str, Any] = {
        "name": name,
        "effective": effective_of(moment=moment, day=day, time=time),
        "proration": proration_of(mode, by),
    }
    stub = session.stub(SubscriptionServiceStub)
    answer: pb.PreviewChangeResponse | pb.PreviewCancelResponse
    if plan is None:
        answer = stub.PreviewCancel(pb.PreviewCancelRequest(**asked))
    else:
        holding = holding_of(plan, band, held, agreed, coupons)
        answer = stub.PreviewChange(pb.PreviewChangeRequest(holding=holding, **asked))
    show_preview(session, answer)


def _move(verb: str, request_type: Any, rpc: str, told: str) -> None:
    """Add a command that needs no holding."""

    @subscription.command(verb, help=told)
    @click.argument("name", type=SUBSCRIPTION)
    @timing_options
    @etag_option
    @request_id_option
    @pass_session
    def run(
        session: Session,
        name: str,
        moment: str | None,
        day: Date | None,
        time: Timestamp | None,
        mode: str | None,
        by: str | None,
        etag: str,
        request_id: str,
    ) -> None:
        request = request_type(
            name=name,
            effective=effective_of(moment=moment, day=day, time=time),
            proration=proration_of(mode, by),
            etag=etag,
            request_id=request_id,
        )
        show_subscription(session, getattr(session.stub(SubscriptionServiceStub), rpc)(request))


@subscription.command("cancel")
@click.argument("name", type=SUBSCRIPTION)
@timing_options
@etag_option
@preview_option
@request_id_option
@pass_session
def cancel(
    session: Session,
    name: str,
    moment: str | None,
    day: Date | None,
    time: Timestamp | None,
    mode: str | None,
    by: str | None,
    etag: str,
    preview_token: str,
    request_id: str,
) -> None:
    """End subscription NAME."""
    request = pb.CancelSubscriptionRequest(
        name=name,
        effective=effective_of(moment=moment, day=day, time=time),
        proration=proration_of(mode, by),
        etag=etag,
        preview_token=preview_token,
        request_id=request_id,
    )
    show_subscription(session, session.stub(SubscriptionServiceStub).CancelSubscription(request))


_move(
    "pause",
    pb.PauseSubscriptionRequest,
    "PauseSubscription",
    "Pause subscription NAME: until it is resumed, nothing of it is charged.",
)
_move(
    "resume",
    pb.ResumeSubscriptionRequest,
    "ResumeSubscription",
    "Resume subscription NAME with what it held before its pause.",
)


@subscription.command("undo")
@click.argument("name", type=SUBSCRIPTION)
@click.argument("change_id", metavar="CHANGE")
@etag_option
@request_id_option
@pass_session
def undo(session: Session, name: str, change_id: str, etag: str, request_id: str) -> None:
    """Take back CHANGE of subscription NAME, such as change-2, before it takes effect."""
    request = pb.UndoSubscriptionChangeRequest(
        name=name, change_id=change_id, etag=etag, request_id=request_id
    )
    answer = session.stub(SubscriptionServiceStub).UndoSubscriptionChange(request)
    show_subscription(session, answer)


def _number(values: Any, prefix: str, word: str | None) -> Any:
    if word is None:
        return 0
    return values.Value(f"{prefix}_{word.upper().replace('-', '_')}")
