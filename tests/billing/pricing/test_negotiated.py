"""What a subscription pays of a price that was negotiated, or that coupons reduce."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.allowance import Coverage
from billing_service.domain.coupon import COUPONS_HELD_MAX, Coupon
from billing_service.domain.explanation import explain
from billing_service.domain.money import exact_arithmetic
from billing_service.domain.negotiated import (
    AgreedPrice,
    HeldDays,
    PriceOverride,
    as_negotiated,
    coupons_in_force,
    held_days,
    override_faults,
    period_number,
)
from billing_service.domain.price import (
    AmountDiscount,
    Anchor,
    Discounts,
    IntervalUnit,
    PercentDiscount,
    Price,
    Recurring,
    Schedule,
)
from billing_service.domain.price_models import Flat, Graduated, Percentage, PerUnit, Usage
from billing_service.domain.rating import rate
from billing_service.storage.price_text import price_from_text, price_to_text
from tests.billing.pricing.drawing import ratings
from tests.billing.pricing.pricing import licensed, metered, rated, tiers

D = Decimal
MONTHLY = Schedule()
PERCENTS = st.decimals("0.0001", 100, places=4)


def coupon(coupon_id: str = "welcome", **more: Any) -> Coupon:
    values: dict[str, Any] = {
        "display_name": "",
        "discount": PercentDiscount(D(10)),
        "currency": "",
        "periods_count": None,
        "plans": (),
        "prices": (),
        "redeem_before_at": None,
        "redemptions_max": 0,
        "created_at": 0,
    } | more
    return Coupon(coupon_id=coupon_id, **values)


def five_off(**more: Any) -> Coupon:
    discount = AmountDiscount(D(5))
    return coupon("five", discount=discount, currency="USD", prices=("seats",), **more)


def agreed(code: str, unit_price: str) -> PriceOverride:
    return PriceOverride(code, AgreedPrice(D(unit_price)))


def percent_off(code: str, percent: str) -> PriceOverride:
    return PriceOverride(code, PercentDiscount(D(percent)))


def test_price_without_anything_agreed_is_as_listed() -> None:
    """Nothing changes of a price that nobody negotiated."""
    seats = licensed(PerUnit(D(15)))

    assert as_negotiated(seats, [agreed("other", "1")], []) is seats


@pytest.mark.parametrize(
    ("model", "quantity", "amount_minor"),
    [
        (PerUnit(D(15)), 3, 3600),
        (Flat(D(100)), 3, 1200),
        (Graduated(tiers(("10", "15", "5"), ("", "10", "0"))), 20, 24000),
    ],
)
def test_agreed_price_takes_the_place_of_the_model(
    model: Any, quantity: int, amount_minor: int
) -> None:
    """12 each, or 12 in all for a flat price, and the price's own discount is gone with it."""
    price = licensed(model, discount=PercentDiscount(D(50)))

    negotiated = as_negotiated(price, [agreed(price.code, "12")], [])

    assert rated(negotiated, quantity).amount_minor == amount_minor


def test_agreed_price_leaves_what_has_no_unit_as_listed() -> None:
    """Of a version that came to price a part of an amount of money there is no price of one."""
    price = metered(Percentage(D(2)))

    assert as_negotiated(price, [agreed(price.code, "12")], []) == price


def test_percent_off_comes_after_the_own_discount() -> None:
    """100 less 10% is 90; 20% off that leaves 72."""
    price = licensed(PerUnit(D(100)), discount=PercentDiscount(D(10)))

    assert rated(as_negotiated(price, [percent_off(price.code, "20")], []), 1).amount_minor == 7200


@pytest.mark.parametrize(
    ("coupons", "amount_minor"),
    [((coupon(), five_off()), 8500), ((five_off(), coupon()), 8550)],
    ids=["percent first", "amount first"],
)
def test_coupons_are_taken_off_in_their_order(
    coupons: tuple[Coupon, ...], amount_minor: int
) -> None:
    """Of 100: 10% then 5 leaves 85, 5 then 10% leaves 85.50."""
    price = licensed(PerUnit(D(100)))

    assert rated(as_negotiated(price, [], coupons), 1).amount_minor == amount_minor


