"""Every refusal that the contract documents, by code and reason, in the form all share.

The contract's comments say which reasons each rpc gives. Each such pair is brought about here: by a
case of its own in one of the modules `REGISTERED`, or by a test that goes over all rpcs that share
a reason.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.suite import (
    billing_refusals,
    catalog_refusals,
    change_refusals,
    credit_note_refusals,
    credit_refusals,
    draft_refusals,
    holding_refusals,
    one_off_refusals,
    payment_refusals,
    prepaid_refusals,
    provisioning_refusals,
    usage_refusals,
)
from tests.suite.change_world import INVOICING
from tests.suite.contracts import EVERYWHERE, documented_pairs, reasons, rpcs
from tests.suite.draft_world import ISSUE
from tests.suite.ready_requests import ready_request
from tests.suite.refusal_cases import CASES, assert_refused
from tests.suite.requests import sample
from tests.suite.usage_world import SUBSCRIBE
from tests.suite.world import World, running_world

REGISTERED: Final = (
    billing_refusals,
    catalog_refusals,
    change_refusals,
    credit_note_refusals,
    credit_refusals,
    draft_refusals,
    holding_refusals,
    one_off_refusals,
    payment_refusals,
    prepaid_refusals,
    provisioning_refusals,
    usage_refusals,
)
# Brought about by a test of this file for every rpc that documents it.
FOR_ALL: Final = frozenset(
    {"REQUEST_ID_REUSED", "ETAG_MISMATCH", "INVALID_PAGE_TOKEN", "SANDBOX_ADVANCING"}
)
PARKED: Final = sorted(
    name for name, reason in documented_pairs() - set(CASES) if reason == "ACCOUNT_PARKED"
)
# These need services that are away, restored, or without an issuer: tests of their own in
# `test_refusals_apart`.
UNAVAILABLE: Final = ("provisioning.SandboxService.AdvanceSandbox", "TEMPORARILY_UNAVAILABLE")
CUT_OFF: Final = ("billing.SandboxStepService.ApplyTo", "POSITION_OUT_OF_RANGE")
NO_ISSUER: Final = frozenset((rpc, "ISSUER_NOT_FOUND") for rpc in (*INVOICING, ISSUE, SUBSCRIBE))


@pytest_asyncio.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Both services on SQLite."""
    async with running_world(tmp_path_factory.mktemp("refusals")) as running:
        yield running


def documenting(reason: str) -> list[str]:
    """The rpcs whose comments document a reason."""
    return sorted(name for name, documented in documented_pairs() if documented == reason)


def test_every_documented_refusal_is_brought_about() -> None:
    """Each rpc's documented reasons have a case, or are of those that all rpcs share."""
    shared = {(rpc, reason) for rpc, reason in documented_pairs() if reason in FOR_ALL}
    shared |= {(rpc, "ACCOUNT_PARKED") for rpc in PARKED} | {UNAVAILABLE, CUT_OFF} | NO_ISSUER
    assert documented_pairs() - shared == set(CASES)


def test_every_documented_reason_is_published() -> None:
    """A comment names no reason that the enums do not publish, and each reason one code."""
    assert {reason for _, reason in documented_pairs()} | EVERYWHERE <= set(reasons())
    assert all(each.codes for each in reasons().values() if each.reason != "UNSPECIFIED")


@pytest.mark.parametrize(("rpc", "reason"), sorted(CASES))
async def test_refusal_has_its_code_and_reason(world: World, rpc: str, reason: str) -> None:
    """The rpc refuses for the reason that its comment documents."""
    attempt = await CASES[rpc, reason](world, rpc)
    outcome = await world.call(rpc, attempt.request, attempt.secret, within_s=attempt.within_s)
    assert_refused(rpc, outcome, reason)


@pytest.mark.parametrize("rpc", documenting("REQUEST_ID_REUSED"))
async def test_request_id_is_good_for_one_request(world: World, rpc: str) -> None:
    """The same request gets the same answer again; another with its id is refused."""
    request = await ready_request(world, rpc)
    first = await world.call(rpc, request)
    assert first.code == "OK", first.message
    again = await world.call(rpc, request)
    assert again.code == "OK"
    other = await ready_request(world, rpc)
    other.request_id = request.request_id
    assert_refused(rpc, await world.call(rpc, other), "REQUEST_ID_REUSED")


@pytest.mark.parametrize("rpc", documenting("ETAG_MISMATCH"))
async def test_stale_etag_is_refused(world: World, rpc: str) -> None:
    """A change of what has changed since it was read is refused."""
    request: Any = await ready_request(world, rpc)
    part = next((each for _, each in request.ListFields() if hasattr(each, "etag")), request)
    part.etag = "0"
    assert_refused(rpc, await world.call(rpc, request), "ETAG_MISMATCH")


