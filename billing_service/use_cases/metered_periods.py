"""The metered prices of accounts, period by period, with what was used of them.

Source:  docs/decisions/0020-thresholds-and-reviews.md
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from billing_service.domain.calendar import civil_day
from billing_service.domain.catalog_errors import PlanVersionNotFound
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.price_models import Usage
from billing_service.domain.review import ReviewKey
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.domain.usage.metered_period import MeteredPeriod, metered_period
from billing_service.domain.usage.wanted import UsageWanted
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.usage_reading import usages
from chassis.database import Transaction


def gather_pricing(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """What prices the subscriptions that were gathered: accounts, terms, plans, price changes."""
    wanted = sorted(set(accounts))
    gathering.gather_accounts(tx, facts, wanted)
    gathering.gather_terms(tx, facts)
    gathering_catalog.gather_price_changes(tx, facts, wanted)
    gathering.gather_plans(
        tx, facts, {plan for each in facts.subscriptions.values() for plan in each.plans}
    )


def subscribed_plans(facts: Facts, now_of: Mapping[str, int]) -> dict[DocumentKey, SubscribedPlan]:
    """The plan subscriptions that were gathered of some accounts, as of an instant for each."""
    return {
        each.key: subscribed_plan(facts, each.key, now_of[each.account])
        for each in facts.subscriptions.values()
        if each.is_of_plan and each.account in now_of
    }


def subscribed_plan(facts: Facts, key: DocumentKey, now: int) -> SubscribedPlan:
    """A plan subscription that was gathered, with all that prices it."""
    return facts.subscribed(facts.subscriptions[key], now)


def price_on(subscribed: SubscribedPlan, price: str, day: date) -> SubscribedPrice | None:
    """The metered price of a code whose service period holds a day.

    None if there is none, or the plan has no prices for the account then.
    """
    try:
        return next((e for e in subscribed.metered_on(day) if e.price.code == price), None)
    except (PlanVersionNotFound, PriceNotFound):
        return None


def price_of_period(subscribed: SubscribedPlan, key: ReviewKey) -> SubscribedPrice | None:
    """The metered price of a period that begins on a day.

    None if it has none there, or the plan has no prices for the account then.
    """
    try:
        found = subscribed.price_at(key.price, key.period_start_on)
    except (PlanVersionNotFound, PriceNotFound):
        return None
    return found if found and found.is_metered else None


def uncharged_prices(
    subscribed: SubscribedPlan, closed_through: date | None, now: int
) -> Iterator[SubscribedPrice]:
    """The metered prices of present periods, and of past ones that are on no invoice yet.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    today = civil_day(now, subscribed.zone)
    present = subscribed.metered_on(today)
    yield from present
    seen = {(each.price.code, each.period.start_on) for each in present}
    for each in subscribed.prices_in(closed_through, today.replace(day=1)):
        if each.is_metered and (each.price.code, each.period.start_on) not in seen:
            yield each


def read_usages(
    tx: Transaction, facts: Facts, prices: Iterable[SubscribedPrice], now_of: Mapping[str, int]
) -> Mapping[UsageWanted, Usage]:
    """What was used of metered prices, as of an instant for each account."""
    wanted = list(dict.fromkeys(one for each in prices for one in each.usages_needed))
    zones = {each.account: facts.accounts[each.account].time_zone for each in wanted}
    return dict(zip(wanted, usages(tx, wanted, zones=zones, cut_at=now_of), strict=True))


def read_periods(
    tx: Transaction, facts: Facts, prices: Sequence[SubscribedPrice], now_of: Mapping[str, int]
) -> list[MeteredPeriod]:
    """Metered prices with what was used of them in their periods, in their order."""
    found = read_usages(tx, facts, prices, now_of)
    return [metered_period(each, each.usages(found)) for each in prices]
