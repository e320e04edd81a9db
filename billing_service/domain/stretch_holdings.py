"""What an allowance comes to in a stretch, where what it depends on may change meanwhile.

Source:  docs/decisions/0022-live-timelines.md
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from billing_service.domain.item_periods import PricedItem
from billing_service.domain.money import EXACT
from billing_service.domain.price import Allowance, PerUnitOf, Pooling
from billing_service.domain.price_models.figures import QUANTITY_DECIMALS_MAX, ZERO
from billing_service.domain.stretches import Run, Stretch, Stretches

_SMALLEST: Final = 10**QUANTITY_DECIMALS_MAX


def held_in(stretches: Stretches, stretch: Stretch) -> Mapping[str, Decimal]:
    """How much of each price counts in a stretch.

    Of the price whose units an allowance goes by, it is the most that was charged at any time of
    the stretch; where the allowance is by the part of the period, what was charged on average.
    """
    held = stretch.priced.charged.held
    allowance, code = _allowance(stretch.item), counts_units_of(stretch.item)
    if allowance is None or not code:
        return held
    runs = [
        run
        for run in stretches.runs(code)
        if run.start.at < stretch.end_at and (run.end is None or run.end.at > stretch.start_at)
    ]
    if len(runs) < 2:
        return {**held, code: _quantity(runs[0])} if runs else held
    is_by_part = allowance.prorated or stretch.is_allowance_prorated
    if is_by_part and allowance.pooling is Pooling.POOLED:
        return {**held, code: _average(runs, stretch)}
    return {**held, code: max(map(_quantity, runs))}


def counts_units_of(item: PricedItem) -> str:
    """The price whose units the allowance of an item goes by; '' if it goes by no other price."""
    allowance = _allowance(item)
    if allowance is None or not isinstance(allowance.size, PerUnitOf):
        return ""
    return allowance.size.price


def with_prorated_allowance(stretch: Stretch) -> PricedItem:
    """The item of a stretch, its allowance by the part of the period if a change says so."""
    item = stretch.item
    allowance = _allowance(item) if stretch.is_allowance_prorated else None
    if allowance is None:
        return item
    prorated = replace(allowance, prorated=True)
    if item.price.included is not None:
        return replace(item, price=replace(item.price, included=prorated))
    shared = tuple(
        replace(each, allowance=prorated) if each is item.shared_allowance else each
        for each in item.version.shared_allowances
    )
    return replace(item, version=replace(item.version, shared_allowances=shared))


def _allowance(item: PricedItem) -> Allowance | None:
    if item.price.included is not None:
        return item.price.included
    shared = item.shared_allowance
    return shared.allowance if shared else None


def _quantity(run: Run) -> Decimal:
    return ZERO if run.same is None else run.same.quantity or ZERO


def _average(runs: list[Run], stretch: Stretch) -> Decimal:
    """What was charged on average, rounded up to the last decimal that a quantity has."""
    total = Fraction(0)
    for run in runs:
        end_at = stretch.end_at if run.end is None else min(run.end.at, stretch.end_at)
        total += Fraction(_quantity(run)) * (end_at - max(run.start.at, stretch.start_at))
    smallest = -(-total * _SMALLEST // (stretch.end_at - stretch.start_at))
    with localcontext(EXACT):
        return Decimal(smallest).scaleb(-QUANTITY_DECIMALS_MAX)
