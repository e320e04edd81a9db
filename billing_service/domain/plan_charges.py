"""What subscriptions to plans should be charged: item by item, period by period.

Desired minus charged: a charge key is (account, subscription, item, service period). What is held
for review is proposed as well, and left off the invoice by whoever issues it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from billing_service.domain.billed import Adjusts, Billed
from billing_service.domain.charge import AccountToRate, ChargeKey, OfPlan, RatedItem
from billing_service.domain.errors import PricedPlanNotFound
from billing_service.domain.item_lines import unit_of
from billing_service.domain.item_rate import ItemRate
from billing_service.domain.looking_again import (
    LookingAgain,
    is_closed_before,
    withdrawn_items,
)
from billing_service.domain.money import AMOUNT_MINOR_MAX
from billing_service.domain.plan import Plan
from billing_service.domain.price_models import Usage
from billing_service.domain.rating import RatedPrice
from billing_service.domain.review import Review, ReviewKey
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.subscription_errors import AmountTooLarge, PriceUnchargeable
from billing_service.domain.subscription_rules import unchargeable
from billing_service.domain.usage.wanted import UsageWanted

Reviews: TypeAlias = Mapping[tuple[str, str], tuple[Review, ...]]
Wanted: TypeAlias = Callable[[SubscribedPrice], bool]


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the charges of plans follow from, besides timelines.

    Shapes:  `usages` holds all that the open prices need; `reviews` those that no invoice charges,
             by account and subscription, `decided` those that one does; `units` what each meter
             counts in, `names` what people call the accounts; `payer` needs no name.
    """

    plans: Mapping[str, Plan]
    charged: Mapping[ChargeKey, Billed]
    usages: Mapping[UsageWanted, Usage]
    reviews: Reviews
    units: Mapping[str, str]
    names: Mapping[str, str]
    payer: str
    decided: Mapping[ReviewKey, Review] = field(default_factory=dict)


def reviews_by_subscription(reviews: Iterable[Review]) -> Reviews:
    """The reviews that no invoice charges, by account and subscription."""
    found: dict[tuple[str, str], list[Review]] = defaultdict(list)
    for each in reviews:
        if not each.invoice:
            found[each.account, each.subscription].append(each)
    return {key: tuple(sorted(each, key=lambda one: one.review_id)) for key, each in found.items()}


class OpenPlan(NamedTuple):
    """A subscription to a plan, with what may be charged of it in the months that are open.

    That is also what was held in a closed month, and decided since, and what is looked at again.
    """

    again: LookingAgain
    prices: Sequence[SubscribedPrice]


class OpenAccount(NamedTuple):
    """An account, and all that may be charged of the plans that it subscribes to."""

    to_rate: AccountToRate
    plans: Sequence[OpenPlan]

    @property
    def prices(self) -> list[SubscribedPrice]:
        """The prices of all its plans."""
        return [priced for plan in self.plans for priced in plan.prices]


def open_account(
    to_rate: AccountToRate,
    plans: Mapping[str, Plan],
    reviews: Reviews,
    charged: Mapping[ChargeKey, Billed],
) -> OpenAccount:
    """What may be charged of an account's plans in the months that are open.

    Shapes:  `charged` is what was billed of what may be looked at again.
    Errors:  PlanVersionNotFound, PriceNotFound, PriceUnchargeable.
    """
    found = [LookingAgain(to_rate, each, charged) for each in _subscribed(to_rate, plans)]
    return OpenAccount(to_rate, [OpenPlan(each, _open_prices(each, reviews)) for each in found])


def _open_prices(again: LookingAgain, reviews: Reviews) -> list[SubscribedPrice]:
    """The same of one subscription."""
    to_rate, subscribed = again.to_rate, again.subscribed
    found = []
    for review in reviews.get(subscribed.subscription.key, ()):
        late = _decided_late(to_rate, subscribed, review)
        if late is not None:
            found.append(late)
    for priced in subscribed.prices_in(to_rate.after_month, to_rate.through_month):
        if text := unchargeable(priced.price):
            raise PriceUnchargeable(priced.plan.plan_id, text, priced.invoice_month)
        found.append(priced)
    return found + again.prices()


def _subscribed(to_rate: AccountToRate, plans: Mapping[str, Plan]) -> Iterator[SubscribedPlan]:
    """The plans that an account subscribes to."""
    for subscription in to_rate.subscriptions:
        if not subscription.is_of_plan:
            continue
        for plan in subscription.plans:
            if plan not in plans:
                raise PricedPlanNotFound(plan, subscription.span.first_month)
        yield SubscribedPlan(
            subscription=subscription,
            plans=plans,
            currency=to_rate.currency,
            zone=to_rate.account.time_zone,
            changes=to_rate.price_changes,
            coupons=to_rate.coupons,
        )


