"""`pospago credit-note`: what is given back of issued invoices."""

from typing import Final

import click
from google.type.money_pb2 import Money
from pospago.billing.v1 import credit_note_pb2 as pb
from pospago.billing.v1.credit_note_pb2_grpc import CreditNoteServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.invoice_showing import rendered_note
from pospago_cli.invoices import INVOICE
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.values import Amount, ResourceName

CREDIT_NOTE: Final = ResourceName("accounts/{account}/creditNotes/{credit_note}")
COLUMNS: Final = "name number invoice kind issue_date subtotal tax_total total reason"


@click.group("credit-note", cls=Noun)
def credit_note() -> None:
    """Credit notes: what is given back of issued invoices, with the tax on it."""


@credit_note.command("create")
@click.argument("invoice", type=INVOICE)
@click.option("--reason", required=True, help="Why, as the credit note says.")
@click.option(
    "--line",
    "lines",
    type=click.IntRange(1),
    multiple=True,
    required=True,
    help="A line of the invoice; may be repeated.",
)
@click.option(
    "--amount",
    type=Amount(),
    default=None,
    help="How much of the one line, such as 5.00BRL. [all that is left of each]",
)
@request_id_option
@pass_session
def create(
    session: Session,
    invoice: str,
    *,
    reason: str,
    lines: tuple[int, ...],
    amount: Money | None,
    request_id: str,
) -> None:
    """Credit lines of INVOICE, in whole or in part."""
    if amount is not None and len(lines) != 1:
        raise click.UsageError("--amount is for one --line: make a credit note for each.")
    request = pb.CreateCreditNoteRequest(
        parent=invoice.partition("/invoices/")[0],
        invoice=invoice,
        lines=[pb.CreateCreditNoteRequest.Line(line_number=n, amount=amount) for n in lines],
        reason=reason,
        request_id=request_id,
    )
    _show(session, session.stub(CreditNoteServiceStub).CreateCreditNote(request))


@credit_note.command("get")
@click.argument("name", type=CREDIT_NOTE)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one credit note with its lines."""
    request = pb.GetCreditNoteRequest(name=name)
    _show(session, session.stub(CreditNoteServiceStub).GetCreditNote(request))


@credit_note.command("list")
@click.argument("account", type=ACCOUNT)
@click.option("--invoice", type=INVOICE, default=None, help="Only of this invoice.")
@limit_option
@pass_session
def list_(session: Session, account: str, invoice: str | None, limit: int) -> None:
    """List ACCOUNT's credit notes by number."""
    request = pb.ListCreditNotesRequest(parent=account, invoice=invoice or "")
    method = session.stub(CreditNoteServiceStub).ListCreditNotes
    session.list(method, request, of="credit_notes", columns=COLUMNS, limit=limit)


def _show(session: Session, answer: pb.CreateCreditNoteResponse | pb.GetCreditNoteResponse) -> None:
    """Print a credit note."""
    if session.as_json:
        session.show(answer)
    else:
        session.console.print(rendered_note(answer.credit_note))
