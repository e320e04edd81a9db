"""`pospago payment-request`: what payers' payment providers are asked to collect."""

from typing import Final

import click
from google.type.date_pb2 import Date
from pospago.billing.v1 import payment_request_pb2 as pb
from pospago.billing.v1.payment_request_pb2_grpc import PaymentRequestServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.subscriptions import SUBSCRIPTION
from pospago_cli.values import CivilDate, ResourceName

PAYMENT_REQUEST: Final = ResourceName("accounts/{account}/paymentRequests/{payment_request}")
COLUMNS: Final = "name subscription purpose amount provider state note expire_time"
_STATES: Final = ("pending", "paid", "declined", "cancelled", "expired")


@click.group("payment-request", cls=Noun)
def payment_request() -> None:
    """Payment requests: what is to be paid before something takes effect."""


@payment_request.command("settle")
@click.argument("name", type=PAYMENT_REQUEST)
@click.option("--value-date", type=CivilDate(), help="Paid: the day from which it counts.")
@click.option("--reference", default="", help="Paid: what it is known by elsewhere.")
@click.option("--declined", is_flag=True, help="It will not be paid.")
@click.option("--note", default="", help="Declined: why, for the record.")
@request_id_option
@pass_session
def settle(
    session: Session,
    name: str,
    *,
    value_date: Date | None,
    reference: str,
    declined: bool,
    note: str,
    request_id: str,
) -> None:
    """Tell the outcome of payment request NAME: --value-date if it was paid, or --declined."""
    if declined is (value_date is not None):
        raise click.UsageError("state --value-date if it was paid, or --declined")
    request = pb.SettlePaymentRequestRequest(name=name, request_id=request_id)
    if value_date is not None:
        paid = pb.SettlePaymentRequestRequest.Paid(value_date=value_date, reference=reference)
        request.paid.CopyFrom(paid)
    else:
        request.declined.CopyFrom(pb.SettlePaymentRequestRequest.Declined(note=note))
    answer = session.stub(PaymentRequestServiceStub).SettlePaymentRequest(request)
    session.show(answer.payment_request, answer=answer)


@payment_request.command("cancel")
@click.argument("name", type=PAYMENT_REQUEST)
@click.option("--note", default="", help="Why, for the record.")
@request_id_option
@pass_session
def cancel(session: Session, name: str, note: str, request_id: str) -> None:
    """Cancel payment request NAME: what it was asked for is not done."""
    request = pb.CancelPaymentRequestRequest(name=name, note=note, request_id=request_id)
    answer = session.stub(PaymentRequestServiceStub).CancelPaymentRequest(request)
    session.show(answer.payment_request, answer=answer)


@payment_request.command("get")
@click.argument("name", type=PAYMENT_REQUEST)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one payment request."""
    request = pb.GetPaymentRequestRequest(name=name)
    answer = session.stub(PaymentRequestServiceStub).GetPaymentRequest(request)
    session.show(answer.payment_request, answer=answer)


@payment_request.command("list")
@click.argument("account", type=ACCOUNT)
@click.option(
    "--state",
    "states",
    type=click.Choice(_STATES),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@click.option("--subscription", type=SUBSCRIPTION, default=None, help="Only for this one.")
@limit_option
@pass_session
def list_(
    session: Session, account: str, states: tuple[str, ...], subscription: str | None, limit: int
) -> None:
    """List the payment requests of ACCOUNT."""
    request = pb.ListPaymentRequestsRequest(
        parent=account,
        states=[f"STATE_{each.upper()}" for each in states],
        subscription=subscription or "",
    )
    method = session.stub(PaymentRequestServiceStub).ListPaymentRequests
    session.list(method, request, of="payment_requests", columns=COLUMNS, limit=limit)
