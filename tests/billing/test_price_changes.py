"""Price changes of single accounts, through closed months on both stores."""

from decimal import Decimal
from typing import Any, Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.catalog_errors import (
    NoticeTooShort,
    PlanVersionNotFound,
    PriceChangeAlreadyExists,
    PriceChangeNotFound,
    PriceChangeNotPending,
)
from billing_service.domain.errors import PlanNotFound
from billing_service.domain.plan import VersionPolicy
from billing_service.domain.price_change import Indexation, PriceChange
from billing_service.storage.gathering_catalog import find_price_change, list_price_changes
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.cancel_price_change import CANCEL_PRICE_CHANGE, CancelPriceChange
from billing_service.use_cases.create_price_change import CREATE_PRICE_CHANGE, CreatePriceChange
from chassis.errors import AccountNotFound
from tests.billing.builders import START_AT, Billing, at, day, plan_of, version_of

PLAN: Final = "clinic"


def wanted(
    effective_on: str,
    *,
    version: int | None = None,
    percent: str = "",
    yearly: bool = False,
    **more: Any,
) -> CreatePriceChange:
    values: dict[str, Any] = {
        "account": "acme",
        "price_change_id": effective_on,
        "plan": PLAN,
        "effective_on": day(effective_on),
        "plan_version": version,
        "indexation": Indexation(Decimal(percent), yearly=yearly) if percent else None,
        "note": "as agreed",
        "notice_at": 0,
    }
    return CreatePriceChange(PriceChange(**(values | more)))


def schedule(billing: Billing, effective_on: str, **more: Any) -> PriceChange:
    return billing.do(CREATE_PRICE_CHANGE, wanted(effective_on, **more))


def cancel(billing: Billing, price_change_id: str, account: str = "acme") -> PriceChange:
    return billing.do(CANCEL_PRICE_CHANGE, CancelPriceChange(account, price_change_id))


def amounts(billing: Billing, payer: str = "acme") -> dict[str, int]:
    """What each month cost."""
    return {f"{each.month:%Y-%m}": each.amount_minor for each in billing.charges(payer)}


@pytest.fixture
def clinic(billing: Billing) -> Billing:
    """A plan that keeps its version, the second one in force from April; paid far ahead."""
    billing.plan(plan_of(PLAN, policy=VersionPolicy.KEEP, prices={1: "100.00"}))
    second = version_of({1: "120.00"}, effective_at=at("2026-04-01"))
    billing.do(ADD_PLAN_VERSION, AddPlanVersion(PLAN, second))
    billing.account()
    billing.pay("100000.00", value_on="2026-03-01")
    return billing


def test_subscription_that_keeps_its_version_moves_by_a_price_change(clinic: Billing) -> None:
    """From its effective date on the version of the change prices what is subscribed."""
    clinic.subscribe("a", plan=PLAN)
    schedule(clinic, "2026-06-01", version=2)
    clinic.go_to("2026-08-02")
    assert amounts(clinic) == {
        "2026-03": 100_00,
        "2026-04": 100_00,
        "2026-05": 100_00,
        "2026-06": 120_00,
        "2026-07": 120_00,
    }


def test_a_change_within_a_month_prices_the_next_one(clinic: Billing) -> None:
    """The first day of a service period decides what it costs."""
    clinic.subscribe("a", plan=PLAN)
    schedule(clinic, "2026-04-02", version=2)
    clinic.go_to("2026-06-02")
    assert amounts(clinic) == {"2026-03": 100_00, "2026-04": 100_00, "2026-05": 120_00}


def test_a_change_back_to_an_earlier_version(clinic: Billing) -> None:
    """A change may name an older version than the one in force."""
    clinic.subscribe("a", plan=PLAN, on="2026-04-10 12:00")
    schedule(clinic, "2026-05-01", version=1)
    clinic.go_to("2026-06-02")
    assert amounts(clinic) == {"2026-04": 120_00, "2026-05": 100_00}


@pytest.mark.parametrize(
    ("subscribed", "expected"),
    [
        ("2026-03-10 12:00", {"2026-03": 39_90, "2026-04": 41_70}),
        ("2027-03-10 12:00", {"2027-03": 41_70, "2027-04": 43_57}),
        ("2029-03-10 12:00", {"2029-03": 45_53, "2029-04": 47_58}),
    ],
)
def test_yearly_index_compounds_on_each_anniversary(
    clinic: Billing, subscribed: str, expected: dict[str, int]
) -> None:
    """4.5% a year on 39.90: 41.6955, 43.5717975, 45.532528..., 47.581492..., each rounded once."""
    schedule(clinic, "2026-04-01", plan="integrator", percent="4.5", yearly=True)
    clinic.subscribe("a", on=subscribed)
    clinic.go_to(f"{subscribed[:4]}-05-02")
    assert amounts(clinic) == expected


def test_cancelled_change_has_no_effect(clinic: Billing) -> None:
    """What was cancelled in time never comes about."""
    clinic.subscribe("a", plan=PLAN)
    schedule(clinic, "2026-05-01", version=2)
    schedule(clinic, "2026-06-01", percent="10")
    cancel(clinic, "2026-05-01")
    clinic.go_to("2026-07-02")
    assert amounts(clinic) == {
        "2026-03": 100_00,
        "2026-04": 100_00,
        "2026-05": 100_00,
        "2026-06": 110_00,
    }


