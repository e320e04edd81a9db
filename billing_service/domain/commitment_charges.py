"""What subscriptions are charged for what is missing to their minimum spends.

Source:  docs/decisions/0028-commitments.md
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from billing_service.domain.billed import Adjusts, Billed
from billing_service.domain.charge import AccountToRate, ChargeKey, OfPlan, RatedItem
from billing_service.domain.commitment import (
    Minimum,
    Spent,
    commitment_plan,
    counted_minor,
    is_committed,
    missing,
)
from billing_service.domain.item_rate import ItemRate
from billing_service.domain.looking_again import (
    LookingAgain,
    changed_from_on,
    is_closed_before,
)
from billing_service.domain.periods import charged_on
from billing_service.domain.plan import Plan
from billing_service.domain.plan_charges import PlanFacts, Reviews
from billing_service.domain.price import COMMITMENT
from billing_service.domain.price_models.figures import ZERO
from billing_service.domain.rating import RatedPrice
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CommittedPeriod:
    """A full period of a subscription's plan that has ended, in the parts in which it is committed.

    Shapes:  `parts` are in order, and none is missing; each is a price of the minimum spend.
             `is_closed`: the months that it is invoiced in are closed, and it is looked at again.
    """

    subscribed: SubscribedPlan
    parts: tuple[SubscribedPrice, ...]
    is_closed: bool = False

    @property
    def start_on(self) -> date:
        """Its first day."""
        return self.parts[0].period.start_on

    @property
    def end_on(self) -> date:
        """The day after its last one."""
        return self.parts[-1].period.end_on

    @property
    def invoice_month(self) -> date:
        """The month on whose invoice it belongs."""
        return self.parts[-1].invoice_month

    @property
    def key(self) -> ChargeKey:
        """What tells its charge from others."""
        return self.parts[0].key

    @property
    def minimums(self) -> Sequence[Minimum]:
        """What its parts come to at least."""
        currency = self.subscribed.currency
        stated = [(each.version.minimum_spend(currency), each.coverage) for each in self.parts]
        return [Minimum(each.amount if each else ZERO, part) for each, part in stated]

    @property
    def prices(self) -> Iterator[SubscribedPrice]:
        """The prices that are charged for it.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        for each in self.subscribed.prices_since(self.start_on, self.invoice_month):
            if self.start_on <= charged_on(each.period, each.schedule.timing) < self.end_on:
                yield each

    def counted_minor(self, amounts: Mapping[ChargeKey, int]) -> int:
        """What counts toward it; `amounts` says how much each key was charged.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        currency = self.subscribed.currency
        spent = [
            Spent(
                minimum=each.version.minimum_spend(currency),
                code=each.price.code,
                charged_on=charged_on(each.period, each.schedule.timing),
                amount_minor=amounts[each.key],
            )
            for each in self.prices
            if each.key in amounts
        ]
        return counted_minor(spent, start_on=self.start_on, end_on=self.end_on)


def committed_periods(
    to_rate: AccountToRate, plans: Mapping[str, Plan], reviews: Reviews
) -> Iterator[CommittedPeriod]:
    """The periods with a minimum spend that end in the open months of an account.

    Those of closed months, too, since the earliest day on which anything is looked at again.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    for subscribed in _subscribed(to_rate, plans):
        bare = _bare(subscribed)
        after, through = to_rate.after_month, to_rate.through_month
        again_on = _looked_at_from(to_rate, subscribed, reviews)
        if again_on is not None and after is not None:
            for each in _periods(subscribed, bare, bare.prices_since(again_on, after)):
                if each.invoice_month <= after:
                    yield replace(each, is_closed=True)
        for each in _periods(subscribed, bare, bare.prices_in(after, through)):
            if each.invoice_month <= through and (after is None or each.invoice_month > after):
                yield each


