"""`pospago review`: charges that wait until somebody has decided about them."""

from typing import Final

import click
from google.type.money_pb2 import Money
from pospago.billing.v1 import review_pb2 as pb
from pospago.billing.v1.review_pb2_grpc import ReviewServiceStub

from pospago_cli.accounts import ACCOUNT, SANDBOX
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import Amount, ResourceName

REVIEW: Final = ResourceName("accounts/{account}/reviews/{review}")
COLUMNS: Final = (
    "name price period_start_date state quantity full_amount decision decided_amount invoice"
)


@click.group("review", cls=Noun)
def review() -> None:
    """Reviews: charges that wait for a decision."""


@review.command("get")
@click.argument("name", type=REVIEW)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one review."""
    answer = session.stub(ReviewServiceStub).GetReview(pb.GetReviewRequest(name=name))
    session.show(answer.review, answer=answer)


@review.command("list")
@click.argument("account", type=ACCOUNT, default="-")
@click.option("--sandbox", type=SANDBOX, default=None, help="Of all accounts in this sandbox.")
@click.option(
    "--state",
    "states",
    type=click.Choice(["open", "decided", "charged"]),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@limit_option
@pass_session
def list_(
    session: Session, account: str, sandbox: str | None, states: tuple[str, ...], limit: int
) -> None:
    """List ACCOUNT's reviews; without one, those of all accounts of the real world."""
    wanted = [f"STATE_{state.upper()}" for state in states]
    request = pb.ListReviewsRequest(parent=account, states=wanted, sandbox=sandbox or "")
    method = session.stub(ReviewServiceStub).ListReviews
    session.list(method, request, of="reviews", columns=COLUMNS, limit=limit)


@review.command("decide")
@click.argument("name", type=REVIEW)
@click.argument("decision", type=click.Choice(["charge", "reduce", "waive"]))
@click.option("--amount", type=Amount(), help="With reduce: what is charged instead.")
@click.option("--note", default="", help="Why, for the record.")
@click.option("--etag", default="", help="Only if the review is still as it was then.")
@request_id_option
@pass_session
def decide(
    session: Session,
    name: str,
    decision: str,
    amount: Money | None,
    note: str,
    etag: str,
    request_id: str,
) -> None:
    """Charge all of it, reduce it to an amount, or waive it.

    Decided before its month is invoiced, it is on that invoice; later, on the next one. Until it is
    charged it may be decided anew.
    """
    request = pb.DecideReviewRequest(
        name=name,
        decision=f"DECISION_{decision.upper()}",
        amount=amount,
        note=note,
        etag=etag,
        request_id=request_id,
    )
    answer = session.stub(ReviewServiceStub).DecideReview(request)
    session.show(answer.review, answer=answer)
