"""Decides about a charge that waits: charge it, reduce it, or waive it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from billing_service.domain.events import ReviewChanged
from billing_service.domain.review import Decision, DecisionMade, Review, ReviewKey, decided
from billing_service.domain.stated_amount import StatedAmount
from billing_service.domain.usage.guard_errors import InvalidDecision, ReviewNotFound
from billing_service.domain.usage.metered_period import MeteredPeriod
from billing_service.storage import gathering, gathering_guards
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.saving import save
from billing_service.use_cases.clocks import clocks_shown
from billing_service.use_cases.reviewed_periods import (
    ReviewInFull,
    gather_reviewed,
    in_full,
    reviewed_periods,
)
from billing_service.use_cases.timers import late_closing_timers
from chassis.database import Transaction
from chassis.errors import EtagMismatch
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class DecideReview:
    """What somebody decided. `amount` is what is charged instead; `etag` '': in any state.

    `asked_at` is what the real clock showed then: as of when usage is told with the decision.
    """

    account: str
    review_id: str
    decision: Decision
    amount: StatedAmount | None
    note: str
    author: str
    asked_at: int
    etag: str = ""

    @property
    def key(self) -> DocumentKey:
        """The review's key."""
        return (self.account, self.review_id)


@dataclass(slots=True)
class DecideFacts:
    """What is stored, and the periods of the reviews as things stand."""

    stored: Facts = field(default_factory=Facts)
    reviews: dict[DocumentKey, Review] = field(default_factory=dict)
    periods: dict[ReviewKey, MeteredPeriod] = field(default_factory=dict)

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        for change in effects.changes:
            if isinstance(change, Review):
                self.reviews[change.account, change.review_id] = change


def gather(tx: Transaction, commands: Sequence[DecideReview]) -> DecideFacts:
    """The reviews with their periods, and who pays for the accounts."""
    facts = DecideFacts()
    stored = facts.stored
    gathering_guards.gather_reviews(tx, stored, [command.key for command in commands])
    reviews = list(stored.reviews.values())
    facts.reviews.update({(each.account, each.review_id): each for each in reviews})
    gather_reviewed(tx, stored, reviews)
    payers = gathering.payers_of(tx, stored.accounts)
    gathering.gather_accounts(tx, stored, {*stored.accounts, *payers})
    gathering.gather_zones(tx, stored, payers)
    asked = [(each.account, each.asked_at) for each in commands if each.key in facts.reviews]
    now_of = clocks_shown(tx, stored, asked)
    facts.periods.update(reviewed_periods(tx, stored, reviews, now_of))
    return facts


def decide(facts: DecideFacts, command: DecideReview, now: int) -> Effects[ReviewInFull]:
    """Note the decision; where the month is closed, see to an invoice that takes it up.

    Errors:  ReviewNotFound, EtagMismatch, ReviewCharged, InvalidDecision.
    """
    before = facts.reviews.get(command.key)
    if before is None:
        raise ReviewNotFound(f"accounts/{command.account}/reviews/{command.review_id}")
    if command.etag not in ("", before.etag):
        raise EtagMismatch(before.name, before.etag)
    made = DecisionMade(
        decision=command.decision,
        amount_minor=_amount_minor(command.amount, before.currency),
        note=command.note,
        author=command.author,
        decided_at=now,
    )
    review = decided(before, made)
    full = in_full(review, facts.periods.get(review.key))
    return Effects(
        full,
        changes=(review,),
        events=(Event(review.account, ReviewChanged(review, full.quantity, full.full_minor)),),
        timers=late_closing_timers(facts.stored, review.account, now),
    )


def _amount_minor(amount: StatedAmount | None, currency: str) -> int | None:
    if amount is None:
        return None
    if amount.currency != currency:
        raise InvalidDecision("amount.currency_code", f"must be {currency}, as the charge is")
    amount_minor = amount.minor("amount")
    if amount_minor is None:
        raise InvalidDecision("amount", f"is finer than {currency} allows, or of mixed sign")
    return amount_minor


def _widen(tx: Transaction, command: DecideReview) -> tuple[str, ...]:
    """A decision touches who pays for the account, on whose invoice it goes."""
    return tuple(sorted(gathering.payers_of(tx, [command.account])))


DECIDE_REVIEW: Final[UseCase[DecideReview, DecideFacts, ReviewInFull]] = UseCase(
    name="decide_review",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
