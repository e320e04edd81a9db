"""Drafts in the running suite: months that rest, though they have not ended."""

from datetime import date
from typing import Any, Final

from google.protobuf.message import Message
from sqlalchemy import insert

from billing_service.domain.draft import draft_id
from billing_service.storage.tables import table
from chassis.clock import SystemClock
from tests.suite.requests import fresh, sample
from tests.suite.usage_world import in_days
from tests.suite.world import World

INVOICES: Final = "billing.InvoiceService"
ISSUE: Final = f"{INVOICES}.IssueInvoice"
HOLD: Final = f"{INVOICES}.HoldInvoice"
RELEASE: Final = f"{INVOICES}.ReleaseInvoice"
GET: Final = f"{INVOICES}.GetInvoice"


async def rest(world: World, account: str) -> str:
    """Let the present month of an account rest, held, as if it had ended; gives the draft's id."""
    # Once billing has answered for the account, it has heard of it.
    profile = "billing.BillingProfileService.GetBillingProfile"
    await world.do(profile, sample(profile, account=account))
    month: date = in_days(0).replace(day=1)
    now = SystemClock().now()
    row = {
        "payer": account,
        "month": month,
        "ready_at": now,
        "drafted_at": now,
        "issues_at": now,
        "held_at": now,
        "note": "",
        "author": "",
        "behind_month": None,
        "issued_at": None,
    }
    writer = world.suite.billing.writer
    resting = insert(table("invoice_drafts")).values(row)
    await writer.call(lambda: writer.in_transaction(lambda tx: tx.execute(resting)))
    return draft_id(month, "BRL")


async def of_draft(world: World, rpc: str, account: str) -> Any:
    """A request about the draft of an account's present month."""
    return sample(rpc, account=account, invoice=await rest(world, account))


async def _ready(world: World, rpc: str, sandbox: str) -> Message:
    request: Any = await of_draft(world, rpc, await world.account(sandbox))
    if rpc == HOLD:
        request.note = fresh("note")
    ready: Message = request
    return ready


async def _issue(world: World, sandbox: str) -> Message:
    return await _ready(world, ISSUE, sandbox)


async def _hold(world: World, sandbox: str) -> Message:
    return await _ready(world, HOLD, sandbox)


async def _release(world: World, sandbox: str) -> Message:
    return await _ready(world, RELEASE, sandbox)


DRAFT_READY: Final = {ISSUE: _issue, HOLD: _hold, RELEASE: _release}
