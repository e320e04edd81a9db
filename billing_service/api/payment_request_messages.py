"""Requests for payment as the contract tells them."""

from typing import Final

from pospago.billing.v1 import payment_request_pb2 as pb

from billing_service.api.values import (
    PAYMENT,
    PAYMENT_REQUEST,
    SUBSCRIPTION,
    to_proto_money,
    to_proto_timestamp,
)
from billing_service.domain.payment_request import (
    PaymentPurpose,
    PaymentRequest,
    PaymentRequestState,
)

STATES: Final = {
    pb.PaymentRequest.STATE_PENDING: PaymentRequestState.PENDING,
    pb.PaymentRequest.STATE_PAID: PaymentRequestState.PAID,
    pb.PaymentRequest.STATE_DECLINED: PaymentRequestState.DECLINED,
    pb.PaymentRequest.STATE_CANCELLED: PaymentRequestState.CANCELLED,
    pb.PaymentRequest.STATE_EXPIRED: PaymentRequestState.EXPIRED,
}
_STATE_NUMBERS: Final = {state: number for number, state in STATES.items()}
_PURPOSES: Final = {
    PaymentPurpose.CHANGE: pb.PaymentRequest.PURPOSE_CHANGE,
    PaymentPurpose.PREPAID_PERIOD: pb.PaymentRequest.PURPOSE_PREPAID_PERIOD,
}


def to_proto_payment_request(request: PaymentRequest) -> pb.PaymentRequest:
    """A request for payment as the contract tells it."""
    change = request.change
    return pb.PaymentRequest(
        name=PAYMENT_REQUEST.format(*request.key),
        subscription=SUBSCRIPTION.format(*request.subscription),
        purpose=_PURPOSES[request.purpose],
        amount=to_proto_money(request.amount_minor, request.currency),
        provider=request.provider,
        method=request.method,
        state=_STATE_NUMBERS[request.state],
        note=request.note,
        payment=PAYMENT.format(request.payer, request.payment) if request.payment else "",
        request_time=to_proto_timestamp(request.asked_at),
        expire_time=to_proto_timestamp(request.expires_at),
        close_time=to_proto_timestamp(request.closed_at),
        effective_time=to_proto_timestamp(change.fact.effective_at) if change else None,
    )
