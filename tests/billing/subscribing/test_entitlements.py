"""What subscriptions entitle to, and when that is told."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.entitlements import Entitlements, LimitInForce, entitlements_of
from billing_service.domain.plan import PlanVersion, VersionPolicy
from billing_service.domain.price import AddOn, Fixed, Licensed, Limit, Price, Recurring, Unlimited
from billing_service.domain.price_change import PriceChange
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.quantities import Held
from billing_service.domain.subscription_facts import PlanHolding
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.create_price_change import (
    CREATE_PRICE_CHANGE,
    CreatePriceChange,
)
from tests.billing.builders import Billing, at, day
from tests.billing.subscribing.live import Live, plan_of


def usd(code: str, kind: Any = None, **more: Any) -> Price:
    """A price in dollars: of a base, or of what is held."""
    model = PerUnit(Decimal(10)) if kind else Flat(Decimal(29))
    return Price(code, "USD", kind or Recurring(), model, **more)


def limit(code: str, size: str | None, raised_by: str = "") -> Limit:
    return Limit(code, "", Unlimited() if size is None else Fixed(Decimal(size)), "", raised_by)


PRICES: Final = (
    usd("base"),
    usd("extra-user", Licensed("user"), add_on=AddOn()),
    usd("device", Licensed("device")),
    usd("priority-builds", add_on=AddOn()),
    usd("domain", Licensed("domain"), add_on=AddOn()),
)
LIMITS: Final = (
    limit("users", "5", "extra-user"),
    limit("devices", "0", "device"),
    limit("storage", "0.5"),
    limit("builds", None),
)
PRO: Final = plan_of(*PRICES, limits=LIMITS)


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account, and a plan with limits and add-ons."""
    return Live.on(billing, PRO)


def in_words(message: Any) -> str:
    """A set of entitlements, such as `users=7 builds=any +domain`."""
    limits = [
        f"{each.code}={'any' if each.unlimited else each.quantity.value}" for each in message.limits
    ]
    return " ".join([*limits, *(f"+{each}" for each in message.features)])


def told(live: Live) -> Iterator[tuple[int, str]]:
    """When what was told to be in force."""
    for effective_at, message in live.billing.told(events_pb2.EntitlementsChanged):
        yield effective_at, in_words(message)


@pytest.mark.parametrize(
    ("held", "limits", "features"),
    [
        ({}, {"users": "5", "devices": "0"}, ()),
        ({"extra-user": "2"}, {"users": "7", "devices": "0"}, ()),
        ({"device": "3"}, {"users": "5", "devices": "3"}, ()),
        ({"domain": "2", "priority-builds": "1"}, {"users": "5"}, ("priority-builds", "domain")),
        ({"domain": "0"}, {"users": "5"}, ()),
    ],
)
def test_limits_are_raised_by_what_is_held(
    held: dict[str, str], limits: dict[str, str], features: tuple[str, ...]
) -> None:
    """A unit held raises a limit by one; other add-ons are features, while any is held."""
    quantities = tuple(Held(code, Decimal(value)) for code, value in held.items())
    found = entitlements_of(PRO.versions[0], PlanHolding("pro", held=quantities), "USD")
    given = {each.code: each.quantity for each in found.limits}
    assert {code: given[code] for code in limits} == {
        code: Decimal(size) for code, size in limits.items()
    }
    assert (given["storage"], given["builds"], found.features) == (Decimal("0.5"), None, features)


def test_another_currency_has_no_such_add_on() -> None:
    """An add-on is given in the currency that it is priced in."""
    holding = PlanHolding("pro", held=(Held("domain", Decimal(1)),))
    found = entitlements_of(PlanVersion(1, None, PRICES), holding, "BRL")
    assert found == Entitlements()


def test_limit_without_bound_is_not_raised() -> None:
    """What is without limit stays so, whatever is held."""
    version = PlanVersion(1, None, PRICES, limits=(limit("users", None, "extra-user"),))
    holding = PlanHolding("pro", held=(Held("extra-user", Decimal(2)),))
    assert entitlements_of(version, holding, "USD").limits == (LimitInForce("users", None),)


def test_creation_tells_what_is_in_force(live: Live) -> None:
    """A subscription that begins today is told at once, with all that it gives."""
    live.subscribe(begins="", held={"extra-user": 2, "domain": 1})
    now = live.billing.clock.now()
    assert list(told(live)) == [(now, "users=7 devices=0 storage=0.5 builds=any +domain")]


def test_first_and_last_day_are_told_by_themselves(live: Live) -> None:
    """Nothing is given before the first day begins, and nothing once the last one is over."""
    live.subscribe(begins="2026-03-20", ends="2026-04-10")
    assert list(told(live)) == []
    live.billing.go_to("2026-04-11")
    assert list(told(live)) == [
        (at("2026-03-20"), "users=5 devices=0 storage=0.5 builds=any"),
        (at("2026-04-10"), ""),
    ]


@pytest.mark.parametrize(
    ("policy", "given"),
    [(VersionPolicy.FOLLOW, ["users=5", "users=8"]), (VersionPolicy.KEEP, ["users=5"])],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_later_version_is_told_from_its_first_day(
    billing: Billing, policy: VersionPolicy, given: list[str], *, is_known: bool
) -> None:
    """Known before or added later, a version gives its limits from its first full day on."""
    live = Live.on(billing, plan_of(*PRICES, limits=(limit("users", "5"),), policy=policy))
    later = PlanVersion(0, at("2026-03-15 12:00"), PRICES, limits=(limit("users", "8"),))
    if is_known:
        billing.do(ADD_PLAN_VERSION, AddPlanVersion("pro", later))
    live.subscribe()
    if not is_known:
        billing.do(ADD_PLAN_VERSION, AddPlanVersion("pro", later))
    billing.go_to("2026-03-20")
    found = list(told(live))
    assert [words for _, words in found] == given
    assert [effective_at for effective_at, _ in found[1:]] == [at("2026-03-16")] * len(found[1:])


def test_version_with_the_same_limits_is_not_told(live: Live) -> None:
    """Other prices alone entitle to nothing else."""
    live.subscribe()
    later = replace(PRO.versions[0], effective_at=at("2026-03-15"))
    live.billing.do(ADD_PLAN_VERSION, AddPlanVersion("pro", later))
    live.billing.go_to("2026-03-20")
    assert len(list(told(live))) == 1


def test_version_of_its_own_is_told_on_its_day(billing: Billing) -> None:
    """A change that gives an account another version of the plan gives its limits, too."""
    kept = plan_of(*PRICES, limits=(limit("users", "5"),), policy=VersionPolicy.KEEP)
    live = Live.on(billing, kept)
    live.subscribe()
    later = PlanVersion(0, at("2026-03-05"), PRICES, limits=(limit("users", "8"),))
    billing.do(ADD_PLAN_VERSION, AddPlanVersion("pro", later))
    change = PriceChange("acme", "rise", "pro", day("2026-03-12"), 2, None, "", 0)
    billing.do(CREATE_PRICE_CHANGE, CreatePriceChange(change))
    billing.go_to("2026-03-20")
    assert list(told(live))[1:] == [(at("2026-03-12"), "users=8")]
