"""Estimates put each charge on the invoice of its month, priced by the version that holds."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from billing_service.domain.catalog_errors import PlanVersionNotFound
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.invoice_line import LinePart
from billing_service.domain.item_rate import MONTHLY
from billing_service.domain.plan import VersionPolicy
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    Allowance,
    Anchor,
    Fixed,
    IntervalUnit,
    PartPeriod,
    PercentDiscount,
    Review,
    Schedule,
    SharedAllowance,
    Timing,
)
from billing_service.domain.price_change import Indexation, PriceChange
from tests.billing.builders import at
from tests.billing.estimating.plans import (
    amounts,
    calls,
    day,
    estimated,
    flat,
    plan,
    plan_of,
    quantities,
    seats,
    totals,
)

YEARLY = Schedule(interval_unit=IntervalUnit.YEAR)
ARREARS = Schedule(timing=Timing.ARREARS)
FROM_THE_17TH = Schedule(anchor=Anchor.ANNIVERSARY)


@pytest.mark.parametrize(
    ("schedule", "begins", "expected"),
    [
        (Schedule(), "2027-01-01", [3100, 3100, 3100]),
        (Schedule(), "2027-01-17", [1500, 3100, 3100]),
        (ARREARS, "2027-01-17", [1500, 3100, 3100]),
        (FROM_THE_17TH, "2027-01-17", [3100, 3100, 3100]),
        (replace(FROM_THE_17TH, timing=Timing.ARREARS), "2027-01-17", [0, 3100, 3100]),
        (replace(FROM_THE_17TH, timing=Timing.ARREARS), "2027-01-01", [3100, 3100, 3100]),
        (Schedule(first_period=PartPeriod.FULL), "2027-01-17", [3100, 3100, 3100]),
        (Schedule(first_period=PartPeriod.FREE), "2027-01-17", [0, 3100, 3100]),
        (Schedule(interval_count=3), "2027-01-01", [3100, 0, 0]),
        (Schedule(interval_count=3, timing=Timing.ARREARS), "2027-01-01", [0, 0, 3100]),
    ],
)
def test_anchor_and_timing_decide_on_which_invoice_a_charge_comes(
    schedule: Schedule, begins: str, expected: list[int]
) -> None:
    """A fee of 31.00 comes on the invoices of its periods, by days where it is prorated."""
    found = estimated(plan(flat("31.00"), schedule=schedule), begins=begins, months=3)
    assert totals(found) == expected


def test_an_end_cuts_the_last_period() -> None:
    """A month that ends on its tenth day costs ten days of it, and nothing follows."""
    found = estimated(plan(flat("31.00")), ends="2027-03-11", months=4)
    assert totals(found) == [3100, 3100, 1000, 0]


def test_a_year_in_instalments_rounds_each_by_itself() -> None:
    """A licence of 50.00 a year less 20% in twelve parts is 12 x 3.33 = 39.96."""
    price = seats("50.00", discount=PercentDiscount(Decimal(20)))
    schedule = replace(YEARLY, anchor=Anchor.ANNIVERSARY, instalments=12, timing=Timing.ARREARS)
    found = estimated(
        plan(price, schedule=schedule), quantities({"seats": 1}), begins="2027-01-17", months=13
    )
    assert (totals(found), found.total_minor) == ([0] + [333] * 12, 3996)


def test_each_price_keeps_its_own_schedule() -> None:
    """A yearly fee and monthly seats come on one invoice in the first month only."""
    found = estimated(
        plan(flat("120", schedule=YEARLY), seats("10")), quantities({"seats": 2}), months=2
    )
    assert [amounts(each) for each in found.invoices] == [
        [("base", 12000), ("seats", 2000)],
        [("seats", 2000)],
    ]


def test_what_is_included_and_what_is_not_come_on_two_lines() -> None:
    """Usage beyond an allowance is told apart from what the allowance holds."""
    found = estimated(
        plan(flat("49"), calls("0.005", included=_included(10_000))),
        quantities(used={"calls": 25_000}),
    )
    told = [
        (line.part, line.quantity, line.unit_price, line.amount_minor)
        for line in (each.line for each in found.invoices[0].lines)
    ]
    assert told == [
        (LinePart.WHOLE, Decimal(1), Decimal(49), 4900),
        (LinePart.INCLUDED, Decimal(10_000), Decimal(0), 0),
        (LinePart.EXCESS, Decimal(15_000), Decimal("0.005"), 7500),
    ]


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (0, [LinePart.WHOLE]),
        (1, [LinePart.INCLUDED]),
        (100, [LinePart.INCLUDED]),
        (101, [LinePart.INCLUDED, LinePart.EXCESS]),
    ],
)
def test_a_part_without_quantity_has_no_line(used: int, expected: list[LinePart]) -> None:
    """Of an allowance of 100, what is not touched or not exceeded is not told."""
    found = estimated(plan(calls("1", included=_included(100))), quantities(used={"calls": used}))
    assert [each.line.part for each in found.invoices[0].lines] == expected


def test_held_charges_are_outside_the_total() -> None:
    """What waits for a decision is listed apart, and numbered apart."""
    what = plan(flat("49"), calls("1", review=Review.HELD))
    (invoice,) = estimated(what, quantities(used={"calls": 3})).invoices
    held = [(each.line.line_number, each.line.amount_minor) for each in invoice.held_lines]
    assert (invoice.taxes.total_minor, held) == (4900, [(1, 300)])


def test_prices_share_an_allowance_in_its_order() -> None:
    """Two prices use 100 units together: the first one first."""
    shared = SharedAllowance("units", Allowance(Fixed(Decimal(100))), ("calls", "texts"))
    texts = replace(calls("1"), code="texts")
    found = estimated(
        plan(texts, calls("1"), shared_allowances=(shared,)),
        quantities(used={"calls": 70, "texts": 50}),
    )
    assert amounts(found.invoices[0]) == [("texts", 0), ("texts", 2000), ("calls", 0)]


TWO_VERSIONS = (
    PlanVersion(1, None, (flat("10"),)),
    PlanVersion(2, at("2027-02-15", "UTC"), (flat("20"), seats("1"))),
)


@pytest.mark.parametrize(
    ("policy", "pinned", "expected"),
    [
        (VersionPolicy.FOLLOW, 0, [1000, 1000, 2500]),
        (VersionPolicy.FOLLOW, 2, [2500, 2500, 2500]),
        (VersionPolicy.KEEP, 2, [2500, 2500, 2500]),
    ],
)
def test_the_version_that_holds_on_the_first_day_of_a_period_prices_it(
    policy: VersionPolicy, pinned: int, expected: list[int]
) -> None:
    """A version from mid-February, with seats that are new, prices March; pinned, all months."""
    what, asked = plan_of(TWO_VERSIONS, policy), quantities({"seats": 5})
    assert totals(estimated(what, asked, months=3, pinned=pinned)) == expected


@pytest.mark.parametrize(("policy", "pinned"), [(VersionPolicy.KEEP, 0), (VersionPolicy.FOLLOW, 1)])
def test_a_kept_or_pinned_version_prices_all_periods(policy: VersionPolicy, pinned: int) -> None:
    """What was bought before a further version is priced as it was."""
    found = estimated(plan_of(TWO_VERSIONS, policy), months=3, pinned=pinned)
    assert totals(found) == [1000, 1000, 1000]


def test_a_subscription_goes_on_where_a_version_has_other_periods() -> None:
    """Monthly until a version of years comes: the rest of that year is charged by its days."""
    yearly = PlanVersion(2, at("2027-02-15", "UTC"), (flat("365"),), schedule=YEARLY)
    versions = (PlanVersion(1, None, (flat("10"),)), yearly)
    found = estimated(plan_of(versions, VersionPolicy.FOLLOW), months=13)
    assert totals(found) == [1000, 1000, 30600, *[0] * 9, 36500]


def test_a_version_that_does_not_price_the_band_gives_way_to_a_later_one() -> None:
    """A band that only the second version prices is priced by it from the start."""
    versions = (
        PlanVersion(1, None, (flat("10", band=1),)),
        PlanVersion(2, at("2027-02-15", "UTC"), (flat("20", band=2),)),
    )
    found = estimated(plan_of(versions, VersionPolicy.FOLLOW), band=2)
    assert totals(found) == [2000]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"band": 3}, "no price for band 3 in USD for 2027-01, but in CHF and in USD (bands 1, 2)"),
        ({"currency": "EUR"}, "no price in EUR for 2027-01, but in CHF and in USD (bands 1, 2)"),
        ({}, "no price in USD without a band for 2027-01, but in CHF and in USD (bands 1, 2)"),
    ],
)
def test_a_plan_without_price_in_band_or_currency_is_refused(
    more: dict[str, Any], words: str
) -> None:
    """It is told which currencies and bands the plan is priced in, and what to do."""
    with pytest.raises(PriceNotFound) as refused:
        estimated(plan(flat("10", band=1), flat("9", band=2), flat("8", currency="CHF")), **more)
    remedy = "use one of these, or add a version with that price"
    assert str(refused.value) == f"plans/pro has {words}: {remedy}."


def test_a_version_that_there_is_not_is_refused() -> None:
    """The plan has two versions, not three."""
    with pytest.raises(PlanVersionNotFound):
        estimated(plan_of(TWO_VERSIONS, VersionPolicy.FOLLOW), pinned=3)


def _change(effective: str, **more: object) -> PriceChange:
    values: dict[str, Any] = {"plan_version": None, "indexation": None} | more
    return PriceChange(
        account="acme",
        price_change_id=f"from-{effective}",
        plan="pro",
        effective_on=day(effective),
        note="",
        notice_at=0,
        **values,
    )


def test_an_accounts_price_changes_hold_from_their_day_on() -> None:
    """From February on 10% more, from March on by the second version, and both in March."""
    changes = (
        _change("2027-02-01", indexation=Indexation(Decimal(10))),
        _change("2027-03-01", plan_version=2),
    )
    found = estimated(plan_of(TWO_VERSIONS, VersionPolicy.KEEP), months=3, changes=changes)
    assert totals(found) == [1000, 1100, 2200]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [(VersionPolicy.FOLLOW, [1000, 2200, 0]), (VersionPolicy.KEEP, [2000, 2200, 0])],
)
def test_an_instance_is_estimated_by_whole_months_as_it_is_billed(
    policy: VersionPolicy, expected: list[int]
) -> None:
    """From the 17th to 2 April: the version and index of the 10th miss March, unless bought."""
    versions = (
        PlanVersion(1, None, (flat("10"),), schedule=MONTHLY),
        PlanVersion(2, at("2026-03-10", "UTC"), (flat("20"),), schedule=MONTHLY),
    )
    found = estimated(
        plan_of(versions, policy),
        begins="2026-03-17",
        ends="2026-04-03",
        months=3,
        changes=(_change("2026-03-10", indexation=Indexation(Decimal(10))),),
    )
    assert totals(found) == expected


def test_an_instances_lines_are_of_whole_months() -> None:
    """The service period is the calendar month, also of the first and the last one."""
    found = estimated(
        plan(flat("10"), schedule=MONTHLY), begins="2026-03-17", ends="2026-04-03", months=2
    )
    periods = [
        (each.line.period_start_on, each.line.period_end_on)
        for invoice in found.invoices
        for each in invoice.lines
    ]
    assert periods == [(day(f"2026-0{n}-01"), day(f"2026-0{n + 1}-01")) for n in (3, 4)]


def test_days_begin_in_the_zone_of_the_account() -> None:
    """A version from midnight in São Paulo misses the day that began in UTC before it."""
    versions = (
        PlanVersion(1, None, (flat("10"),)),
        PlanVersion(2, at("2027-02-01"), (flat("20"),)),
    )
    what = plan_of(versions, VersionPolicy.FOLLOW)
    found = [
        totals(estimated(what, begins="2027-02-01", zone=zone))
        for zone in ("UTC", "America/Sao_Paulo")
    ]
    assert found == [[1000], [2000]]


@pytest.mark.parametrize(
    ("currency", "expected"), [("JPY", 1235), ("USD", 123450), ("KWD", 1234500)]
)
def test_amounts_are_in_minor_units_of_the_currency(currency: str, expected: int) -> None:
    """1,234.5 has no decimals in yen, two in dollars, three in dinars."""
    found = estimated(plan(flat("1234.5", currency=currency)), currency=currency)
    assert totals(found) == [expected]


def test_lines_say_what_they_are() -> None:
    """A line names its plan, its item unless the plan says it, its part, and its days."""
    what = plan(flat("10"), calls("1", display_name="API calls", included=_included(1)), seats("1"))
    found = estimated(what, quantities(used={"calls": 2}), begins="2027-01-17")
    assert [each.line.description for each in found.invoices[0].lines] == [
        "Pro, 2027-01-17 to 2027-01-31",
        "Pro, API calls, included, 2027-01-17 to 2027-01-31",
        "Pro, API calls, beyond what is included, 2027-01-17 to 2027-01-31",
        "Pro, seats, 2027-01-17 to 2027-01-31",
    ]


def test_an_end_before_the_beginning_is_refused() -> None:
    """A subscription covers a day at least."""
    with pytest.raises(InvalidQuantities, match="end_date"):
        estimated(plan(flat("10")), ends="2027-01-01")


def test_more_lines_than_a_message_holds_are_refused() -> None:
    """Ten years of a thousand prices are more than one answer."""
    prices = (flat("1", code=f"item-{number}") for number in range(1000))
    with pytest.raises(InvalidQuantities, match="months"):
        estimated(plan(*prices), months=120)


def test_an_amount_that_no_sum_holds_is_refused() -> None:
    """A quantity and a price can both be in order, and what they come to can not."""
    with pytest.raises(InvalidQuantities, match=r"held\[0\].quantity: makes seats cost more"):
        estimated(plan(seats("1000000")), quantities({"seats": 10**15}))


def _included(quantity: int) -> Allowance:
    return Allowance(Fixed(Decimal(quantity)))
