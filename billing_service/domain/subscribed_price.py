"""A price of a subscription in one service period: what it is charged for, and what that costs.

Source:  docs/decisions/0018-plan-subscriptions.md, docs/decisions/0022-live-timelines.md
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Self

from billing_service.domain.allowance import Coverage
from billing_service.domain.charge import ChargeKey
from billing_service.domain.item_periods import PricedItem
from billing_service.domain.periods import ServicePeriod
from billing_service.domain.plan import Plan
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import Metered, PerUnitOf, Pooling, Price, Schedule
from billing_service.domain.price_models import Capacity, Percentage, Usage, usage_of_peaks
from billing_service.domain.rating import RatedPrice, rate, shown
from billing_service.domain.subscription import PlanHolding
from billing_service.domain.usage.wanted import UsageWanted


@dataclass(frozen=True, slots=True)
class SubscribedPrice:
    """An item of a subscription in one service period, or a part of one in which it is the same:
    what it may be charged for.

    `key` tells its charge from others, and `invoice_month` is that on whose invoice it belongs.
    `wanted` says by code, for it and those that it shares an allowance with, what usage prices it:
    that of the days of the period on which it is subscribed. `holding` is what is held meanwhile,
    `held` how much of each price counts for its allowance. `is_agreed`: its price is not as the
    version states it.
    """

    key: ChargeKey
    invoice_month: date
    plan: Plan
    holding: PlanHolding
    item: PricedItem
    period: ServicePeriod
    coverage: Coverage
    start_at: int
    end_at: int
    price_index: Decimal
    held: Mapping[str, Decimal]
    wanted: Mapping[str, tuple[UsageWanted, ...]]
    is_agreed: bool = False

    @property
    def account(self) -> str:
        """The account that it is charged for."""
        return self.key.account

    @property
    def subscription_id(self) -> str:
        """The subscription of the account."""
        return self.key.subscription

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
        return rate(
            self.price,
            usage,
            free=self.item.free(usages, held=self.held, coverage=self.coverage),
            coverage=self.coverage,
            instalments=self.schedule.instalments,
            price_index=self.price_index,
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


def needs_transactions(price: Price, *, is_sharing: bool) -> bool:
    """Whether each transaction is to be known: their sum and number do not decide alone."""
    model = price.model
    if not isinstance(model, Percentage):
        return False
    has_free = is_sharing or price.included is not None
    return model.is_by_transaction or bool(model.fixed_fee and has_free)
