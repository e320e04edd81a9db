"""A subscription to a plan with all that prices it: what it is charged for, period by period.

One function for charges, summaries and thresholds; estimates walk the same periods.
Source:  docs/decisions/0018-plan-subscriptions.md
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Self

from billing_service.domain.allowance import Coverage
from billing_service.domain.calendar import next_month
from billing_service.domain.coupon import Coupon
from billing_service.domain.item_periods import Covered, ItemPeriods, PricedItem
from billing_service.domain.periods import ServicePeriod, invoice_month
from billing_service.domain.plan import Plan
from billing_service.domain.plan_timeline import PlanTimeline, PricedPlan, is_by_whole_months
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    Counting,
    Metered,
    PerUnitOf,
    Pooling,
    Price,
    Schedule,
    applying,
)
from billing_service.domain.price_change import PriceChange
from billing_service.domain.price_models import Capacity, Percentage, Usage, usage_of_peaks
from billing_service.domain.quantities import ZERO, Charged, Quantities
from billing_service.domain.rating import RatedPrice, rate, shown
from billing_service.domain.subscription import PlanTerms, Subscription
from billing_service.domain.usage.wanted import UsageWanted

_DAY: Final = timedelta(days=1)
_NOTHING: Final = Usage(ZERO)


@dataclass(frozen=True, slots=True)
class SubscribedPrice:
    """An item of a subscription in one service period: what it may be charged for.

    `wanted` says by code, for it and those that it shares an allowance with, what usage prices it:
    that of the days of the period on which it is subscribed.
    """

    account: str
    subscription_id: str
    item: PricedItem
    period: ServicePeriod
    price_index: Decimal
    held: Mapping[str, Decimal]
    wanted: Mapping[str, tuple[UsageWanted, ...]]

    @property
    def version(self) -> PlanVersion:
        """The version of the plan that prices the period."""
        return self.item.version

    @property
    def position(self) -> int:
        """The place of its price in the version."""
        return self.item.position

    @property
    def price(self) -> Price:
        """Its price."""
        return self.item.price

    @property
    def schedule(self) -> Schedule:
        """For which periods it is charged, and when."""
        return self.item.schedule

    @property
    def coverage(self) -> Coverage:
        """How much of the full period is charged."""
        return Coverage(self.period.days_charged, self.period.days_full)

    @property
    def invoice_month(self) -> date:
        """The month on whose invoice it belongs."""
        return invoice_month(self.period, self.schedule.timing)

    @property
    def is_metered(self) -> bool:
        """Whether it prices usage."""
        return isinstance(self.price.kind, Metered)

    @property
    def meters(self) -> tuple[str, ...]:
        """The meters whose usage it prices."""
        return meters_of(self.price)

    @property
    def usages_needed(self) -> tuple[UsageWanted, ...]:
        """The usage to read before it can be rated; none where what is held prices it."""
        return tuple(dict.fromkeys(each for wanted in self.wanted.values() for each in wanted))

    def usages(self, found: Mapping[UsageWanted, Usage]) -> Mapping[str, Usage]:
        """What was found of `usages_needed`, by the code of the price that it is used of."""
        if isinstance(self.price.model, Capacity):
            wanted = self.wanted[self.price.code]
            peaks = {each.meter: found[each].quantity for each in wanted}
            return {self.price.code: usage_of_peaks(peaks)}
        return {code: found[only] for code, (only,) in self.wanted.items()}

    @property
    def shown(self) -> Self:
        """The same, as a line where nothing is used, too."""
        return replace(self, item=replace(self.item, price=shown(self.price)))

    def rate(self, usages: Mapping[str, Usage]) -> RatedPrice | None:
        """What it costs; None if that is no line at all.

        Shapes:  `usages` are by code, as `usages()` gives them; empty where none are needed.
        """
        usage = usages[self.price.code] if self.is_metered else self.item.usage
        if usage is None:
            return None
        coverage = self.coverage
        return rate(
            self.price,
            usage,
            free=self.item.free(usages, held=self.held, coverage=coverage),
            coverage=coverage,
            instalments=self.schedule.instalments,
            price_index=self.price_index,
        )


@dataclass(frozen=True, slots=True)
class SubscribedPlan:
    """A subscription to a plan, the plans that it ever holds, and what changes for the account.

    `currency` and `zone` are the account's, `changes` its price changes; `coupons` are those that
    it ever holds.
    """

    subscription: Subscription
    plans: Mapping[str, Plan]
    currency: str
    zone: str
    changes: tuple[PriceChange, ...] = ()
    coupons: Mapping[str, Coupon] = field(default_factory=dict)

    @property
    def plan(self) -> Plan:
        """The plan that was in force when the subscription was written."""
        return self.plans[self.subscription.plan]

    @property
    def terms(self) -> PlanTerms:
        """The days on which it is subscribed, and what it holds."""
        terms = self.subscription.plan_terms
        if terms is None:
            raise ValueError(f"{self.subscription.key} is an instance's")
        return terms

    def metered_on(self, day: date) -> tuple[SubscribedPrice, ...]:
        """The metered prices whose service period holds a day, in the order of the prices.

        None on a day on which it is not subscribed.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        begins_on, ends_on = self.terms.begins_on, self.terms.ends_on
        if day < begins_on or (ends_on is not None and day >= ends_on):
            return ()
        found = [
            each
            for each in self._prices(from_on=day, through_on=day)
            if each.is_metered and each.period.start_on <= day < each.period.end_on
        ]
        return tuple(sorted(found, key=lambda each: each.position))

    def price_at(self, code: str, period_start_on: date) -> SubscribedPrice | None:
        """The price of a code in the service period that begins on a day; None if none does.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        for each in self._prices(from_on=period_start_on, through_on=period_start_on):
            if each.price.code == code and each.period.start_on == period_start_on:
                return each
        return None

    def prices_in(self, after: date | None, through: date) -> Iterator[SubscribedPrice]:
        """What may be charged on the invoices of the months after one (None: all), up to another.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        first_open = self.terms.begins_on if after is None else next_month(after)
        for each in self._prices(from_on=first_open, through_on=next_month(through) - _DAY):
            if each.invoice_month <= through and (after is None or each.invoice_month > after):
                yield each

    def metered_ever(self) -> tuple[Price, ...]:
        """The metered prices of all versions that may price it, as far as they are known.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        _, timeline = self._timeline(self.terms.ends_on or date.max)
        return tuple(
            price
            for version in timeline.versions
            for price in applying(
                version.prices, band=self.subscription.band, currency=self.currency
            )
            if isinstance(price.kind, Metered)
        )

    @property
    def is_by_whole_months(self) -> bool:
        """Whether it is to be charged as instances are, as far as its versions are known.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        return is_by_whole_months(self._priced, self.terms.begins_on)

    def versions(self) -> Sequence[PlanVersion]:
        """The versions that may price it, as far as they are known, the earliest first.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        return self._timeline(self.terms.ends_on or date.max)[1].versions

    def _prices(self, *, from_on: date, through_on: date) -> Iterator[SubscribedPrice]:
        covered, timeline = self._timeline(through_on)
        if not covered.holds(covered.begins_on):
            return
        first = self.subscription.facts[0].holding
        charged = Charged(Quantities(held=first.held if first else ()))
        items = ItemPeriods(
            timeline,
            covered,
            band=self.subscription.band,
            currency=self.currency,
            # What is counted is told, too: whoever charges refuses it.
            usage_of=lambda price: (
                _NOTHING if isinstance(price.kind, Counting) else charged.usage_of(price)
            ),
        )
        for key in items.keys:
            for item, period in items.of(key, from_on):
                if period.end_on > from_on:
                    yield SubscribedPrice(
                        account=self.subscription.account,
                        subscription_id=self.subscription.subscription_id,
                        item=item,
                        period=period,
                        price_index=timeline.index_on(period.start_on),
                        held=charged.held,
                        wanted=self._wanted(items, item, period),
                    )

    def _timeline(self, through_on: date) -> tuple[Covered, PlanTimeline]:
        """The days that are charged, and the versions that price them."""
        terms = self.terms
        covered = Covered(terms.begins_on, terms.ends_on, through_on)
        if terms.by_whole_months:
            covered = covered.by_whole_months
        timeline = PlanTimeline(
            self._priced,
            begins_on=covered.begins_on,
            through_on=max(through_on, covered.begins_on),
            held_on=terms.begins_on,
        )
        return covered, timeline

    @property
    def _priced(self) -> PricedPlan:
        return PricedPlan(
            plan=self.plan,
            band=self.subscription.band,
            currency=self.currency,
            zone=self.zone,
            changes=self.changes,
        )

    def _wanted(
        self, items: ItemPeriods, item: PricedItem, period: ServicePeriod
    ) -> Mapping[str, tuple[UsageWanted, ...]]:
        """The usage that prices an item, and what those use that share its allowance."""
        if not isinstance(item.price.kind, Metered):
            return {}
        shared = item.shared_allowance
        codes = shared.prices if shared else (item.price.code,)
        of_version = items.items_of(item.version).values()
        return {
            each.price.code: self._wanted_of(each.price, period, is_sharing=shared is not None)
            for each in of_version
            if each.price.code in codes
        }

    def _wanted_of(
        self, price: Price, period: ServicePeriod, *, is_sharing: bool
    ) -> tuple[UsageWanted, ...]:
        terms = self.terms
        ends_on = period.end_on if terms.ends_on is None else min(period.end_on, terms.ends_on)
        filters = price.kind.filters if isinstance(price.kind, Metered) else ()
        return tuple(
            UsageWanted(
                account=self.subscription.account,
                meter=meter,
                start_on=max(period.start_on, terms.begins_on),
                end_on=ends_on,
                filters=filters,
                transactions=_needs_transactions(price, is_sharing=is_sharing),
                unit_dimension=unit_dimension(price),
            )
            for meter in meters_of(price)
        )


def meters_of(price: Price) -> tuple[str, ...]:
    """The meters whose usage a price charges for; none unless it is metered."""
    if not isinstance(price.kind, Metered):
        return ()
    return price.model.meters if isinstance(price.model, Capacity) else (price.kind.meter,)


def unit_dimension(price: Price) -> str:
    """The dimension that names the units with an allowance each; '' where no allowance is so."""
    included = price.included
    if included is None or included.pooling is not Pooling.PER_UNIT:
        return ""
    return included.size.dimension if isinstance(included.size, PerUnitOf) else ""


def _needs_transactions(price: Price, *, is_sharing: bool) -> bool:
    """Whether each transaction is to be known: their sum and number do not decide alone."""
    model = price.model
    if not isinstance(model, Percentage):
        return False
    has_free = is_sharing or price.included is not None
    return model.is_by_transaction or bool(model.fixed_fee and has_free)
