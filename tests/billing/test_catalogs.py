"""Catalogues applied to both stores: all of it or nothing, and twice as once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from pospago.billing.v1 import events_pb2
from sqlalchemy import func, select

from billing_service.domain.catalog import Action, Catalog
from billing_service.domain.catalog_errors import (
    CatalogChanged,
    CatalogTimeNotAhead,
    InvalidMeter,
    MeterInUse,
    PricedMeterNotFound,
    VersionPolicyFixed,
)
from billing_service.domain.errors import InvalidPrices, InvalidTaxRates
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.plan import Plan, VersionPolicy
from billing_service.domain.price import Metered, Price
from billing_service.domain.price_models import PerUnit
from billing_service.domain.tax import TaxProfile
from billing_service.storage.gathering_catalog import find_meter, list_meters
from billing_service.storage.queries import find_plan, find_tax_profile
from billing_service.storage.schema import CHASSIS
from billing_service.use_cases.apply_catalog import (
    APPLY_CATALOG,
    AppliedCatalog,
    ApplyCatalog,
    would_change,
)
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from chassis.errors import BadRequest
from tests.billing.builders import START_AT, Billing, at, price_of, version_of
from tests.billing.taxing import rates_of, tax_version

LATER: Final = at("2026-05-01")
LAST: Final = at("2026-06-01")
METER: Final = Meter("calls", "Calls", "api.call", Aggregation.COUNT)
HOME: Final = TaxProfile("home", "Home", (tax_version("5"),))
TOLD: Final = (
    events_pb2.MeterCreated,
    events_pb2.MeterUpdated,
    events_pb2.TaxProfileCreated,
    events_pb2.TaxProfileUpdated,
    events_pb2.TaxProfileVersionAdded,
    events_pb2.PlanCreated,
    events_pb2.PlanUpdated,
    events_pb2.PlanVersionAdded,
)


def calls(unit_price: str = "0.01", meter: str = "calls") -> Price:
    return price_of("0", code="calls", kind=Metered(meter), model=PerUnit(Decimal(unit_price)))


def plan(*prices: Price, plan_id: str = "shop", **more: Any) -> Plan:
    listed = replace(version_of({}), prices=prices or (price_of("10"), calls()))
    values: dict[str, Any] = {"display_name": "Shop", "policy": VersionPolicy.FOLLOW} | more
    return Plan(plan_id, versions=(listed,), **values)


WHOLE: Final = Catalog((METER,), (HOME,), (plan(),))


def apply(
    billing: Billing, catalog: Catalog, effective_at: int | None = LATER, digest: str = ""
) -> AppliedCatalog:
    return billing.do(APPLY_CATALOG, ApplyCatalog(catalog, effective_at, digest))


def validate(billing: Billing, catalog: Catalog, effective_at: int | None = None) -> AppliedCatalog:
    command = ApplyCatalog(catalog, effective_at)
    return billing.database.read(lambda tx: would_change(tx, command, billing.clock.now()))


def actions(applied: AppliedCatalog) -> list[Action]:
    return [each.action for each in applied.changes]


def stored_plan(billing: Billing, plan_id: str = "shop") -> Plan | None:
    return billing.database.read(lambda tx: find_plan(tx, plan_id))


def events_count(billing: Billing) -> int:
    query = select(func.count()).select_from(CHASSIS.events)
    row = billing.database.read(lambda tx: tx.one(query))
    assert row is not None
    return int(row[0])


def told(billing: Billing, since: int) -> list[str]:
    """The catalogue's events after the first ones, by their names."""
    return [message.DESCRIPTOR.name for _, message in billing.told(*TOLD)][since:]


def test_what_is_new_is_created_at_once(billing: Billing) -> None:
    """Meter, tax profile and plan are there after one call, and told of in order."""
    since = len(told(billing, 0))
    applied = apply(billing, WHOLE)
    assert actions(applied) == [Action.CREATE] * 3
    assert told(billing, since) == ["MeterCreated", "TaxProfileCreated", "PlanCreated"]
    assert billing.database.read(lambda tx: find_meter(tx, "calls")) == METER
    stored = stored_plan(billing)
    assert stored is not None
    assert stored.versions[0].prices == (price_of("10"), calls())


def test_a_second_application_changes_nothing(billing: Billing) -> None:
    """Twice equals once: nothing is done, and nothing told."""
    apply(billing, WHOLE)
    before = events_count(billing)
    applied = apply(billing, WHOLE, effective_at=None)
    assert actions(applied) == [Action.NONE] * 3
    assert events_count(billing) == before


def test_a_version_that_lies_ahead_is_as_good_as_in_force(billing: Billing) -> None:
    """A plan whose last version is still ahead, and says the same, gets no other one."""
    apply(billing, WHOLE)
    dear = replace(WHOLE, plans=(plan(price_of("12"), calls()),))
    assert actions(apply(billing, dear)) == [Action.NONE, Action.NONE, Action.ADD_VERSION]
    assert actions(apply(billing, dear, LAST)) == [Action.NONE] * 3
    stored = stored_plan(billing)
    assert stored is not None
    assert [(each.version, each.effective_at) for each in stored.versions] == [
        (1, None),
        (2, LATER),
    ]


