"""How much of a quantity costs nothing."""

from decimal import Decimal

import pytest

from billing_service.domain.allowance import (
    UNLIMITED,
    Coverage,
    Each,
    beyond,
    included_quantity,
    resolve,
    share_out,
)
from billing_service.domain.price import (
    Allowance,
    Fixed,
    PerUnitOf,
    Pooling,
    SharedAllowance,
    Unlimited,
)
from billing_service.domain.price_models import (
    Percentage,
    PerUnit,
    Transaction,
    Usage,
    usage_of_transactions,
)
from tests.billing.pricing.pricing import metered, rated

D = Decimal
GB_A_SEAT = PerUnitOf("seat", D(5))
TEN_SEATS = {"seat": D(10)}
THIRD = Coverage(10, 30)


@pytest.mark.parametrize(
    ("quantity", "included", "amount_minor"),
    [
        ("0", "0", 0),
        ("8000", "8000", 0),
        ("9999", "9999", 0),
        ("10000", "10000", 0),
        ("10000.5", "10000", 0),
        ("10001", "10000", 1),
        ("25000", "10000", 7500),
    ],
)
def test_fixed_allowance_at_its_boundaries(quantity: str, included: str, amount_minor: int) -> None:
    """10,000 calls cost nothing, each further one 0.005."""
    free = resolve(Allowance(Fixed(D(10000))), held={})
    line = rated(metered(PerUnit(D("0.005"))), quantity, free=free)

    assert (line.included, line.amount_minor) == (D(included), amount_minor)


@pytest.mark.parametrize(
    ("used", "amount_minor"), [("0", 0), ("49", 0), ("50", 0), ("50.5", 100), ("80", 6000)]
)
def test_pooled_allowance_is_for_all_units_together(used: str, amount_minor: int) -> None:
    """10 seats with 5 GB each share 50, and each GB over is 2."""
    free = resolve(Allowance(GB_A_SEAT), held=TEN_SEATS)

    assert rated(metered(PerUnit(D(2))), used, free=free).amount_minor == amount_minor


def test_allowance_of_units_not_held_is_nothing() -> None:
    """Without a seat there is nothing included."""
    assert resolve(Allowance(GB_A_SEAT), held={}) == 0


@pytest.mark.parametrize(
    ("by_unit", "included"),
    [
        # What one leaves is of no use to another: 5 of 8, 2 of 2.
        (("8", "2"), "7"),
        (("5", "5"), "10"),
        (("10", "0"), "5"),
        # Three used something, two are held: the two that use theirs best have it.
        (("1", "5", "4"), "9"),
        # What no unit is known to have used is not included.
        ((), "0"),
    ],
)
def test_allowance_that_is_not_pooled_is_each_units_own(
    by_unit: tuple[str, ...], included: str
) -> None:
    """Of 10 GB used, each of two seats has 5 GB of its own."""
    free = resolve(Allowance(GB_A_SEAT, Pooling.PER_UNIT), held={"seat": D(2)})
    usage = Usage(D(10), by_unit=tuple(map(D, by_unit)))

    assert included_quantity(free, usage) == D(included)


def test_excess_of_each_unit_is_priced_together() -> None:
    """One seat is 3 GB over and another 3 under: 3 are priced, at 2."""
    free = resolve(Allowance(GB_A_SEAT, Pooling.PER_UNIT), held={"seat": D(2)})
    line = rated(metered(PerUnit(D(2))), Usage(D(10), by_unit=(D(8), D(2))), free=free)

    assert (line.priced.quantity, line.amount_minor) == (D(3), 600)


def test_unlimited_allowance_includes_all() -> None:
    """Nothing is left to price, however much it is."""
    free = resolve(Allowance(Unlimited()), held={})
    line = rated(metered(PerUnit(D(1))), 10**12, free=free)

    assert (line.included, line.amount_minor) == (D(10**12), 0)


@pytest.mark.parametrize(
    ("allowance", "free"),
    [
        (Allowance(Fixed(D(90)), prorated=True), D(30)),
        (Allowance(Fixed(D(90))), D(90)),
        # A part that no decimal holds is rounded up to the ninth decimal.
        (Allowance(Fixed(D(100)), prorated=True), D("33.333333334")),
        (Allowance(GB_A_SEAT, prorated=True), D("16.666666667")),
        (Allowance(GB_A_SEAT, Pooling.PER_UNIT, prorated=True), Each(D("1.666666667"), 10)),
        (Allowance(Unlimited(), prorated=True), UNLIMITED),
    ],
)
def test_allowance_of_a_part_of_a_period(allowance: Allowance, free: object) -> None:
    """Ten days of thirty have a third of what is prorated, and all of what is not."""
    assert resolve(allowance, held=TEN_SEATS, coverage=THIRD) == free


def test_prorated_allowance_of_a_whole_period_is_whole() -> None:
    """Nothing is lost where nothing is parted."""
    allowance = Allowance(Fixed(D(100)), prorated=True)

    assert resolve(allowance, held={}, coverage=Coverage(30, 30)) == D(100)


def _shared(allowance: Allowance) -> SharedAllowance:
    return SharedAllowance("traffic", allowance, ("uploads", "downloads", "copies"))


@pytest.mark.parametrize(
    ("used", "free"),
    [
        ((30, 30, 30), (30, 30, 30)),
        ((60, 30, 30), (60, 30, 10)),
        ((60, 60, 30), (60, 40, 0)),
        ((200, 60, 30), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_shared_allowance_goes_to_the_first_price_first(
    used: tuple[int, ...], free: tuple[int, ...]
) -> None:
    """100 are used up by uploads, then downloads, then copies."""
    shared = _shared(Allowance(Fixed(D(100))))
    usages = dict(zip(shared.prices, (Usage(D(each)) for each in used), strict=True))
    expected = dict(zip(shared.prices, map(D, free), strict=True))

    assert share_out(shared, usages, held={}) == expected


def test_shared_allowance_may_come_per_unit() -> None:
    """10 seats with 5 each are 50 for all prices together."""
    usages = {"uploads": Usage(D(40)), "copies": Usage(D(40))}

    assert share_out(_shared(Allowance(GB_A_SEAT)), usages, held=TEN_SEATS) == {
        "uploads": D(40),
        "copies": D(10),
    }


def test_shared_allowance_may_be_unlimited() -> None:
    """Then each price has all that it uses."""
    usages = {"uploads": Usage(D(40)), "copies": Usage(D(7))}

    assert share_out(_shared(Allowance(Unlimited())), usages, held={}) == {
        "uploads": D(40),
        "copies": D(7),
    }


def test_first_transactions_use_an_allowance_up() -> None:
    """150 included cover the first, half of the second, and none of the others."""
    usage = usage_of_transactions([Transaction(D(100), 4), Transaction(D(7))])
    left = beyond(usage, D(150))

    assert left.transactions == (
        Transaction(D(50)),
        Transaction(D(100), 2),
        Transaction(D(7)),
    )
    assert (left.quantity, left.events_count) == (D(257), 4)


def test_transactions_that_are_included_pay_no_fee() -> None:
    """Two of three are included: one pays 1 percent and its fee."""
    usage = usage_of_transactions([Transaction(D(100), 3)])
    line = rated(metered(Percentage(D(1), D("0.25"))), usage, free=D(200))

    assert line.amount_minor == 125
