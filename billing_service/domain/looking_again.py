"""Which charges of a plan's subscription are rated again: those that a later fact may have changed.

All others are billed for good, whatever the rules or the catalogue have become since.
Source:  docs/decisions/0026-adjustments-and-credit-notes.md
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from billing_service.domain.allowance import Coverage
from billing_service.domain.billed import Adjusts, Billed, may_end_on
from billing_service.domain.calendar import next_month
from billing_service.domain.charge import AccountToRate, ChargeKey, OfPlan, RatedItem
from billing_service.domain.item_rate import ItemRate
from billing_service.domain.plan import Plan
from billing_service.domain.price import COMMITMENT
from billing_service.domain.price_models import Usage
from billing_service.domain.price_models.figures import ONE, ZERO
from billing_service.domain.rating import RatedPrice
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.subscription import Subscription

_DAY: Final = timedelta(days=1)
_NOTHING: Final = Usage(ZERO)


class LookingAgain:
    """What of a subscription is looked at again, through a month."""

    def __init__(
        self,
        to_rate: AccountToRate,
        subscribed: SubscribedPlan,
        charged: Mapping[ChargeKey, Billed],
    ) -> None:
        """That of a subscription.

        Shapes:  `to_rate.outdated` holds the keys whose usage is another one now; `charged` all
                 that was billed of the subscription and may be looked at.
        """
        self.to_rate = to_rate
        self.subscribed = subscribed
        self.charged = charged
        self.changed_from_on = changed_from_on(to_rate, subscribed.subscription)
        # What was billed and may not be right any more, because the timeline has changed. What was
        # billed at once for later months is looked at with these.
        self.billed_keys = self._billed_keys()

    def _billed_keys(self) -> frozenset[ChargeKey]:
        changed_on, own = self.changed_from_on, self.subscribed.subscription.key
        if changed_on is None:
            return frozenset()
        return frozenset(
            [
                key
                for key, billed in self.charged.items()
                if key[:2] == own
                and billed.invoice_month <= self.to_rate.through_month
                and _last_on(key, billed) >= changed_on
            ]
        )

    def holds(self, key: ChargeKey) -> bool:
        """Whether what was billed for a key is looked at again."""
        return key in self.to_rate.outdated or key in self.billed_keys

    def prices(self) -> list[SubscribedPrice]:
        """The prices to rate again, billed or not.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        found, own = self._of_changed_days(), self.subscribed.subscription.key
        for key in sorted(self.to_rate.outdated, key=_order):
            if key[:2] == own:
                priced = self.subscribed.price_at(key.item, key.period_start_on)
                if priced is not None:
                    found.append(priced)
        return found

    def _of_changed_days(self) -> list[SubscribedPrice]:
        changed_on, billed = self.changed_from_on, self.billed_keys
        if changed_on is None:
            return []
        # What begins on a day ends after it.
        since_on = min([changed_on, *[key.period_start_on + _DAY for key in billed]])
        return [
            priced
            for priced in self.subscribed.prices_since(since_on, self.to_rate.through_month)
            if priced.key in billed or priced.period.end_on >= changed_on
        ]


def changed_from_on(to_rate: AccountToRate, subscription: Subscription) -> date | None:
    """Since which day the timeline is another one; None: not in what is billed now."""
    changed_on = subscription.changed_from_on
    is_ahead = changed_on is not None and changed_on >= next_month(to_rate.through_month)
    return None if is_ahead else changed_on


def withdrawn_items(
    again: LookingAgain, seen: set[ChargeKey], plans: Mapping[str, Plan]
) -> Iterator[RatedItem]:
    """What was billed for periods that are not subscribed any more: all of it is too much.

    What is missing to a minimum spend follows from these, and is no price of a version.
    """
    gone = {key for key in again.billed_keys - seen if key.item != COMMITMENT}
    for key in sorted(gone, key=_order):
        billed = again.charged[key]
        if billed.amount_minor:
            is_closed = is_closed_before(billed, again.to_rate.after_month)
            adjusts = Adjusts(billed, is_closed, is_withdrawn=True)
            yield _nothing_of(key, adjusts, plans[billed.plan])


def is_closed_before(billed: Billed, after_month: date | None) -> bool:
    """Whether all months of what was billed are closed."""
    return after_month is not None and billed.period_end_on <= next_month(after_month)


def _nothing_of(key: ChargeKey, adjusts: Adjusts, plan: Plan) -> RatedItem:
    """The item of a key for which nothing is charged any more, at the price it had."""
    billed = adjusts.billed
    version = plan.versions[billed.plan_version - 1]
    price = next(
        each
        for each in version.prices
        if each.code == key.item
        and each.currency == billed.currency
        and each.band in (0, billed.band)
    )
    coverage = Coverage(0, billed.coverage.whole, billed.coverage.unit)
    rate = ItemRate(
        plan=plan.plan_id,
        plan_version=version.version,
        band=billed.band,
        position=version.position(price),
        tax_category=price.tax_category or plan.tax_category,
        rated=RatedPrice(price, _NOTHING, None, coverage, 1, ONE, ZERO, 1, 0),
    )
    told = OfPlan(period_end_on=billed.period_end_on)
    return RatedItem(key, rate, billed.invoice_month, told, adjusts)


def _last_on(key: ChargeKey, billed: Billed) -> date:
    """The day by which what was billed ends at the latest."""
    return may_end_on(
        key.period_start_on, billed.period_end_on, billed.coverage, billed.amount_minor
    )


def _order(key: ChargeKey) -> tuple[str, str, date, str, int]:
    return (key.account, key.subscription, key.period_start_on, key.item, key.part)
