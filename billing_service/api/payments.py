"""Payments: the servicer of PaymentService, and payments as the contract tells them."""

from typing import Final

from pospago.billing.v1 import payment_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.values import (
    CREDIT_NOTE,
    INVOICE,
    PAYMENT,
    from_proto_date,
    to_proto_date,
    to_proto_money,
    to_proto_timestamp,
)
from billing_service.domain.errors import InvoiceNotFound, PaymentNotFound
from billing_service.domain.payment import Payment
from billing_service.storage.document_queries import (
    PaymentFilter,
    PaymentInFull,
    find_payment,
    list_payments,
)
from billing_service.use_cases.receiving import PaymentWithAllocations
from billing_service.use_cases.record_payment import RECORD_PAYMENT, RecordPayment
from billing_service.use_cases.reverse_payment import REVERSE_PAYMENT, ReversePayment
from chassis.ids import Ids
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole

Parts = tuple[tuple[str, int], ...]


class Payments:
    """The servicer of PaymentService."""

    def __init__(self, writes: Writes, reads: Reads, ids: Ids) -> None:
        self._writes = writes
        self._reads = reads
        self._ids = ids

    async def RecordPayment(self, request: pb.RecordPaymentRequest, call: Call) -> bytes:
        """Record a payment."""
        payer = account_id(request.parent, "parent")
        invoice_payer, invoice = payer, ""
        if request.invoice:
            invoice_payer, invoice = INVOICE.parse(request.invoice, "invoice")
        if invoice_payer != payer:
            raise InvoiceNotFound(request.invoice)
        command = RecordPayment(
            payer=payer,
            payment_id=request.payment_id or self._ids.new("payment"),
            units=request.amount.units,
            nanos=request.amount.nanos,
            currency=request.amount.currency_code,
            value_on=from_proto_date(request.value_date, "value_date"),
            invoice=invoice,
            reference=request.reference,
        )
        return await self._writes.run(call, RECORD_PAYMENT, command, _RECORDED)

    async def ReversePayment(self, request: pb.ReversePaymentRequest, call: Call) -> bytes:
        """Reverse a payment."""
        payer, payment = PAYMENT.parse(request.name)
        command = ReversePayment(payer, payment, request.note)
        return await self._writes.run(call, REVERSE_PAYMENT, command, _REVERSED)

    async def GetPayment(self, request: pb.GetPaymentRequest, _call: Call) -> pb.GetPaymentResponse:
        """Give one payment."""
        payer, payment = PAYMENT.parse(request.name)
        found = await self._reads.run(lambda tx: find_payment(tx, payer, payment))
        if found is None:
            raise PaymentNotFound(request.name)
        return pb.GetPaymentResponse(payment=to_proto_payment(found.payment, found.parts))

    async def ListPayments(
        self, request: pb.ListPaymentsRequest, _call: Call
    ) -> pb.ListPaymentsResponse:
        """Give a page of a payer's payments."""
        page = self._reads.page(request)
        wanted = _filter(request)
        found: list[PaymentInFull] = await self._reads.run(
            lambda tx: list_payments(tx, wanted, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.payment.payment_id,))
        return pb.ListPaymentsResponse(
            payments=[to_proto_payment(each.payment, each.parts) for each in entries],
            next_page_token=token,
        )


def to_proto_payment(payment: Payment, parts: Parts) -> pb.Payment:
    """A payment as the contract tells it, with the parts of it that pay invoices."""
    is_reversed = payment.reversed_at is not None
    return pb.Payment(
        name=PAYMENT.format(*payment.key),
        amount=to_proto_money(payment.amount_minor, payment.currency),
        value_date=to_proto_date(payment.value_on),
        reference=payment.reference,
        state=pb.Payment.STATE_REVERSED if is_reversed else pb.Payment.STATE_RECORDED,
        allocations=[
            pb.Payment.Allocation(
                invoice=INVOICE.format(payment.payer, invoice),
                amount=to_proto_money(amount_minor, payment.currency),
            )
            for invoice, amount_minor in parts
        ],
        unallocated_amount=to_proto_money(payment.unallocated_minor, payment.currency),
        record_time=to_proto_timestamp(payment.recorded_at),
        reverse_time=to_proto_timestamp(payment.reversed_at),
        reversal_note=payment.reversal_note,
        credit_note=(
            CREDIT_NOTE.format(payment.payer, payment.credit_note) if payment.credit_note else ""
        ),
    )


def _filter(request: pb.ListPaymentsRequest) -> PaymentFilter:
    states = set(request.states) - {pb.Payment.STATE_UNSPECIFIED}
    has_from, has_to = request.HasField("value_from"), request.HasField("value_to")
    return PaymentFilter(
        payer=account_id(request.parent, "parent"),
        is_reversed=(pb.Payment.STATE_REVERSED in states if len(states) == 1 else None),
        value_from=from_proto_date(request.value_from, "value_from") if has_from else None,
        value_to=from_proto_date(request.value_to, "value_to") if has_to else None,
    )


def _message(result: PaymentWithAllocations) -> pb.Payment:
    parts = tuple((each.invoice, each.amount_minor) for each in result.allocations)
    return to_proto_payment(result.payment, parts)


def _recorded(result: PaymentWithAllocations) -> pb.RecordPaymentResponse:
    return pb.RecordPaymentResponse(payment=_message(result))


def _reversed(result: PaymentWithAllocations) -> pb.ReversePaymentResponse:
    return pb.ReversePaymentResponse(payment=_message(result))


_RECORDED: Final = whole(_recorded)
_REVERSED: Final = whole(_reversed)