def test_amount_off_goes_by_the_part_of_the_period() -> None:
    """Of 30 held for 10 of 30 days, less 5 for the whole period: (30 - 5) / 3 is 8.33."""
    price = as_negotiated(licensed(PerUnit(D(30))), [], [five_off()])

    assert rated(price, 1, coverage=Coverage(10, 30)).amount_minor == 833


def test_coupons_never_leave_less_than_nothing() -> None:
    """5 off 3 leaves 0, and 10% of that is 0 as well."""
    price = as_negotiated(licensed(PerUnit(D(3))), [], [five_off(), coupon()])

    assert rated(price, 1).amount_minor == 0


def test_explanation_names_each_discount() -> None:
    """What a customer reads of a price that was negotiated, and of two coupons."""
    price = licensed(PerUnit(D(100)), display_name="Seats", discount=PercentDiscount(D(10)))
    negotiated = as_negotiated(
        price, [percent_off(price.code, "50")], [coupon(display_name="Spring"), five_off()]
    )
    told = explain(rated(negotiated, 1), plan="p", plan_version=1)

    assert told.steps == (
        "Seats: 1 is held.",
        "Each: 1 x 100 = 100.",
        "10% off, 10, leaves 90.",
        "Negotiated: 50% off, 45, leaves 45.",
        "Coupon Spring: 10% off, 4.5, leaves 40.5.",
        "Coupon five: 5 off leaves 35.5.",
        "It comes to USD 35.50.",
    )


