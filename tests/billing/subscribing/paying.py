"""Payers whose providers collect, and requests for payment as tests settle them."""

from dataclasses import replace

from billing_service.domain.calendar import civil_day
from billing_service.domain.payment_request import PaymentRequest
from billing_service.domain.proration import ProrationMode
from billing_service.storage.payment_request_queries import (
    PaymentRequestFilter,
    list_payment_requests,
)
from billing_service.use_cases.cancel_payment_request import (
    CANCEL_PAYMENT_REQUEST,
    CancelPaymentRequest,
)
from billing_service.use_cases.change_subscription import CHANGE_SUBSCRIPTION, Changed
from billing_service.use_cases.settle_payment_request import (
    SETTLE_PAYMENT_REQUEST,
    SettlePaymentRequest,
)
from tests.billing.builders import SAO_PAULO
from tests.billing.subscribing.changing import change_of
from tests.billing.subscribing.live import Live


def upgrade(live: Live, plan: str = "big", request: str = "r1", **more: object) -> Changed:
    """Change to another plan, and pay the difference at once."""
    more.setdefault("mode", ProrationMode.DIFFERENCE_NOW)
    command = change_of(plan, **more)  # type: ignore[arg-type]
    return live.billing.do(CHANGE_SUBSCRIPTION, replace(command, payment_request=request))


def settle(live: Live, request: str = "r1", *, payer: str = "acme") -> PaymentRequest:
    """Tell that a request was paid, today."""
    value_on = civil_day(live.billing.clock.now(), SAO_PAULO)
    command = SettlePaymentRequest(payer, request, value_on, "transfer")
    return live.billing.do(SETTLE_PAYMENT_REQUEST, command)


def decline(live: Live, request: str = "r1") -> PaymentRequest:
    """Tell that a request will not be paid."""
    command = SettlePaymentRequest("acme", request, None, note="no funds")
    return live.billing.do(SETTLE_PAYMENT_REQUEST, command)


def cancel(live: Live, request: str = "r1") -> PaymentRequest:
    """Cancel a request."""
    command = CancelPaymentRequest("acme", request, "thought better of it")
    return live.billing.do(CANCEL_PAYMENT_REQUEST, command)


def requests(live: Live, payer: str = "acme") -> list[PaymentRequest]:
    """The requests of a payer."""
    wanted = PaymentRequestFilter(payer, ())
    return live.billing.database.read(
        lambda tx: list_payment_requests(tx, wanted, after="", limit=100)
    )


def balance(live: Live, payer: str = "acme") -> int:
    """What a payer has paid beyond its invoices, in minor units."""
    amount_minor, _ = live.billing.profile(payer).credit
    return amount_minor