def propose_plans(
    accounts: Iterable[AccountToRate], facts: PlanFacts, *, is_wanted: Wanted | None = None
) -> list[RatedItem]:
    """What should be charged for plans and is not, what is held among it, by account.

    Prices that are not wanted are left out, and need no usage; what was billed and is not
    subscribed any more is told in any case.

    Errors:  PlanVersionNotFound, PriceNotFound, PriceUnchargeable, AmountTooLarge.
    """
    opened = [open_account(each, facts.plans, facts.reviews, facts.charged) for each in accounts]
    return propose_open(opened, facts, is_wanted=is_wanted)


def propose_open(
    accounts: Iterable[OpenAccount], facts: PlanFacts, *, is_wanted: Wanted | None = None
) -> list[RatedItem]:
    """The same of accounts whose open prices were found by the same facts.

    Errors:  AmountTooLarge.
    """
    return [item for each in accounts for item in _propose_for(each, facts, is_wanted)]


def _propose_for(
    account: OpenAccount, facts: PlanFacts, is_wanted: Wanted | None
) -> list[RatedItem]:
    """What should be charged for the plans of an account, each key once."""
    seen: set[ChargeKey] = set()
    found = []
    for again, prices in account.plans:
        for priced in prices:
            if priced.key in seen:
                continue
            seen.add(priced.key)
            item = _rated(again, priced, facts) if not is_wanted or is_wanted(priced) else None
            if item is not None:
                found.append(item)
    for again, _ in account.plans:
        found += withdrawn_items(again, seen, facts.plans)
    return found


def _decided_late(
    to_rate: AccountToRate, subscribed: SubscribedPlan, review: Review
) -> SubscribedPrice | None:
    """The price of a closed month that a review has decided since; None if it is none."""
    if review.decision is None or to_rate.after_month is None:
        return None
    priced = subscribed.price_at(review.price, review.period_start_on)
    is_late = priced is not None and priced.invoice_month <= to_rate.after_month
    return priced if is_late else None


def _price(priced: SubscribedPrice, facts: PlanFacts) -> RatedPrice | None:
    """What it costs; None if that is no line. What is under review is one, of 0 too."""
    usages = priced.usages(facts.usages)
    rated = priced.rate(usages)
    if rated is not None:
        return rated
    if priced.key in facts.charged:
        return priced.shown.rate(usages)
    reviews = facts.reviews.get((priced.account, priced.subscription_id), ())
    place = (priced.price.code, priced.period.start_on)
    is_reviewed = any((each.price, each.period_start_on) == place for each in reviews)
    return priced.shown.rate(usages) if is_reviewed else None


def _rated(again: LookingAgain, priced: SubscribedPrice, facts: PlanFacts) -> RatedItem | None:
    """What is to be charged for a price, or otherwise than it was; None if nothing is."""
    to_rate, price, key = again.to_rate, priced.item.price, priced.key
    billed = facts.charged.get(key)
    if billed is not None and not again.holds(key):
        return None
    rated = _price(priced, facts)
    if rated is None:
        return None
    if rated.amount_minor > AMOUNT_MINOR_MAX:
        raise AmountTooLarge(
            _review_key(priced), rated.amount_minor, price.currency, is_metered=priced.is_metered
        )
    rate = ItemRate(
        plan=priced.plan.plan_id,
        plan_version=priced.item.version.version,
        band=priced.holding.band,
        position=priced.item.position,
        tax_category=price.tax_category or priced.plan.tax_category,
        rated=rated,
        is_agreed=priced.is_agreed,
    )
    told = OfPlan(
        period_end_on=priced.period.end_on,
        unit=unit_of(price, facts.units),
        instalment=priced.period.instalment,
        subject=_subject(again, priced, facts),
        review=_review(priced, facts) if facts.reviews or facts.decided else None,
    )
    if billed is None:
        return RatedItem(key, rate, priced.invoice_month, told)
    adjusts = Adjusts(billed, is_closed_before(billed, to_rate.after_month))
    item = RatedItem(key, rate, priced.invoice_month, told, adjusts)
    return item if item.amount_minor != billed.amount_minor else None


def _subject(again: LookingAgain, priced: SubscribedPrice, facts: PlanFacts) -> str:
    """Whose it is, where that is to be said: it is late, or another account's than the payer's."""
    to_rate, subscription = again.to_rate, again.subscribed.subscription
    is_late = to_rate.after_month is not None and priced.invoice_month <= to_rate.after_month
    if not is_late and to_rate.account.account == facts.payer:
        return ""
    name = subscription.display_name or facts.names.get(subscription.account, "")
    return name or subscription.account


def _review(priced: SubscribedPrice, facts: PlanFacts) -> Review | None:
    """The review that holds or decided a price in its period."""
    key = _review_key(priced)
    reviews = facts.reviews.get((key.account, key.subscription), ())
    return next((each for each in reviews if each.key == key), None) or facts.decided.get(key)


def _review_key(priced: SubscribedPrice) -> ReviewKey:
    key = priced.key
    return ReviewKey(key.account, key.subscription, key.item, key.period_start_on)
