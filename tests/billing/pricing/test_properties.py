"""What is true of every price: of parts and wholes, of order, of rounding."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Context, Decimal, getcontext, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.explanation import explain
from billing_service.domain.money import minor_digits
from billing_service.domain.price import Price, ZeroUsage
from billing_service.domain.price_models import (
    Graduated,
    PriceModel,
    Stairstep,
    Tier,
    Usage,
    Volume,
)
from billing_service.domain.rating import RatedPrice, tier_amounts
from tests.billing.pricing.drawing import (
    QUANTITIES,
    RISING,
    SMALL,
    exact_sum,
    ratings,
    steps,
    tiers,
)
from tests.billing.pricing.pricing import metered, rated

Rating = tuple[Price, Usage, dict[str, Any]]

examples = settings(max_examples=80)


def _line(rating: Rating) -> RatedPrice:
    price, usage, circumstances = rating
    return rated(price, usage, **circumstances)


@examples
@given(ratings())
def test_shares_add_up_to_the_amount_of_the_model(rating: Rating) -> None:
    """What tiers, steps, packages and transactions contribute is all there is."""
    line = _line(rating)
    plain = rated(metered(line.price.model, zero_usage=line.price.zero_usage), line.priced)

    assert exact_sum([share.amount for share in line.shares]) == plain.numerator


@examples
@given(ratings())
def test_each_share_is_what_its_figures_say(rating: Rating) -> None:
    """Quantity times unit price and what is added besides make the amount, where there is one."""
    for share in _line(rating).shares:
        if share.unit_price is not None:
            amount = Fraction(share.quantity) * Fraction(share.unit_price) + Fraction(
                share.flat_fee
            )
            assert Fraction(share.amount) == amount


@examples
@given(ratings())
def test_tier_amounts_add_up_to_the_rounded_amount(rating: Rating) -> None:
    """No minor unit is lost or invented between tiers."""
    line = _line(rating)

    assert sum(each.amount_minor for each in tier_amounts(line)) == line.amount_minor


@examples
@given(ratings())
def test_tier_amounts_are_within_a_minor_unit_of_their_part(rating: Rating) -> None:
    """Each tier has its part of the amount, but for less than a minor unit."""
    line = _line(rating)
    whole = sum(Fraction(share.amount) for share in line.shares)

    for each in tier_amounts(line) if whole else ():
        part = line.amount_minor * Fraction(each.share.amount) / whole
        assert abs(each.amount_minor - part) < 1


@examples
@given(ratings())
def test_included_and_priced_quantity_are_the_whole(rating: Rating) -> None:
    """An allowance takes away exactly what it includes."""
    line = _line(rating)

    assert exact_sum([line.included or Decimal(0), line.priced.quantity]) == line.usage.quantity


@examples
@given(ratings())
def test_amount_is_rounded_by_half_a_minor_unit_at_most(rating: Rating) -> None:
    """Less than half is dropped, half and more is a whole one."""
    line = _line(rating)
    scale = 10 ** minor_digits(line.price.currency)
    exact_minor = Fraction(line.numerator) / line.divisor * scale

    assert -Fraction(1, 2) < line.amount_minor - exact_minor <= Fraction(1, 2)


@examples
@given(ratings())
def test_amount_is_never_negative(rating: Rating) -> None:
    """A discount takes off what there is, at most."""
    assert _line(rating).amount_minor >= 0


@examples
@given(ratings(), st.integers(3, 40))
def test_decimal_context_of_the_caller_changes_nothing(rating: Rating, digits: int) -> None:
    """Neither does rating change it."""
    with localcontext(Context(prec=digits)):
        before = getcontext()
        line = _line(rating)
        after = getcontext()

    assert line == _line(rating)
    assert before is after


@settings(max_examples=20)
@given(st.lists(ratings(), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_lines_do_not_depend_on_their_order(some: list[Rating], shuffling: Any) -> None:
    """Rated in any order, each line comes to the same."""
    order = list(range(len(some)))
    shuffling.shuffle(order)
    amounts = {place: _line(some[place]).amount_minor for place in order}

    assert [amounts[place] for place in range(len(some))] == [
        _line(rating).amount_minor for rating in some
    ]


@examples
@given(ratings())
def test_nothing_is_a_float(rating: Rating) -> None:
    """Not the line, not its shares, not its explanation."""
    line = _line(rating)
    told = (line, line.shares, tier_amounts(line), explain(line, plan="hybrid", plan_version=1))

    assert not [each for each in _leaves(told) if isinstance(each, float)]


def _leaves(value: object) -> Iterator[object]:
    if is_dataclass(value):
        for each in fields(value):
            yield from _leaves(getattr(value, each.name))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


@examples
@given(RISING, SMALL | QUANTITIES, SMALL)
def test_more_never_costs_less(model: PriceModel, quantity: Decimal, more: Decimal) -> None:
    """Per unit, graduated, packages, rising steps and percentages are monotone."""
    price = metered(model, zero_usage=ZeroUsage.CHARGED)
    less, greater = rated(price, quantity), rated(price, exact_sum([quantity, more]))

    assert less.numerator <= greater.numerator
    assert less.amount_minor <= greater.amount_minor


def test_more_may_cost_less_by_volume() -> None:
    """1,000 units at 0.20 are 200, and one more brings all of them to 0.10."""
    model = Volume((Tier(Decimal(1000), Decimal("0.20")), Tier(None, Decimal("0.10"))))
    amounts = [rated(metered(model), quantity).amount_minor for quantity in (1000, 1001)]

    assert amounts == [20000, 10010]


@examples
@given(tiers(), st.randoms(use_true_random=False))
def test_tiers_hold_in_one_order_only(drawn: tuple[Tier, ...], shuffling: Any) -> None:
    """Tiers in any other order than that of their bounds are refused, not sorted in silence."""
    shuffled = list(drawn)
    shuffling.shuffle(shuffled)
    faults = list(Graduated(tuple(shuffled)).faults())

    assert bool(faults) == ([t.up_to for t in shuffled] != [t.up_to for t in drawn])


@examples
@given(steps())
def test_bounds_that_rise_are_accepted(drawn: tuple[Any, ...]) -> None:
    """Whatever rises and ends open has no fault."""
    assert all(a.up_to < (b.up_to or a.up_to + 1) for a, b in pairwise(drawn))
    assert not list(Stairstep(drawn).faults())
