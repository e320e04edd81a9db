"""Drafts through the real server: read and listed beside invoices, held, released, issued."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from pospago.billing.v1 import billing_profile_pb2
from pospago.billing.v1 import invoice_pb2 as pb

from billing_service.domain.proration import ProrationMode
from tests.billing.builders import Billing, at
from tests.billing.serving import Served, refused, request_id, serving
from tests.billing.subscribing.changing import move
from tests.billing.subscribing.drafted import Drafted

CODE: Final = grpc.StatusCode
MARCH: Final = "draft-2026-03-usd"
APRIL: Final = "draft-2026-04-usd"
PAYERS: Final = ("acme", "beta", "gamma")


def _set_up(billing: Billing) -> None:
    """It is 2 April: March rests for three payers; that of `old` was invoiced at once."""
    billing.issuer()
    live = Drafted.resting(billing)
    for account in (*PAYERS[1:], "old"):
        live.account(account)
        live.subscribe(account=account)
    for account in PAYERS[1:]:
        live.rest(account, 5)
    billing.go_to("2026-04-02 12:00")


def _give_back(billing: Billing) -> None:
    """It is 2 May: April rests, and gives back what March was charged too much, 4.84."""
    billing.go_to("2026-04-10 12:00")
    move(Drafted(billing), "cancel", "2026-03-17", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    billing.go_to("2026-05-02 12:00")


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with three drafts and an invoice, to be read."""
    async with serving(tmp_path_factory.mktemp("read")) as running:
        await running.inside(_set_up)
        yield running


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Served]:
    """The same, for one test."""
    async with serving(tmp_path) as running:
        await running.inside(_set_up)
        yield running


async def listed(served: Served, **more: Any) -> list[list[str]]:
    """The names of invoices, page by page."""
    pages: list[list[str]] = []
    request = pb.ListInvoicesRequest(**({"parent": "accounts/-"} | more))
    while not pages or request.page_token:
        answer = await served.call(served.stubs.invoices.ListInvoices, request)
        pages.append([each.name.removeprefix("accounts/") for each in answer.invoices])
        request.page_token = answer.next_page_token
    return pages


async def draft_of(served: Served, account: str = "acme") -> pb.Invoice:
    """A draft as it is read."""
    request = pb.GetInvoiceRequest(name=name_of(account))
    invoice: pb.Invoice = (await served.call(served.stubs.invoices.GetInvoice, request)).invoice
    return invoice


async def bill_in_reais(served: Served, account: str) -> None:
    """Charge an account in a currency in which its plan has no prices."""
    request = billing_profile_pb2.UpdateBillingProfileRequest(
        billing_profile=billing_profile_pb2.BillingProfile(
            name=f"accounts/{account}/billingProfile", currency="BRL"
        ),
        update_mask=FieldMask(paths=["currency"]),
        request_id=request_id(),
    )
    await served.call(served.stubs.profiles.UpdateBillingProfile, request)


def name_of(account: str = "acme", draft: str = MARCH) -> str:
    """The name of a draft."""
    return f"accounts/{account}/invoices/{draft}"


async def test_draft_is_told_as_it_would_be_issued(served: Served) -> None:
    """With its lines and dates, and when that is; it has no number."""
    found = await draft_of(served)
    assert (found.name, found.number, found.state) == (name_of(), "", pb.Invoice.STATE_DRAFT)
    assert (found.total.units, found.due_date.day) == (10, 10)
    assert found.draft.issue_time.ToMicroseconds() == at("2026-04-06")


async def test_drafts_are_listed_among_invoices_page_by_page(served: Served) -> None:
    """By payer, each entry once, whatever the size of a page."""
    expected = [f"{payer}/invoices/{MARCH}" for payer in PAYERS] + ["old/invoices/inv-000001"]
    whole = await listed(served)
    single = await listed(served, page_size=1)
    assert (whole, single) == ([expected], [[each] for each in expected])


async def test_drafts_are_listed_by_state_and_month(served: Served) -> None:
    """Alone, or not at all."""
    drafts = await listed(served, states=["STATE_DRAFT"])
    opened = await listed(served, states=["STATE_OPEN"])
    later = await listed(served, month_from={"year": 2026, "month": 4, "day": 1})
    assert [len(page) for page in (*drafts, *opened, *later)] == [3, 1, 0]


