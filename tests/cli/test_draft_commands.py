"""`pospago invoice` on drafts, against a real service: listed, held, released and issued."""

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
"""


def _go_to(service: UsageService, text: str) -> Any:
    """Let time pass in the service."""
    inside = Billing(service.app.database, service.clock, service.app.writer, service.numbers)
    return service.app.writer.call(lambda: inside.go_to(text))


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UsageService]:
    """An account whose drafts are held; it is 2 April, and March rests."""
    folder = tmp_path_factory.mktemp("billing")
    async with usage_service(folder) as started:
        pospago = started.shell.pospago
        await pospago("catalog", "apply", str(written(folder, CATALOG)), "--yes")
        await started.open_account()
        inside = Billing(started.app.database, started.clock, started.app.writer, started.numbers)
        await started.app.writer.call(inside.issuer)
        await pospago("profile", "update", started.account, "--hold-invoices")
        await pospago("subscription", "create", started.account, "desk", "--plan", "small")
        await _go_to(started, "2026-04-02 12:00")
        yield started


def draft(service: UsageService) -> str:
    """The name of the account's draft."""
    return f"{service.account}/draft-2026-03-brl"


async def test_draft_is_listed_by_its_state(service: UsageService) -> None:
    """It is the only one."""
    shown = await service.shell.pospago("invoice", "list", "--state", "draft", "--json")
    assert [each["state"] for each in json.loads(shown)] == ["STATE_DRAFT"]


async def test_draft_is_shown_as_one(service: UsageService) -> None:
    """It has no number."""
    assert "Invoice draft" in await service.shell.pospago("invoice", "get", draft(service))


async def test_draft_is_held_for_a_reason(service: UsageService) -> None:
    """Which is told."""
    words = ("invoice", "hold", draft(service), "--note", "odd", "--json")
    assert json.loads(await service.shell.pospago(*words))["draft"]["note"] == "odd"


async def test_draft_says_since_when_it_is_held(service: UsageService) -> None:
    """By the payer's profile, or by an operator who says why."""
    shown = await service.shell.pospago("invoice", "get", draft(service))
    assert "held since" in shown


async def test_terms_are_shown_with_their_versions(service: UsageService) -> None:
    """Those of the programme have one: due on the 5th, and no days of rest."""
    listed = await service.shell.pospago("terms", "list")
    shown = await service.shell.pospago("terms", "get", "integrator")
    assert "terms/integrator" in listed
    assert ("due day" in shown, "America/Sao_Paulo" in shown) == (True, True)


async def test_draft_is_issued_or_released(service: UsageService) -> None:
    """March is issued by hand; April is released, and issued by itself."""
    issued = await service.shell.pospago("invoice", "issue", draft(service))
    await _go_to(service, "2026-05-02 12:00")
    april = f"{service.account}/draft-2026-04-brl"
    released = await service.shell.pospago("invoice", "release", april, "--json")
    await _go_to(service, "2026-05-02 12:01")
    listed = await service.shell.pospago("invoice", "list", service.account, "--json")
    assert "INV-000001" in issued
    assert "hold_time" not in json.loads(released)["draft"]
    assert [each["number"] for each in json.loads(listed)] == ["INV-000001", "INV-000002"]


async def test_draft_that_gives_back_shows_its_credit_note(service: UsageService) -> None:
    """April was invoiced before the subscription was cancelled since its first day."""
    words = ("--on", "2026-04-01", "--mode", "prorate-next-invoice")
    await service.shell.pospago("subscription", "cancel", f"{service.account}/desk", *words)
    await _go_to(service, "2026-06-02 12:00")
    shown = await service.shell.pospago("invoice", "get", f"{service.account}/draft-2026-05-brl")
    assert "given back 31.00 BRL" in shown
