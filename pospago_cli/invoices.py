"""`pospago invoice`: the month's bill, before and after it is issued."""

from collections.abc import Sequence

import click
from google.protobuf.message import Message
from pospago.billing.v1 import invoice_pb2 as pb
from pospago.billing.v1.invoice_pb2_grpc import InvoiceServiceStub

from pospago_cli.accounts import ACCOUNT, SANDBOX
from pospago_cli.invoice_showing import explained, rendered, rendered_note
from pospago_cli.session import Noun, Session, limit_option, pass_session, request_id_option
from pospago_cli.tables import as_json, print_json
from pospago_cli.values import ResourceName


class InvoiceName(ResourceName):
    """The name of an invoice, also by its number as invoices print it: `acme/INV-000001`."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name in full; its last part is the number in small letters."""
        collection, _, last = super().convert(value, param, ctx).rpartition("/")
        return f"{collection}/{last.lower()}"


INVOICE = InvoiceName("accounts/{account}/invoices/{invoice}")
COLUMNS = "name number month due_date total amount_paid state settle_date settled_late"
CHARGE_COLUMNS = "line_number instance month price quantity amount"


@click.group("invoice", cls=Noun)
def invoice() -> None:
    """Invoices: one a month for each payer and currency, and those of what is due at once."""


@invoice.command("preview")
@click.argument("account", type=ACCOUNT)
@pass_session
def preview(session: Session, account: str) -> None:
    """Show what ACCOUNT's invoice would be if the month ended as things stand."""
    request = pb.PreviewInvoiceRequest(parent=account)
    answer = session.stub(InvoiceServiceStub).PreviewInvoice(request)
    if not answer.invoices and not session.as_json:
        session.console.print("Nothing would be charged.")
    _show(session, answer, *answer.invoices, notes=answer.credit_notes)


@invoice.command("get")
@click.argument("name", type=INVOICE)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one invoice with its lines."""
    answer = session.stub(InvoiceServiceStub).GetInvoice(pb.GetInvoiceRequest(name=name))
    _show(session, answer, answer.invoice, notes=answer.invoice.credit_notes)


@invoice.command("list")
@click.argument("account", type=ACCOUNT, default="-")
@click.option("--sandbox", type=SANDBOX, default=None, help="Of all payers in this sandbox.")
@click.option(
    "--state",
    "states",
    type=click.Choice(["draft", "open", "overdue", "settled"]),
    multiple=True,
    help="Only in this state; may be repeated.",
)
@limit_option
@pass_session
def list_(
    session: Session, account: str, sandbox: str | None, states: tuple[str, ...], limit: int
) -> None:
    """List ACCOUNT's invoices; without one, those of all payers of the real world."""
    wanted = [f"STATE_{state.upper()}" for state in states]
    request = pb.ListInvoicesRequest(parent=account, states=wanted, sandbox=sandbox or "")
    method = session.stub(InvoiceServiceStub).ListInvoices
    session.list(method, request, of="invoices", columns=COLUMNS, limit=limit)


@invoice.command("issue")
@click.argument("name", type=INVOICE)
@request_id_option
@pass_session
def issue(session: Session, name: str, request_id: str) -> None:
    """Issue a draft now, and the payer's other drafts of that month with it."""
    request = pb.IssueInvoiceRequest(name=name, request_id=request_id)
    answer = session.stub(InvoiceServiceStub).IssueInvoice(request)
    if not answer.invoices and not session.as_json:
        session.console.print(
            "Nothing was charged. What was given back, if anything: `pospago credit-note list`."
        )
    _show(session, answer, *answer.invoices)


@invoice.command("hold")
@click.argument("name", type=INVOICE)
@click.option("--note", default="", help="Why, for the record.")
@request_id_option
@pass_session
def hold(session: Session, name: str, note: str, request_id: str) -> None:
    """Let a draft rest until it is released or issued."""
    request = pb.HoldInvoiceRequest(name=name, note=note, request_id=request_id)
    answer = session.stub(InvoiceServiceStub).HoldInvoice(request)
    session.show(answer.draft, answer=answer)


@invoice.command("release")
@click.argument("name", type=INVOICE)
@request_id_option
@pass_session
def release(session: Session, name: str, request_id: str) -> None:
    """Let a draft that is held be issued when its days have passed."""
    request = pb.ReleaseInvoiceRequest(name=name, request_id=request_id)
    answer = session.stub(InvoiceServiceStub).ReleaseInvoice(request)
    session.show(answer.draft, answer=answer)


@invoice.command("charges")
@click.argument("name", type=INVOICE)
@click.option("--line", "line_number", type=int, default=0, help="Only behind this line.")
@limit_option
@pass_session
def charges(session: Session, name: str, line_number: int, limit: int) -> None:
    """List the instances behind an invoice or one of its lines."""
    request = pb.ListInvoiceChargesRequest(parent=name, line_number=line_number)
    method = session.stub(InvoiceServiceStub).ListInvoiceCharges
    session.list(method, request, of="charges", columns=CHARGE_COLUMNS, limit=limit)


@invoice.command("explain")
@click.argument("name", type=INVOICE)
@click.argument("line_number", type=click.IntRange(1))
@pass_session
def explain(session: Session, name: str, line_number: int) -> None:
    """Say step by step how line LINE_NUMBER of an invoice came about."""
    request = pb.ExplainInvoiceLineRequest(name=name, line_number=line_number)
    answer = session.stub(InvoiceServiceStub).ExplainInvoiceLine(request)
    if session.as_json:
        print_json(session.console, as_json(answer))
    else:
        session.console.print(explained(answer))


def _show(
    session: Session, answer: Message, *bills: pb.Invoice, notes: Sequence[pb.CreditNote] = ()
) -> None:
    """Print invoices, and the credit notes that are issued with them."""
    if session.as_json:
        print_json(session.console, as_json(answer))
        return
    for bill in bills:
        session.console.print(rendered(bill))
    for note in notes:
        session.console.print(rendered_note(note))
