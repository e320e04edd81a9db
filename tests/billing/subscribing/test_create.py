"""Subscribing to a plan: what it takes, what is stored and told, and what is refused."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.price import (
    AddOn,
    Counting,
    Licensed,
    Metered,
    Price,
    Recurring,
    Review,
)
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.subscription import SubscriptionState, instance_subscription_ids
from billing_service.domain.subscription_errors import (
    PlanNotSubscribable,
    SubscriptionAlreadyExists,
    UsageAlreadyPriced,
)
from billing_service.storage.queries import list_subscriptions
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION
from billing_service.use_cases.follow_account import FOLLOW_ACCOUNT, FollowAccount
from tests.billing.builders import SAO_PAULO, Billing, at, day
from tests.billing.subscribing.changing import change
from tests.billing.subscribing.live import Live, command_of, plan_of
from tests.billing.usage.ingesting import meter_of, rows_of

CALLS_METER: Final = meter_of("calls", dimensions=("region", "model"))


def usd(code: str, kind: Any, model: Any = None, **more: Any) -> Price:
    """A price in dollars."""
    return Price(code, "USD", kind, model or PerUnit(Decimal("0.01")), **more)


BASE: Final = usd("base", Recurring(), Flat(Decimal(49)))
SEATS: Final = usd("seats", Licensed("seat"), PerUnit(Decimal(15)))
SMALL: Final = usd("small", Recurring(), Flat(Decimal(5)), add_on=AddOn(exclusive_group="size"))
LARGE: Final = usd("large", Recurring(), Flat(Decimal(9)), add_on=AddOn(exclusive_group="size"))
BOXES: Final = usd("boxes", Licensed("box"), add_on=AddOn(quantity_max=3))
CALLS: Final = usd("calls", Metered("calls"))
FULL: Final = plan_of(BASE, SEATS, SMALL, LARGE, BOXES, CALLS)


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account, and a plan with prices of most kinds."""
    return Live.on(billing, FULL, meters=(CALLS_METER,))


def test_subscription_is_stored_as_it_was_stated(live: Live) -> None:
    """Plan, name, days and what it holds come back from the store."""
    created = live.subscribe(
        held={"seats": 12, "small": 1}, begins="2026-03-05", ends="2026-09-01", name="Desk"
    )
    assert live.subscription() == created
    assert (created.display_name, created.facts[0].holding and created.facts[0].holding.held) == (
        "Desk",
        command_of(held={"seats": 12, "small": 1}).quantities.held,
    )


def test_subscription_begins_today_unless_a_day_is_stated(live: Live) -> None:
    """Today is that of the account's zone."""
    created = live.subscribe(begins="")
    assert created.plan_terms
    assert created.plan_terms.begins_on == day("2026-03-02")


def test_lists_tell_states_as_each_subscription_does(live: Live) -> None:
    """Those that lie ahead, that go on and that are over."""
    live.subscribe(subscription="over", begins="2026-03-01", ends="2026-03-02")
    live.subscribe(subscription="on", begins="2026-03-02", ends="2026-03-03")
    live.subscribe(subscription="ahead", begins="2026-03-03")
    now = live.billing.clock.now()
    found = {
        state.value: [
            each.subscription.subscription_id
            for each in live.billing.database.read(
                lambda tx, state=state: list_subscriptions(  # type: ignore[misc]
                    tx, "acme", states={state}, after="", limit=10, now=now
                )
            )
        ]
        for state in SubscriptionState
    }
    assert found == {
        "scheduled": ["ahead"],
        "active": ["on"],
        "paused": [],
        "unpaid": [],
        "cancelled": [],
        "ended": ["over"],
    }


def test_creation_is_told(live: Live) -> None:
    """The feed tells of the subscription and that the account's zone holds for good."""
    live.subscribe()
    told = live.billing.told(events_pb2.SubscriptionChanged(), events_pb2.AccountZoneFixed())
    assert [type(each).__name__ for _, each in told] == ["AccountZoneFixed", "SubscriptionChanged"]