def test_each_difference_is_told_by_its_event(billing: Billing) -> None:
    """Names are told as updates, prices and rates as versions, both as both."""
    apply(billing, WHOLE)
    since = len(told(billing, 0))
    changed = Catalog(
        (replace(METER, display_name="Requests"),),
        (TaxProfile("home", "At home", (tax_version("6"),)),),
        (plan(price_of("12"), calls(), display_name="Store"),),
    )
    applied = apply(billing, changed)
    assert actions(applied) == [Action.UPDATE, Action.ADD_VERSION, Action.ADD_VERSION]
    assert told(billing, since) == [
        "MeterUpdated",
        "TaxProfileUpdated",
        "TaxProfileVersionAdded",
        "PlanUpdated",
        "PlanVersionAdded",
    ]
    profile = billing.database.read(lambda tx: find_tax_profile(tx, "home"))
    assert profile is not None
    assert (profile.display_name, len(profile.versions)) == ("At home", 2)


def test_names_alone_need_no_time(billing: Billing) -> None:
    """A plan is called otherwise at once, and keeps its version."""
    apply(billing, WHOLE)
    since = len(told(billing, 0))
    renamed = Catalog(
        tax_profiles=(replace(HOME, display_name="At home"),),
        plans=(plan(tax_category="health", price_change_notice_days=30),),
    )
    assert actions(apply(billing, renamed, None)) == [Action.UPDATE] * 2
    assert told(billing, since) == ["TaxProfileUpdated", "PlanUpdated"]
    stored = stored_plan(billing)
    assert stored is not None
    assert (stored.tax_category, stored.price_change_notice_days) == ("health", 30)
    assert len(stored.versions) == 1


def test_validation_writes_nothing(billing: Billing) -> None:
    """It tells the changes with their digest, and leaves the store alone."""
    before = events_count(billing)
    validated = validate(billing, WHOLE)
    assert stored_plan(billing) is None
    assert events_count(billing) == before
    assert apply(billing, WHOLE, digest=validated.digest) == validated


def test_validation_needs_no_time(billing: Billing) -> None:
    """The changes can be looked at before it is settled when they take force."""
    apply(billing, WHOLE)
    dear = replace(WHOLE, plans=(plan(price_of("12"), calls()),))
    assert actions(validate(billing, dear))[2] is Action.ADD_VERSION
    with pytest.raises(CatalogTimeNotAhead):
        validate(billing, dear, START_AT)


def test_other_changes_than_those_looked_at_are_refused(billing: Billing) -> None:
    """Whoever looked at changes does not make others."""
    validated = validate(billing, WHOLE)
    billing.do(CREATE_METER, CreateMeter(replace(METER, display_name="Other")))
    with pytest.raises(CatalogChanged):
        apply(billing, WHOLE, digest=validated.digest)
    assert stored_plan(billing) is None


