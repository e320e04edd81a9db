"""Charges: what should have been charged minus what has been charged.

A charge is the fact that one subscription costs so much for one item and month. Rating a month
again gives nothing new; the database's unique keys guard the same.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from billing_service.domain.account import Account
from billing_service.domain.calendar import first_instant, months_between, next_month
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.money import round_to_minor
from billing_service.domain.plan import Plan, VersionPolicy, price_at
from billing_service.domain.subscription import Subscription, bills

# The version of the rules in this module, kept on each charge.
ENGINE_VERSION: Final = 1
BASE_ITEM: Final = "base"


@dataclass(frozen=True, slots=True)
class ChargeKey:
    """What a charge is for: a subscription's item in one service month."""

    account: str
    subscription: str
    item: str
    month: date


@dataclass(frozen=True, slots=True)
class RatedItem:
    """What a charge key should cost."""

    key: ChargeKey
    plan: str
    plan_version: int
    band: int
    currency: str
    unit_price: Decimal
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Charge:
    """A rated item on an invoice: a fact, never changed. A reversal would be a further revision."""

    rated: RatedItem
    payer: str
    invoice: str
    line_number: int
    revision: int = 1
    reverses_revision: int | None = None
    engine_version: int = ENGINE_VERSION


@dataclass(frozen=True, slots=True)
class AccountToRate:
    """An account's subscriptions, and the months of theirs that are not closed yet.

    `after_month` is closed for good (None: nothing is); rating goes through `through_month`.
    """

    account: Account
    currency: str
    subscriptions: tuple[Subscription, ...]
    after_month: date | None
    through_month: date


def propose(
    accounts: Iterable[AccountToRate], plans: Mapping[str, Plan], charged: Collection[ChargeKey]
) -> list[RatedItem]:
    """What should be charged and is not, by account, subscription and month.

    Errors:  PriceNotFound.
    """
    return [
        rated
        for each in accounts
        for rated in desired_items(each, plans)
        if rated.key not in charged
    ]


def desired_items(to_rate: AccountToRate, plans: Mapping[str, Plan]) -> Iterator[RatedItem]:
    """What the timelines of an account cost in the months that are open."""
    zone = to_rate.account.time_zone
    pricing = _Pricing(plans, to_rate.currency, zone)
    first_open = next_month(to_rate.after_month) if to_rate.after_month else date.min
    for subscription in to_rate.subscriptions:
        span = subscription.span
        last = min(span.last_month, to_rate.through_month)
        for month in months_between(max(span.first_month, first_open), last):
            if bills(subscription, month, zone):
                yield pricing.rate(subscription, month)


class _Pricing:
    """Prices of one account's subscriptions, each looked up once."""

    def __init__(self, plans: Mapping[str, Plan], currency: str, zone: str) -> None:
        self._plans = plans
        self._currency = currency
        self._zone = zone
        self._known: dict[tuple[str, int, int], tuple[int, Decimal, int]] = {}

    def rate(self, subscription: Subscription, month: date) -> RatedItem:
        """What a subscription costs in a month."""
        plan = self._plans.get(subscription.plan)
        if plan is None:
            raise PriceNotFound(subscription.plan, subscription.band, self._currency, month)
        instant_at = first_instant(month, self._zone)
        if plan.policy is VersionPolicy.KEEP:
            instant_at = subscription.facts[0].effective_at
        version, unit_price, amount_minor = self._price(plan, subscription.band, instant_at, month)
        return RatedItem(
            key=ChargeKey(subscription.account, subscription.subscription_id, BASE_ITEM, month),
            plan=plan.plan_id,
            plan_version=version,
            band=subscription.band,
            currency=self._currency,
            unit_price=unit_price,
            amount_minor=amount_minor,
        )

    def _price(
        self, plan: Plan, band: int, instant_at: int, month: date
    ) -> tuple[int, Decimal, int]:
        known = self._known.get((plan.plan_id, band, instant_at))
        if known is None:
            version, unit_price = price_at(
                plan, band=band, currency=self._currency, instant_at=instant_at, month=month
            )
            known = version.version, unit_price, round_to_minor(unit_price, self._currency)
            self._known[plan.plan_id, band, instant_at] = known
        return known
