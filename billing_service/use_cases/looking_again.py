"""What a close does about charges that it rated again: they are as they should be now."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from billing_service.domain.calendar import civil_day, next_month
from billing_service.domain.charge import RatedItem
from billing_service.domain.subscription import Subscription
from billing_service.storage.facts import Facts
from billing_service.use_cases.rating import BilledMonth
from billing_service.use_cases.standings import Outcome


def note_looked_at(
    after: Facts, billed: BilledMonth, held: Iterable[RatedItem], outcome: Outcome
) -> None:
    """Take the marks off what was looked at again; what is held stays marked.

    A change of the timeline after the month is looked at once its own month closes, also if it was
    told before this one did.
    """
    waiting = {_place(each) for each in held}
    marks = [
        replace(each, outdated_at=None)
        for each in after.outdated.values()
        if each.outdated_at is not None
        and each.account in billed.through
        and each.key[:4] not in waiting
    ]
    looked_at = [
        replace(each, changed_from_on=_changes_ahead_on(after, each, billed))
        for each in after.subscriptions.values()
        if each.account in billed.through
        and each.changed_from_on is not None
        and each.changed_from_on < next_month(billed.month)
    ]
    after.take_in([*marks, *looked_at])
    outcome.changes += [*marks, *looked_at]


def _changes_ahead_on(facts: Facts, subscription: Subscription, billed: BilledMonth) -> date | None:
    """Since when a subscription is to be looked at after the month; None: not at all.

    That is the day of its first fact after the month, or all of what was billed at once for later
    months, while this one waited to be closed.
    """
    following = next_month(billed.month)
    own = subscription.key
    if any(
        (key.account, key.subscription) == own and each.invoice_month > billed.month
        for key, each in facts.charged.items()
    ):
        return following
    zone = facts.accounts[subscription.account].time_zone
    days = (civil_day(each.effective_at, zone) for each in subscription.facts)
    return min((each for each in days if each >= following), default=None)


def _place(item: RatedItem) -> tuple[object, ...]:
    key = item.key
    return (key.account, key.subscription, key.item, key.period_start_on)