@pytest.mark.parametrize("rpc", documenting("INVALID_PAGE_TOKEN"))
async def test_page_token_must_be_one_of_the_list(world: World, rpc: str) -> None:
    """A list refuses a page token that it did not give out."""
    request = sample(rpc, account=await world.account(), more='page_token: "bm90IG91cnM"')
    if rpc == "billing.InvoiceService.ListInvoiceCharges":
        account = (await world.unpaid()).account
        request.parent = f"accounts/{account}/invoices/{await world.invoice_of(account)}"
    assert_refused(rpc, await world.call(rpc, request), "INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("rpc", documenting("SANDBOX_ADVANCING"))
async def test_sandbox_on_its_way_is_not_written_to(world: World, rpc: str) -> None:
    """While a sandbox is being advanced, its accounts take no other writes."""
    sandbox = await world.sandbox()
    request = await ready_request(world, rpc, sandbox)
    await world.set_out(rpcs()[rpc].package, sandbox)
    assert_refused(rpc, await world.call(rpc, request), "SANDBOX_ADVANCING")


@pytest.mark.parametrize("rpc", PARKED)
async def test_parked_account_is_not_written_to(world: World, rpc: str) -> None:
    """An account for which something due failed takes no writes until that is done."""
    request = await ready_request(world, rpc)
    service = rpcs()[rpc].package
    if service == "billing":
        # Billing must have heard of the account before it can be parked.
        profile = "billing.BillingProfileService.GetBillingProfile"
        await world.do(profile, sample(profile, account=account_in(request)))
    await world.park(service, account_in(request))
    assert_refused(rpc, await world.call(rpc, request), "ACCOUNT_PARKED")


@pytest.mark.parametrize("rpc", sorted(rpcs()))
async def test_malformed_bytes_are_refused(world: World, rpc: str) -> None:
    """Bytes that are no message of the rpc's type are the caller's fault."""
    assert_refused(rpc, await world.call(rpc, b"\xff\xff\xff"), "MALFORMED_REQUEST")


@pytest.mark.parametrize("rpc", sorted(rpcs()))
async def test_bad_field_is_named(world: World, rpc: str) -> None:
    """A field that breaks its rule is named by its path."""
    request, field = with_bad_field(rpc)
    outcome = await world.call(rpc, request)
    assert_refused(rpc, outcome, "INVALID_FIELD")
    assert outcome.fields == [field]


async def test_text_with_nul_is_named(world: World) -> None:
    """Text that holds NUL, which not every store can keep, is refused and named by its path."""
    rpc = "billing.BillingProfileService.UpdateBillingProfile"
    more = 'billing_profile {address {address_lines: "1" address_lines: "a\\000b"}}'
    outcome = await world.call(rpc, sample(rpc, account=await world.account(), more=more))
    assert_refused(rpc, outcome, "INVALID_FIELD")
    assert outcome.fields == ["billing_profile.address.address_lines[1]"]


@pytest.mark.parametrize("overlap", ["seconds: -1", "seconds: 2592000 nanos: 1"])
async def test_overlap_of_secrets_is_bounded(world: World, overlap: str) -> None:
    """A secret works on beside the next one for 30 days at most."""
    rpc = "provisioning.TokenService.RotateToken"
    account = (await world.integrator()).account
    request = sample(rpc, account=account, token="1", more=f"overlap {{{overlap}}}")
    outcome = await world.call(rpc, request)
    assert_refused(rpc, outcome, "INVALID_FIELD")
    assert outcome.fields == ["overlap"]


@pytest.mark.parametrize("rpc", sorted(rpcs()))
async def test_unknown_names_are_refused_for_a_documented_reason(world: World, rpc: str) -> None:
    """A request about things that nobody made gives an answer, or a documented refusal."""
    outcome = await world.call(rpc, sample(rpc))
    assert outcome.told in {"OK", *rpcs()[rpc].reasons}, outcome.message


def account_in(request: Any) -> str:
    """The bare id of the account that a request names first."""
    named = re.search(r'"accounts/([a-z0-9-]+)', str(request))
    assert named is not None
    return named[1]


def with_bad_field(rpc: str) -> tuple[Any, str]:
    """A request of which one field breaks its rule, and that field's path."""
    request: Any = sample(rpc)
    contract = rpcs()[rpc]
    if contract.field("request_id") is not None:
        request.request_id = "no-uuid"
        return request, "request_id"
    if contract.field("page_size") is not None:
        request.page_size = 1001
        return request, "page_size"
    if rpc == "billing.SandboxStepService.ApplyTo":
        request.ClearField("position")
        return request, "position"
    if contract.field("events") is not None:
        request.ClearField("events")
        return request, "events"
    field = contract.method.input_type.fields[0].name
    if contract.field("account") is not None:
        field = "account"
    setattr(request, field, "x" * 600)
    return request, field
