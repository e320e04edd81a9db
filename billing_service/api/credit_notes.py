"""Credit notes: the servicer of CreditNoteService."""

from typing import Final

from pospago.billing.v1 import credit_note_pb2 as pb

from billing_service.api.credit_note_messages import to_proto_credit_note
from billing_service.api.reading import Reads
from billing_service.api.values import CREDIT_NOTE, INVOICE
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.credit_note_errors import CreditNoteNotFound
from billing_service.domain.errors import InvoiceNotFound
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage.credit_note_queries import (
    FIRST_NOTE,
    find_credit_note,
    list_credit_notes,
)
from billing_service.use_cases.create_credit_note import (
    CREATE_CREDIT_NOTE,
    CreateCreditNote,
    LineToCredit,
)
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole


class CreditNotes:
    """The servicer of CreditNoteService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateCreditNote(self, request: pb.CreateCreditNoteRequest, call: Call) -> bytes:
        """Credit lines of an invoice."""
        payer = account_id(request.parent, "parent")
        owner, invoice = INVOICE.parse(request.invoice, "invoice")
        if owner != payer:
            raise InvoiceNotFound(request.invoice)
        command = CreateCreditNote(
            payer=payer,
            invoice=invoice,
            lines=tuple(map(_from_proto_line, request.lines)),
            reason=request.reason,
        )
        return await self._writes.run(call, CREATE_CREDIT_NOTE, command, _CREATED)

    async def GetCreditNote(
        self, request: pb.GetCreditNoteRequest, _call: Call
    ) -> pb.GetCreditNoteResponse:
        """Give one credit note."""
        payer, credit_note = CREDIT_NOTE.parse(request.name)
        found = await self._reads.run(lambda tx: find_credit_note(tx, payer, credit_note))
        if found is None:
            raise CreditNoteNotFound(request.name)
        return pb.GetCreditNoteResponse(credit_note=to_proto_credit_note(found))

    async def ListCreditNotes(
        self, request: pb.ListCreditNotesRequest, _call: Call
    ) -> pb.ListCreditNotesResponse:
        """Give a page of a payer's credit notes."""
        page = self._reads.page(request, FIRST_NOTE)
        payer = account_id(request.parent, "parent")
        owner, invoice = (
            INVOICE.parse(request.invoice, "invoice") if request.invoice else (payer, "")
        )
        series, sequence = page.after
        found = await self._reads.run(
            lambda tx: list_credit_notes(
                tx, payer, invoice=invoice, after=(str(series), int(sequence)), limit=page.limit
            )
        )
        entries, token = page.cut(
            found if owner == payer else [], lambda each: (each.note.series, each.note.sequence)
        )
        return pb.ListCreditNotesResponse(
            credit_notes=map(to_proto_credit_note, entries), next_page_token=token
        )


def _from_proto_line(line: pb.CreateCreditNoteRequest.Line) -> LineToCredit:
    if not line.HasField("amount"):
        return LineToCredit(line.line_number, None)
    amount = line.amount
    stated = StatedAmount(amount.units, amount.nanos, amount.currency_code)
    return LineToCredit(line.line_number, stated)


def _created(issued: IssuedCreditNote) -> pb.CreateCreditNoteResponse:
    return pb.CreateCreditNoteResponse(credit_note=to_proto_credit_note(issued))


_CREATED: Final = whole(_created)
