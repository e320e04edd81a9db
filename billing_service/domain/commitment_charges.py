"""What subscriptions are charged for what is missing to their minimum spends.

Source:  docs/decisions/0028-commitments.md
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

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
from billing_service.domain.periods import charged_on
from billing_service.domain.plan import Plan
from billing_service.domain.plan_charges import PlanFacts
from billing_service.domain.price_models.figures import ZERO
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CommittedPeriod:
    """A full period of a subscription's plan that has ended, in the parts in which it is committed.

    Shapes:  `parts` are in order, and none is missing; each is a price of the minimum spend.
    """

    subscribed: SubscribedPlan
    parts: tuple[SubscribedPrice, ...]

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

    def spent(self, amounts: Mapping[ChargeKey, int]) -> Iterator[Spent]:
        """What was charged for it and around it; `amounts` says how much, by key.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        currency = self.subscribed.currency
        for each in self.subscribed.prices_since(self.start_on, self.invoice_month):
            if each.key in amounts:
                yield Spent(
                    minimum=each.version.minimum_spend(currency),
                    code=each.price.code,
                    charged_on=charged_on(each.period, each.schedule.timing),
                    amount_minor=amounts[each.key],
                )


def committed_periods(
    to_rate: AccountToRate, plans: Mapping[str, Plan]
) -> Iterator[CommittedPeriod]:
    """The periods with a minimum spend that end in the open months of an account.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    for subscription in to_rate.subscriptions:
        held = [plans.get(each) for each in subscription.plans]
        if not subscription.is_of_plan or None in held or not is_committed(filter(None, held)):
            continue
        subscribed = SubscribedPlan(
            subscription=subscription,
            plans=plans,
            currency=to_rate.currency,
            zone=to_rate.account.time_zone,
            changes=to_rate.price_changes,
            coupons=to_rate.coupons,
        )
        yield from _periods(subscribed, to_rate.after_month, to_rate.through_month)


def propose_commitments(
    accounts: Iterable[AccountToRate],
    facts: PlanFacts,
    proposed: Iterable[RatedItem],
    charged: Mapping[ChargeKey, int],
) -> list[RatedItem]:
    """What is missing to minimum spends, and not charged yet, by account.

    Shapes:  `proposed` is what else is to be charged, `charged` what was, by key, for the periods
             with a minimum spend.
    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    amounts = dict(charged)
    amounts |= {each.key: each.amount_minor for each in proposed}
    return [
        item
        for to_rate in accounts
        for committed in committed_periods(to_rate, facts.plans)
        if committed.key not in facts.charged and committed.key not in charged
        for item in _missing(to_rate, committed, facts, amounts)
    ]


def _periods(
    subscribed: SubscribedPlan, after: date | None, through: date
) -> Iterator[CommittedPeriod]:
    plans = {plan_id: commitment_plan(plan) for plan_id, plan in subscribed.plans.items()}
    bare = replace(subscribed, plans=plans)
    seen = set()
    for each in bare.prices_in(after, through):
        bounds = _bounds(each)
        if bounds in seen:
            continue
        seen.add(bounds)
        last_month = (bounds[1] - _DAY).replace(day=1)
        in_it = bare.prices_since(bounds[0], last_month)
        found = CommittedPeriod(subscribed, tuple(e for e in in_it if _bounds(e) == bounds))
        if found.invoice_month <= through and any(each.amount for each in found.minimums):
            yield found


def _bounds(priced: SubscribedPrice) -> tuple[date, date]:
    return (priced.period.full_start_on, priced.period.full_end_on)


def _missing(
    to_rate: AccountToRate,
    committed: CommittedPeriod,
    facts: PlanFacts,
    amounts: Mapping[ChargeKey, int],
) -> Iterator[RatedItem]:
    """The charge of what is missing, if anything is."""
    spent = committed.spent(amounts)
    counted = counted_minor(spent, start_on=committed.start_on, end_on=committed.end_on)
    rated = missing(committed.minimums, counted, to_rate.currency)
    if not rated.amount_minor:
        return
    subscription, last = committed.subscribed.subscription, committed.parts[-1]
    plan, version = facts.plans[last.plan.plan_id], last.version.version
    rate = ItemRate(
        plan=plan.plan_id,
        plan_version=version,
        band=last.holding.band,
        # After all prices of the version.
        position=len(plan.versions[version - 1].prices),
        tax_category=plan.tax_category,
        rated=rated,
        is_agreed=True,
    )
    name = subscription.display_name or facts.names.get(subscription.account, "")
    is_named = to_rate.account.account != facts.payer
    told = OfPlan(
        period_end_on=committed.end_on,
        subject=(name or subscription.account) if is_named else "",
    )
    yield RatedItem(committed.key, rate, committed.invoice_month, told)
