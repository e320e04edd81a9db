"""The metered price of a subscription that a guard or a reservation names."""

from collections.abc import Iterable

from billing_service.domain.calendar import civil_day
from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.meter import Aggregation
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.usage.guard_errors import PriceNotMetered
from billing_service.storage import gathering
from billing_service.storage.catalog_memory import remembered_meters
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.use_cases.metered_periods import gather_pricing, price_on, subscribed_plan
from chassis.database import Transaction


def gather_watched(tx: Transaction, facts: Facts, keys: Iterable[DocumentKey]) -> None:
    """Subscriptions by account and id, with all that prices them."""
    wanted = sorted(set(keys))
    gathering.gather_subscriptions(tx, facts, wanted)
    gather_pricing(tx, facts, {account for account, _ in wanted})
    facts.meters.update(remembered_meters(tx))


def watched_plan(facts: Facts, key: DocumentKey, price: str, now: int) -> SubscribedPlan:
    """The plan subscription of a key, for a price of it.

    Errors:  SubscriptionNotFound, PriceNotMetered for an instance's.
    """
    name = f"accounts/{key[0]}/subscriptions/{key[1]}"
    subscription = facts.subscriptions.get(key)
    if subscription is None:
        raise SubscriptionNotFound(name)
    if not subscription.is_of_plan:
        raise PriceNotMetered(name, price)
    return subscribed_plan(facts, key, now)


def watched_price(facts: Facts, key: DocumentKey, price: str, now: int) -> SubscribedPrice:
    """A metered price in its present period; in its first one, before the subscription begins.

    Errors:  SubscriptionNotFound, PriceNotMetered.
    """
    subscribed = watched_plan(facts, key, price, now)
    day = max(civil_day(now, subscribed.zone), subscribed.terms.charged_from_on)
    found = price_on(subscribed, price, day)
    if found is None:
        raise PriceNotMetered(f"accounts/{key[0]}/subscriptions/{key[1]}", price)
    return found


def is_additive(facts: Facts, priced: SubscribedPrice) -> bool:
    """Whether what a price measures is counted or summed."""
    additive = (Aggregation.COUNT, Aggregation.SUM)
    meters = [facts.meters[each] for each in priced.meters]
    return len(meters) == 1 and meters[0].aggregation in additive
