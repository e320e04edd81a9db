"""`pospago payment-request` against a real service: a change that waits for its payment."""

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.billing.builders import Billing
from tests.cli.catalog_files import written
from tests.cli.usage_serving import UsageService, usage_service

CATALOG: Final = """
catalog: 1
currency: BRL
plans:
  small:
    display_name: Small
    version_policy: follow
    prices: [{ code: base, flat: 31 }]
  big:
    display_name: Big
    version_policy: follow
    prices: [{ code: base, flat: 62 }]
"""


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UsageService]:
    """The service for all tests of this file, with two plans that are charged ahead."""
    folder = tmp_path_factory.mktemp("billing")
    async with usage_service(folder) as started:
        await started.shell.pospago("catalog", "apply", str(written(folder, CATALOG)), "--yes")
        app = started.app
        inside = Billing(app.database, started.clock, app.writer, started.numbers)
        await app.writer.call(inside.issuer)
        yield started


@pytest.fixture
async def asked(running: UsageService) -> tuple[UsageService, str]:
    """An account whose change to the big plan waits for its payment, and the request for that."""
    await running.open_account()
    name = f"{running.account}/desk"
    pospago = running.shell.pospago
    await pospago("profile", "update", running.account, "--payment-provider", "manual")
    await pospago("subscription", "create", running.account, "desk", "--plan", "small")
    shown = await pospago(
        *("subscription", "change", name, "--plan", "big"), *("--mode", "difference-now", "--json")
    )
    told: str = json.loads(shown)["payment_request"]["name"]
    return running, told


async def answer(service: UsageService, *words: str) -> Any:
    """What a command answers in JSON."""
    return json.loads(await service.shell.pospago("payment-request", *words, "--json"))


async def test_request_is_listed_by_state(asked: tuple[UsageService, str]) -> None:
    """It is pending, and none was declined."""
    service, name = asked
    pending = await answer(service, "list", service.account, "--state", "pending")
    declined = await answer(service, "list", service.account, "--state", "declined")
    assert ([each["name"] for each in pending], declined) == ([name], [])


async def test_settled_request_makes_the_change(asked: tuple[UsageService, str]) -> None:
    """It was paid, and the subscription has the plan."""
    service, name = asked
    told = await answer(service, "settle", name, "--value-date", "2026-03-02")
    shown = await service.shell.pospago("subscription", "get", f"{service.account}/desk", "--json")
    assert told["payment_request"]["state"] == "STATE_PAID"
    assert json.loads(shown)["subscription"]["plan"] == "plans/big"


async def test_declined_request_says_why(asked: tuple[UsageService, str]) -> None:
    """The note is kept with it."""
    service, name = asked
    await answer(service, "settle", name, "--declined", "--note", "no funds")
    told = (await answer(service, "get", name))["payment_request"]
    assert (told["state"], told["note"]) == ("STATE_DECLINED", "no funds")


async def test_cancelled_request_is_over(asked: tuple[UsageService, str]) -> None:
    """It says that it was cancelled."""
    service, name = asked
    told = await answer(service, "cancel", name)
    assert told["payment_request"]["state"] == "STATE_CANCELLED"


async def test_change_shows_what_is_asked_for(asked: tuple[UsageService, str]) -> None:
    """Whoever changes reads the request beside the subscription."""
    service, name = asked
    await answer(service, "cancel", name)
    words = ("change", f"{service.account}/desk", "--plan", "big", "--mode", "difference-now")
    shown = await service.shell.pospago("subscription", *words)
    assert "PENDING" in shown


@pytest.mark.parametrize("words", [(), ("--declined", "--value-date", "2026-03-02")])
async def test_settling_needs_one_outcome(
    asked: tuple[UsageService, str], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Paid or declined: one of them is stated."""
    service, name = asked
    await service.shell.pospago("payment-request", "settle", name, *words, exit_code=2)
    assert "--value-date if it was paid, or --declined" in capsys.readouterr().err
