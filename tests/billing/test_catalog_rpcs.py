"""Meters, price changes and catalogues as clients see them, and each refusal of theirs."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from pospago.billing.v1 import catalog_pb2 as pb
from pospago.billing.v1 import meter_pb2, price_change_pb2

from billing_service.domain.meter import Aggregation, Meter
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from tests.billing.asking import ALL_BANDS, monthly, page, plan_request, plan_version_request
from tests.billing.builders import START_AT, Billing
from tests.billing.catalog_asking import (
    KEEP,
    LATER,
    SUM,
    apply_request,
    calls,
    cancel_request,
    change_name,
    change_request,
    meter,
    meter_request,
    percent,
    plan,
    taxes,
)
from tests.billing.serving import (
    INTEGRATOR_SECRET,
    Served,
    proto_day,
    read_rule,
    refused,
    request_id,
    serving,
    stamp,
    violations_of,
)

TAKEN_ID: Final = request_id()


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with a meter, a plan, price changes of an account, and an applied catalogue."""
    async with serving(tmp_path_factory.mktemp("billing")) as running:
        await running.inside(_prepare)
        await running.call(running.stubs.catalog.ApplyCatalog, apply_request(plan()))
        for made in (change_request("mine", effective_on="2026-09-01"), change_request("gone")):
            await running.call(running.stubs.changes.CreatePriceChange, made)
        await running.call(running.stubs.changes.CancelPriceChange, cancel_request("gone"))
        await running.call(running.stubs.meters.CreateMeter, meter_request(request_id=TAKEN_ID))
        await running.call(
            running.stubs.changes.CreatePriceChange, change_request("taken", request_id=TAKEN_ID)
        )
        await running.call(
            running.stubs.changes.CancelPriceChange, cancel_request("taken", request_id=TAKEN_ID)
        )
        await running.call(running.stubs.catalog.ApplyCatalog, apply_request(request_id=TAKEN_ID))
        yield running


def _prepare(billing: Billing) -> None:
    billing.issuer()
    billing.plan()
    billing.do(CREATE_METER, CreateMeter(Meter("calls", "", "api.call", Aggregation.COUNT)))
    for account in ("acme", "stuck"):
        billing.account(account)
    billing.sandbox("moving")
    billing.account("mover", sandbox="moving")
    billing.step("moving", "2026-03-02 10:00", target="2026-04-02")
    billing.park("stuck")


DEAR: Final = plan(monthly(0, "12"))