DEAR: Final = replace(WHOLE, plans=(plan(price_of("12"), calls()),))
WRONG: Final[dict[str, tuple[Catalog, int | None, type[Exception], str]]] = {
    "a meter with a value too many": (
        replace(WHOLE, meters=(METER, Meter("m", "", "e", Aggregation.COUNT, "count"))),
        LATER,
        InvalidMeter,
        "catalog.meters[1].value_property",
    ),
    "a meter without a value": (
        replace(WHOLE, meters=(METER, Meter("m", "", "e", Aggregation.SUM))),
        LATER,
        InvalidMeter,
        "catalog.meters[1].value_property",
    ),
    "a rate twice": (
        replace(
            WHOLE,
            tax_profiles=(
                HOME,
                replace(
                    HOME, tax_profile_id="t", versions=(tax_version(rates=rates_of(other="5") * 2),)
                ),
            ),
        ),
        LATER,
        InvalidTaxRates,
        "catalog.tax_profiles[1].versions[0].rates[1].tax_category",
    ),
    "a price twice": (
        replace(WHOLE, plans=(plan(plan_id="new"), plan(price_of("12"), price_of("12"), calls()))),
        LATER,
        InvalidPrices,
        "catalog.plans[1].versions[0].prices[1].code",
    ),
    "a price that is dropped": (
        replace(WHOLE, plans=(plan(price_of("12")),)),
        LATER,
        InvalidPrices,
        "catalog.plans[0].versions[0].prices",
    ),
    "a meter that there is not": (
        replace(WHOLE, plans=(plan(price_of("12"), calls(meter="nothing")),)),
        LATER,
        PricedMeterNotFound,
        "catalog.plans[0].versions[0].prices[1].metered.meter",
    ),
    "another policy": (
        replace(WHOLE, plans=(plan(policy=VersionPolicy.KEEP),)),
        LATER,
        VersionPolicyFixed,
        "catalog.plans[0].version_policy",
    ),
    "no time": (DEAR, None, CatalogTimeNotAhead, "catalog.plans[0]"),
    "a time that is now": (DEAR, START_AT, CatalogTimeNotAhead, "catalog.plans[0]"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_by_its_path(billing: Billing, name: str) -> None:
    """A catalogue with a fault is refused where it is, and nothing of it is kept."""
    catalog, effective_at, refusal, path = WRONG[name]
    apply(billing, WHOLE)
    before = events_count(billing)
    meters = (*catalog.meters, replace(METER, meter_id="another"))
    with pytest.raises(refusal) as refused:
        apply(billing, replace(catalog, meters=meters), effective_at)
    detail = getattr(refused.value, "detail", None)
    assert isinstance(detail, BadRequest)
    assert [each.field for each in detail.violations] == [path]
    assert events_count(billing) == before


def test_faults_of_all_plans_are_told_at_once(billing: Billing) -> None:
    """One answer names what is wrong in each plan."""
    wrong = Catalog(
        plans=(
            plan(price_of("1"), price_of("1"), plan_id="a"),
            plan(price_of("1"), calls(meter="nothing"), plan_id="b"),
        )
    )
    with pytest.raises(InvalidPrices) as refused:
        apply(billing, wrong)
    assert isinstance(refused.value.detail, BadRequest)
    assert [each.field for each in refused.value.detail.violations] == [
        "catalog.plans[0].versions[0].prices[1].code",
        "catalog.plans[1].versions[0].prices[1].metered.meter",
    ]


def test_what_a_meter_sums_up_stays(billing: Billing) -> None:
    """Events, aggregation and property of a meter are what prices rely on."""
    apply(billing, WHOLE)
    others = replace(METER, aggregation=Aggregation.SUM, value_property="count")
    with pytest.raises(MeterInUse, match="aggregation, value_property must stay"):
        apply(billing, Catalog(meters=(others,)))


def test_a_time_before_the_last_version_is_refused(billing: Billing) -> None:
    """A further version follows one that lies ahead."""
    apply(billing, WHOLE)
    apply(billing, DEAR, LAST)
    dearer = replace(WHOLE, plans=(plan(price_of("13"), calls()),))
    with pytest.raises(
        CatalogTimeNotAhead, match=r"catalog.plans\[0\]: .*when version 2, the last"
    ):
        apply(billing, dearer, LATER)


def test_a_further_version_prices_the_months_from_its_time_on(billing: Billing) -> None:
    """What a catalogue says from May on is what May costs."""
    once = Catalog(plans=(plan(price_of("10")),))
    apply(billing, once)
    billing.account()
    billing.pay("1000", value_on="2026-03-01")
    billing.subscribe("a", plan="shop")
    apply(billing, replace(once, plans=(plan(price_of("12")),)), LATER)
    billing.go_to("2026-06-02")
    assert [each.amount_minor for each in billing.charges()] == [10_00, 10_00, 12_00]


def test_what_the_catalogue_does_not_name_stays(billing: Billing) -> None:
    """An empty catalogue takes nothing away."""
    apply(billing, WHOLE)
    assert apply(billing, Catalog()).changes == ()
    assert billing.database.read(lambda tx: list_meters(tx, after="", limit=9)) == [METER]


def test_two_catalogues_in_one_batch_are_applied_in_turn(billing: Billing) -> None:
    """The second one sees what the first one made."""
    commands = [ApplyCatalog(WHOLE, LATER), ApplyCatalog(DEAR, LATER), ApplyCatalog(DEAR, LATER)]
    outcomes: Sequence[Any] = billing.do_all(APPLY_CATALOG, commands)
    assert [actions(each)[2] for each in outcomes] == [
        Action.CREATE,
        Action.ADD_VERSION,
        Action.NONE,
    ]


def test_two_processes_apply_one_after_the_other(url: str, billing: Billing) -> None:
    """Two writers at once: each catalogue is applied whole, in some order, none mixed."""
    runners = [billing] if url.startswith("sqlite") else [billing, Billing.at(url)]
    ids = [f"p{n}" for n in range(20)]
    catalogs = [
        Catalog(plans=tuple(plan(price_of(amount), plan_id=each) for each in listed))
        for amount, listed in (("10", ids), ("20", ids[::-1]))
    ]
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(apply, runners[place % len(runners)], catalog)
            for place, catalog in enumerate(catalogs)
        ]
        outcomes = [set(actions(each.result())) for each in asked]
    for other in runners[1:]:
        other.close()
    assert sorted(outcomes, key=str) == [{Action.ADD_VERSION}, {Action.CREATE}]
    orders = set()
    for each in ids:
        stored = stored_plan(billing, each)
        assert stored is not None
        orders.add(tuple(version.prices[0] for version in stored.versions))
    assert len(orders) == 1
