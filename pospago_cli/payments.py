"""`pospago payment`: money that came in."""

import click
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from pospago.billing.v1 import payment_pb2 as pb
from pospago.billing.v1.payment_pb2_grpc import PaymentServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.invoices import INVOICE
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import Amount, CivilDate, ResourceName

PAYMENT = ResourceName("accounts/{account}/payments/{payment}")
COLUMNS = "name amount value_date state unallocated_amount reference record_time"


@click.group("payment", cls=Noun)
def payment() -> None:
    """Payments: recorded with their value date, reversed if they bounce."""


@payment.command("record")
@click.argument("account", type=ACCOUNT)
@click.argument("amount", type=Amount())
@click.option("--value-date", type=CivilDate(), required=True, help="The day it counts from.")
@click.option("--invoice", type=INVOICE, default=None, help="What it pays. [the oldest open]")
@click.option("--reference", default="", help="What the payer quoted.")
@click.option("--payment-id", default="", help="The last part of its name.")
@request_id_option
@pass_session
def record(
    session: Session,
    account: str,
    amount: Money,
    value_date: Date,
    invoice: str | None,
    reference: str,
    payment_id: str,
    request_id: str,
) -> None:
    """Record a payment by ACCOUNT, such as 239.40BRL."""
    request = pb.RecordPaymentRequest(
        parent=account,
        payment_id=payment_id,
        amount=amount,
        value_date=value_date,
        invoice=invoice or "",
        reference=reference,
        request_id=request_id,
    )
    answer = session.stub(PaymentServiceStub).RecordPayment(request)
    session.show(answer.payment, answer=answer)


@payment.command("reverse")
@click.argument("name", type=PAYMENT)
@click.option("--note", default="", help="Why, for the record.")
@request_id_option
@pass_session
def reverse(session: Session, name: str, note: str, request_id: str) -> None:
    """Reverse a payment: what it had settled is open again."""
    request = pb.ReversePaymentRequest(name=name, note=note, request_id=request_id)
    answer = session.stub(PaymentServiceStub).ReversePayment(request)
    session.show(answer.payment, answer=answer)


@payment.command("get")
@click.argument("name", type=PAYMENT)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one payment and what it pays."""
    answer = session.stub(PaymentServiceStub).GetPayment(pb.GetPaymentRequest(name=name))
    session.show(answer.payment, answer=answer)


@payment.command("list")
@click.argument("account", type=ACCOUNT)
@limit_option
@pass_session
def list_(session: Session, account: str, limit: int) -> None:
    """List ACCOUNT's payments."""
    request = pb.ListPaymentsRequest(parent=account)
    method = session.stub(PaymentServiceStub).ListPayments
    session.list(method, request, of="payments", columns=COLUMNS, limit=limit)