def test_a_change_is_of_one_account_and_plan(clinic: Billing) -> None:
    """Another account, and another plan, cost what they did, also where one pays for both."""
    clinic.account("other")
    clinic.set_profile("other", payer="acme")
    clinic.subscribe("a", plan=PLAN)
    clinic.subscribe("b")
    clinic.subscribe("c", account="other", plan=PLAN)
    schedule(clinic, "2026-04-01", percent="10")
    clinic.go_to("2026-05-02")
    april = {
        (each.account, each.subscription): each.amount_minor
        for each in clinic.charges()
        if each.month == day("2026-04-01")
    }
    assert april == {("acme", "a"): 110_00, ("acme", "b"): 39_90, ("other", "c"): 100_00}


def test_a_change_alters_no_closed_month(clinic: Billing) -> None:
    """What was invoiced stays; the change takes force from the next period on."""
    clinic.subscribe("a", plan=PLAN)
    clinic.go_to("2026-05-02")
    before = amounts(clinic)
    schedule(clinic, "2026-05-02", percent="50")
    clinic.go_to("2026-07-02")
    assert amounts(clinic) == before | {"2026-05": 100_00, "2026-06": 150_00}


def test_the_preview_follows_a_change(clinic: Billing) -> None:
    """What the month would come to is what its close invoices."""
    clinic.subscribe("a", plan=PLAN)
    schedule(clinic, "2026-04-01", percent="10")
    clinic.go_to("2026-04-20")
    (previewed,) = clinic.preview()
    clinic.go_to("2026-05-02")
    assert previewed.invoice.total_minor == amounts(clinic)["2026-04"] == 110_00


def test_notice_is_told_with_the_change(clinic: Billing) -> None:
    """Scheduling tells the account when it was given notice, and of what."""
    schedule(clinic, "2026-05-01", percent="4.5", yearly=True)
    ((_, told),) = clinic.told(events_pb2.PriceChangeScheduled, account="acme")
    assert isinstance(told, events_pb2.PriceChangeScheduled)
    change = told.price_change
    assert change.name == "accounts/acme/priceChanges/2026-05-01"
    assert (change.indexation.percent.value, change.indexation.yearly) == ("4.5", True)
    assert change.notice_time.ToMicroseconds() == START_AT


def test_cancellation_is_told(clinic: Billing) -> None:
    """Cancelling tells that the change will not come about."""
    schedule(clinic, "2026-05-01", version=2)
    cancel(clinic, "2026-05-01")
    ((_, told),) = clinic.told(events_pb2.PriceChangeCancelled, account="acme")
    assert isinstance(told, events_pb2.PriceChangeCancelled)
    assert told.price_change.cancel_time.ToMicroseconds() == START_AT


def test_changes_are_kept_as_they_were_stated(clinic: Billing) -> None:
    """The store gives back what was scheduled, by id."""
    scheduled = [
        schedule(clinic, "2026-06-01", version=2),
        schedule(clinic, "2026-05-01", percent="-0.000001", yearly=True),
    ]
    listed = clinic.database.read(lambda tx: list_price_changes(tx, "acme", after="", limit=9))
    assert listed == scheduled[::-1]
    found = clinic.database.read(lambda tx: find_price_change(tx, "acme", "2026-06-01"))
    assert found == scheduled[0]


def test_notice_of_the_plan_is_kept(billing: Billing) -> None:
    """A plan asks for so many days, counted in the account's zone."""
    draft = plan_of(PLAN)
    billing.plan(type(draft)(**_with_notice(draft, 30)))
    billing.account(zone="Pacific/Kiritimati")
    # There it is 3 March already.
    with pytest.raises(NoticeTooShort, match="2026-04-02 is the earliest date"):
        schedule(billing, "2026-04-01", version=1)
    assert schedule(billing, "2026-04-02", version=1).effective_on == day("2026-04-02")


def _with_notice(plan: Any, days: int) -> dict[str, Any]:
    values = {name: getattr(plan, name) for name in plan.__slots__}
    return values | {"price_change_notice_days": days}


def test_a_change_can_take_force_today_without_notice(clinic: Billing) -> None:
    """Without a notice today is early enough, and yesterday is not."""
    schedule(clinic, "2026-03-02", version=2)
    with pytest.raises(NoticeTooShort, match="2026-03-02 is the earliest date"):
        schedule(clinic, "2026-03-01", version=2)


def test_what_is_in_force_stays(clinic: Billing) -> None:
    """On its effective date a change can no longer be cancelled."""
    schedule(clinic, "2026-03-03", version=2)
    clinic.go_to("2026-03-03")
    with pytest.raises(PriceChangeNotPending):
        cancel(clinic, "2026-03-03")


def test_changes_of_nothing_are_refused(clinic: Billing) -> None:
    """Account, plan, version and change must be there, and the id free."""
    schedule(clinic, "2026-05-01", version=2)
    refusals: list[tuple[type[Exception], Any]] = [
        (AccountNotFound, {"account": "nobody"}),
        (PlanNotFound, {"plan": "nothing"}),
        (PlanVersionNotFound, {"version": 3}),
        (PriceChangeAlreadyExists, {"version": 2}),
    ]
    for refusal, values in refusals:
        more = {"price_change_id": "other"} | values
        if refusal is PriceChangeAlreadyExists:
            more["price_change_id"] = "2026-05-01"
        with pytest.raises(refusal):
            schedule(clinic, "2026-05-01", **more)
    with pytest.raises(PriceChangeNotFound):
        cancel(clinic, "other")