def test_zone_is_fixed_once(live: Live) -> None:
    """A second subscription tells nothing of the zone."""
    live.subscribe(ends="2026-05-01")
    live.subscribe(subscription="after", begins="2026-05-01")
    assert len(live.billing.told(events_pb2.AccountZoneFixed())) == 1


def test_fixed_zone_stays_when_another_one_is_told(live: Live) -> None:
    """A change of zone that was under way no longer moves what is billed."""
    live.subscribe()
    moved = FollowAccount("acme", "", "Asia/Tokyo", "acme Ltda.")
    live.billing.apply(FOLLOW_ACCOUNT, [moved])
    live.billing.go_to("2026-04-01 00:00:03")
    assert live.billing.invoice().invoice.time_zone == SAO_PAULO


def test_month_of_the_first_day_closes(live: Live) -> None:
    """The close of the first month is set when the subscription is."""
    live.subscribe(begins="2026-05-10")
    assert live.billing.timers()["acme", "close_month"] == at("2026-06-01")


@pytest.mark.parametrize(("review", "is_watched"), [(Review.HELD, True), (Review.NONE, False)])
def test_accounts_are_watched_whose_charges_may_be_held(
    live: Live, review: Review, is_watched: bool
) -> None:
    """After each usage of theirs it is looked at whether a review is to be opened."""
    live.billing.plan(plan_of(replace(CALLS, review=review), plan="other"))
    live.subscribe("other")
    (row,) = rows_of(live.billing, "accounts")
    assert bool(row["usage_watched"]) is is_watched


REFUSED: Final = {
    "unknown account": (command_of(account="nobody"), "ACCOUNT_NOT_FOUND", ""),
    "unknown plan": (command_of("nothing"), "PLAN_NOT_FOUND", ""),
    "no price in the currency": (command_of("integrator", band=1), "PRICE_NOT_FOUND", ""),
    "not held as such": (
        command_of(held={"calls": 3}),
        "INVALID_QUANTITIES",
        "subscription.held[0].price",
    ),
    "unknown price": (
        command_of(held={"chairs": 3}),
        "INVALID_QUANTITIES",
        "subscription.held[0].price",
    ),
    "two of a group": (
        command_of(held={"small": 1, "large": 1}),
        "INVALID_QUANTITIES",
        "subscription.held[1].price",
    ),
    "more than the most": (
        command_of(held={"boxes": 4}),
        "INVALID_QUANTITIES",
        "subscription.held[0].quantity",
    ),
    "more than any charge": (
        command_of(held={"seats": 10**12}),
        "INVALID_QUANTITIES",
        "subscription.held[0].quantity",
    ),
    "more than a year back": (
        command_of(begins="2025-02-28"),
        "INVALID_DATES",
        "subscription.start_date",
    ),
    "too far ahead": (command_of(begins="2027-03-04"), "INVALID_DATES", "subscription.start_date"),
    "ends as it begins": (
        command_of(begins="2026-03-05", ends="2026-03-05"),
        "INVALID_DATES",
        "subscription.end_date",
    ),
    "on trial for nothing": (
        command_of(begins="2026-03-05", trial_ends_on=day("2026-03-05")),
        "INVALID_DATES",
        "subscription.trial_end_date",
    ),
    "on trial to the end": (
        command_of(begins="2026-03-05", ends="2026-04-05", trial_ends_on=day("2026-04-05")),
        "INVALID_DATES",
        "subscription.trial_end_date",
    ),
    "on trial for too long": (
        command_of(begins="2026-03-05", trial_ends_on=day("2027-03-07")),
        "INVALID_DATES",
        "subscription.trial_end_date",
    ),
}


def test_what_cannot_be_is_refused(live: Live) -> None:
    """With the reason of the contract, and the field where there is one."""
    outcomes = live.billing.do_all(CREATE_SUBSCRIPTION, [each for each, *_ in REFUSED.values()])
    told = {
        case: (getattr(outcome, "reason", ""), field if field in str(outcome) else str(outcome))
        for (case, (_, _, field)), outcome in zip(REFUSED.items(), outcomes, strict=True)
    }
    assert told == {case: (reason, field) for case, (_, reason, field) in REFUSED.items()}