async def test_draft_that_cannot_be_priced_is_listed_without_figures(own: Served) -> None:
    """So that the others are there; asked for itself, it says why."""
    await bill_in_reais(own, "beta")
    request = pb.ListInvoicesRequest(parent="accounts/beta")
    (found,) = (await own.call(own.stubs.invoices.ListInvoices, request)).invoices
    get = pb.GetInvoiceRequest(name=name_of("beta", "draft-2026-03-brl"))
    refusal = await refused(own, own.stubs.invoices.GetInvoice, get)
    assert (found.name, len(found.lines)) == (get.name, 0)
    assert refusal == (CODE.FAILED_PRECONDITION, "PRICE_NOT_FOUND")


async def test_draft_in_a_currency_that_is_not_charged_is_not_there(served: Served) -> None:
    """The payer's draft is in dollars."""
    get = pb.GetInvoiceRequest(name=name_of("acme", "draft-2026-03-eur"))
    refusal = await refused(served, served.stubs.invoices.GetInvoice, get)
    assert refusal == (CODE.NOT_FOUND, "INVOICE_NOT_FOUND")


async def test_held_draft_says_why_until_it_is_released(own: Served) -> None:
    """Held, it tells no time at which it is issued."""
    hold = pb.HoldInvoiceRequest(name=name_of(), note="odd", request_id=request_id())
    await own.call(own.stubs.invoices.HoldInvoice, hold)
    held = (await draft_of(own)).draft
    release = pb.ReleaseInvoiceRequest(name=name_of(), request_id=request_id())
    await own.call(own.stubs.invoices.ReleaseInvoice, release)
    released = (await draft_of(own)).draft
    assert (held.note, held.HasField("issue_time"), bool(held.author)) == ("odd", False, True)
    assert (released.note, released.HasField("hold_time")) == ("", False)


async def test_draft_that_is_issued_has_a_number_and_no_draft(own: Served) -> None:
    """The answer is the invoice; the draft's name is gone."""
    issue = pb.IssueInvoiceRequest(name=name_of(), request_id=request_id())
    (issued,) = (await own.call(own.stubs.invoices.IssueInvoice, issue)).invoices
    again = pb.IssueInvoiceRequest(name=name_of(), request_id=request_id())
    refusal = await refused(own, own.stubs.invoices.IssueInvoice, again)
    assert (issued.number, issued.state) == ("INV-000002", pb.Invoice.STATE_OPEN)
    assert refusal == (CODE.FAILED_PRECONDITION, "INVOICE_NOT_DRAFT")


async def test_draft_that_only_gives_back_is_listed_with_its_credit_notes(own: Served) -> None:
    """It has no lines and comes to 0."""
    await own.inside(_give_back)
    request = pb.ListInvoicesRequest(parent="accounts/acme", states=["STATE_DRAFT"])
    (found,) = (await own.call(own.stubs.invoices.ListInvoices, request)).invoices
    (note,) = found.credit_notes
    told = (found.name, len(found.lines), found.total.units, found.total.currency_code)
    assert told == (name_of(draft=APRIL), 0, 0, "USD")
    assert (note.number, note.invoice_number, note.total.units) == ("", "INV-000002", 4)


async def test_draft_that_only_gives_back_leaves_its_credit_notes(own: Served) -> None:
    """Issued, it is no invoice."""
    await own.inside(_give_back)
    issue = pb.IssueInvoiceRequest(name=name_of(draft=APRIL), request_id=request_id())
    issued = (await own.call(own.stubs.invoices.IssueInvoice, issue)).invoices
    get = pb.GetInvoiceRequest(name=name_of(draft=APRIL))
    refusal = await refused(own, own.stubs.invoices.GetInvoice, get)
    assert (len(issued), refusal) == (0, (CODE.NOT_FOUND, "INVOICE_NOT_FOUND"))


async def test_draft_of_a_month_that_comes_to_nothing_is_there(own: Served) -> None:
    """All of March was cancelled while it rested: the draft can be read, as it can be issued."""
    await own.inside(
        lambda billing: move(
            Drafted(billing), "cancel", "2026-03-01", mode=ProrationMode.PRORATE_NEXT_INVOICE
        )
    )
    found = await draft_of(own)
    assert (found.total.units, found.total.currency_code, len(found.credit_notes)) == (0, "USD", 0)
