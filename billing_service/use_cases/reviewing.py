"""What a close does about reviews: opens them for what it leaves off, ends those it charges."""

from collections.abc import Iterable

from billing_service.domain.charge import RatedItem
from billing_service.domain.events import ReviewChanged
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.review import ReviewKey, charged, open_review
from billing_service.storage.facts import Facts
from billing_service.use_cases.standings import Outcome
from chassis.use_case import Event


def open_reviews(facts: Facts, held: Iterable[RatedItem], *, now: int, outcome: Outcome) -> None:
    """Open the reviews of what is held that have none yet."""
    for item in held:
        if item.review is not None:
            continue
        key = item.key
        review = open_review(
            ReviewKey(key.account, key.subscription, key.item, key.period_start_on),
            period_end_on=item.period_end_on,
            currency=item.currency,
            opened_at=now,
        )
        facts.take_in([review])
        outcome.changes.append(review)
        told = ReviewChanged(review, item.rate.rated.usage.quantity, item.full_minor)
        outcome.events.append(Event(review.account, told))


def charge_reviews(facts: Facts, issued: Iterable[IssuedInvoice], outcome: Outcome) -> None:
    """Note in the reviews of what is charged which invoice does: their decision is final.

    So it is without any, if what was held came to nothing in the end.
    """
    for each in issued:
        for item in (charge.rated for charge in each.charges):
            if item.review is None or item.adjusts is not None:
                # What was decided holds for what is corrected, too.
                continue
            quantity = item.rate.rated.usage.quantity
            review = charged(
                item.review,
                payer=each.invoice.payer,
                invoice=each.invoice.invoice_id,
                quantity=quantity,
                full_minor=item.full_minor,
            )
            facts.take_in([review])
            outcome.changes.append(review)
            told = ReviewChanged(review, quantity, item.full_minor)
            outcome.events.append(Event(review.account, told))
