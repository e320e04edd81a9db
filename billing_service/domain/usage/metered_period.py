"""A metered price of a subscription in one service period: what is used, and what that costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from billing_service.domain.allowance import Each, Free, included_quantity, resolve
from billing_service.domain.money import EXACT
from billing_service.domain.price import Unlimited
from billing_service.domain.price_models import Usage
from billing_service.domain.rating import RatedPrice
from billing_service.domain.review import ReviewKey
from billing_service.domain.subscribed_plan import SubscribedPrice
from billing_service.domain.usage.guard import Reading


@dataclass(frozen=True, slots=True)
class MeteredPeriod:
    """What was read of a metered price in a period. `usages` are by code; `rated` None: no line."""

    priced: SubscribedPrice
    usages: Mapping[str, Usage]
    rated: RatedPrice | None

    @property
    def key(self) -> ReviewKey:
        """The subscription, the price and the first day of the period."""
        priced = self.priced
        key = (priced.account, priced.subscription_id, priced.price.code)
        return ReviewKey(*key, priced.period.start_on)

    @property
    def currency(self) -> str:
        """What it is charged in."""
        return self.priced.price.currency

    @property
    def quantity(self) -> Decimal:
        """What is used."""
        return self.usages[self.priced.price.code].quantity

    @property
    def cost_minor(self) -> int:
        """What that costs."""
        return 0 if self.rated is None else self.rated.amount_minor

    @property
    def is_held(self) -> bool:
        """Whether the cost waits for somebody's decision."""
        return self.rated is not None and self.rated.is_held

    @property
    def reading(self) -> Reading:
        """What it has come to, for the thresholds."""
        return Reading(self.quantity, included_size(self.priced, self.usages), self.cost_minor)


def metered_period(priced: SubscribedPrice, usages: Mapping[str, Usage]) -> MeteredPeriod:
    """A metered price with what was used in its period."""
    return MeteredPeriod(priced, usages, priced.rate(usages))


def included_size(priced: SubscribedPrice, usages: Mapping[str, Usage]) -> Decimal | None:
    """How much costs nothing in the period, used or not; None if nothing does, or all.

    Of an allowance that several prices share, it is what the others leave.
    """
    own, shared = priced.price.included, priced.item.shared_allowance
    allowance = own or (shared.allowance if shared else None)
    if allowance is None:
        return None
    whole = _size(resolve(allowance, held=priced.held, coverage=priced.coverage))
    if whole is None or own is not None or shared is None:
        return whole
    left = whole
    with localcontext(EXACT):
        for code in shared.prices:
            if code == priced.price.code:
                return left
            if code in usages:
                left -= included_quantity(left, usages[code])
    return left


def _size(free: Free) -> Decimal | None:
    if isinstance(free, Unlimited):
        return None
    if isinstance(free, Each):
        with localcontext(EXACT):
            return free.quantity * free.units
    return free