REFUSALS: list[tuple[str, Any]] = [
    # --- meters
    ("meters.CreateMeter ALREADY_EXISTS METER_ALREADY_EXISTS", meter_request("calls")),
    (
        "meters.CreateMeter INVALID_ARGUMENT INVALID_METER",
        meter_request("sum", aggregation=SUM),
    ),
    (
        "meters.CreateMeter INVALID_ARGUMENT INVALID_METER",
        meter_request("count", value_property="amount"),
    ),
    (
        "meters.CreateMeter ALREADY_EXISTS REQUEST_ID_REUSED",
        meter_request("other", request_id=TAKEN_ID),
    ),
    (
        "meters.GetMeter NOT_FOUND METER_NOT_FOUND",
        meter_pb2.GetMeterRequest(name="meters/nothing"),
    ),
    (
        "meters.ListMeters INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(meter_pb2.ListMetersRequest()),
    ),
    # --- plans
    (
        "catalog.CreatePlan INVALID_ARGUMENT METER_NOT_FOUND",
        plan_request("metered", calls("nothing")),
    ),
    (
        "catalog.AddPlanVersion INVALID_ARGUMENT METER_NOT_FOUND",
        plan_version_request("plans/integrator", *ALL_BANDS, calls("nothing")),
    ),
    # --- price changes
    (
        "changes.CreatePriceChange NOT_FOUND ACCOUNT_NOT_FOUND",
        change_request("new", account="nobody"),
    ),
    (
        "changes.CreatePriceChange ALREADY_EXISTS PRICE_CHANGE_ALREADY_EXISTS",
        change_request("mine"),
    ),
    (
        "changes.CreatePriceChange NOT_FOUND PLAN_NOT_FOUND",
        change_request("new", plan="nothing"),
    ),
    (
        "changes.CreatePriceChange NOT_FOUND PLAN_VERSION_NOT_FOUND",
        change_request("new", plan_version=2),
    ),
    (
        "changes.CreatePriceChange INVALID_ARGUMENT NOTICE_TOO_SHORT",
        change_request("new", effective_on="2026-03-01"),
    ),
    (
        "changes.CreatePriceChange INVALID_ARGUMENT INVALID_FIELD",
        change_request("new", indexation=percent("-100")),
    ),
    (
        "changes.CreatePriceChange INVALID_ARGUMENT INVALID_FIELD",
        change_request("new", indexation=percent("1000.1")),
    ),
    (
        "changes.CreatePriceChange INVALID_ARGUMENT INVALID_FIELD",
        change_request("new", indexation=percent("0.0000001")),
    ),
    (
        "changes.CreatePriceChange INVALID_ARGUMENT INVALID_FIELD",
        change_request("new", indexation=percent("a lot")),
    ),
    (
        "changes.CreatePriceChange FAILED_PRECONDITION ACCOUNT_PARKED",
        change_request("new", account="stuck"),
    ),
    (
        "changes.CreatePriceChange ABORTED SANDBOX_ADVANCING",
        change_request("new", account="mover"),
    ),
    (
        "changes.CreatePriceChange ALREADY_EXISTS REQUEST_ID_REUSED",
        change_request("new", request_id=TAKEN_ID),
    ),
    (
        "changes.GetPriceChange NOT_FOUND PRICE_CHANGE_NOT_FOUND",
        price_change_pb2.GetPriceChangeRequest(name=change_name("nothing")),
    ),
    (
        "changes.ListPriceChanges INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(price_change_pb2.ListPriceChangesRequest(parent="accounts/acme")),
    ),
    (
        "changes.CancelPriceChange NOT_FOUND PRICE_CHANGE_NOT_FOUND",
        cancel_request("nothing"),
    ),
    (
        "changes.CancelPriceChange FAILED_PRECONDITION PRICE_CHANGE_NOT_PENDING",
        cancel_request("gone"),
    ),
    (
        "changes.CancelPriceChange FAILED_PRECONDITION ACCOUNT_PARKED",
        cancel_request("any", "stuck"),
    ),
    ("changes.CancelPriceChange ABORTED SANDBOX_ADVANCING", cancel_request("any", "mover")),
    (
        "changes.CancelPriceChange ALREADY_EXISTS REQUEST_ID_REUSED",
        cancel_request("mine", request_id=TAKEN_ID),
    ),
    # --- catalogues
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT INVALID_PRICES",
        apply_request(plan(monthly(0, "1"), monthly(0, "2"))),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT INVALID_PRICES",
        apply_request(plan(monthly(0, "dear"))),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT INVALID_METER",
        apply_request(meters=(meter("sum", aggregation=SUM),)),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT INVALID_TAX_RATES",
        apply_request(tax_profiles=(taxes("food", "food"),)),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT CURRENCY_UNKNOWN",
        apply_request(plan(monthly(0, "1", "ABC"))),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT METER_NOT_FOUND",
        apply_request(plan(calls("nothing"), name="plans/new")),
    ),
    (
        "catalog.ApplyCatalog FAILED_PRECONDITION METER_IN_USE",
        apply_request(meters=(meter("calls", event_name="other"),)),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT FIELD_IMMUTABLE",
        apply_request(plan(version_policy=KEEP)),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT EFFECTIVE_TIME_NOT_AHEAD",
        apply_request(DEAR, effective_time=None),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT EFFECTIVE_TIME_NOT_AHEAD",
        apply_request(DEAR, effective_time=stamp(START_AT)),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT EFFECTIVE_TIME_NOT_AHEAD",
        apply_request(DEAR, effective_time=stamp(START_AT), validate_only=True),
    ),
    ("catalog.ApplyCatalog ABORTED CATALOG_CHANGED", apply_request(DEAR, digest="other")),
    (
        "catalog.ApplyCatalog ALREADY_EXISTS REQUEST_ID_REUSED",
        apply_request(DEAR, request_id=TAKEN_ID),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT INVALID_FIELD",
        apply_request(plan(name="")),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT INVALID_FIELD",
        apply_request(plan(), plan()),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT INVALID_FIELD",
        apply_request(plan(versions=[])),
    ),
    (
        "catalog.ApplyCatalog INVALID_ARGUMENT INVALID_FIELD",
        apply_request(plan(versions=[pb.PlanVersion(prices=ALL_BANDS, effective_time=LATER)])),
    ),
]


@pytest.mark.parametrize(("rule", "request_message"), REFUSALS)
async def test_refuses_by_code_and_reason(served: Served, rule: str, request_message: Any) -> None:
    """Each documented reason is given with its code."""
    method, expected = read_rule(served, rule)
    refusal = await refused(served, method, request_message)
    assert refusal == expected


async def test_unknown_meter_is_named_where_it_stands(served: Served) -> None:
    """The same rule gives the path in each request that can break it."""
    text = "meters/nothing is not known: create it, or check the name"
    stubs, wrong = served.stubs, calls("nothing")
    create = plan_request("metered", monthly(0, "1"), wrong)
    add = plan_version_request("plans/integrator", *ALL_BANDS, wrong)
    apply = apply_request(plan(), plan(wrong, name="plans/new"))
    assert [
        await violations_of(served, stubs.catalog.CreatePlan, create),
        await violations_of(served, stubs.catalog.AddPlanVersion, add),
        await violations_of(served, stubs.catalog.ApplyCatalog, apply),
    ] == [
        [("plan.versions[0].prices[1].metered.meter", text)],
        [("version.prices[3].metered.meter", text)],
        [("catalog.plans[1].versions[0].prices[0].metered.meter", text)],
    ]


