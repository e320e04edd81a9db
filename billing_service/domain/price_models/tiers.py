"""Tiers: ranges of quantities, one after the other, the last without a bound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_service.domain.price_models.figures import (
    ONE,
    ZERO,
    amount_faults,
    plain,
    quantity_faults,
)
from billing_service.domain.price_models.usage import Fault


@dataclass(frozen=True, slots=True)
class Tier:
    """A range beyond the tier before, up to and including its bound; None: without one."""

    up_to: Decimal | None
    unit_price: Decimal = ZERO
    flat_fee: Decimal = ZERO


def tier_faults(tiers: Sequence[Tier]) -> Iterator[Fault]:
    """What is wrong with tiers of unit prices and fees."""
    yield from bound_faults("tiers", [tier.up_to for tier in tiers])
    for place, tier in enumerate(tiers):
        yield from amount_faults(f"tiers[{place}].unit_price", tier.unit_price)
        yield from amount_faults(f"tiers[{place}].flat_fee", tier.flat_fee)


def bound_faults(field: str, bounds: Sequence[Decimal | None]) -> Iterator[Fault]:
    """What is wrong with bounds: they rise, without gap or overlap, and the last one is open."""
    if not bounds:
        yield Fault(field, "at least one is needed")
    below = ZERO
    for place, up_to in enumerate(bounds):
        path, is_last = f"{field}[{place}].up_to", place == len(bounds) - 1
        yield from quantity_faults(path, up_to)
        if is_last and up_to is not None:
            yield Fault(path, f"must be left out: what lies above {plain(up_to)} has no price")
        elif not is_last and up_to is None:
            yield Fault(path, "must be stated: only the last one has no bound")
        elif up_to is not None:
            if up_to <= below:
                yield Fault(path, f"must be above {plain(below)}, where the one before it ends")
            below = max(below, up_to)


def place_of(bounds: Sequence[Decimal | None], quantity: Decimal) -> int:
    """Which range a quantity falls in, from 0."""
    for place, up_to in enumerate(bounds):
        if up_to is None or quantity <= up_to:
            return place
    return len(bounds) - 1


def range_text(below: Decimal, up_to: Decimal | None, *, is_counted: bool) -> str:
    """A range in words. What is counted comes in whole numbers: `1,001 to 5,000`."""
    if not is_counted:
        ending = "" if up_to is None else f" up to {plain(up_to)}"
        return f"over {plain(below)}{ending}"
    first = plain(below + ONE)
    return f"{first} and more" if up_to is None else f"{first} to {plain(up_to)}"


def is_counted(bounds: Sequence[Decimal | None], quantity: Decimal) -> bool:
    """Whether a quantity and the bounds around it are whole numbers."""
    figures = (quantity, *(up_to for up_to in bounds if up_to is not None))
    return all(figure == figure.to_integral_value() for figure in figures)


def single_price(tiers: Sequence[Tier]) -> Decimal | None:
    """The price of every unit, if there is one tier and no fee."""
    return tiers[0].unit_price if len(tiers) == 1 and not tiers[0].flat_fee else None
