"""Requests for payment: the servicer of PaymentRequestService."""

from typing import Final

from pospago.billing.v1 import payment_request_pb2 as pb

from billing_service.api.payment_request_messages import STATES, to_proto_payment_request
from billing_service.api.reading import Reads
from billing_service.api.values import PAYMENT_REQUEST, SUBSCRIPTION, from_proto_date
from billing_service.domain.payment_request import PaymentRequest
from billing_service.domain.payment_request_errors import PaymentRequestNotFound
from billing_service.storage.payment_request_queries import (
    PaymentRequestFilter,
    find_payment_request,
    list_payment_requests,
)
from billing_service.use_cases.cancel_payment_request import (
    CANCEL_PAYMENT_REQUEST,
    CancelPaymentRequest,
)
from billing_service.use_cases.settle_payment_request import (
    SETTLE_PAYMENT_REQUEST,
    SettlePaymentRequest,
)
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole


class PaymentRequests:
    """The servicer of PaymentRequestService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def SettlePaymentRequest(
        self, request: pb.SettlePaymentRequestRequest, call: Call
    ) -> bytes:
        """Take in the outcome of a request."""
        payer, request_id = PAYMENT_REQUEST.parse(request.name)
        is_paid = request.WhichOneof("outcome") == "paid"
        value_on = from_proto_date(request.paid.value_date, "paid.value_date") if is_paid else None
        command = SettlePaymentRequest(
            payer, request_id, value_on, request.paid.reference, request.declined.note
        )
        return await self._writes.run(call, SETTLE_PAYMENT_REQUEST, command, _SETTLED)

    async def CancelPaymentRequest(
        self, request: pb.CancelPaymentRequestRequest, call: Call
    ) -> bytes:
        """Cancel a request."""
        payer, request_id = PAYMENT_REQUEST.parse(request.name)
        command = CancelPaymentRequest(payer, request_id, request.note)
        return await self._writes.run(call, CANCEL_PAYMENT_REQUEST, command, _CANCELLED)

    async def GetPaymentRequest(
        self, request: pb.GetPaymentRequestRequest, _call: Call
    ) -> pb.GetPaymentRequestResponse:
        """Give one request."""
        payer, request_id = PAYMENT_REQUEST.parse(request.name)
        found = await self._reads.run(lambda tx: find_payment_request(tx, payer, request_id))
        if found is None:
            raise PaymentRequestNotFound(request.name)
        return pb.GetPaymentRequestResponse(payment_request=to_proto_payment_request(found))

    async def ListPaymentRequests(
        self, request: pb.ListPaymentRequestsRequest, _call: Call
    ) -> pb.ListPaymentRequestsResponse:
        """Give a page of a payer's requests."""
        page = self._reads.page(request)
        wanted = _filter(request)
        found = await self._reads.run(
            lambda tx: list_payment_requests(tx, wanted, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.request_id,))
        return pb.ListPaymentRequestsResponse(
            payment_requests=map(to_proto_payment_request, entries), next_page_token=token
        )


def _filter(request: pb.ListPaymentRequestsRequest) -> PaymentRequestFilter:
    subscription = None
    if request.subscription:
        account, subscription_id = SUBSCRIPTION.parse(request.subscription, "subscription")
        subscription = (account, subscription_id)
    return PaymentRequestFilter(
        payer=account_id(request.parent, "parent"),
        states={STATES[each] for each in request.states if each in STATES},
        subscription=subscription,
    )


def _settled(result: PaymentRequest) -> pb.SettlePaymentRequestResponse:
    return pb.SettlePaymentRequestResponse(payment_request=to_proto_payment_request(result))


def _cancelled(result: PaymentRequest) -> pb.CancelPaymentRequestResponse:
    return pb.CancelPaymentRequestResponse(payment_request=to_proto_payment_request(result))


_SETTLED: Final = whole(_settled)
_CANCELLED: Final = whole(_cancelled)
