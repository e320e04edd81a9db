"""What is refused about payment providers and requests for payment."""

from typing import Final

from billing_service.domain.refusals import Fault, InTheWay, Missing

_PAID: Final = "paid"


class PaymentProviderUnknown(Fault):
    """There is no such payment provider, or it is not for this account."""

    reason = "PAYMENT_PROVIDER_UNKNOWN"

    def __init__(self, text: str) -> None:
        super().__init__("billing_profile.payment_provider", text)


class PaymentMethodRefused(Fault):
    """The provider does not know the method, or needs one."""

    reason = "PAYMENT_METHOD_REFUSED"

    def __init__(self, text: str) -> None:
        super().__init__("billing_profile.payment_method", text)


class PaymentPending(InTheWay):
    """A change of the subscription waits for its payment."""

    reason = "PAYMENT_PENDING"

    def __init__(self, account: str, subscription: str, request: str) -> None:
        super().__init__(
            f"accounts/{account}/subscriptions/{subscription}",
            f"waits for the payment of {request}: settle or cancel that first",
        )


class PaymentRequestNotFound(Missing):
    """There is no such request for payment."""

    reason = "PAYMENT_REQUEST_NOT_FOUND"


class PaymentRequestClosed(InTheWay):
    """The request has had its answer."""

    reason = "PAYMENT_REQUEST_CLOSED"

    def __init__(self, name: str, state: str) -> None:
        remedy = "ask for the change again, and record money that came in as a payment"
        if state == _PAID:
            remedy = "record money that came in beside it as a payment"
        super().__init__(name, f"is {state} already: {remedy}")
