"""Reviews: charges that wait until somebody has decided about them.

A review is for one metered price of a subscription in one service period. It is opened when the
charge first comes to more than nothing, decided any number of times, and charged once.
"""

from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from typing import NamedTuple, assert_never

from billing_service.domain.money import PAYMENT_MINOR_MAX
from billing_service.domain.usage.guard_errors import InvalidDecision, ReviewCharged

_DIGEST_BYTES = 8


class ReviewState(Enum):
    """Where a review stands."""

    OPEN = "open"
    DECIDED = "decided"
    CHARGED = "charged"


class Decision(Enum):
    """What can be decided about a charge."""

    CHARGE = "charge"
    REDUCE = "reduce"
    WAIVE = "waive"


class ReviewKey(NamedTuple):
    """What a review is for: the price of a subscription, in the period that begins on a day.

    A named tuple, as a ChargeKey is.
    """

    account: str
    subscription: str
    price: str
    period_start_on: date


@dataclass(frozen=True, slots=True)
class Review:
    """A charge that waits, or waited, for a decision. The period is half-open.

    `decided_minor` is set with REDUCE only. `payer` and `invoice` say which invoice charges it, ''
    while none does; `quantity` and `full_minor` are what was rated there, set together with them.
    """

    account: str
    review_id: str
    subscription: str
    price: str
    period_start_on: date
    period_end_on: date
    currency: str
    opened_at: int
    decision: Decision | None = None
    decided_minor: int | None = None
    note: str = ""
    author: str = ""
    decided_at: int | None = None
    payer: str = ""
    invoice: str = ""
    quantity: Decimal | None = None
    full_minor: int | None = None
    version: int = 1

    @property
    def key(self) -> ReviewKey:
        """What it is for."""
        return ReviewKey(self.account, self.subscription, self.price, self.period_start_on)

    @property
    def name(self) -> str:
        """Its name in the contract."""
        return f"accounts/{self.account}/reviews/{self.review_id}"

    @property
    def state(self) -> ReviewState:
        """Where it stands."""
        if self.invoice:
            return ReviewState.CHARGED
        return ReviewState.OPEN if self.decision is None else ReviewState.DECIDED

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return str(self.version)

    def amount_of(self, full_minor: int) -> int:
        """What is charged of a full amount, as it was decided.

        Shapes:  somebody has decided.
        """
        match self.decision:
            case Decision.CHARGE:
                return full_minor
            case Decision.REDUCE:
                return min(full_minor, self.decided_minor or 0)
            case Decision.WAIVE:
                return 0
            case None:
                raise ValueError(f"nobody has decided about {self.name}")
        assert_never(self.decision)


def review_id_of(subscription: str, price: str, period_start_on: date) -> str:
    """The id of a review, told by what it is for; at most 63 characters.

    The subscription goes in as a digest: in full, it would not fit beside the price and the day.
    """
    digest = blake2b(subscription.encode(), digest_size=_DIGEST_BYTES).digest()
    told = b32encode(digest).decode().rstrip("=").lower()
    return f"{price}-{period_start_on:%Y%m%d}-{told}"


def open_review(key: ReviewKey, *, period_end_on: date, currency: str, opened_at: int) -> Review:
    """A review of a charge about which nobody has decided."""
    return Review(
        account=key.account,
        review_id=review_id_of(key.subscription, key.price, key.period_start_on),
        subscription=key.subscription,
        price=key.price,
        period_start_on=key.period_start_on,
        period_end_on=period_end_on,
        currency=currency,
        opened_at=opened_at,
    )


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """What somebody decided. `amount_minor` None: no amount was stated."""

    decision: Decision
    amount_minor: int | None
    note: str
    author: str
    decided_at: int


def decided(review: Review, made: DecisionMade) -> Review:
    """The review as decided; what was decided before it is charged no longer holds.

    Errors:  ReviewCharged, InvalidDecision.
    """
    if review.invoice:
        invoice = f"accounts/{review.payer}/invoices/{review.invoice}"
        raise ReviewCharged(review.name, invoice)
    is_reduced = made.decision is Decision.REDUCE
    if is_reduced and made.amount_minor is None:
        raise InvalidDecision("amount", "must be stated with REDUCE: what is charged instead")
    if is_reduced and (made.amount_minor or 0) <= 0:
        raise InvalidDecision("amount", "must be above 0: to charge nothing, decide WAIVE")
    if is_reduced and (made.amount_minor or 0) > PAYMENT_MINOR_MAX:
        text = f"must be up to {PAYMENT_MINOR_MAX} minor units: to charge all of it, decide CHARGE"
        raise InvalidDecision("amount", text)
    if not is_reduced and made.amount_minor is not None:
        raise InvalidDecision("amount", "goes with REDUCE only: leave it out, or decide REDUCE")
    return replace(
        review,
        decision=made.decision,
        decided_minor=made.amount_minor,
        note=made.note,
        author=made.author,
        decided_at=made.decided_at,
        version=review.version + 1,
    )


def charged(
    review: Review, *, payer: str, invoice: str, quantity: Decimal, full_minor: int
) -> Review:
    """The decided review with the invoice that charges it, and what was rated there."""
    return replace(
        review,
        payer=payer,
        invoice=invoice,
        quantity=quantity,
        full_minor=full_minor,
        version=review.version + 1,
    )
