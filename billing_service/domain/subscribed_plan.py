"""A subscription to a plan with all that prices it: what it is charged for, period by period.

One function for charges, summaries and thresholds; estimates walk the same periods.
Source:  docs/decisions/0018-plan-subscriptions.md, docs/decisions/0022-live-timelines.md
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from billing_service.domain.calendar import civil_day, first_instant, next_month
from billing_service.domain.charge import ChargeKey
from billing_service.domain.coupon import Coupon
from billing_service.domain.item_periods import PricedItem
from billing_service.domain.negotiated import as_negotiated, coupons_in_force
from billing_service.domain.periods import ServicePeriod, invoice_month
from billing_service.domain.plan import Plan
from billing_service.domain.plan_timeline import is_by_whole_months
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import Anchor, Metered, Price, applying
from billing_service.domain.price_change import PriceChange
from billing_service.domain.priced_phases import PhasePricing
from billing_service.domain.stretch_holdings import (
    counts_units_of,
    held_in,
    with_prorated_allowance,
)
from billing_service.domain.stretches import Run, Stretch, Stretches
from billing_service.domain.subscribed_price import (
    SubscribedPrice,
    meters_of,
    needs_transactions,
    unit_dimension,
)
from billing_service.domain.subscription import (
    OPEN_MONTH,
    PlanTerms,
    Subscription,
)
from billing_service.domain.subscription_facts import ending
from billing_service.domain.usage.wanted import UsageWanted

__all__ = ["SubscribedPlan", "SubscribedPrice", "meters_of", "unit_dimension"]

_DAY: Final = timedelta(days=1)


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
        """The days on which it is subscribed."""
        terms = self.subscription.plan_terms
        if terms is None:
            raise ValueError(f"{self.subscription.key} is an instance's")
        return terms

    def metered_on(self, day: date) -> tuple[SubscribedPrice, ...]:
        """The metered prices whose service period holds a day, in the order of the prices.

        None on a day on which it is not subscribed, or paused.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        begins_on, ends_on = self.terms.charged_from_on, self.terms.ends_on
        if day < begins_on or (ends_on is not None and day >= ends_on):
            return ()
        found = [
            each
            for each in self._prices(from_on=day, through_on=day, known_on=date.max)
            if each.is_metered and each.period.start_on <= day < each.period.end_on
        ]
        return tuple(sorted(found, key=lambda each: each.position))

    def licensed_at(self, instant_at: int) -> tuple[SubscribedPrice, ...]:
        """What is charged at an instant but for usage, each in the period that holds it.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        day = civil_day(instant_at, self.zone)
        return tuple(
            each
            for each in self._prices_once(from_on=day, through_on=day, known_on=date.max)
            if not each.is_metered and each.start_at <= instant_at < each.end_at
        )

    def price_at(self, code: str, period_start_on: date) -> SubscribedPrice | None:
        """The price of a code in the service period that begins on a day; None if none does.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        on = period_start_on
        for each in self._prices(from_on=on, through_on=on, known_on=date.max):
            if each.price.code == code and each.period.start_on == period_start_on:
                return each
        return None

    def prices_in(self, after: date | None, through: date) -> Sequence[SubscribedPrice]:
        """What may be charged on the invoices of the months after one (None: all), up to another.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        first_open = self.terms.begins_on if after is None else next_month(after)
        return [
            each
            for each in self._prices_from(first_open, through)
            if each.invoice_month <= through and (after is None or each.invoice_month > after)
        ]

    def prices_since(self, day: date, through: date) -> Sequence[SubscribedPrice]:
        """What ends on a day or later, and is for the invoices of months up to one.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        return [
            each
            for each in self._prices_from(day - _DAY, through)
            if each.invoice_month <= through and each.period.end_on >= day
        ]

    def settled(self) -> Subscription:
        """The subscription with the months that it bills, where only its plans know them.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        subscription = self.subscription
        over = ending(subscription.facts)
        if subscription.span.last_month != OPEN_MONTH or over is None:
            return subscription
        over_on = civil_day(over.at, self.zone)
        months = [
            each.invoice_month
            for each in self._prices(from_on=over_on - _DAY, through_on=date.max - _DAY)
        ]
        last_month = max([subscription.span.first_month, over_on.replace(day=1), *months])
        return replace(subscription, span=replace(subscription.span, last_month=last_month))

    def metered_ever(self) -> tuple[Price, ...]:
        """The metered prices of all versions that may price it, as far as they are known.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        return tuple(
            price
            for each in self._pricing(self._known_through).timelines()
            for version in each.versions
            for price in applying(version.prices, band=each.priced.band, currency=self.currency)
            if isinstance(price.kind, Metered)
        )

    @property
    def is_by_whole_months(self) -> bool:
        """Whether it is to be charged as instances are, as far as its versions are known.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        if self.terms.anchor is Anchor.ANNIVERSARY:
            return False
        first = next(self._pricing(self._known_through).timelines())
        return is_by_whole_months(first.priced, self.terms.charged_from_on)

    def versions(self) -> Sequence[PlanVersion]:
        """The versions that may price it, as far as they are known, by plan, the earliest first.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        timelines = self._pricing(self._known_through).timelines()
        return [version for each in timelines for version in each.versions]

    @property
    def _known_through(self) -> date:
        return self.terms.ends_on or date.max

    @property
    def over_on(self) -> date | None:
        """The first day on which nothing of it is priced any more, at the latest; None: never."""
        over = ending(self.subscription.facts)
        if over is None or over.at == self.terms.ends_at:
            return self.terms.ends_on
        if over.proration is None or over.proration.mode.is_by_part:
            return civil_day(over.at - 1, self.zone) + _DAY
        last_month = self.settled().span.last_month
        return None if last_month == OPEN_MONTH else next_month(last_month)

    def _pricing(self, through_on: date, known_on: date | None = None) -> PhasePricing:
        return PhasePricing(
            subscription=self.subscription,
            terms=self.terms,
            plans=self.plans,
            currency=self.currency,
            zone=self.zone,
            changes=self.changes,
            through_on=through_on,
            known_on=known_on or through_on,
        )

    def _prices_from(self, day: date, through: date) -> tuple[SubscribedPrice, ...]:
        """What ends after a day, and begins in months up to one; some that ends before.

        All days of a month ask for the same, which is reckoned once.
        """
        from_on, through_on = day.replace(day=1), next_month(through) - _DAY
        return self._prices_once(from_on=from_on, through_on=through_on)

    def _prices_once(
        self, *, from_on: date, through_on: date, known_on: date | None = None
    ) -> tuple[SubscribedPrice, ...]:
        """As `_prices`, for what is asked again and again while a subscription is charged."""
        days = {"from_on": from_on, "through_on": through_on, "known_on": known_on or through_on}
        return self.subscription.derived.once(
            "prices",
            lambda: tuple(self._prices(**days)),
            key=(self.currency, self.zone, days),
            by=(self.subscription.facts, *self._priced_by),
        )

    @property
    def _priced_by(self) -> tuple[object, ...]:
        """The objects that price it, besides itself."""
        held = self.subscription.plans
        changes = [each for each in self.changes if each.plan in held]
        coupons = {code for each in self.subscription.holdings for code in each.coupons}
        return (
            *(self.plans[each] for each in held),
            *changes,
            *(self.coupons.get(each) for each in sorted(coupons)),
        )

    def _prices(
        self, *, from_on: date, through_on: date, known_on: date | None = None
    ) -> Iterator[SubscribedPrice]:
        """What there is in the periods that begin by a day, without what ends by another.

        Differences count that are due by `known_on`; None: by the former day.
        """
        phases = self._pricing(through_on, known_on).phases(from_on)
        if not phases:
            return
        stretches = Stretches(phases, self.zone)
        for code in stretches.codes:
            for run in stretches.runs_after(code, from_on):
                yield from self._of_run(stretches, run, code, from_on)

    def _of_run(
        self, stretches: Stretches, run: Run, code: str, from_on: date
    ) -> Sequence[SubscribedPrice]:
        """The prices of a run of an item. A change of other items leaves them as they are."""
        priced = run.phase.priced
        assert priced is not None  # noqa: S101 - asked of runs that hold something only

        def derive() -> tuple[SubscribedPrice, ...]:
            return tuple(self._price(stretches, each) for each in stretches.of(run, code, from_on))

        # Coupons go by the whole timeline, an allowance for each unit of another item by that one.
        if priced.holding.coupons or any(map(counts_units_of, priced.items.items_with(code))):
            return derive()
        return self.subscription.derived.once(
            f"prices of {code}",
            derive,
            key=(self.subscription.key, self.terms, run.start, run.end, run.phase.covered, from_on),
            by=(priced,),
        )

    def _price(self, stretches: Stretches, stretch: Stretch) -> SubscribedPrice:
        priced, period = stretch.priced, stretch.period
        item = with_prorated_allowance(stretch)
        agreed = self._agreed(stretch)
        is_agreed = agreed is not stretch.item.price
        if is_agreed:
            item = replace(item, price=replace(agreed, included=item.price.included))
        begins_at = first_instant(period.start_on, self.zone)
        key = ChargeKey(
            *self.subscription.key, item.price.code, period.start_on, stretch.start_at - begins_at
        )
        return SubscribedPrice(
            key=key,
            invoice_month=invoice_month(period, item.schedule.timing),
            plan=priced.plan,
            holding=priced.holding,
            item=item,
            period=period,
            coverage=stretch.coverage,
            start_at=stretch.start_at,
            end_at=stretch.end_at,
            price_index=priced.timeline.index_on(period.start_on),
            held=held_in(stretches, stretch),
            wanted=self._wanted(stretch, item, period),
            is_agreed=is_agreed,
        )

    def _agreed(self, stretch: Stretch) -> Price:
        """The price as it was negotiated, less the coupons in force; itself, if it was not."""
        holding, price = stretch.priced.holding, stretch.item.price
        if not holding.price_overrides and not holding.coupons:
            return price
        held = self.subscription.coupons_held(civil_day(stretch.start_at, self.zone), self.zone)
        coupons = coupons_in_force(
            price,
            plan=holding.plan,
            held={coupon: held.get(coupon, ()) for coupon in holding.coupons},
            coupons=self.coupons,
            schedule=stretch.item.schedule,
            anchor_on=stretch.anchor_on,
            period_start_on=stretch.period.start_on,
        )
        overrides = [each for each in holding.price_overrides if each.price == price.code]
        return as_negotiated(price, overrides, coupons) if overrides or coupons else price

    def _wanted(
        self, stretch: Stretch, item: PricedItem, period: ServicePeriod
    ) -> Mapping[str, tuple[UsageWanted, ...]]:
        """The usage that prices an item, and what those use that share its allowance."""
        if not isinstance(item.price.kind, Metered):
            return {}
        shared = item.shared_allowance
        codes = shared.prices if shared else (item.price.code,)
        of_version = stretch.priced.items.items_of(item.version).values()
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
                start_on=max(period.start_on, terms.charged_from_on),
                end_on=ends_on,
                filters=filters,
                transactions=needs_transactions(price, is_sharing=is_sharing),
                unit_dimension=unit_dimension(price),
            )
            for meter in meters_of(price)
        )
