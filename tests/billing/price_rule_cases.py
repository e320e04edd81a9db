"""Plan versions that break one rule of prices each, and what is told of it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    AddOn,
    Allowance,
    AmountDiscount,
    Anchor,
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
)
from billing_service.domain.price_models import (
    Capacity,
    CapacityTier,
    Ceiling,
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    Percentage,
    PercentTier,
    PerUnit,
    Stairstep,
    Step,
    Tier,
    Volume,
)

METERS: Final = {
    "calls": Meter("calls", "Calls", "api.call", Aggregation.COUNT, dimensions=("method", "seat")),
    "storage": Meter("storage", "Storage", "storage", Aggregation.MAX, "gb"),
}
D = Decimal


def base(**more: Any) -> Price:
    values: dict[str, Any] = {"code": "base", "currency": "BRL", "model": Flat(D(10))} | more
    return Price(**({"kind": Recurring()} | values))


def seats(**more: Any) -> Price:
    values: dict[str, Any] = {"code": "seats", "currency": "BRL", "model": PerUnit(D(5))} | more
    return Price(**({"kind": Licensed()} | values))


def calls(**more: Any) -> Price:
    values: dict[str, Any] = {"code": "calls", "currency": "BRL", "model": PerUnit(D("0.01"))}
    return Price(**({"kind": Metered("calls")} | values | more))


def storage(**more: Any) -> Price:
    return calls(code="storage", kind=Metered("storage"), **more)


def version(*prices: Price, **more: Any) -> PlanVersion:
    return PlanVersion(0, None, prices, **more)


def per_unit_of(price: str, quantity: str = "10", **more: Any) -> Allowance:
    return Allowance(PerUnitOf(price, D(quantity), more.pop("dimension", "")), **more)


def shared(*prices: str, code: str = "pool", **more: Any) -> SharedAllowance:
    return SharedAllowance(code, more.pop("allowance", Allowance(Fixed(D(100)))), prices)


def by(dimension: str, *values: str) -> DimensionFilter:
    return DimensionFilter(dimension, frozenset(values or ("get",)))


def tiers(*bounds: str | None) -> tuple[Tier, ...]:
    return tuple(Tier(D(each) if each else None, D(1)) for each in bounds)


def capacity(*ceilings: Ceiling) -> Price:
    return calls(kind=Metered(""), model=Capacity((CapacityTier(ceilings, D(5)),)))


YEAR: Final = IntervalUnit.YEAR
TOO_MUCH: Final = "must be from 0 to 10,000,000,000 BRL"
TOO_MANY: Final = "must be from 0 to 1,000,000,000,000,000"
FINE: Final = D("0.0000000000001")

CASES: Final[dict[str, tuple[PlanVersion, str, str]]] = {
    # --- the item, its currency and kind
    "an item twice in a band": (
        version(base(band=1), base(band=1)),
        "prices[1].code",
        "base is priced in BRL in band 1 by prices[0] already",
    ),
    "an item in every band, and once more in one": (
        version(base(), base(band=1)),
        "prices[1].code",
        "base is priced in BRL in every band by prices[0] already",
    ),
    "an unknown currency": (
        version(base(), base(currency="ZZZ")),
        "prices[1].currency",
        "ISO 4217 has no currency 'ZZZ'; use one such as BRL",
    ),
    "an unknown meter": (
        version(base(), calls(kind=Metered("nothing"))),
        "prices[1].metered.meter",
        "meters/nothing is not known: create it, or check the name",
    ),
    "a metered price without a meter": (
        version(calls(kind=Metered(""))),
        "prices[0].metered.meter",
        "must name what is measured: meters/{meter}",
    ),
    "capacity with a meter of its own": (
        version(
            calls(model=Capacity((CapacityTier((Ceiling("calls", None),), D(5)),))),
        ),
        "prices[0].metered.meter",
        "must be empty: the tiers of the model capacity name the meters",
    ),
    "capacity with an unknown meter": (
        version(capacity(Ceiling("calls", None), Ceiling("nothing", None))),
        "prices[0].capacity.tiers[0].ceilings[1].meter",
        "meters/nothing is not known: create it, or check the name",
    ),
    "capacity of what is held": (
        version(seats(model=Capacity((CapacityTier((Ceiling("calls", None),), D(5)),)))),
        "prices[0].capacity",
        "prices usage only: make the price metered",
    ),
    "a percentage of what is held": (
        version(seats(model=Percentage(D(2)))),
        "prices[0].percentage",
        "prices usage only: make the price metered",
    ),
    "percentages by tiers of what is held": (
        version(seats(model=GraduatedPercentage((PercentTier(None, D(2)),)))),
        "prices[0].graduated_percentage",
        "prices usage only: make the price metered",
    ),
    # --- filters
    "a filter of what is no dimension": (
        version(calls(kind=Metered("calls", (by("method"), by("region"))))),
        "prices[0].metered.filters[1].dimension",
        "region is no dimension of meters/calls: it has method, seat",
    ),
    "a filter of a meter without dimensions": (
        version(calls(kind=Metered("storage", (by("region"),)))),
        "prices[0].metered.filters[0].dimension",
        "region is no dimension of meters/storage: it has none",
    ),
    "two filters of a dimension": (
        version(calls(kind=Metered("calls", (by("method"), by("method", "put"))))),
        "prices[0].metered.filters[1].dimension",
        "method is filtered before: state all its values there",
    ),
    "filters of a capacity": (
        version(replace(capacity(Ceiling("calls", None)), kind=Metered("", (by("method"),)))),
        "prices[0].metered.filters",
        "must be empty: the model capacity takes all usage of its meters",
    ),
    # --- amounts
    "a negative amount": (
        version(base(model=Flat(D(-1)))),
        "prices[0].flat.amount",
        "must be from 0 to 1,000,000,000,000",
    ),
    "an amount beyond the bound": (
        version(base(model=Flat(D("10000000000.01")))),
        "prices[0].flat.amount",
        TOO_MUCH,
    ),
    "an amount beyond the bound of a currency without decimals": (
        version(base(currency="JPY", model=Flat(D("1000000000000.1")))),
        "prices[0].flat.amount",
        "must be from 0 to 1,000,000,000,000",
    ),
    "an amount beyond the bound of a currency with three decimals": (
        version(base(currency="KWD", model=Flat(D("1000000000.1")))),
        "prices[0].flat.amount",
        "must be from 0 to 1,000,000,000 KWD",
    ),
    "a fee beyond the bound, in a tier": (
        version(seats(model=Graduated((*tiers("10"), Tier(None, D(1), D(10**11)))))),
        "prices[0].graduated.tiers[1].flat_fee",
        TOO_MUCH,
    ),
    "an amount of 13 decimals": (
        version(seats(model=PerUnit(FINE))),
        "prices[0].per_unit.unit_price",
        "must have at most 12 decimals",
    ),
    "a package price beyond the bound": (
        version(seats(model=Package(D(10), D(10**11)))),
        "prices[0].package.package_price",
        TOO_MUCH,
    ),
    "a percentage above 100": (
        version(calls(model=Percentage(D("100.1")))),
        "prices[0].percentage.percent",
        "must be from 0 to 100",
    ),
    # --- tiers
    "tiers that overlap": (
        version(seats(model=Graduated(tiers("10", "10", None)))),
        "prices[0].graduated.tiers[1].up_to",
        "must be above 10, where the one before it ends",
    ),
    "tiers that go back": (
        version(seats(model=Volume(tiers("10", "5", None)))),
        "prices[0].volume.tiers[1].up_to",
        "must be above 10, where the one before it ends",
    ),
    "an open tier before the last": (
        version(seats(model=Graduated(tiers(None, "10", None)))),
        "prices[0].graduated.tiers[0].up_to",
        "must be stated: only the last one has no bound",
    ),
    "a last tier with a bound": (
        version(seats(model=Graduated(tiers("10", "20")))),
        "prices[0].graduated.tiers[1].up_to",
        "must be left out: what lies above 20 has no price",
    ),
    "a last step with a bound": (
        version(seats(model=Stairstep((Step(D(5), D(1)), Step(D(9), D(2)))))),
        "prices[0].stairstep.steps[1].up_to",
        "must be left out: what lies above 9 has no price",
    ),
    "a bound beyond all quantities": (
        version(seats(model=Graduated(tiers("1000000000000000.1", None)))),
        "prices[0].graduated.tiers[0].up_to",
        TOO_MANY,
    ),
    # --- schedules
    "instalments that do not divide the period": (
        version(base(schedule=Schedule(interval_count=12, instalments=5))),
        "prices[0].schedule.instalments",
        "5 does not divide the 12 months of a period",
    ),
    "instalments of the version that do not divide its period": (
        version(base(), schedule=Schedule(instalments=12)),
        "schedule.instalments",
        "12 does not divide the 1 months of a period",
    ),
    "a period of more than ten years": (
        version(base(schedule=Schedule(interval_unit=YEAR, interval_count=11))),
        "prices[0].schedule.interval_count",
        "a period must be at most 10 years",
    ),
    "an anchor day of an anniversary": (
        version(base(schedule=Schedule(anchor=Anchor.ANNIVERSARY, anchor_day=15))),
        "prices[0].schedule.anchor_day",
        "is for the anchor CALENDAR only",
    ),
    "an anchor month of months": (
        version(base(schedule=Schedule(anchor_month=4))),
        "prices[0].schedule.anchor_month",
        "is for the anchor CALENDAR and periods of years only",
    ),
    # --- add-ons
    "an add-on of usage": (
        version(base(), calls(add_on=AddOn())),
        "prices[1].add_on",
        "only recurring and licensed prices can be add-ons",
    ),
    "an add-on in a currency without a base price": (
        version(base(), base(code="more", currency="EUR", add_on=AddOn())),
        "prices[1].currency",
        "more has nothing to be added to: the plan has no base price in EUR",
    ),
    # --- minimum, maximum and discount
    "a minimum above the maximum": (
        version(calls(minimum_charge=D(5), maximum_charge=D(4))),
        "prices[0].minimum_charge",
        "must be at most the maximum charge, 4",
    ),
    "a negative minimum": (
        version(calls(minimum_charge=D(-1))),
        "prices[0].minimum_charge",
        "must be from 0 to 1,000,000,000,000",
    ),
    "a maximum beyond the bound": (
        version(calls(maximum_charge=D(10**11))),
        "prices[0].maximum_charge",
        TOO_MUCH,
    ),
    "a discount of more than all": (
        version(calls(discount=PercentDiscount(D(101)))),
        "prices[0].discount_percent",
        "must be from 0 to 100",
    ),
    "a discount of 13 decimals": (
        version(calls(discount=AmountDiscount(FINE))),
        "prices[0].discount_amount",
        "must have at most 12 decimals",
    ),
    # --- limits
    "a limit twice": (
        version(base(), limits=(Limit("a", "", Unlimited()), Limit("a", "", Unlimited()))),
        "limits[1].code",
        "a is limited before: state it once",
    ),
    "a limit below nothing": (
        version(base(), limits=(Limit("a", "", Fixed(D(-1))),)),
        "limits[0].quantity",
        TOO_MANY,
    ),
    "a limit raised by what is not held": (
        version(base(), limits=(Limit("a", "", Unlimited(), raised_by="base"),)),
        "limits[0].raised_by",
        "base is no licensed price of the plan",
    ),
    # --- minimum spends
    "a price under the code of minimum spends": (
        version(base(code="commitment")),
        "prices[0].code",
        "commitment is what a minimum spend is charged under: use another code",
    ),
    "a minimum spend twice": (
        version(base(), minimum_spends=(MinimumSpend("BRL", D(1)), MinimumSpend("BRL", D(2)))),
        "minimum_spends[1].currency",
        "BRL has a minimum spend before: state it once",
    ),
    "a minimum spend in a currency without prices": (
        version(base(), minimum_spends=(MinimumSpend("USD", D(1)),)),
        "minimum_spends[0].currency",
        "the plan has no price in USD: use a currency of its prices",
    ),
    "a minimum spend below nothing": (
        version(base(), minimum_spends=(MinimumSpend("BRL", D(-1)),)),
        "minimum_spends[0].amount",
        "must be from 0 to 1,000,000,000,000",
    ),
    "a minimum spend that counts what there is not": (
        version(base(), minimum_spends=(MinimumSpend("BRL", D(1), ("base", "calls")),)),
        "minimum_spends[0].prices[1]",
        "calls is no price of the plan in BRL",
    ),
}
