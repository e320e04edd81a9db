"""What differs between two catalogues, field by field."""

from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.catalog import (
    Action,
    Catalog,
    CatalogChange,
    Stored,
    diff,
    digest_of,
)
from billing_service.domain.catalog_fields import plan_version_fields
from billing_service.domain.meter import (
    Aggregation,
    Meter,
    PropertyFilter,
    QuantityRounding,
    RoundingMode,
)
from billing_service.domain.plan import Plan, VersionPolicy
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    AddOn,
    Allowance,
    Counting,
    DimensionFilter,
    Fixed,
    IntervalUnit,
    Licensed,
    Limit,
    Metered,
    MinimumSpend,
    PercentDiscount,
    PerUnitOf,
    Price,
    Recurring,
    Schedule,
    SharedAllowance,
    Unlimited,
    ZeroUsage,
)
from billing_service.domain.price_models import Flat, Graduated, PerUnit, Tier
from billing_service.domain.tax import TaxProfile
from tests.billing.any_price import LIMITS, MINIMUMS, PRICES, SCHEDULES, SHARED
from tests.billing.taxing import rates_of, tax_version

D = Decimal
METER: Final = Meter("calls", "Calls", "api.call", Aggregation.COUNT)
BASE: Final = Price("base", "BRL", Recurring(), Flat(D(10)), band=1)
SEATS: Final = Price("seats", "BRL", Licensed(), PerUnit(D(5)))
CALLS: Final = Price("calls", "BRL", Metered("calls"), PerUnit(D("0.01")))
NOTHING: Final = Stored({}, {}, {})


def version(*prices: Price, **more: Any) -> PlanVersion:
    return PlanVersion(1, None, prices, **more)


def plan(*prices: Price, **more: Any) -> Plan:
    head = {"policy": VersionPolicy.FOLLOW} | {
        name: more.pop(name) for name in list(more) if name in Plan.__slots__
    }
    return Plan("p", more.pop("called", "Plan"), versions=(version(*prices, **more),), **head)


def filtered(dimension: str, *values: str) -> DimensionFilter:
    return DimensionFilter(dimension, frozenset(values))


def stored(*entities: Meter | TaxProfile | Plan) -> Stored:
    return Stored(
        {each.meter_id: each for each in entities if isinstance(each, Meter)},
        {each.tax_profile_id: each for each in entities if isinstance(each, TaxProfile)},
        {each.plan_id: each for each in entities if isinstance(each, Plan)},
    )


def wanted(*entities: Meter | TaxProfile | Plan) -> Catalog:
    found = stored(*entities)
    return Catalog(
        tuple(found.meters.values()),
        tuple(found.tax_profiles.values()),
        tuple(found.plans.values()),
    )


def change_of(before: Any, after: Any, effective_at: int | None = 9) -> CatalogChange:
    (change,) = diff(stored(before), wanted(after), effective_at)
    return change


def rows(change: CatalogChange) -> list[tuple[str, str, str]]:
    return [(each.path, each.before, each.after) for each in change.fields]


YEARLY: Final = Schedule(interval_unit=IntervalUnit.YEAR)
GRADUATED: Final = Graduated((Tier(D(100), D("0.50")), Tier(None, D("0.4"), D(3))))
POOL: Final = SharedAllowance("pool", Allowance(Fixed(D(100))), ("calls", "storage"))
USERS: Final = Limit("users", "", Fixed(D(3)))

