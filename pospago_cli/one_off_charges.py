"""`pospago charge`: what an account is charged once, on demand."""

from typing import Final

import click
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import one_off_charge_pb2 as pb
from pospago.billing.v1.one_off_charge_pb2_grpc import OneOffChargeServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.subscriptions import SUBSCRIPTION
from pospago_cli.values import CivilDate, Number, Percent, ResourceName

ONE_OFF_CHARGE: Final = ResourceName("accounts/{account}/oneOffCharges/{charge}")
COLUMNS: Final = "name date description quantity included_quantity amount state invoice"


@click.group("charge", cls=Noun)
def charge() -> None:
    """One-off charges: what is charged once, on the next invoice."""


@charge.command("create")
@click.argument("account", type=ACCOUNT)
@click.argument("charge_id", metavar="ID")
@click.option("--quantity", type=Number(), default="1", help="How much.", show_default=True)
@click.option("--description", default="", help="What its line says. [the name of the price]")
@click.option("--unit-price", type=Number(), default=None, help="What one costs.")
@click.option("--subscription", type=SUBSCRIPTION, help="Instead: whose plan prices it.")
@click.option("--price", default="", help="With that: the code of the plan's licensed price.")
@click.option("--date", "day", type=CivilDate(), help="The day it is for. [today]")
@click.option("--percent-off", type=Percent(), default=None, help="So many percent less.")
@click.option("--amount-off", type=Number(), default=None, help="So much less.")
@click.option("--tax-category", default="", help="What decides its tax rate. [as the price says]")
@request_id_option
@pass_session
def create(
    session: Session,
    account: str,
    charge_id: str,
    *,
    quantity: Decimal,
    description: str,
    unit_price: Decimal | None,
    subscription: str | None,
    price: str,
    day: Date | None,
    percent_off: Decimal | None,
    amount_off: Decimal | None,
    tax_category: str,
    request_id: str,
) -> None:
    """Charge ACCOUNT once, as its charge ID.

    It is on the next invoice of whoever pays for the account. Hours that the price of a plan
    includes in the period come first, at no charge.
    """
    if (unit_price is None) == (subscription is None):
        raise click.UsageError("state either --unit-price, or --subscription with --price")
    if percent_off is not None and amount_off is not None:
        raise click.UsageError("state either --percent-off or --amount-off")
    card = pb.OneOffCharge.RateCard(subscription=subscription or "", price=price)
    wanted = pb.OneOffCharge(
        description=description,
        quantity=quantity,
        date=day,
        unit_price=unit_price,
        rate_card=card if subscription else None,
        discount_percent=percent_off,
        discount_amount=amount_off,
        tax_category=tax_category,
    )
    request = pb.CreateOneOffChargeRequest(
        parent=account, one_off_charge_id=charge_id, one_off_charge=wanted, request_id=request_id
    )
    answer = session.stub(OneOffChargeServiceStub).CreateOneOffCharge(request)
    session.show(answer.one_off_charge, answer=answer)


@charge.command("cancel")
@click.argument("name", type=ONE_OFF_CHARGE)
@click.option("--note", default="", help="Why, for the record and the credit note.")
@click.option("--etag", default="", help="Only if the charge is still as it was then.")
@request_id_option
@pass_session
def cancel(session: Session, name: str, note: str, etag: str, request_id: str) -> None:
    """Cancel a charge; one that is on an invoice is given back by a credit note."""
    request = pb.CancelOneOffChargeRequest(name=name, note=note, etag=etag, request_id=request_id)
    answer = session.stub(OneOffChargeServiceStub).CancelOneOffCharge(request)
    session.show(answer.one_off_charge, answer=answer)


@charge.command("get")
@click.argument("name", type=ONE_OFF_CHARGE)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one charge, and what it comes to."""
    request = pb.GetOneOffChargeRequest(name=name)
    answer = session.stub(OneOffChargeServiceStub).GetOneOffCharge(request)
    session.show(answer.one_off_charge, answer=answer)


@charge.command("list")
@click.argument("account", type=ACCOUNT)
@click.option(
    "--state",
    "states",
    type=click.Choice(["pending", "invoiced", "cancelled"]),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@limit_option
@pass_session
def list_(session: Session, account: str, states: tuple[str, ...], limit: int) -> None:
    """List ACCOUNT's one-off charges."""
    wanted = [f"STATE_{state.upper()}" for state in states]
    request = pb.ListOneOffChargesRequest(parent=account, states=wanted)
    method = session.stub(OneOffChargeServiceStub).ListOneOffCharges
    session.list(method, request, of="one_off_charges", columns=COLUMNS, limit=limit)
