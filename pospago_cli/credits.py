"""`pospago credit`: amounts that a payer's invoices use, and the ledger of them."""

from typing import Final

import click
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from pospago.billing.v1 import credit_pb2 as pb
from pospago.billing.v1.credit_pb2_grpc import CreditServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.meters import METER
from pospago_cli.plans import PLAN
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import Amount, Instant, ResourceName

CREDIT: Final = ResourceName("accounts/{account}/credits/{credit}")
COLUMNS: Final = "name kind amount amount_left application priority expire_time state description"
ENTRY_COLUMNS: Final = "number record_time kind credit amount amount_left balance invoice"
STATES: Final = ("scheduled", "open", "used", "expired", "voided")


@click.group("credit", cls=Noun)
def credit() -> None:
    """Credits: granted or purchased, used by invoices when they are issued, never paid out."""


@credit.command("grant")
@click.argument("account", type=ACCOUNT)
@click.argument("amount", type=Amount())
@click.option("--purchased", is_flag=True, help="It was paid for ahead. [given for nothing]")
@click.option("--before-tax", is_flag=True, help="It lowers what is taxed. [it pays the total]")
@click.option("--description", default="", help="What invoices call it.")
@click.option("--expires", type=Instant(), default=None, help="When what is left is gone. [never]")
@click.option("--from", "effective", type=Instant(), default=None, help="Usable from. [now]")
@click.option("--priority", type=click.IntRange(0, 1000), default=0, help="Lower ones go first.")
@click.option(
    "--plan", "plans", type=PLAN, multiple=True, help="Only for this plan; may be repeated."
)
@click.option(
    "--price", "prices", multiple=True, help="Only for prices of this code; may be repeated."
)
@click.option(
    "--meter",
    "meters",
    type=METER,
    multiple=True,
    help="Only for usage of this meter; may be repeated.",
)
@click.option(
    "--for", "accounts", type=ACCOUNT, multiple=True, help="Only for this account's charges."
)
@click.option("--credit-id", default="", help="The last part of its name.")
@request_id_option
@pass_session
def grant(
    session: Session,
    account: str,
    amount: Money,
    *,
    purchased: bool,
    before_tax: bool,
    description: str,
    expires: Timestamp | None,
    effective: Timestamp | None,
    priority: int,
    plans: tuple[str, ...],
    prices: tuple[str, ...],
    meters: tuple[str, ...],
    accounts: tuple[str, ...],
    credit_id: str,
    request_id: str,
) -> None:
    """Grant ACCOUNT credit of AMOUNT, such as 50.00BRL.

    Its next invoices use it: those of a lower priority first, then what expires soonest.
    """
    request = pb.GrantCreditRequest(
        parent=account,
        credit_id=credit_id,
        kind=pb.Credit.KIND_PURCHASED if purchased else pb.Credit.KIND_GRANTED,
        amount=amount,
        application=(
            pb.Credit.APPLICATION_BEFORE_TAX if before_tax else pb.Credit.APPLICATION_AFTER_TAX
        ),
        priority=priority,
        scope=pb.Credit.Scope(plans=plans, prices=prices, meters=meters, accounts=accounts),
        effective_time=effective,
        expire_time=expires,
        description=description,
        request_id=request_id,
    )
    answer = session.stub(CreditServiceStub).GrantCredit(request)
    session.show(answer.credit, answer=answer)


@credit.command("void")
@click.argument("name", type=CREDIT)
@click.option("--note", required=True, help="Why, for the record.")
@click.option("--etag", default="", help="Only if the credit is still as it was then.")
@request_id_option
@pass_session
def void(session: Session, name: str, note: str, etag: str, request_id: str) -> None:
    """Void what is left of a credit; what invoices used stays used."""
    request = pb.VoidCreditRequest(name=name, note=note, etag=etag, request_id=request_id)
    answer = session.stub(CreditServiceStub).VoidCredit(request)
    session.show(answer.credit, answer=answer)


@credit.command("get")
@click.argument("name", type=CREDIT)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one credit and what is left of it."""
    answer = session.stub(CreditServiceStub).GetCredit(pb.GetCreditRequest(name=name))
    session.show(answer.credit, answer=answer)


@credit.command("list")
@click.argument("account", type=ACCOUNT)
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@limit_option
@pass_session
def list_(session: Session, account: str, states: tuple[str, ...], limit: int) -> None:
    """List ACCOUNT's credits."""
    wanted = [f"STATE_{state.upper()}" for state in states]
    request = pb.ListCreditsRequest(parent=account, states=wanted)
    method = session.stub(CreditServiceStub).ListCredits
    session.list(method, request, of="credits", columns=COLUMNS, limit=limit)


@credit.command("entries")
@click.argument("account", type=ACCOUNT)
@click.option("--credit-id", default="", help="Only of this one, by the last part of its name.")
@limit_option
@pass_session
def entries(session: Session, account: str, credit_id: str, limit: int) -> None:
    """List the ledger of ACCOUNT's credit, with the balance after each entry."""
    request = pb.ListCreditEntriesRequest(parent=account, credit_id=credit_id)
    method = session.stub(CreditServiceStub).ListCreditEntries
    session.list(method, request, of="entries", columns=ENTRY_COLUMNS, limit=limit)
