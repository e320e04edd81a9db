"""The rules that allowances keep: those of one price, and those that several prices share."""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from billing_service.domain.meter import Meter
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    Allowance,
    Anchor,
    Fixed,
    Licensed,
    Metered,
    PerUnitOf,
    Pooling,
    Price,
    Recurring,
    Schedule,
    SharedAllowance,
)
from billing_service.domain.price_models import Capacity, Fault, Percentage
from billing_service.domain.price_models.figures import quantity_faults

STEPS_SHOWN_MAX: Final = 5


class AllowanceRules:
    """The rules of one plan version's allowances, which know its prices by code and band."""

    def __init__(self, version: PlanVersion, meters: Mapping[str, Meter]) -> None:
        self._version = version
        self._meters = meters
        self._prices: dict[str, list[Price]] = defaultdict(list)
        # The bands of an item in a currency, and all that are named in a currency.
        self._bands: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._named: dict[str, set[int]] = defaultdict(set)
        self._sources: dict[str, dict[str, None]] = defaultdict(dict)
        self._gaps: dict[tuple[str, str, int], str] = {}
        self._circles: dict[str, tuple[str, ...]] = {}
        for price in version.prices:
            self._prices[price.code].append(price)
            self._bands[price.code, price.currency].add(price.band)
            self._named[price.currency].add(price.band)
            if price.included and isinstance(price.included.size, PerUnitOf):
                self._sources[price.code][price.included.size.price] = None

    def own_faults(self, path: str, price: Price) -> Iterator[Fault]:
        """What is wrong with what a price includes."""
        included = price.included
        if included is None:
            return
        reason = _nothing_to_include(price)
        if reason:
            yield Fault(f"{path}included", reason)
        yield from self._size_faults(f"{path}included.", included, (price,))
        if included.pooling is not Pooling.PER_UNIT:
            yield from _pooled_faults(f"{path}included.", included)
        elif not isinstance(included.size, PerUnitOf):
            yield Fault(f"{path}included.pooling", "PER_UNIT is for allowances per unit of a price")
        elif not isinstance(price.kind, Metered):
            yield Fault(f"{path}included.pooling", "PER_UNIT is for metered prices: say POOLED")
        else:
            meter, named = self._meters.get(price.kind.meter), included.size.dimension
            if meter and named and named not in meter.dimensions:
                where = f"{path}included.per_unit_of.dimension"
                yield Fault(where, meter.no_dimension(named))

    def shared_faults(self) -> Iterator[Fault]:
        """What is wrong with the allowances that several prices share."""
        codes: set[str] = set()
        sharing: dict[str, str] = {}
        for place, shared in enumerate(self._version.shared_allowances):
            path = f"shared_allowances[{place}]."
            if shared.code in codes:
                yield Fault(f"{path}code", f"{shared.code} is stated before: give it another code")
            codes.add(shared.code)
            if shared.allowance.pooling is Pooling.PER_UNIT:
                yield Fault(f"{path}allowance.pooling", "a shared allowance is pooled: say POOLED")
            else:
                yield from _pooled_faults(f"{path}allowance.", shared.allowance)
            users = [price for code in shared.prices for price in self._prices.get(code, ())]
            yield from self._size_faults(f"{path}allowance.", shared.allowance, users)
            yield from self._user_faults(path, shared, sharing)

    def _user_faults(
        self, path: str, shared: SharedAllowance, sharing: dict[str, str]
    ) -> Iterator[Fault]:
        """What is wrong with who shares an allowance; `sharing` notes who shares which."""
        periods: set[tuple[object, ...]] = set()
        for place, code in enumerate(shared.prices):
            where, prices = f"{path}prices[{place}]", self._prices.get(code, [])
            reason = _no_user(prices)
            earlier = sharing.setdefault(code, shared.code)
            if reason:
                yield Fault(where, f"{code} {reason}")
            elif earlier != shared.code:
                yield Fault(where, f"{code} uses {earlier} already")
            else:
                periods |= {_periods_of(self._version.schedule_of(each)) for each in prices}
                if len(periods) > 1:
                    yield Fault(where, f"{code} has other periods than the prices before it")

    def _size_faults(
        self, path: str, allowance: Allowance, users: Sequence[Price]
    ) -> Iterator[Fault]:
        """What is wrong with how much an allowance of some prices is."""
        match allowance.size:
            case Fixed(quantity):
                yield from quantity_faults(f"{path}quantity", quantity)
            case PerUnitOf(held, quantity):
                reason = self._unheld(held, users)
                if reason:
                    yield Fault(f"{path}per_unit_of.price", reason)
                yield from quantity_faults(f"{path}per_unit_of.quantity", quantity)

    def _unheld(self, held: str, users: Sequence[Price]) -> str:
        """Why some prices cannot come by an allowance for each unit of `held`; '' if they can."""
        prices = self._prices.get(held)
        if not prices:
            return f"{held} is no price of this version"
        circle = next(filter(None, (self._circle(each.code) for each in users)), ())
        if circle:
            steps = circle if len(circle) <= STEPS_SHOWN_MAX else (*circle[:2], "...", circle[0])
            return f"{' -> '.join(steps)}: an allowance cannot come from itself"
        if not all(isinstance(each.kind, Licensed) for each in prices):
            return f"{held} is not licensed"
        return next(filter(None, (self._gap(held, each) for each in users)), "")

    def _gap(self, held: str, user: Price) -> str:
        """Where a price holds and `held` has none; '' if there is no such band."""
        asked = (held, user.currency, user.band)
        if asked not in self._gaps:
            priced = self._bands.get((held, user.currency), set())
            named = {user.band} if user.band else self._named[user.currency] - {0} or {0}
            missing = min(named - priced, default=None)
            self._gaps[asked] = ""
            if missing is not None and 0 not in priced:
                where = f"{user.currency}, band {missing}" if missing else user.currency
                self._gaps[asked] = f"{held} has no price in {where}, where {user.code} has one"
        return self._gaps[asked]

    def _circle(self, code: str) -> tuple[str, ...]:
        """The way from a price over the sources of its allowance back to it; empty: none."""
        if code not in self._circles:
            self._circles[code] = self._way_back(code)
        return self._circles[code]

    def _way_back(self, code: str) -> tuple[str, ...]:
        """A shortest way, in the order of the prices where there are several."""
        come_from: dict[str, str] = {}
        ends = deque([code])
        while ends:
            end = ends.popleft()
            for source in self._sources.get(end, ()):
                if source == code:
                    return _way(come_from, end, code)
                if source not in come_from:
                    come_from[source] = end
                    ends.append(source)
        return ()


