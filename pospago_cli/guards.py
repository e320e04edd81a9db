"""`pospago guard` and `pospago reservation`: warnings at thresholds, and a ceiling held before."""

from typing import Any, Final

import click
from google.protobuf.duration_pb2 import Duration
from google.type.decimal_pb2 import Decimal
from google.type.money_pb2 import Money
from pospago.billing.v1 import usage_guard_pb2 as pb
from pospago.billing.v1.usage_guard_pb2_grpc import UsageGuardServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.subscriptions import SUBSCRIPTION
from pospago_cli.tables import as_json, print_fields, print_json
from pospago_cli.usage.events import event_options, stated_event
from pospago_cli.values import Amount, Length, Number, Percent, ResourceName

GUARD: Final = ResourceName("accounts/{account}/subscriptions/{subscription}/usageGuards/{price}")
RESERVATION: Final = ResourceName("accounts/{account}/reservations/{reservation}")
COLUMNS: Final = "name subscription price quantity state expire_time"


@click.group("guard", cls=Noun)
def guard() -> None:
    """Guards: thresholds that usage is told at, and a ceiling for reservations."""


@guard.command("set")
@click.argument("name", type=GUARD)
@click.option(
    "--percent",
    "percents",
    type=Percent(),
    multiple=True,
    help="Tell when so much of what is included is used, as 80 or 80%; may be repeated."
    " Of the ceiling, where nothing is included.",
)
@click.option(
    "--amount",
    "amounts",
    type=Amount(),
    multiple=True,
    help="Tell when the period has cost so much, as 100USD; may be repeated.",
)
@click.option(
    "--ceiling", type=Number(), help="The most that reservations may bring the quantity to."
)
@click.option("--etag", default="", help="Only if the guard is still as it was then.")
@request_id_option
@pass_session
def set_(
    session: Session,
    name: str,
    percents: tuple[Decimal, ...],
    amounts: tuple[Money, ...],
    ceiling: Decimal | None,
    etag: str,
    request_id: str,
) -> None:
    """State the thresholds and the ceiling of a metered price, in place of those before.

    \b
    Tell at 80 % and 100 % of what is included, and let reservations pass up to 50,000:
      pospago guard set acme/api/calls --percent 80 --percent 100 --ceiling 50000
    With no option at all, nothing is watched any more.
    """  # noqa: D301 - click reads \b
    wanted = pb.UsageGuard(
        name=name, percents=percents, amounts=amounts, ceiling=ceiling, etag=etag
    )
    request = pb.SetUsageGuardRequest(guard=wanted, request_id=request_id)
    answer = session.stub(UsageGuardServiceStub).SetUsageGuard(request)
    session.show(answer.guard, answer=answer)


@guard.command("get")
@click.argument("name", type=GUARD)
@pass_session
def get(session: Session, name: str) -> None:
    """Show what is watched of a metered price."""
    request = pb.GetUsageGuardRequest(name=name)
    answer = session.stub(UsageGuardServiceStub).GetUsageGuard(request)
    session.show(answer.guard, answer=answer)


@click.group("reservation", cls=Noun)
def reservation() -> None:
    """Reservations: usage that is held before it happens, within the ceiling of its guard."""


@reservation.command("make")
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("price")
@click.argument("quantity", type=Number())
@click.option("--hold", type=Length("1d"), help="How long it holds, as 90s. [15m]")
@request_id_option
@pass_session
def make(
    session: Session,
    subscription: str,
    price: str,
    quantity: Decimal,
    hold: Duration | None,
    request_id: str,
) -> None:
    """Reserve QUANTITY of PRICE before it is used; refused if it would pass the ceiling."""
    request = pb.ReserveUsageRequest(
        subscription=subscription, price=price, quantity=quantity, hold=hold, request_id=request_id
    )
    answer = session.stub(UsageGuardServiceStub).ReserveUsage(request)
    if session.as_json:
        print_json(session.console, as_json(answer))
        return
    print_fields(session.console, answer.reservation)
    if answer.HasField("remaining_quantity"):
        session.console.print(f"{answer.remaining_quantity.value} left below the ceiling.")
    else:
        session.console.print("No ceiling is set: `pospago guard set` sets one.")


@reservation.command("settle")
@click.argument("name", type=RESERVATION)
@event_options
@request_id_option
@pass_session
def settle(session: Session, /, name: str, request_id: str, **stated: Any) -> None:
    """Take in the event that a reservation was for, and end the reservation."""
    account = "/".join(name.split("/")[:2])
    event = stated_event(account, **stated)
    request = pb.SettleReservationRequest(name=name, event=event, request_id=request_id)
    answer = session.stub(UsageGuardServiceStub).SettleReservation(request)
    session.show(answer.reservation, answer=answer)


@reservation.command("release")
@click.argument("name", type=RESERVATION)
@request_id_option
@pass_session
def release(session: Session, name: str, request_id: str) -> None:
    """Give a reservation back."""
    request = pb.ReleaseReservationRequest(name=name, request_id=request_id)
    answer = session.stub(UsageGuardServiceStub).ReleaseReservation(request)
    session.show(answer.reservation, answer=answer)


@reservation.command("get")
@click.argument("name", type=RESERVATION)
@pass_session
def get_reservation(session: Session, name: str) -> None:
    """Show one reservation."""
    request = pb.GetReservationRequest(name=name)
    answer = session.stub(UsageGuardServiceStub).GetReservation(request)
    session.show(answer.reservation, answer=answer)


@reservation.command("list")
@click.argument("account", type=ACCOUNT)
@click.option(
    "--subscription-id", default="", help="Only for this one, by the last part of its name."
)
@click.option(
    "--state",
    "states",
    type=click.Choice(["open", "settled", "released", "expired"]),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@limit_option
@pass_session
def list_(
    session: Session, account: str, subscription_id: str, states: tuple[str, ...], limit: int
) -> None:
    """List ACCOUNT's reservations; those that are over, too, unless a state is asked for."""
    wanted = [f"STATE_{state.upper()}" for state in states]
    request = pb.ListReservationsRequest(
        parent=account, subscription_id=subscription_id, states=wanted
    )
    method = session.stub(UsageGuardServiceStub).ListReservations
    session.list(method, request, of="reservations", columns=COLUMNS, limit=limit)
