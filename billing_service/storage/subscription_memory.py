"""Plan subscriptions as this process remembers them: priced once, and asked about all the time.

What is remembered is compared with what the transaction reads of the subscription, so it is never
out of date. The latest asked for are kept.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple, TypeAlias

from billing_service.domain.meter import Meter
from billing_service.domain.subscribed_plan import SubscribedPlan, SubscribedPrice
from billing_service.storage.usage_reading import UsageReading
from chassis.database import Transaction

SUBSCRIPTIONS_MAX: Final = 2_000
DAYS_MAX: Final = 4
Key: TypeAlias = tuple[str, str]
"""An account and a subscription."""

_PLACE: Final = "subscriptions"


class PricedDay(NamedTuple):
    """The metered prices whose service period holds a day, and the reading of their usage."""

    prices: tuple[SubscribedPrice, ...]
    reading: UsageReading


class PricedSubscription:
    """A plan subscription, and its metered prices by day, of which a few are remembered."""

    __slots__ = ("_days", "_meters", "plan")

    def __init__(self, plan: SubscribedPlan, meters: Mapping[str, Meter]) -> None:
        self.plan = plan
        self._meters = meters
        self._days: dict[date, PricedDay] = {}

    def on(self, day: date) -> PricedDay:
        """What is metered on a day, in the order of the prices.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        known = self._days.get(day)
        if known is None:
            known = self.reading(self.plan.metered_on(day))
            # Threads share it: it is replaced, never changed.
            latest = list(self._days.items())[1 - DAYS_MAX :]
            self._days = dict([*latest, (day, known)])
        return known

    def reading(self, prices: tuple[SubscribedPrice, ...]) -> PricedDay:
        """Some of its prices, and the reading of their usage."""
        wanted = tuple(dict.fromkeys(one for each in prices for one in each.usages_needed))
        return PricedDay(prices, UsageReading(wanted, self._meters))


class _Memory:
    """The subscriptions by key, each beside all that it was read from."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, tuple[Any, PricedSubscription]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Key, read: object) -> PricedSubscription | None:
        with self._lock:
            known = self._known.get(key)
            if known is None or known[0] != read:
                return None
            self._known.move_to_end(key)
        return known[1]

    def keep(self, key: Key, read: object, subscription: PricedSubscription) -> None:
        with self._lock:
            self._known[key] = (read, subscription)
            self._known.move_to_end(key)
            while len(self._known) > SUBSCRIPTIONS_MAX:
                self._known.popitem(last=False)


def remembered_subscription(tx: Transaction, key: Key, read: object) -> PricedSubscription | None:
    """What is remembered of a subscription, if `read` is what it was read from."""
    memory: _Memory | None = tx.memory.get(_PLACE)
    return None if memory is None else memory.find(key, read)


def remember_subscription(
    tx: Transaction, key: Key, read: object, subscription: PricedSubscription
) -> None:
    """Remember a subscription beside all that it was read from, the catalogue among it."""
    memory: _Memory = tx.memory.setdefault(_PLACE, _Memory())
    memory.keep(key, read, subscription)