def _pooled_faults(path: str, allowance: Allowance) -> Iterator[Fault]:
    """What all units share needs no dimension that tells one from another."""
    if isinstance(allowance.size, PerUnitOf) and allowance.size.dimension:
        yield Fault(f"{path}per_unit_of.dimension", "is for the pooling PER_UNIT only")


def _way(come_from: dict[str, str], end: str, code: str) -> tuple[str, ...]:
    """The way from `code` to `end`, and back to `code`."""
    steps = [code, end]
    while steps[-1] != code:
        steps.append(come_from[steps[-1]])
    return tuple(reversed(steps)) if end != code else (code, code)


def _no_user(prices: Sequence[Price]) -> str:
    """Why the prices of a code cannot share an allowance; '' if they can."""
    if not prices:
        return "is no price of this version"
    if not all(isinstance(each.kind, Metered) for each in prices):
        return "is not metered"
    if any(each.included for each in prices):
        return "has an allowance of its own"
    reason = next(filter(None, map(_nothing_to_include, prices)), "")
    return f"can include nothing: {reason}" if reason else ""


def _periods_of(schedule: Schedule) -> tuple[object, ...]:
    """What tells the periods of usage from others: how long, from when on, how much of a part."""
    anchor_on = (schedule.anchor_day, schedule.anchor_month)
    return (
        schedule.months,
        schedule.anchor,
        anchor_on if schedule.anchor is Anchor.CALENDAR else (),
        schedule.first_period,
        schedule.last_period,
    )


def _nothing_to_include(price: Price) -> str:
    """Why a price can include nothing; '' if it can."""
    match price.kind, price.model:
        case Recurring(), _:
            return "a recurring price has no quantity to include"
        case _, Capacity():
            return "the model capacity has no quantity to include"
        case _, Percentage(free_amount=amount, free_events=events) if amount or events:
            return "the model percentage states its own free amount or events"
    return ""
