"""CreditService as a client sees it: pages of its lists, and what a repeated call gives."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from pospago.billing.v1 import credit_pb2 as pb
from pospago.billing.v1 import credit_pb2_grpc

from tests.billing.builders import START_AT
from tests.billing.serving import (
    INTEGRATOR_SECRET,
    Served,
    money,
    request_id,
    serving,
    stamp,
)

CURRENCIES: Final = ("USD", "BRL", "USD", "BRL")


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The server with an account of four credits in two currencies."""
    async with serving(tmp_path_factory.mktemp("credits")) as running:
        await running.inside(lambda billing: billing.account())
        for number, currency in enumerate(CURRENCIES):
            stub = stub_of(running)
            await running.call(stub.GrantCredit, grant_request(f"c{number}", currency=currency))
        yield running


def stub_of(served: Served) -> Any:
    return credit_pb2_grpc.CreditServiceStub(served.channel)


def grant_request(credit_id: str = "", currency: str = "BRL", **more: Any) -> pb.GrantCreditRequest:
    """A credit of 5 to be granted."""
    values: dict[str, Any] = {
        "kind": pb.Credit.KIND_GRANTED,
        "amount": money(5, currency),
        "application": pb.Credit.APPLICATION_AFTER_TAX,
        "request_id": request_id(),
    }
    return pb.GrantCreditRequest(parent="accounts/acme", credit_id=credit_id, **(values | more))


async def pages(served: Served, method: Any, request: Any, of: str) -> list[list[Any]]:
    """The pages of a list, by threes, as the account's own integrator reads them."""
    found = []
    request.page_size = 3
    while True:
        page = await served.call(method, request, INTEGRATOR_SECRET)
        found.append(list(getattr(page, of)))
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def test_ledger_goes_on_from_page_to_page(served: Served) -> None:
    """By currency and number, none twice and none left out."""
    request = pb.ListCreditEntriesRequest(parent="accounts/acme")
    found = await pages(served, stub_of(served).ListCreditEntries, request, "entries")
    said = [[(each.balance.currency_code, each.number) for each in page] for page in found]
    assert said == [[("BRL", 1), ("BRL", 2), ("USD", 1)], [("USD", 2)]]


async def test_credits_go_on_from_page_to_page(served: Served) -> None:
    """By name."""
    request = pb.ListCreditsRequest(parent="accounts/acme")
    found = await pages(served, stub_of(served).ListCredits, request, "credits")
    names = [[each.name.rpartition("/")[2] for each in page] for page in found]
    assert names == [["c0", "c1", "c2"], ["c3"]]


async def test_ledger_of_a_credit_is_its_own(served: Served) -> None:
    """With the numbers of the whole ledger."""
    request = pb.ListCreditEntriesRequest(parent="accounts/acme", credit_id="c3")
    answer = await served.call(stub_of(served).ListCreditEntries, request)
    assert [(each.number, each.balance.units) for each in answer.entries] == [(2, 10)]


async def test_repeated_grant_gives_the_same_credit(served: Served) -> None:
    """One request, one credit, even if nobody chose its id."""
    await served.inside(lambda billing: billing.account("bolt"))
    request = grant_request()
    request.parent = "accounts/bolt"
    first = await served.call(stub_of(served).GrantCredit, request)
    again = await served.call(stub_of(served).GrantCredit, request)
    assert first.credit.name == again.credit.name


async def test_credit_takes_effect_now_unless_it_is_said_otherwise(served: Served) -> None:
    """By the clock of its account."""
    answer = await served.call(
        stub_of(served).GetCredit, pb.GetCreditRequest(name="accounts/acme/credits/c0")
    )
    assert (answer.credit.effective_time, answer.credit.grant_time) == (
        stamp(START_AT),
        stamp(START_AT),
    )
