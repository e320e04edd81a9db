"""Reviews: the servicer of ReviewService."""

from collections.abc import Sequence
from typing import Final

from google.type.money_pb2 import Money
from pospago.billing.v1 import review_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.review_messages import DECISIONS, STATES, to_proto_review
from billing_service.api.values import REVIEW
from billing_service.domain.review import Review
from billing_service.domain.stated_amount import StatedAmount
from billing_service.domain.usage.guard_errors import ReviewNotFound
from billing_service.storage.guard_queries import (
    FIRST_REVIEW,
    ReviewFilter,
    find_review,
    list_reviews,
)
from billing_service.storage.queries import sandbox_of
from billing_service.use_cases.decide_review import DECIDE_REVIEW, DecideReview
from billing_service.use_cases.reviewed_periods import ReviewInFull, reviews_in_full
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.rpc.call import Call
from chassis.rpc.names import ANY, account_id, sandbox_id
from chassis.rpc.writes import Writes, whole


class Reviews:
    """The servicer of ReviewService."""

    def __init__(self, writes: Writes, reads: Reads, clock: Clock) -> None:
        self._writes = writes
        self._reads = reads
        self._clock = clock

    async def GetReview(self, request: pb.GetReviewRequest, _call: Call) -> pb.GetReviewResponse:
        """Give one review."""
        account, review_id = REVIEW.parse(request.name)

        def query(tx: Transaction) -> Sequence[ReviewInFull]:
            review = find_review(tx, account, review_id)
            if review is None:
                raise ReviewNotFound(request.name)
            return self._in_full(tx, [review], sandbox_of(tx, account))

        (found,) = await self._reads.run(query)
        return pb.GetReviewResponse(review=_message(found))

    async def ListReviews(
        self, request: pb.ListReviewsRequest, _call: Call
    ) -> pb.ListReviewsResponse:
        """Give a page of reviews, of one account or of a world."""
        page = self._reads.page(request, FIRST_REVIEW)
        wanted = _filter(request)
        account, review_id = page.after

        def query(tx: Transaction) -> Sequence[ReviewInFull]:
            after = (str(account), str(review_id))
            found = list_reviews(tx, wanted, after=after, limit=page.limit)
            world = sandbox_of(tx, wanted.account) if wanted.account else wanted.sandbox
            return self._in_full(tx, found, world)

        entries, token = page.cut(
            await self._reads.run(query),
            lambda each: (each.review.account, each.review.review_id),
        )
        return pb.ListReviewsResponse(reviews=map(_message, entries), next_page_token=token)

    async def DecideReview(self, request: pb.DecideReviewRequest, call: Call) -> bytes:
        """Decide about a charge."""
        account, review_id = REVIEW.parse(request.name)
        command = DecideReview(
            account=account,
            review_id=review_id,
            decision=DECISIONS[request.decision],
            amount=_amount(request.amount) if request.HasField("amount") else None,
            note=request.note,
            author=call.caller.actor,
            asked_at=self._clock.now(),
            etag=request.etag,
        )
        return await self._writes.run(call, DECIDE_REVIEW, command, _DECIDED)

    def _in_full(
        self, tx: Transaction, reviews: Sequence[Review], sandbox: str
    ) -> Sequence[ReviewInFull]:
        """Reviews of one world with their figures as things stand."""
        now = self._reads.now_in(tx, sandbox)
        return reviews_in_full(tx, reviews, {each.account: now for each in reviews})


def _filter(request: pb.ListReviewsRequest) -> ReviewFilter:
    account = account_id(request.parent, "parent")
    return ReviewFilter(
        account="" if account == ANY else account,
        sandbox=sandbox_id(request.sandbox),
        states={STATES[each] for each in request.states if each in STATES},
    )


def _amount(message: Money) -> StatedAmount:
    return StatedAmount(message.units, message.nanos, message.currency_code)


def _message(found: ReviewInFull) -> pb.Review:
    return to_proto_review(found.review, found.quantity, found.full_minor)


def _decided(result: ReviewInFull) -> pb.DecideReviewResponse:
    return pb.DecideReviewResponse(review=_message(result))


_DECIDED: Final = whole(_decided)
