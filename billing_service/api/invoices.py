"""Invoices: the servicer of InvoiceService."""

from pospago.billing.v1 import invoice_pb2 as pb
from pospago.billing.v1.explanation_pb2 import Explanation

from billing_service.api.credit_note_messages import to_proto_credit_note
from billing_service.api.explanations import to_proto_explanation
from billing_service.api.invoice_messages import (
    STATES,
    to_proto_charge,
    to_proto_invoice,
    to_proto_line,
    to_proto_preview,
)
from billing_service.api.reading import Reads
from billing_service.api.values import INVOICE, REVIEW, from_proto_month, to_proto_money
from billing_service.domain.errors import InvoiceNotFound
from billing_service.storage.charge_queries import FIRST_CHARGE, InvoiceCharge, list_charges
from billing_service.storage.document_queries import (
    FIRST_INVOICE,
    InvoiceFilter,
    InvoiceInFull,
    find_invoice,
    list_invoices,
)
from billing_service.storage.queries import sandbox_of
from billing_service.use_cases.explain_line import ExplainedLine, explain_line
from billing_service.use_cases.preview_invoice import preview_invoices
from chassis.database import Transaction
from chassis.rpc.call import Call
from chassis.rpc.names import ANY, account_id, sandbox_id


class Invoices:
    """The servicer of InvoiceService."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def PreviewInvoice(
        self, request: pb.PreviewInvoiceRequest, _call: Call
    ) -> pb.PreviewInvoiceResponse:
        """Give what the current month would come to."""
        payer = account_id(request.parent, "parent")
        found = await self._reads.of_account(
            payer, lambda tx, now: preview_invoices(tx, payer, now)
        )
        return pb.PreviewInvoiceResponse(
            invoices=map(to_proto_preview, found.invoices),
            held_lines=[to_proto_line(each.line, each.currency) for each in found.held_lines],
            credit_notes=map(to_proto_credit_note, found.credit_notes),
        )

    async def GetInvoice(self, request: pb.GetInvoiceRequest, _call: Call) -> pb.GetInvoiceResponse:
        """Give one invoice."""
        payer, invoice = INVOICE.parse(request.name)
        found = await self._reads.of_account(
            payer, lambda tx, now: find_invoice(tx, payer, invoice, now)
        )
        if found is None:
            raise InvoiceNotFound(request.name)
        return pb.GetInvoiceResponse(invoice=to_proto_invoice(found))

    async def ListInvoices(
        self, request: pb.ListInvoicesRequest, _call: Call
    ) -> pb.ListInvoicesResponse:
        """Give a page of invoices, of one payer or of a world."""
        page = self._reads.page(request, FIRST_INVOICE)
        wanted = _filter(request)
        payer, series, sequence = page.after

        def query(tx: Transaction) -> list[InvoiceInFull]:
            world = sandbox_of(tx, wanted.payer) if wanted.payer else wanted.sandbox
            return list_invoices(
                tx,
                wanted,
                after=(str(payer), str(series), int(sequence)),
                limit=page.limit,
                now=self._reads.now_in(tx, world),
            )

        entries, token = page.cut(
            await self._reads.run(query),
            lambda each: (each.invoice.payer, each.invoice.series, each.invoice.sequence),
        )
        return pb.ListInvoicesResponse(
            invoices=map(to_proto_invoice, entries), next_page_token=token
        )

    async def ListInvoiceCharges(
        self, request: pb.ListInvoiceChargesRequest, _call: Call
    ) -> pb.ListInvoiceChargesResponse:
        """Give a page of the charges behind an invoice."""
        page = self._reads.page(request, FIRST_CHARGE)
        payer, invoice = INVOICE.parse(request.parent, "parent")
        line, account, subscription, start_on, revision = page.after

        def query(tx: Transaction) -> list[InvoiceCharge]:
            if find_invoice(tx, payer, invoice, 0) is None:
                raise InvoiceNotFound(request.parent)
            return list_charges(
                tx,
                payer,
                invoice,
                line_number=request.line_number,
                after=(int(line), str(account), str(subscription), str(start_on), int(revision)),
                limit=page.limit,
            )

        entries, token = page.cut(await self._reads.run(query), lambda each: each.key)
        return pb.ListInvoiceChargesResponse(
            charges=map(to_proto_charge, entries), next_page_token=token
        )

    async def ExplainInvoiceLine(
        self, request: pb.ExplainInvoiceLineRequest, _call: Call
    ) -> pb.ExplainInvoiceLineResponse:
        """Give how a line came about."""
        payer, invoice = INVOICE.parse(request.name)
        found = await self._reads.of_account(
            payer, lambda tx, now: explain_line(tx, payer, invoice, request.line_number, now)
        )
        return pb.ExplainInvoiceLineResponse(
            explanation=_explanation(found),
            charges_count=found.charges_count,
            line=to_proto_line(found.line, found.currency, payer),
        )


def _explanation(found: ExplainedLine) -> Explanation | None:
    """How a line came about; None for one that is of credit."""
    if found.told is None:
        return None
    explanation = to_proto_explanation(found.told)
    if found.review is not None:
        explanation.review = REVIEW.format(*found.review)
        decided = to_proto_money(found.decided_minor, found.currency)
        explanation.decided_amount.CopyFrom(decided)
    return explanation


def _filter(request: pb.ListInvoicesRequest) -> InvoiceFilter:
    payer = account_id(request.parent, "parent")
    has_from, has_to = request.HasField("month_from"), request.HasField("month_to")
    return InvoiceFilter(
        payer="" if payer == ANY else payer,
        sandbox=sandbox_id(request.sandbox),
        states={STATES[each] for each in request.states if each in STATES},
        month_from=from_proto_month(request.month_from, "month_from") if has_from else None,
        month_to=from_proto_month(request.month_to, "month_to") if has_to else None,
    )