@pytest.mark.parametrize(
    ("periods_count", "months_in_force"), [(1, 1), (3, 3), (None, 12)], ids=["once", "3", "forever"]
)
def test_coupon_is_in_force_for_its_periods(
    periods_count: int | None, months_in_force: int
) -> None:
    """Held since 20 March, the month of March counts as its first period."""
    seats = licensed(PerUnit(D(1)))
    days = [date(2026 + month // 12, month % 12 + 1, 1) for month in range(2, 14)]

    in_force = [_in_force(seats, coupon(periods_count=periods_count), day) for day in days]

    assert in_force == [True] * months_in_force + [False] * (12 - months_in_force)


def test_periods_are_those_of_the_price() -> None:
    """Three periods of a yearly price from the anniversary on are three years."""
    yearly = Schedule(interval_unit=IntervalUnit.YEAR, anchor=Anchor.ANNIVERSARY)
    seats, three = licensed(PerUnit(D(1))), coupon(periods_count=3)

    found = [_in_force(seats, three, date(year, 3, 20), yearly) for year in range(2026, 2031)]

    assert found == [True, True, True, False, False]


@pytest.mark.parametrize(
    "kept",
    [{"plans": ("pro",)}, {"prices": ("base",)}, {"currency": "BRL"}],
    ids=["plan", "price", "currency"],
)
def test_coupon_leaves_other_prices_alone(kept: dict[str, Any]) -> None:
    """A coupon for another plan, price or currency takes nothing off."""
    assert not _in_force(licensed(PerUnit(D(1))), coupon(**kept), date(2026, 3, 20))


def test_coupon_is_held_since_it_came_without_a_break() -> None:
    """Given up in May and taken again in June, it is held since June; the other since March."""
    history = [
        (days("2026-03-01", "2026-04-30"), ["a", "b"]),
        (days("2026-05-01", "2026-05-31"), ["b"]),
        (days("2026-06-01", "2026-07-31"), ["b", "a"]),
        (days("2026-08-01", "2026-12-31"), ["a"]),
    ]

    held = held_days(history, date(2026, 7, 10))

    june = days("2026-06-01", "2026-07-10")
    assert held == {
        "b": (days("2026-03-01", "2026-04-30"), days("2026-05-01", "2026-05-31"), june),
        "a": (june,),
    }


@pytest.mark.parametrize(
    ("held", "number"),
    [
        ([("2026-03-20", "2026-07-10")], 5),
        ([("2026-03-20", "2026-03-25"), ("2026-07-01", "2026-07-10")], 2),
        (
            [
                ("2026-03-20", "2026-03-25"),
                ("2026-03-27", "2026-04-02"),
                ("2026-04-09", "9999-12-31"),
            ],
            5,
        ),
        ([("2026-03-20", "2026-03-25"), ("2026-06-30", "9999-12-31")], 3),
        ([], 1),
    ],
    ids=["throughout", "paused over months", "paused within months", "from a last day", "anew"],
)
def test_periods_in_which_nothing_is_held_are_not_counted(
    held: list[tuple[str, str]], number: int
) -> None:
    """The July of a coupon that came in March is its fifth month, or less where that was paused."""
    known = [days(*each) for each in held]

    assert (
        period_number(MONTHLY, known, day=date(2026, 7, 1), anchor_on=date(2026, 3, 20)) == number
    )


FAULTY = {
    "no such price": (agreed("other", "1"), "price"),
    "too fine": (percent_off("calls", "1.00001"), "percent_off"),
    "nothing off": (percent_off("calls", "0"), "percent_off"),
    "more than all": (percent_off("calls", "101"), "percent_off"),
    "below 0": (agreed("calls", "-1"), "unit_price"),
    "no unit": (agreed("share", "1"), "unit_price"),
}


@pytest.mark.parametrize(("override", "field"), FAULTY.values(), ids=FAULTY)
def test_faulty_override_is_told_by_its_field(override: PriceOverride, field: str) -> None:
    """What cannot be agreed is refused with the path of its field."""
    prices = [
        Price("calls", "USD", Recurring(), PerUnit(D(1))),
        Price("share", "USD", metered(Percentage(D(1))).kind, Percentage(D(1))),
    ]

    (fault,) = override_faults("overrides", [override], prices)

    assert fault.path == f"overrides[0].{field}"


def test_price_is_overridden_once() -> None:
    """Two agreements about one price are refused."""
    prices = [Price("calls", "USD", Recurring(), PerUnit(D(1)))]

    (fault,) = override_faults("overrides", [agreed("calls", "1"), agreed("calls", "2")], prices)

    assert fault.path == "overrides[1].price"


@settings(max_examples=60)
@given(ratings(), st.lists(PERCENTS, max_size=COUPONS_HELD_MAX), PERCENTS)
def test_explained_steps_lead_to_what_is_charged(
    drawn: tuple[Price, Usage, dict[str, Any]], percents: list[Decimal], off: Decimal
) -> None:
    """Whatever is agreed, an amount is exact, explained, and never above the listed one."""
    price, usage, circumstances = drawn
    coupons = [
        coupon(f"c{place}", discount=PercentDiscount(each)) for place, each in enumerate(percents)
    ]
    negotiated = as_negotiated(price, [PriceOverride(price.code, PercentDiscount(off))], coupons)

    with exact_arithmetic():
        before, after = (rate(each, usage, **circumstances) for each in (price, negotiated))

    assert before is not None
    assert after is not None
    assert 0 <= after.amount_minor <= before.amount_minor
    told = explain(after, plan="p", plan_version=1)
    assert Fraction(told.exact_amount) == Fraction(after.numerator) / after.divisor


@settings(max_examples=60)
@given(ratings(), st.lists(st.sampled_from([coupon(), five_off()]), max_size=COUPONS_HELD_MAX))
def test_negotiated_price_is_stored_and_read_again(
    drawn: tuple[Price, Usage, dict[str, Any]], coupons: list[Coupon]
) -> None:
    """A price with all that was agreed comes back from its text as it was."""
    negotiated = as_negotiated(drawn[0], [percent_off(drawn[0].code, "1.5")], coupons)

    assert isinstance(negotiated.discount, Discounts)
    assert price_from_text(price_to_text(negotiated)) == negotiated


def days(first_on: str, last_on: str) -> HeldDays:
    return HeldDays(date.fromisoformat(first_on), date.fromisoformat(last_on))


def _in_force(price: Price, held: Coupon, day: date, schedule: Schedule = MONTHLY) -> bool:
    coupons: Mapping[str, Coupon] = {held.coupon_id: held}
    found = coupons_in_force(
        price,
        plan="basic",
        held={held.coupon_id: [HeldDays(date(2026, 3, 20), date.max)]},
        coupons=coupons,
        schedule=schedule,
        anchor_on=date(2026, 3, 20),
        period_start_on=day,
    )
    return bool(found)
