"""Requests for payment: what a payer's provider is asked to collect before something takes effect.

Source:  docs/decisions/0029-payment-requests.md
"""

from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Final

from billing_service.domain.payment_request_errors import PaymentRequestClosed
from billing_service.domain.previewed import Previewed
from billing_service.domain.subscription_facts import Fact

# How long a request may be answered.
GOOD_FOR_US: Final = 24 * 3600 * 1_000_000
_ID_PREFIX: Final = "request"
_DIGEST_LENGTH: Final = 26


class PaymentPurpose(Enum):
    """What a payment is asked for."""

    CHANGE = "change"
    PREPAID_PERIOD = "prepaid_period"


class PaymentRequestState(Enum):
    """Where a request stands."""

    PENDING = "pending"
    PAID = "paid"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class AskedChange:
    """A change that is made once it is paid, and what its price followed from.

    It is made as of the instant of `previewed`, after those `together` with which it was to take
    effect.
    """

    fact: Fact
    previewed: Previewed
    together: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A provider is asked to collect so much of a payer, for a subscription.

    `change` is what it pays for; None of a prepaid period. `payment` is the id of the payment that
    came of it. `note` says why it was declined, cancelled, or, although it was paid, the change not
    made: the payment is then the payer's balance.
    """

    payer: str
    request_id: str
    provider: str
    method: str
    currency: str
    amount_minor: int
    purpose: PaymentPurpose
    account: str
    subscription_id: str
    asked_at: int
    change: AskedChange | None = None
    state: PaymentRequestState = PaymentRequestState.PENDING
    closed_at: int | None = None
    payment: str = ""
    note: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its payer and its id."""
        return (self.payer, self.request_id)

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"accounts/{self.payer}/paymentRequests/{self.request_id}"

    @property
    def subscription(self) -> tuple[str, str]:
        """The account and id of the subscription that it is for."""
        return (self.account, self.subscription_id)

    @property
    def expires_at(self) -> int:
        """The first instant at which it can no longer be answered."""
        return self.asked_at + GOOD_FOR_US

    @property
    def is_pending(self) -> bool:
        """Whether its answer is still to come."""
        return self.state is PaymentRequestState.PENDING

    @property
    def is_paid(self) -> bool:
        """Whether the money is there."""
        return self.state is PaymentRequestState.PAID

    def paid(self, now: int, note: str = "") -> "PaymentRequest":
        """The request as paid, by the payment that has its id.

        Errors:  PaymentRequestClosed.
        """
        closed = self.closed(PaymentRequestState.PAID, now, note)
        return replace(closed, payment=self.request_id)

    def closed(self, state: PaymentRequestState, now: int, note: str = "") -> "PaymentRequest":
        """The request with its answer, after which there is no other.

        Errors:  PaymentRequestClosed.
        """
        if not self.is_pending:
            raise PaymentRequestClosed(self.name, self.state.value)
        return replace(self, state=state, closed_at=now, note=note)


def request_id_of(account: str, subscription_id: str, cause: str) -> str:
    """The id of a request that nobody made by a call: the same for the same cause."""
    told = f"{account}\n{subscription_id}\n{cause}"
    return f"{_ID_PREFIX}-{sha256(told.encode()).hexdigest()[:_DIGEST_LENGTH]}"