def propose_commitments(
    accounts: Iterable[AccountToRate], facts: PlanFacts, proposed: Iterable[RatedItem]
) -> list[RatedItem]:
    """What is missing to minimum spends, and charged otherwise or not at all, by account.

    Shapes:  `proposed` is what else is to be charged; `facts.charged` also holds what was charged
             for the periods with a minimum spend.
    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    committed = [each for each in accounts if any(_subscribed(each, facts.plans))]
    if not committed:
        return []
    due = {each.key: each.amount_minor for each in proposed}
    amounts = {key: billed.amount_minor for key, billed in facts.charged.items()} | due
    return [
        item
        for to_rate in committed
        for item in _Commitments(to_rate, facts, due.keys(), amounts).items()
    ]


@dataclass(frozen=True, slots=True)
class _Commitments:
    """The commitments of an account, and what counts toward them: what is `due` is new."""

    to_rate: AccountToRate
    facts: PlanFacts
    due: Collection[ChargeKey]
    amounts: Mapping[ChargeKey, int]

    def items(self) -> Iterator[RatedItem]:
        """What is to be charged, or to be corrected."""
        seen: set[ChargeKey] = set()
        for committed in committed_periods(self.to_rate, self.facts.plans, self.facts.reviews):
            seen.add(committed.key)
            if not committed.is_closed or self._is_touched(committed):
                yield from self._missing(committed)
        for subscribed in _subscribed(self.to_rate, self.facts.plans):
            again = LookingAgain(self.to_rate, subscribed, self.facts.charged)
            yield from self._withdrawn(subscribed, again.billed_keys - seen)

    def _is_touched(self, committed: CommittedPeriod) -> bool:
        """Whether something of a closed period is charged otherwise now."""
        changed_on = changed_from_on(self.to_rate, committed.subscribed.subscription)
        is_changed = changed_on is not None and committed.end_on >= changed_on
        return is_changed or any(each.key in self.due for each in committed.prices)

    def _missing(self, committed: CommittedPeriod) -> Iterator[RatedItem]:
        """The charge of what is missing, if it is another one than was billed."""
        counted = committed.counted_minor(self.amounts)
        rated = missing(committed.minimums, counted, self.to_rate.currency)
        billed = self.facts.charged.get(committed.key)
        if rated.amount_minor == (billed.amount_minor if billed else 0):
            return
        last = committed.parts[-1]
        item = RatedItem(
            key=committed.key,
            rate=self._rate(last.plan.plan_id, last.version.version, last.holding.band, rated),
            invoice_month=committed.invoice_month,
            of_plan=self._told(committed.subscribed, committed.end_on, is_late=committed.is_closed),
        )
        yield item._replace(adjusts=self._adjusts(billed)) if billed else item

    def _withdrawn(
        self, subscribed: SubscribedPlan, keys: Collection[ChargeKey]
    ) -> Iterator[RatedItem]:
        """What was missing in periods that have no minimum spend any more."""
        for key in sorted(keys, key=lambda each: (each.period_start_on, each.part)):
            billed = self.facts.charged[key]
            if key.item == COMMITMENT and billed.amount_minor:
                nothing = missing([Minimum(ZERO, billed.coverage)], 0, billed.currency)
                yield RatedItem(
                    key=key,
                    rate=self._rate(billed.plan, billed.plan_version, billed.band, nothing),
                    invoice_month=billed.invoice_month,
                    of_plan=self._told(subscribed, billed.period_end_on, is_late=True),
                    adjusts=self._adjusts(billed, is_withdrawn=True),
                )

    def _rate(self, plan_id: str, version: int, band: int, rated: RatedPrice) -> ItemRate:
        plan = self.facts.plans[plan_id]
        return ItemRate(
            plan=plan_id,
            plan_version=version,
            band=band,
            # After all prices of the version.
            position=len(plan.versions[version - 1].prices),
            tax_category=plan.tax_category,
            rated=rated,
            is_agreed=True,
        )

    def _told(self, subscribed: SubscribedPlan, end_on: date, *, is_late: bool) -> OfPlan:
        subscription = subscribed.subscription
        name = subscription.display_name or self.facts.names.get(subscription.account, "")
        is_named = is_late or subscription.account != self.facts.payer
        subject = (name or subscription.account) if is_named else ""
        return OfPlan(period_end_on=end_on, subject=subject)

    def _adjusts(self, billed: Billed, *, is_withdrawn: bool = False) -> Adjusts:
        is_closed = is_closed_before(billed, self.to_rate.after_month)
        return Adjusts(billed, is_closed, is_withdrawn)


def _subscribed(to_rate: AccountToRate, plans: Mapping[str, Plan]) -> Iterator[SubscribedPlan]:
    """The subscriptions of an account with a minimum spend in any version that prices them."""
    for subscription in to_rate.subscriptions:
        if not subscription.is_of_plan:
            continue
        held = [plans.get(each) for each in subscription.plans]
        if None in held or not is_committed(filter(None, held)):
            continue
        yield SubscribedPlan(
            subscription=subscription,
            plans=plans,
            currency=to_rate.currency,
            zone=to_rate.account.time_zone,
            changes=to_rate.price_changes,
            coupons=to_rate.coupons,
        )


def _bare(subscribed: SubscribedPlan) -> SubscribedPlan:
    """The same with minimum spends for prices."""
    plans = {
        each: commitment_plan(subscribed.plans[each]) for each in subscribed.subscription.plans
    }
    return replace(subscribed, plans=plans)


def _periods(
    subscribed: SubscribedPlan, bare: SubscribedPlan, prices: Iterable[SubscribedPrice]
) -> Iterator[CommittedPeriod]:
    """The full periods that minimum spends lie in, each with all of its parts."""
    seen: set[tuple[date, date]] = set()
    for each in prices:
        bounds = _bounds(each)
        if bounds in seen:
            continue
        seen.add(bounds)
        last_month = (bounds[1] - _DAY).replace(day=1)
        in_it = bare.prices_since(bounds[0], last_month)
        found = CommittedPeriod(subscribed, tuple(e for e in in_it if _bounds(e) == bounds))
        if any(part.amount for part in found.minimums):
            yield found


def _bounds(priced: SubscribedPrice) -> tuple[date, date]:
    return (priced.period.full_start_on, priced.period.full_end_on)


def _looked_at_from(
    to_rate: AccountToRate, subscribed: SubscribedPlan, reviews: Reviews
) -> date | None:
    """The first day of what is looked at again; None: nothing is."""
    own = subscribed.subscription.key
    decided = (each for each in reviews.get(own, ()) if each.decision is not None)
    days = [each.period_start_on for each in decided]
    days += [e.period_start_on for e in to_rate.outdated if (e.account, e.subscription) == own]
    changed_on = changed_from_on(to_rate, subscribed.subscription)
    return min(days if changed_on is None else [*days, changed_on], default=None)
