"""Reviews as the contract tells them."""

from decimal import Decimal
from typing import Final

from pospago.billing.v1 import review_pb2 as pb

from billing_service.api.values import (
    INVOICE,
    REVIEW,
    SUBSCRIPTION,
    to_proto_date,
    to_proto_decimal,
    to_proto_money,
    to_proto_money_if_held,
    to_proto_timestamp,
)
from billing_service.domain.review import Decision, Review, ReviewState

STATES: Final = {
    pb.Review.STATE_OPEN: ReviewState.OPEN,
    pb.Review.STATE_DECIDED: ReviewState.DECIDED,
    pb.Review.STATE_CHARGED: ReviewState.CHARGED,
}
DECISIONS: Final = {
    pb.Review.DECISION_CHARGE: Decision.CHARGE,
    pb.Review.DECISION_REDUCE: Decision.REDUCE,
    pb.Review.DECISION_WAIVE: Decision.WAIVE,
}
_STATE_NUMBERS: Final = {state: number for number, state in STATES.items()}
_DECISION_NUMBERS: Final = {decision: number for number, decision in DECISIONS.items()}


def to_proto_review(review: Review, quantity: Decimal | None, full_minor: int | None) -> pb.Review:
    """A review as the contract tells it, with what is used and what that costs in full."""
    message = pb.Review(
        name=REVIEW.format(review.account, review.review_id),
        subscription=SUBSCRIPTION.format(review.account, review.subscription),
        price=review.price,
        period_start_date=to_proto_date(review.period_start_on),
        period_end_date=to_proto_date(review.period_end_on),
        state=_STATE_NUMBERS[review.state],
        note=review.note,
        author=review.author,
        decide_time=to_proto_timestamp(review.decided_at),
        open_time=to_proto_timestamp(review.opened_at),
        invoice=INVOICE.format(review.payer, review.invoice) if review.invoice else "",
        etag=review.etag,
        full_amount=(
            None if full_minor is None else to_proto_money_if_held(full_minor, review.currency)
        ),
    )
    if review.decision is not None:
        message.decision = _DECISION_NUMBERS[review.decision]
    if review.decided_minor is not None:
        decided = to_proto_money(review.decided_minor, review.currency)
        message.decided_amount.CopyFrom(decided)
    if quantity is not None:
        message.quantity.CopyFrom(to_proto_decimal(quantity))
    return message