async def test_notice_too_short_names_the_earliest_date(served: Served) -> None:
    """Whoever asks too late learns what would be early enough."""
    request = change_request("late", effective_on="2026-03-01")
    assert await violations_of(served, served.stubs.changes.CreatePriceChange, request) == [
        (
            "price_change.effective_date",
            "plans/integrator asks for a notice of 0 days: 2026-03-02 is the earliest date",
        )
    ]


# --- meters ---------------------------------------------------------------------------------------


async def test_meter_is_told_as_it_was_created(served: Served) -> None:
    """A meter keeps all that was said of it, and members may read it."""
    stated = {
        "display_name": "Traffic",
        "event_name": "net.out",
        "aggregation": SUM,
        "value_property": "bytes",
        "unit": "GB",
    }
    created = await served.call(served.stubs.meters.CreateMeter, meter_request("traffic", **stated))
    request = meter_pb2.GetMeterRequest(name="meters/traffic")
    found = await served.call(served.stubs.meters.GetMeter, request, INTEGRATOR_SECRET)
    assert found.meter == created.meter == meter("traffic", **stated)


async def test_meters_are_listed_in_pages(served: Served) -> None:
    """Each page goes on where the one before ended."""
    names, token = [], ""
    while True:
        request = meter_pb2.ListMetersRequest(page_size=1, page_token=token)
        answer = await served.call(served.stubs.meters.ListMeters, request)
        names += [each.name for each in answer.meters]
        token = answer.next_page_token
        if not token:
            break
    assert names == sorted(names)
    assert {"meters/calls", "meters/new"} <= set(names)


# --- price changes --------------------------------------------------------------------------------


async def test_price_change_is_told_as_it_was_scheduled(served: Served) -> None:
    """A price change keeps all that was said of it; the account it is of may read it."""
    indexed = percent("4.50", yearly=True)
    request = change_request("index", indexation=indexed, note="inflation")
    created = await served.call(served.stubs.changes.CreatePriceChange, request)
    wanted = price_change_pb2.GetPriceChangeRequest(name=change_name("index"))
    found = await served.call(served.stubs.changes.GetPriceChange, wanted, INTEGRATOR_SECRET)
    assert found.price_change == created.price_change
    assert found.price_change == price_change_pb2.PriceChange(
        name=change_name("index"),
        plan="plans/integrator",
        effective_date=proto_day("2026-05-01"),
        indexation=indexed,
        note="inflation",
        notice_time=stamp(START_AT),
    )


async def test_price_changes_are_listed_in_pages(served: Served) -> None:
    """All changes of an account are listed, the cancelled ones among them."""
    request = price_change_pb2.ListPriceChangesRequest(parent="accounts/acme", page_size=1)
    first = await served.call(served.stubs.changes.ListPriceChanges, request)
    request.page_token = first.next_page_token
    second = await served.call(served.stubs.changes.ListPriceChanges, request)
    names = [each.name for answer in (first, second) for each in answer.price_changes]
    assert names[0] == change_name("gone")
    assert len(names) == 2
    assert first.price_changes[0].HasField("cancel_time")


# --- catalogues -----------------------------------------------------------------------------------


async def test_validation_keeps_no_request_id(served: Served) -> None:
    """What was only looked at can be applied under the same id, and then once."""
    asked = request_id()
    new = plan(name="plans/looked-at")
    looked = apply_request(new, validate_only=True, request_id=asked)
    told = await served.call(served.stubs.catalog.ApplyCatalog, looked)
    request = apply_request(new, digest=told.digest, request_id=asked)
    applied = await served.call(served.stubs.catalog.ApplyCatalog, request)
    again = await served.call(served.stubs.catalog.ApplyCatalog, request)
    assert applied == again == told


async def test_changes_are_told_with_action_and_fields(served: Served) -> None:
    """A further version lists what differs, by the contract's paths."""
    request = apply_request(DEAR, meters=(meter("calls"),), validate_only=True)
    answer = await served.call(served.stubs.catalog.ApplyCatalog, request)
    none, added = answer.changes
    assert (none.name, none.action) == ("meters/calls", pb.CatalogChange.ACTION_NONE)
    assert added == pb.CatalogChange(
        name="plans/shop",
        action=pb.CatalogChange.ACTION_ADD_VERSION,
        fields=[
            pb.CatalogChange.FieldChange(
                path="prices[base, BRL].flat.amount", before="10", after="12"
            )
        ],
        version=2,
    )


async def test_a_catalogue_brings_its_own_meters_and_taxes(served: Served) -> None:
    """A metered price may name a meter of the same catalogue."""
    request = apply_request(
        plan(calls("own"), name="plans/own"),
        meters=(meter("own"),),
        tax_profiles=(taxes("food", ""),),
    )
    answer = await served.call(served.stubs.catalog.ApplyCatalog, request)
    assert [(each.name, each.action) for each in answer.changes] == [
        ("meters/own", pb.CatalogChange.ACTION_CREATE),
        ("taxProfiles/home", pb.CatalogChange.ACTION_CREATE),
        ("plans/own", pb.CatalogChange.ACTION_CREATE),
    ]
