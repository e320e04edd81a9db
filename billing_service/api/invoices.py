"""Invoices: the servicer of InvoiceService."""

from typing import Final

from pospago.billing.v1 import invoice_pb2 as pb
from pospago.billing.v1.explanation_pb2 import Explanation

from billing_service.api.credit_note_messages import to_proto_credit_note
from billing_service.api.draft_messages import to_proto_draft
from billing_service.api.explanations import to_proto_explanation
from billing_service.api.invoice_listing import (
    InvoicesRead,
    Listed,
    from_proto_filter,
    key_of,
    read_invoices,
    to_proto_listed,
)
from billing_service.api.invoice_messages import (
    to_proto_charge,
    to_proto_issued,
    to_proto_line,
    to_proto_preview,
)
from billing_service.api.reading import Reads
from billing_service.api.values import INVOICE, REVIEW, to_proto_money
from billing_service.domain.draft import Draft, draft_id, month_of_draft
from billing_service.domain.errors import InvoiceNotFound
from billing_service.storage.charge_queries import FIRST_CHARGE, InvoiceCharge, list_charges
from billing_service.storage.document_queries import FIRST_INVOICE, find_invoice
from billing_service.storage.draft_rows import find_draft
from billing_service.storage.queries import sandbox_of
from billing_service.use_cases.draft_invoices import draft_invoices
from billing_service.use_cases.explain_line import ExplainedLine, explain_line
from billing_service.use_cases.hold_invoice import HOLD_INVOICE, HoldInvoice
from billing_service.use_cases.issue_invoice import ISSUE_INVOICE, IssuedNow, IssueInvoice
from billing_service.use_cases.preview_invoice import preview_invoices
from billing_service.use_cases.release_invoice import RELEASE_INVOICE, ReleaseInvoice
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole


class Invoices:
    """The servicer of InvoiceService."""

    def __init__(self, writes: Writes, reads: Reads, clock: Clock) -> None:
        self._writes = writes
        self._reads = reads
        self._clock = clock

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
        found = await self._reads.of_account(payer, lambda tx, now: _find(tx, payer, invoice, now))
        if found is None:
            raise InvoiceNotFound(request.name)
        return pb.GetInvoiceResponse(invoice=to_proto_listed(found))

    async def ListInvoices(
        self, request: pb.ListInvoicesRequest, _call: Call
    ) -> pb.ListInvoicesResponse:
        """Give a page of invoices, of one payer or of a world."""
        page = self._reads.page(request, FIRST_INVOICE)
        wanted = from_proto_filter(request)
        payer, series, sequence = page.after

        def query(tx: Transaction) -> InvoicesRead:
            world = sandbox_of(tx, wanted.payer) if wanted.payer else wanted.sandbox
            return read_invoices(
                tx,
                wanted,
                after=(str(payer), str(series), int(sequence)),
                limit=page.limit,
                now=self._reads.now_in(tx, world),
            )

        found = await self._reads.run(query)
        entries, token = page.cut(found.entries, key_of, more_after=found.more_after)
        return pb.ListInvoicesResponse(
            invoices=map(to_proto_listed, entries), next_page_token=token
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

    async def IssueInvoice(self, request: pb.IssueInvoiceRequest, call: Call) -> bytes:
        """Issue a draft."""
        payer, invoice = INVOICE.parse(request.name)
        command = IssueInvoice(payer, invoice, self._clock.now())
        return await self._writes.run(call, ISSUE_INVOICE, command, _ISSUED)

    async def HoldInvoice(self, request: pb.HoldInvoiceRequest, call: Call) -> bytes:
        """Hold a draft."""
        payer, invoice = INVOICE.parse(request.name)
        command = HoldInvoice(payer, invoice, request.note, call.caller.actor)
        return await self._writes.run(call, HOLD_INVOICE, command, _HELD)

    async def ReleaseInvoice(self, request: pb.ReleaseInvoiceRequest, call: Call) -> bytes:
        """Release a draft that is held."""
        payer, invoice = INVOICE.parse(request.name)
        command = ReleaseInvoice(payer, invoice)
        return await self._writes.run(call, RELEASE_INVOICE, command, _RELEASED)


def _find(tx: Transaction, payer: str, invoice: str, now: int) -> Listed | None:
    """An invoice by its payer and id, issued or a draft."""
    month = month_of_draft(invoice)
    if month is None:
        return find_invoice(tx, payer, invoice, now)
    draft = find_draft(tx, payer, month)
    found = draft_invoices(tx, draft, now) if draft else []
    named = [each for each in found if draft_id(month, each.currency) == invoice]
    return named[0] if named else None


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


def _issued_now(issued: tuple[IssuedNow, ...]) -> pb.IssueInvoiceResponse:
    messages = [to_proto_issued(each.issued, each.settlement) for each in issued]
    return pb.IssueInvoiceResponse(invoices=messages)


def _held(draft: Draft) -> pb.HoldInvoiceResponse:
    return pb.HoldInvoiceResponse(draft=to_proto_draft(draft))


def _released(draft: Draft) -> pb.ReleaseInvoiceResponse:
    return pb.ReleaseInvoiceResponse(draft=to_proto_draft(draft))


_ISSUED: Final = whole(_issued_now)
_HELD: Final = whole(_held)
_RELEASED: Final = whole(_released)
