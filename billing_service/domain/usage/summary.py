"""What a subscription used of a metered price in a service period, and what that comes to.

Shapes:  of an allowance that several prices share, each is told what those before it leave.
Source:  docs/decisions/0019-usage-summaries.md
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from billing_service.domain.calendar import first_instant
from billing_service.domain.meter import Meter
from billing_service.domain.money import EXACT
from billing_service.domain.price import Metered
from billing_service.domain.price_models import Usage
from billing_service.domain.price_models.figures import ZERO
from billing_service.domain.subscribed_plan import SubscribedPrice
from billing_service.domain.usage.metered_period import included_size
from billing_service.domain.usage.projection import (
    Progress,
    ProjectionMethod,
    method_of,
    projected,
)
from billing_service.domain.usage.wanted import UsageWanted

UNIT: Final = "unit"


class Allowed(NamedTuple):
    """What costs nothing: so much in all, and so much of it left; None: no such quantity."""

    included: Decimal | None = None
    remaining: Decimal | None = None
    unlimited: bool = False


@dataclass(frozen=True, slots=True)
class PriceSummary:
    """The usage of a metered price in a service period; `overage` is what is priced of it."""

    subscribed: SubscribedPrice
    unit: str
    usage: Usage
    allowed: Allowed
    overage: Decimal
    cost_minor: int
    is_held: bool
    projected_quantity: Decimal
    projected_cost_minor: int
    method: ProjectionMethod

    @property
    def meter(self) -> str:
        """The meter that it counts; '' of a capacity, which has several."""
        return _only_meter(self.subscribed)


class Told(NamedTuple):
    """What is known at an instant: all usage that was asked for up to then, and at its end.

    `linear` is the usage that is foreseen so; all other is `to_come` as it was `found`.
    """

    meters: Mapping[str, Meter]
    found: Mapping[UsageWanted, Usage]
    to_come: Mapping[UsageWanted, Usage]
    linear: Collection[UsageWanted]


def tell(
    found: Mapping[UsageWanted, Usage], meters: Mapping[str, Meter], *, now: int, zone: str
) -> Told:
    """What is known of some usage at an instant of an account's zone."""
    to_come = dict(found)
    linear: list[UsageWanted] = []
    for wanted, usage in found.items():
        meter = meters[wanted.meter]
        start_at = first_instant(wanted.start_on, zone)
        progress = Progress(start_at, first_instant(wanted.end_on, zone), now)
        if method_of(meter, progress) is ProjectionMethod.LINEAR:
            linear.append(wanted)
            to_come[wanted] = projected(usage, meter, progress)
    return Told(meters, found, to_come, linear)


def summarise(price: SubscribedPrice, told: Told) -> PriceSummary:
    """The summary of one price, by the function that rates charges."""
    code = price.price.code
    usages = price.usages(told.found)
    usage, rated = usages[code], price.rate(usages)
    cost_minor = rated.amount_minor if rated else 0
    foreseen, foreseen_minor = usage, cost_minor
    if told.linear:
        to_come = price.usages(told.to_come)
        foreseen, projection = to_come[code], price.rate(to_come)
        foreseen_minor = projection.amount_minor if projection else 0
    used = (rated.included if rated else None) or ZERO
    # What it shares an allowance with may be foreseen otherwise.
    is_linear = any(each in told.linear for each in price.wanted[code])
    return PriceSummary(
        subscribed=price,
        unit=_unit(price, told.meters),
        usage=usage,
        allowed=_allowed(price, usages, used),
        overage=EXACT.subtract(usage.quantity, used),
        cost_minor=cost_minor,
        is_held=rated is not None and rated.is_held,
        projected_quantity=foreseen.quantity,
        projected_cost_minor=foreseen_minor,
        method=ProjectionMethod.LINEAR if is_linear else ProjectionMethod.AS_IT_STANDS,
    )


def _allowed(price: SubscribedPrice, usages: Mapping[str, Usage], used: Decimal) -> Allowed:
    if not (price.price.included or price.item.shared_allowance):
        return Allowed()
    size = included_size(price, usages)
    return Allowed(unlimited=True) if size is None else Allowed(size, EXACT.subtract(size, used))


def _unit(price: SubscribedPrice, meters: Mapping[str, Meter]) -> str:
    """What the quantity is counted in; '' of a capacity."""
    only = _only_meter(price)
    return (meters[only].unit or UNIT) if only else ""


def _only_meter(price: SubscribedPrice) -> str:
    return price.price.kind.meter if isinstance(price.price.kind, Metered) else ""
