"""`pospago charge`, `pospago coupon` and what subscriptions hold, against a real service."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import click
import pytest

from pospago_cli.agreed import Agreed
from pospago_cli.failures import EXIT_REFUSED
from tests.cli.catalog_files import written
from tests.cli.usage_serving import UsageService, usage_service

MISSPELLED: Final = 2
CATALOG: Final = """\
catalog: 1
currency: BRL
add_ons:
  hours: { display_name: Hours, licensed: hour, per_unit: 150, included: 5 }
plans:
  retainer:
    display_name: Retainer
    version_policy: follow
    prices:
      - { code: base, flat: 199 }
    add_ons: [hours]
"""


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UsageService]:
    """The service for all tests of this file, with a plan and a coupon."""
    directory = tmp_path_factory.mktemp("billing")
    async with usage_service(directory) as started:
        path = written(directory, CATALOG)
        await started.shell.pospago("catalog", "apply", str(path), "--yes")
        await started.shell.pospago("coupon", "create", "spring", "--percent", "10%", "--json")
        yield started


@pytest.fixture
async def service(running: UsageService) -> UsageService:
    """The service with an account of the test's own."""
    await running.open_account()
    return running


async def answer(service: UsageService, *words: str) -> Any:
    """What a command answers in JSON."""
    return json.loads(await service.shell.pospago(*words, "--json"))


async def subscribed(service: UsageService, *more: str) -> Any:
    """A subscription to the retainer."""
    stated = ("subscription", "create", service.account, "main", "--plan", "retainer")
    return (await answer(service, *stated, *more))["subscription"]


async def test_charge_of_its_own_is_shown(service: UsageService) -> None:
    """What it is for, how much, and what it comes to."""
    stated = ("--unit-price", "12.50", "--quantity", "3", "--description", "Setup")
    told = await answer(service, "charge", "create", service.account, "setup", *stated)
    charge = told["one_off_charge"]
    assert (charge["state"], charge["amount"]["units"], charge["amount"]["nanos"]) == (
        "STATE_PENDING",
        "37",
        500_000_000,
    )


async def test_charge_by_a_rate_card_tells_what_is_included(service: UsageService) -> None:
    """Five of eight hours cost nothing; three at 150, less 10%."""
    await subscribed(service)
    card = ("--subscription", f"{service.account}/main", "--price", "hours", "--quantity", "8")
    stated = (*card, "--percent-off", "10")
    told = await answer(service, "charge", "create", service.account, "work", *stated)
    charge = told["one_off_charge"]
    assert (charge["included_quantity"]["value"], charge["amount"]["units"]) == ("5", "405")


async def test_charges_are_listed_by_their_state(service: UsageService) -> None:
    """One is cancelled, the other still pending."""
    for name in ("one", "two"):
        stated = ("--unit-price", "1", "--description", "Setup")
        await answer(service, "charge", "create", service.account, name, *stated)
    await answer(service, "charge", "cancel", f"{service.account}/one", "--note", "a slip")
    listed = await answer(service, "charge", "list", service.account, "--state", "cancelled")
    found = [each["name"] for each in listed]
    assert found == [f"accounts/{service.account}/oneOffCharges/one"]


async def test_charge_is_cancelled_once(service: UsageService) -> None:
    """The second time it is refused."""
    stated = ("--unit-price", "1", "--description", "Setup")
    await answer(service, "charge", "create", service.account, "one", *stated)
    cancel = ("charge", "cancel", f"{service.account}/one")
    await answer(service, *cancel)
    printed = await service.shell.pospago(*cancel, exit_code=EXIT_REFUSED)
    assert "was cancelled before" in " ".join(printed.split())


@pytest.mark.parametrize(
    "stated",
    [(), ("--unit-price", "1", "--subscription", "acme/main")],
    ids=["no price", "two prices"],
)
async def test_charge_has_one_price(service: UsageService, stated: tuple[str, ...]) -> None:
    """Its own, or that of a rate card."""
    words = ("charge", "create", service.account, "one", *stated)
    await service.shell.pospago(*words, exit_code=MISSPELLED)
    listed = await answer(service, "charge", "list", service.account)
    assert listed == []


async def test_coupon_is_shown_as_created(service: UsageService) -> None:
    """So much off one price, for two periods, until a day."""
    stated = ("--amount", "5", "--currency", "BRL", "--price", "base", "--periods", "2")
    before = ("--before", "2027-01-01T00:00:00Z", "--redemptions-max", "7")
    await answer(service, "coupon", "create", "five", *stated, *before)
    coupon = (await answer(service, "coupon", "get", "five"))["coupon"]
    assert (coupon["amount"]["value"], coupon["periods_count"], coupon["redemptions_max"]) == (
        "5",
        2,
        7,
    )


async def test_subscription_holds_coupons_and_agreed_prices(service: UsageService) -> None:
    """The coupon counts it."""
    held = await subscribed(
        service, "--coupon", "spring", "--agreed", "hours=120", "--agreed", "base=5%"
    )
    assert (held["coupons"], [each["price"] for each in held["price_overrides"]]) == (
        ["coupons/spring"],
        ["hours", "base"],
    )


async def test_deactivated_coupon_is_refused(service: UsageService) -> None:
    """Nobody can redeem it any more."""
    await answer(service, "coupon", "create", "autumn", "--percent", "5")
    await answer(service, "coupon", "deactivate", "autumn")
    stated = ("subscription", "create", service.account, "main", "--plan", "retainer")
    printed = await service.shell.pospago(*stated, "--coupon", "autumn", exit_code=EXIT_REFUSED)
    assert "was deactivated" in " ".join(printed.split())


@pytest.mark.parametrize("written_so", ["seats", "seats=", "seats=-1", "seats=1%%", "=5"])
def test_agreed_price_must_be_one(written_so: str) -> None:
    """What is neither an amount nor a percentage is told."""
    with pytest.raises(click.BadParameter, match="seats=12"):
        Agreed().convert(written_so, None, None)