def test_plan_that_counts_things_cannot_be_subscribed(live: Live) -> None:
    """Nobody records how many clients an account has."""
    live.billing.plan(plan_of(BASE, usd("clients", Counting("client")), plan="counting"))
    with pytest.raises(PlanNotSubscribable, match="counts client with clients"):
        live.subscribe("counting")


def test_id_is_taken_once(live: Live) -> None:
    """Another account may use it as well."""
    live.account("bravo")
    live.subscribe()
    live.subscribe(account="bravo")
    with pytest.raises(SubscriptionAlreadyExists):
        live.subscribe(begins="2026-07-01")


def test_id_of_an_instance_is_taken(live: Live) -> None:
    """Subscriptions of instances and of plans share their names."""
    live.account("bravo")
    live.billing.set_profile("bravo", currency="BRL")
    live.billing.subscribe("main", account="bravo")
    with pytest.raises(SubscriptionAlreadyExists):
        live.subscribe(account="bravo")


def followed(live: Live) -> dict[str, tuple[str, str]]:
    """The state of the account's subscriptions and the instance that each follows, by id."""
    now = live.billing.clock.now()
    found = live.billing.database.read(
        lambda tx: list_subscriptions(tx, "acme", states=(), after="", limit=100, now=now)
    )
    return {
        each.subscription.subscription_id: (each.subscription.instance, each.state.value)
        for each in found
    }


def test_an_instance_of_a_taken_id_is_followed_under_another(live: Live) -> None:
    """Whatever happens to it happens to its own subscription, and nothing is parked."""
    live.subscribe()
    live.billing.subscribe("main")
    live.billing.cancel("main", on="2026-06-20")
    assert (followed(live), live.billing.parked()) == (
        {"main": ("", "active"), "main-instance": ("main", "cancelled")},
        {},
    )


def test_instances_that_are_told_together_take_no_id_twice(live: Live) -> None:
    """One instance is called as the subscription of another would be."""
    live.subscribe()
    live.billing.subscribe("main", "main-instance")
    assert {name: instance for name, (instance, _) in followed(live).items()} == {
        "main": "",
        "main-instance": "main",
        "main-instance-instance": "main-instance",
    }


def test_a_taken_id_of_full_length_is_shortened() -> None:
    """An id has 63 characters at most."""
    ids = list(instance_subscription_ids("a" * 63))
    assert (ids[:3], max(map(len, ids))) == (
        ["a" * 63, "a" * 54 + "-instance", "a" * 52 + "-instance-2"],
        63,
    )


def test_an_instance_whose_ids_are_all_taken_parks_its_account(live: Live) -> None:
    """It must not go unbilled in silence."""
    ids = list(instance_subscription_ids("main"))
    live.billing.subscribe(*ids[1:])
    live.subscribe()
    live.billing.subscribe("main")
    assert "acme" in live.billing.parked()


def test_usage_of_a_trial_is_priced_by_another_one(live: Live) -> None:
    """One ends as the other's trial does, which may be changed meanwhile."""
    live.subscribe(subscription="old", ends="2026-04-01")
    live.subscribe(begins="2026-03-02", trial_ends_on=day("2026-04-01"))
    after = change(live, held={"seats": 2})
    assert live.subscription() == after


def test_usage_is_priced_once_when_a_trial_has_ended(live: Live) -> None:
    """A trial that ends a day before the other subscription does is refused."""
    live.subscribe(subscription="old", ends="2026-04-01")
    with pytest.raises(UsageAlreadyPriced):
        live.subscribe(begins="2026-03-02", trial_ends_on=day("2026-03-31"))


def test_of_concurrent_subscriptions_one_prices_the_usage(live: Live) -> None:
    """Commands of one batch see each other."""
    commands = [command_of(subscription=name) for name in ("one", "two")]
    created, refused = live.billing.do_all(CREATE_SUBSCRIPTION, commands)
    assert created is not None
    assert isinstance(refused, UsageAlreadyPriced)
