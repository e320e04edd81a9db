"""The port to whoever collects money from payers, and the providers that there are.

A provider is asked while the request for payment is being written, so it must not call anybody: one
that collects elsewhere answers `Pending`. The request is then its outbox: its worker follows
`PaymentRequested` on the feed, collects under the request's name, which makes repeating safe, and
answers by `SettlePaymentRequest`.

Source:  docs/decisions/0029-payment-requests.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias, assert_never

from billing_service.domain.payment_request import PaymentRequest, PaymentRequestState
from billing_service.domain.payment_request_errors import (
    PaymentMethodRefused,
    PaymentProviderUnknown,
)


@dataclass(frozen=True, slots=True)
class Pending:
    """The answer comes later."""


@dataclass(frozen=True, slots=True)
class Paid:
    """The money is there."""


@dataclass(frozen=True, slots=True)
class Declined:
    """It will not be paid, and why."""

    reason: str


Answer: TypeAlias = Pending | Paid | Declined


class PaymentProvider(Protocol):
    """Collects money from payers."""

    @property
    def name(self) -> str:
        """What billing profiles call it."""
        ...

    @property
    def is_real(self) -> bool:
        """Whether real money comes of it; another one is for sandboxes only."""
        ...

    def check_method(self, method: str) -> None:
        """Refuse a method that it does not know.

        Errors:  PaymentMethodRefused.
        """
        ...

    def ask(self, request: PaymentRequest) -> Answer:
        """Its answer to a request, as far as there is one at once."""
        ...


@dataclass(frozen=True, slots=True)
class Manual:
    """Money comes by ways that billing does not know: somebody settles each request by hand."""

    name: str = "manual"
    is_real: bool = True

    def check_method(self, method: str) -> None:
        """Take any method: it is for whoever collects."""

    def ask(self, request: PaymentRequest) -> Answer:
        """Leave the answer to whoever settles the request."""
        return Pending()


@dataclass(frozen=True, slots=True)
class Test:
    """Answers by the name of the method: `accept`, `decline` or `pending`. No money moves."""

    name: str = "test"
    is_real: bool = False

    def check_method(self, method: str) -> None:
        """Refuse all but the three methods.

        Errors:  PaymentMethodRefused.
        """
        if method not in _TEST_ANSWERS:
            raise PaymentMethodRefused(f"must be one of {', '.join(sorted(_TEST_ANSWERS))}")

    def ask(self, request: PaymentRequest) -> Answer:
        """The answer that the method is called after."""
        return _TEST_ANSWERS[request.method]


_TEST_ANSWERS: Final[Mapping[str, Answer]] = MappingProxyType(
    {
        "accept": Paid(),
        "decline": Declined("The test provider declines this method."),
        "pending": Pending(),
    }
)
MANUAL: Final[PaymentProvider] = Manual()
TEST: Final[PaymentProvider] = Test()
PROVIDERS: Final[Mapping[str, PaymentProvider]] = MappingProxyType(
    {each.name: each for each in (MANUAL, TEST)}
)


def check_provider(name: str, method: str, *, in_sandbox: bool) -> None:
    """Refuse a provider that there is not, and a method that it does not know; '' pays by invoice.

    Errors:  PaymentProviderUnknown, PaymentMethodRefused.
    """
    if not name:
        if method:
            raise PaymentMethodRefused("is for a payment provider: state one, or leave it empty")
        return
    if name not in PROVIDERS:
        known = ", ".join(sorted(PROVIDERS))
        raise PaymentProviderUnknown(f"is none that is known: choose one of {known}, or none")
    provider = PROVIDERS[name]
    if not provider.is_real and not in_sandbox:
        raise PaymentProviderUnknown(f"{name} moves no money: it is for accounts in a sandbox")
    provider.check_method(method)


def answered(request: PaymentRequest, now: int) -> PaymentRequest:
    """A request as its provider answers it at once."""
    answer = PROVIDERS[request.provider].ask(request)
    match answer:
        case Pending():
            return request
        case Paid():
            return request.paid(now)
        case Declined():
            return request.closed(PaymentRequestState.DECLINED, now, answer.reason)
        case _ as unreachable:
            assert_never(unreachable)