CASES: Final[Mapping[str, tuple[Plan, Plan, list[tuple[str, str, str]]]]] = {
    "an amount": (
        plan(BASE),
        plan(replace(BASE, model=Flat(D("12.50")))),
        [("prices[base, band 1, BRL].flat.amount", "10", "12.5")],
    ),
    "the same amount, written otherwise": (
        plan(BASE),
        plan(replace(BASE, model=Flat(D("10.00")))),
        [],
    ),
    "another model": (
        plan(SEATS),
        plan(replace(SEATS, model=GRADUATED)),
        [
            ("prices[seats, BRL].model", "per_unit", "graduated"),
            ("prices[seats, BRL].graduated.tiers[0].up_to", "", "100"),
            ("prices[seats, BRL].graduated.tiers[0].unit_price", "", "0.5"),
            ("prices[seats, BRL].graduated.tiers[1].unit_price", "", "0.4"),
            ("prices[seats, BRL].graduated.tiers[1].flat_fee", "", "3"),
            ("prices[seats, BRL].per_unit.unit_price", "5", ""),
        ],
    ),
    "another kind": (
        plan(SEATS),
        plan(replace(SEATS, kind=Counting("client", frozenset({"b", "a"}), own_counted=True))),
        [
            ("prices[seats, BRL].kind", "licensed", "counting"),
            ("prices[seats, BRL].counting.counted", "", "client"),
            ("prices[seats, BRL].counting.trigger_labels", "", "a, b"),
            ("prices[seats, BRL].counting.own_counted", "", "true"),
        ],
    ),
    "another meter": (
        plan(CALLS),
        plan(replace(CALLS, kind=Metered("requests"))),
        [("prices[calls, BRL].metered.meter", "meters/calls", "meters/requests")],
    ),
    "other filters": (
        plan(replace(CALLS, kind=Metered("calls", (filtered("zone", "a"),)))),
        plan(replace(CALLS, kind=Metered("calls", (filtered("kind", 'b"', "a, c"),)))),
        [
            ("prices[calls, BRL].metered.filters[kind]", "", '"a, c", "b\\""'),
            ("prices[calls, BRL].metered.filters[zone]", '"a"', ""),
        ],
    ),
    "the same filters in another order": (
        plan(replace(CALLS, kind=Metered("calls", (filtered("a", "x"), filtered("b", "x", "y"))))),
        plan(replace(CALLS, kind=Metered("calls", (filtered("b", "y", "x"), filtered("a", "x"))))),
        [],
    ),
    "a price more": (
        plan(BASE),
        plan(BASE, replace(SEATS, add_on=AddOn())),
        [
            ("prices[seats, BRL].kind", "", "licensed"),
            ("prices[seats, BRL].model", "", "per_unit"),
            ("prices[seats, BRL].per_unit.unit_price", "", "5"),
            ("prices[seats, BRL].add_on", "", "true"),
        ],
    ),
    "an add-on less": (
        plan(BASE, replace(SEATS, add_on=AddOn(quantity_max=2))),
        plan(BASE),
        [
            ("prices[seats, BRL].kind", "licensed", ""),
            ("prices[seats, BRL].model", "per_unit", ""),
            ("prices[seats, BRL].per_unit.unit_price", "5", ""),
            ("prices[seats, BRL].add_on", "true", ""),
            ("prices[seats, BRL].add_on.quantity_max", "2", ""),
        ],
    ),
    "another order of prices": (
        plan(BASE, SEATS, CALLS),
        plan(CALLS, BASE, SEATS),
        [
            (
                "prices.order",
                "base, band 1, BRL; seats, BRL; calls, BRL",
                "calls, BRL; base, band 1, BRL; seats, BRL",
            )
        ],
    ),
    "an allowance": (
        plan(replace(CALLS, included=Allowance(Fixed(D(100)), prorated=True))),
        plan(replace(CALLS, included=Allowance(PerUnitOf("seats", D(10))))),
        [
            ("prices[calls, BRL].included.per_unit_of.price", "", "seats"),
            ("prices[calls, BRL].included.per_unit_of.quantity", "", "10"),
            ("prices[calls, BRL].included.quantity", "100", ""),
            ("prices[calls, BRL].included.prorated", "true", ""),
        ],
    ),
    "what else a price says": (
        plan(replace(CALLS, zero_usage=ZeroUsage.OMITTED, minimum_charge=D(5))),
        plan(replace(CALLS, included=Allowance(Unlimited()), discount=PercentDiscount(D("7.5")))),
        [
            ("prices[calls, BRL].included.unlimited", "", "true"),
            ("prices[calls, BRL].discount_percent", "", "7.5"),
            ("prices[calls, BRL].zero_usage", "OMITTED", ""),
            ("prices[calls, BRL].minimum_charge", "5", ""),
        ],
    ),
    "a schedule, a shared allowance and a limit": (
        plan(CALLS),
        plan(CALLS, schedule=YEARLY, shared_allowances=(POOL,), limits=(USERS,)),
        [
            ("schedule.interval_unit", "", "YEAR"),
            ("shared_allowances[pool].allowance.quantity", "", "100"),
            ("shared_allowances[pool].prices", "", "calls, storage"),
            ("limits[users].quantity", "", "3"),
        ],
    ),
    "a minimum spend that other prices count toward": (
        plan(CALLS, minimum_spends=(MinimumSpend("BRL", D("500.00")),)),
        plan(CALLS, minimum_spends=(MinimumSpend("BRL", D(500), ("calls",)),)),
        [("minimum_spends[BRL].prices", "", "calls")],
    ),
    "another order of shared allowances and limits": (
        plan(
            CALLS,
            shared_allowances=(POOL, replace(POOL, code="b")),
            limits=(USERS, replace(USERS, code="b")),
        ),
        plan(
            CALLS,
            shared_allowances=(replace(POOL, code="b"), POOL),
            limits=(replace(USERS, code="b"), USERS),
        ),
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_difference_is_a_field_with_before_and_after(name: str) -> None:
    """Fields are named as in the contract, prices by what tells them apart."""
    before, after, expected = CASES[name]
    change = change_of(before, after)
    assert (change.action, rows(change)) == (
        Action.ADD_VERSION if expected else Action.NONE,
        expected,
    )


def test_a_schedule_of_its_own_is_told_in_full() -> None:
    """What a price leaves out is the version's, so that the plain schedule must be told, too."""
    change = change_of(plan(BASE), plan(replace(BASE, schedule=Schedule())))
    assert ("prices[base, band 1, BRL].schedule.interval_unit", "", "MONTH") in rows(change)


def test_what_is_new_is_created_with_its_first_version() -> None:
    """Of something new no field is listed; its first version holds since ever."""
    home = TaxProfile("home", "Home", (tax_version(),))
    changes = diff(NOTHING, wanted(METER, home, plan(BASE)), 9)
    assert [(each.name, each.action, each.version, each.fields) for each in changes] == [
        ("meters/calls", Action.CREATE, 0, ()),
        ("taxProfiles/home", Action.CREATE, 1, ()),
        ("plans/p", Action.CREATE, 1, ()),
    ]
    assert changes[2].after == plan(BASE)


def test_a_further_version_follows_the_last_one() -> None:
    """It has the next number, and takes force when the request says."""
    change = change_of(plan(BASE), plan(BASE, SEATS))
    assert isinstance(change.after, Plan)
    assert change.version == 2
    assert change.after.versions == (version(BASE), PlanVersion(2, 9, (BASE, SEATS)))


def test_what_a_plan_is_called_changes_at_once() -> None:
    """Name, tax category and notice are no matter of versions."""
    change = change_of(
        plan(BASE, called="Old"),
        plan(BASE, called="New", tax_category="health", price_change_notice_days=30),
    )
    assert (change.action, change.version, change.is_renamed) == (Action.UPDATE, 1, True)
    assert rows(change) == [
        ("display_name", "Old", "New"),
        ("tax_category", "", "health"),
        ("price_change_notice_days", "", "30"),
    ]


def test_both_at_once_are_told_as_a_version() -> None:
    """The head of a plan changes with its prices."""
    change = change_of(plan(BASE, called="Old"), plan(BASE, SEATS, called="New"))
    assert (change.action, change.is_renamed) == (Action.ADD_VERSION, True)


def test_rates_differ_by_category_and_not_by_order() -> None:
    """A rate is told by its category; `*` stands for all others."""
    before = TaxProfile("home", "", (tax_version(rates=rates_of(food="5", other="20")),))
    turned = replace(before, versions=(tax_version(rates=rates_of(other="20", food="5")),))
    raised = replace(before, versions=(tax_version(rates=rates_of(other="21", food="5")),))
    assert change_of(before, turned).action is Action.NONE
    assert rows(change_of(before, raised)) == [("rates[*].percent", "20", "21")]


def test_meter_is_renamed() -> None:
    """What a meter is called, and counted in, may change."""
    change = change_of(METER, replace(METER, display_name="Requests", unit="request"))
    assert rows(change) == [("display_name", "Calls", "Requests"), ("unit", "", "request")]


def test_what_a_meter_sums_up_is_told_in_full() -> None:
    """Filters, dimensions, conversion and rounding are differences, which then are refused."""
    after = replace(
        METER,
        filters=(PropertyFilter("kind", frozenset({"b", "a"})),),
        dimensions=("zone", "kind"),
        value_per_unit=D(1024),
        rounding=QuantityRounding(RoundingMode.UP, 0),
    )
    assert rows(change_of(METER, after)) == [
        ("filters[kind]", "", '"a", "b"'),
        ("dimensions", "", "zone, kind"),
        ("value_per_unit", "", "1024"),
        ("rounding.mode", "", "UP"),
        ("rounding.decimals", "", "0"),
    ]


@settings(max_examples=60)
@given(PRICES, PRICES, st.sampled_from([each.name for each in fields(Price)]))
def test_no_field_of_a_price_is_overlooked(price: Price, other: Price, name: str) -> None:
    """Two prices have the same fields exactly if they are equal."""
    changed = replace(price, **{name: getattr(other, name)})
    same = plan_version_fields(version(price)) == plan_version_fields(version(changed))
    assert same == (price == changed)


@settings(max_examples=40)
@given(*(st.tuples(each, each) for each in (SCHEDULES, SHARED, LIMITS, MINIMUMS)))
def test_no_field_of_a_version_is_overlooked(
    schedules: Any, shared: Any, limits: Any, minimums: Any
) -> None:
    """Two versions have the same fields exactly if they are equal, but for order."""
    before = version(
        BASE,
        schedule=schedules[0],
        shared_allowances=(shared[0],),
        limits=(limits[0],),
        minimum_spends=(minimums[0],),
    )
    changes: list[dict[str, Any]] = [
        {"schedule": schedules[1]},
        {"shared_allowances": (shared[1],)},
        {"limits": (limits[1],)},
        {"minimum_spends": (minimums[1],)},
    ]
    for change in changes:
        after = replace(before, **change)
        same = plan_version_fields(before) == plan_version_fields(after)
        assert same == (before == after), change


# --- digests --------------------------------------------------------------------------------------


def digest(before: Stored, after: Catalog, effective_at: int | None = 9) -> str:
    return digest_of(diff(before, after, effective_at))


def test_a_digest_tells_changes_apart() -> None:
    """Another figure, in something new or in a further version, gives another digest."""
    dear = plan(replace(BASE, model=Flat(D(11))))
    digests = {
        digest(NOTHING, wanted(plan(BASE))),
        digest(NOTHING, wanted(dear)),
        digest(stored(plan(BASE)), wanted(dear)),
        digest(stored(plan(SEATS)), wanted(dear)),
        digest(NOTHING, wanted(METER)),
        digest(NOTHING, wanted(replace(METER, event_name="other"))),
        digest(NOTHING, wanted(plan(BASE, policy=VersionPolicy.KEEP))),
    }
    assert len(digests) == 7


def test_a_digest_is_of_the_changes_alone() -> None:
    """Neither the time nor the way a figure is written is part of it."""
    same = plan(replace(BASE, model=Flat(D("10.00"))))
    assert digest(NOTHING, wanted(plan(BASE)), 9) == digest(NOTHING, wanted(same), None)
