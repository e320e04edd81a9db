"""The same price, told by another model, and the same usage, told in other parts."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.money import EXACT
from billing_service.domain.price import ZeroUsage
from billing_service.domain.price_models import (
    Capacity,
    CapacityTier,
    Ceiling,
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    PackageRounding,
    Percentage,
    PercentTier,
    PerUnit,
    PriceModel,
    Stairstep,
    StairstepMode,
    Step,
    Tier,
    Transaction,
    Usage,
    Volume,
    usage_of_peaks,
    usage_of_transactions,
)
from tests.billing.pricing.drawing import (
    AMOUNTS,
    PERCENTS,
    QUANTITIES,
    SMALL,
    TRANSACTIONS,
    WHOLE_QUANTITIES,
    exact_sum,
    percent_tiers,
    percentages,
    steps,
    tiers,
)
from tests.billing.pricing.pricing import metered, rated

ANY = SMALL | QUANTITIES
ZERO = Decimal(0)
examples = settings(max_examples=80)


def _exact(model: PriceModel, usage: Usage | Decimal, **circumstances: Any) -> Decimal:
    """What a usage comes to, unrounded; 0 is priced as well."""
    whole = usage if isinstance(usage, Usage) else Usage(usage)
    price = metered(model, zero_usage=ZeroUsage.CHARGED)
    return rated(price, whole, **circumstances).numerator


@examples
@given(AMOUNTS, ANY, SMALL.filter(bool))
def test_per_unit_price_is_one_tier_or_many_of_the_same_price(
    unit_price: Decimal, quantity: Decimal, bound: Decimal
) -> None:
    """Graduated by one tier or two, or by volume, it comes to the same."""
    one, two = (Tier(None, unit_price),), (Tier(bound, unit_price), Tier(None, unit_price))
    models = (PerUnit(unit_price), Graduated(one), Graduated(two), Volume(one), Volume(two))

    assert len({_exact(model, quantity) for model in models}) == 1


@examples
@given(AMOUNTS, WHOLE_QUANTITIES, st.sampled_from(PackageRounding))
def test_packages_of_one_are_units(
    unit_price: Decimal, quantity: Decimal, rounding: PackageRounding
) -> None:
    """Whole quantities make as many packages of size 1."""
    package = Package(Decimal(1), unit_price, rounding)

    assert _exact(package, quantity) == _exact(PerUnit(unit_price), quantity)


@examples
@given(AMOUNTS, ANY, st.sampled_from(StairstepMode))
def test_one_step_is_flat(amount: Decimal, quantity: Decimal, mode: StairstepMode) -> None:
    """A step without a bound is reached by everything."""
    one_step = Stairstep((Step(None, amount),), mode)

    assert _exact(one_step, quantity) == _exact(Flat(amount), quantity)


@examples
@given(steps(), ANY)
def test_cumulative_steps_are_graduated_fees(drawn: tuple[Step, ...], quantity: Decimal) -> None:
    """Each step that is reached is a fee."""
    fees = Graduated(tuple(Tier(step.up_to, flat_fee=step.amount) for step in drawn))

    assert _exact(Stairstep(drawn, StairstepMode.CUMULATIVE), quantity) == _exact(fees, quantity)


@examples
@given(steps(), ANY)
def test_steps_reached_are_fees_by_volume(drawn: tuple[Step, ...], quantity: Decimal) -> None:
    """Only the step that is reached is a fee."""
    fees = Volume(tuple(Tier(step.up_to, flat_fee=step.amount) for step in drawn))

    assert _exact(Stairstep(drawn), quantity) == _exact(fees, quantity)


@examples
@given(steps(), SMALL.filter(bool))
def test_capacity_of_one_meter_is_a_step(drawn: tuple[Step, ...], peak: Decimal) -> None:
    """The lowest capacity that holds a peak is the step that it reaches."""
    rows = (CapacityTier((Ceiling("calls", step.up_to),), step.amount) for step in drawn)
    usage = usage_of_peaks({"calls": peak})

    assert _exact(Capacity(tuple(rows)), usage) == _exact(Stairstep(drawn), peak)


@examples
@given(PERCENTS, ANY)
def test_percentage_is_a_hundredth_of_it_a_unit(percent: Decimal, amount: Decimal) -> None:
    """One unit of money costs a hundredth of the percentage."""
    with localcontext(EXACT):
        unit_price = percent / 100

    assert _exact(Percentage(percent), amount) == _exact(PerUnit(unit_price), amount)


@examples
@given(percent_tiers(), ANY)
def test_graduated_percentage_is_graduated_by_hundredths(
    drawn: tuple[PercentTier, ...], amount: Decimal
) -> None:
    """Tier by tier, one unit of money costs a hundredth of the percentage."""
    with localcontext(EXACT):
        same = tuple(Tier(each.up_to, each.percent / 100, each.flat_fee) for each in drawn)

    assert _exact(GraduatedPercentage(drawn), amount) == _exact(Graduated(same), amount)


@examples
@given(PERCENTS, SMALL.filter(bool), ANY)
def test_free_amount_is_a_first_tier_of_0_percent(
    percent: Decimal, free: Decimal, amount: Decimal
) -> None:
    """What is free may be said by a tier."""
    by_tiers = GraduatedPercentage((PercentTier(free, ZERO), PercentTier(None, percent)))

    assert _exact(Percentage(percent, free_amount=free), amount) == _exact(by_tiers, amount)


@examples
@given(AMOUNTS, SMALL.filter(bool), ANY)
def test_allowance_is_a_first_tier_of_0(
    unit_price: Decimal, free: Decimal, quantity: Decimal
) -> None:
    """What is included may be said by a tier."""
    by_tiers = Graduated((Tier(free), Tier(None, unit_price)))

    assert _exact(PerUnit(unit_price), quantity, free=free) == _exact(by_tiers, quantity)


@examples
@given(AMOUNTS, ANY, ANY)
def test_units_cost_the_same_together_and_apart(
    unit_price: Decimal, some: Decimal, others: Decimal
) -> None:
    """Exact amounts of two parts add up to that of the whole."""
    model = PerUnit(unit_price)
    whole = _exact(model, exact_sum([some, others]))

    assert whole == exact_sum([_exact(model, some), _exact(model, others)])


@examples
@given(tiers(), SMALL.filter(bool), ANY)
def test_graduated_usage_costs_the_same_where_it_goes_on(
    drawn: tuple[Tier, ...], before: Decimal, more: Decimal
) -> None:
    """What follows on some usage is priced by the tiers that are left."""
    whole = _exact(Graduated(drawn), exact_sum([before, more]))
    rest = _exact(Graduated(_left(drawn, before)), more)

    assert whole == exact_sum([_exact(Graduated(drawn), before), rest])


def _left(drawn: Sequence[Tier], used: Decimal) -> tuple[Tier, ...]:
    """The tiers that are left after some usage; the one that it is in was entered already."""
    left: list[Tier] = []
    below = ZERO
    for tier in drawn:
        if tier.up_to is None or tier.up_to > used:
            bound = None if tier.up_to is None else exact_sum([tier.up_to, used.copy_negate()])
            left.append(Tier(bound, tier.unit_price, ZERO if below < used else tier.flat_fee))
        elif tier.up_to == used:
            # Nothing of it is left, but a tier of no fee keeps the next one unentered.
            left.append(Tier(ZERO))
        below = tier.up_to or below
    return tuple(left)


@examples
@given(percentages(), TRANSACTIONS)
def test_equal_transactions_are_as_many_single_ones(
    model: Percentage, some: list[Transaction]
) -> None:
    """A run of equal transactions costs what they cost one by one."""
    single = [Transaction(each.amount) for each in some for _ in range(each.count)]

    assert _exact(model, usage_of_transactions(some)) == _exact(
        model, usage_of_transactions(single)
    )


@examples
@given(percentages(), TRANSACTIONS, st.randoms(use_true_random=False))
def test_order_of_transactions_matters_only_to_what_is_free(
    model: Percentage, some: list[Transaction], shuffling: Any
) -> None:
    """Without free events and free amount, transactions cost the same in any order."""
    nothing_free = Percentage(
        model.percent,
        fixed_fee=model.fixed_fee,
        event_minimum=model.event_minimum,
        event_maximum=model.event_maximum,
    )
    shuffled = list(some)
    shuffling.shuffle(shuffled)

    assert _exact(nothing_free, usage_of_transactions(some)) == _exact(
        nothing_free, usage_of_transactions(shuffled)
    )


@examples
@given(PERCENTS, AMOUNTS, TRANSACTIONS)
def test_bounds_that_nothing_reaches_change_nothing(
    percent: Decimal, fee: Decimal, some: list[Transaction]
) -> None:
    """Priced one by one or by their sum and number, transactions cost the same."""
    usage = usage_of_transactions(some)
    one_by_one = Percentage(percent, fee, event_maximum=Decimal(10**12))

    assert _exact(one_by_one, usage) == _exact(Percentage(percent, fee), usage)
