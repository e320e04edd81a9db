"""The rules that allowances keep: those of one price, and those that several prices share."""

from collections.abc import Iterator

from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    Allowance,
    Fixed,
    Licensed,
    Metered,
    PerUnitOf,
    Pooling,
    Price,
    Recurring,
    SharedAllowance,
)
from billing_service.domain.price_models import Capacity, Fault, Percentage
from billing_service.domain.price_models.figures import quantity_faults


def allowance_faults(path: str, version: PlanVersion, price: Price) -> Iterator[Fault]:
    """What is wrong with what a price includes."""
    included = price.included
    if included is None:
        return
    reason = _nothing_to_include(price)
    if reason:
        yield Fault(f"{path}included", reason)
    yield from _size_faults(f"{path}included.", version, included, (price,))
    if included.pooling is not Pooling.PER_UNIT:
        return
    if not isinstance(included.size, PerUnitOf):
        yield Fault(f"{path}included.pooling", "PER_UNIT is for allowances per unit of a price")
    elif not isinstance(price.kind, Metered):
        yield Fault(f"{path}included.pooling", "PER_UNIT is for metered prices: say POOLED")


def shared_faults(version: PlanVersion) -> Iterator[Fault]:
    """What is wrong with the allowances that several prices share."""
    codes: set[str] = set()
    sharing: dict[str, str] = {}
    for place, shared in enumerate(version.shared_allowances):
        path = f"shared_allowances[{place}]."
        if shared.code in codes:
            yield Fault(f"{path}code", f"{shared.code} is stated before: give it another code")
        codes.add(shared.code)
        if shared.allowance.pooling is Pooling.PER_UNIT:
            yield Fault(f"{path}allowance.pooling", "a shared allowance is pooled: say POOLED")
        users = tuple(each for each in version.prices if each.code in shared.prices)
        yield from _size_faults(f"{path}allowance.", version, shared.allowance, users)
        yield from _user_faults(path, version, shared, sharing)


def _user_faults(
    path: str, version: PlanVersion, shared: SharedAllowance, sharing: dict[str, str]
) -> Iterator[Fault]:
    """What is wrong with the prices that share an allowance; `sharing` notes who shares which."""
    months: set[int] = set()
    for place, code in enumerate(shared.prices):
        where = f"{path}prices[{place}]"
        prices = [each for each in version.prices if each.code == code]
        earlier = sharing.setdefault(code, shared.code)
        if not prices:
            yield Fault(where, f"{code} is no price of this version")
        elif not all(isinstance(each.kind, Metered) for each in prices):
            yield Fault(where, f"{code} is not metered")
        elif any(each.included for each in prices):
            yield Fault(where, f"{code} has an allowance of its own")
        elif any(map(_nothing_to_include, prices)):
            yield Fault(where, f"{code} {next(filter(None, map(_nothing_to_include, prices)))}")
        elif earlier != shared.code:
            yield Fault(where, f"{code} uses {earlier} already")
        else:
            months |= {version.schedule_of(each).months for each in prices}
            if len(months) > 1:
                yield Fault(where, f"{code} has other periods than the prices before it")


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


def _size_faults(
    path: str, version: PlanVersion, allowance: Allowance, users: tuple[Price, ...]
) -> Iterator[Fault]:
    """What is wrong with how much an allowance of some prices is."""
    match allowance.size:
        case Fixed(quantity):
            yield from quantity_faults(f"{path}quantity", quantity)
        case PerUnitOf(held, quantity):
            yield from _held_faults(f"{path}per_unit_of.price", version, held, users)
            yield from quantity_faults(f"{path}per_unit_of.quantity", quantity)


def _held_faults(
    path: str, version: PlanVersion, held: str, users: tuple[Price, ...]
) -> Iterator[Fault]:
    """The price whose units count is licensed, priced wherever its users are, and no circle."""
    found = [each for each in version.prices if each.code == held]
    if not found:
        yield Fault(path, f"{held} is no price of this version")
        return
    circle = next(filter(None, (_circle(version, each.code) for each in users)), ())
    if circle:
        yield Fault(path, f"{' -> '.join(circle)}: an allowance cannot come from itself")
    if not all(isinstance(each.kind, Licensed) for each in found):
        yield Fault(path, f"{held} is not licensed")
        return
    for user in users:
        for band in _bands(version, user):
            if not any(each.currency == user.currency and each.band in {0, band} for each in found):
                where = f"{user.currency}, band {band}" if band else user.currency
                yield Fault(path, f"{held} has no price in {where}, where {user.code} has one")
                return


def _bands(version: PlanVersion, price: Price) -> list[int]:
    """The bands in which a price holds, of those that are named in its currency."""
    if price.band:
        return [price.band]
    same = (each.band for each in version.prices if each.currency == price.currency)
    return sorted(set(same) - {0}) or [0]


def _circle(version: PlanVersion, code: str) -> tuple[str, ...]:
    """The way from a price over the sources of its allowance back to it; empty: there is none."""
    sources: dict[str, list[str]] = {}
    for price in version.prices:
        if price.included and isinstance(price.included.size, PerUnitOf):
            sources.setdefault(price.code, []).append(price.included.size.price)
    ways: list[tuple[str, ...]] = [(code,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for source in sources.get(way[-1], ()):
            if source == code:
                return (*way, code)
            if source not in seen:
                seen.add(source)
                ways.append((*way, source))
    return ()
