"""`pospago subscription`: what people read of a preview, and how they confirm it."""

import json
from collections.abc import AsyncIterator
from typing import Final

import pytest

from pospago_cli.failures import EXIT_REFUSED
from tests.billing.builders import Billing
from tests.cli.catalog_files import written
from tests.cli.usage_serving import UsageService, usage_service

CATALOG: Final = """\
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
CHANGE: Final = ("--plan", "big", "--mode", "difference-now")


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
async def service(running: UsageService) -> UsageService:
    """The service with a new account that holds the small plan."""
    await running.open_account()
    await running.shell.pospago(
        "subscription", "create", running.account, "desk", "--plan", "small"
    )
    return running


async def previewed(service: UsageService, *more: str) -> str:
    """What a preview of the change to the big plan prints."""
    words = ("subscription", "preview", f"{service.account}/desk", *CHANGE, *more)
    return await service.shell.pospago(*words)


async def test_preview_shows_what_is_due_as_an_invoice(service: UsageService) -> None:
    """Apart from what the month becomes, and with the token in one piece."""
    shown = await previewed(service)
    told = json.loads(await previewed(service, "--json"))["preview"]
    due = shown[shown.index("Due at once:") : shown.index("invoice of the month")]
    assert f"total {told['due_now'][0]['total']['units']}" in due
    assert f"00Z: {told['token']}" in shown


async def test_preview_is_confirmed_by_its_token(service: UsageService) -> None:
    """The change is made, and the command calls as whom it was told to."""
    token = json.loads(await previewed(service, "--json"))["preview"]["token"]
    words = ("subscription", "change", f"{service.account}/desk", *CHANGE, "--preview", token)
    shown = await service.shell.pospago(*words, "--json")
    assert json.loads(shown)["subscription"]["plan"] == "plans/big"


async def test_preview_token_that_is_empty_is_refused(
    service: UsageService, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise nothing would be confirmed, and the change be made all the same."""
    words = ("subscription", "change", f"{service.account}/desk", *CHANGE, "--preview", "")
    await service.shell.pospago(*words, exit_code=2)
    assert "leave it out, or state the token" in capsys.readouterr().err


async def test_unpaid_subscription_says_what_it_needs(service: UsageService) -> None:
    """Prepaid, and with nothing paid in, it tells what would revive it."""
    words = ("subscription", "create", service.account, "ahead", "--plan", "small", "--prepaid")
    assert "Record a payment, or grant credit." in await service.shell.pospago(*words)


async def test_mode_that_does_not_go_with_an_end_is_refused_in_words_of_the_command(
    service: UsageService,
) -> None:
    """The contract's name of the mode is not one that `--mode` takes."""
    words = ("subscription", "cancel", f"{service.account}/desk", "--mode", "full-now")
    shown = await service.shell.pospago(*words, exit_code=EXIT_REFUSED)
    assert "→ State --mode prorate-now, prorate-next-invoice or none-until-renewal." in shown
