"""`pospago credit` against a real service, and what invoices say of credits."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.type.money_pb2 import Money
from pospago.billing.v1 import invoice_pb2 as pb

from pospago_cli.failures import EXIT_REFUSED
from pospago_cli.invoice_showing import explained, rendered
from tests.cli.test_invoice_form import money, seen
from tests.cli.usage_serving import UsageService, usage_service

REAIS = Money(currency_code="BRL", units=12, nanos=500_000_000)


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UsageService]:
    """The service for all tests of this file."""
    async with usage_service(tmp_path_factory.mktemp("billing")) as started:
        yield started


@pytest.fixture
async def service(running: UsageService) -> UsageService:
    """The service with an account of the test's own, and credit of 12.50 named `gift`."""
    await running.open_account()
    stated = (running.account, "12.50BRL", "--credit-id", "gift", "--description", "Welcome")
    await running.shell.pospago("credit", "grant", *stated, "--expires", "2027-01-01T00:00:00Z")
    return running


async def answer(service: UsageService, *words: str) -> Any:
    """What a command answers in JSON."""
    return json.loads(await service.shell.pospago("credit", *words, "--json"))


async def test_granted_credit_is_shown(service: UsageService) -> None:
    """What it is, how much is left, until when, and who granted it."""
    told = await answer(service, "get", f"{service.account}/gift")
    credit = told["credit"]
    shown = (credit["kind"], credit["application"], credit["state"], credit["expire_time"])
    assert shown == (
        "KIND_GRANTED",
        "APPLICATION_AFTER_TAX",
        "STATE_OPEN",
        "2027-01-01T00:00:00Z",
    )
    assert credit["amount_left"]["units"] == "12"
    assert credit["author"]


async def test_credit_is_granted_for_what_is_stated(service: UsageService) -> None:
    """A purchased one before tax, for an account and a price alone."""
    stated = ("--purchased", "--before-tax", "--for", service.account, "--price", "seats")
    told = await answer(service, "grant", service.account, "5BRL", *stated, "--priority", "3")
    credit = told["credit"]
    assert (credit["kind"], credit["application"], credit["priority"], credit["scope"]) == (
        "KIND_PURCHASED",
        "APPLICATION_BEFORE_TAX",
        3,
        {
            "plans": [],
            "prices": ["seats"],
            "meters": [],
            "accounts": [f"accounts/{service.account}"],
        },
    )


async def test_credits_are_listed_by_state(service: UsageService) -> None:
    """The open one is there, and none is voided."""
    shown = await service.shell.pospago("credit", "list", service.account, "--state", "open")
    assert "12.50 BRL" in shown
    assert await answer(service, "list", service.account, "--state", "voided") == []


async def test_ledger_follows_a_void(service: UsageService) -> None:
    """Granted and voided, with the balance after each."""
    await service.shell.pospago("credit", "void", f"{service.account}/gift", "--note", "a slip")
    told = await answer(service, "entries", service.account, "--credit-id", "gift")
    entries = [(each["number"], each["kind"], each["balance"]["units"]) for each in told]
    assert entries == [("1", "KIND_GRANTED", "12"), ("2", "KIND_VOIDED", "0")]


async def test_credit_with_nothing_left_is_not_voided_again(service: UsageService) -> None:
    """The refusal says where it stands."""
    words = ("credit", "void", f"{service.account}/gift", "--note", "a slip")
    await service.shell.pospago(*words)
    shown = await service.shell.pospago(*words, exit_code=EXIT_REFUSED)
    assert shown.startswith("FAILED_PRECONDITION · CREDIT_NOT_OPEN")


def test_invoice_shows_what_credits_pay() -> None:
    """Those after tax below the lines; those before it are lines."""
    applied = [
        pb.Invoice.AppliedCredit(credit="accounts/acme/credits/a", amount=REAIS, after_tax=True),
        pb.Invoice.AppliedCredit(credit="accounts/acme/credits/b", amount=REAIS),
    ]
    shown = seen(rendered(pb.Invoice(credits=applied, total=money(271, 36))))
    assert "accounts/acme/credits/a pays 12.50 BRL" in shown
    assert "credits/b" not in shown


def test_line_of_credit_is_explained_by_its_credit() -> None:
    """There is no price to tell of."""
    name = "accounts/acme/credits/a"
    line = pb.InvoiceLine(description="Credit, Welcome", amount=money(-5), credit=name)
    shown = seen(explained(pb.ExplainInvoiceLineResponse(line=line)))
    assert shown == "Credit, Welcome: -5.00 USD of accounts/acme/credits/a"
