"""Credit notes in the running suite: what it takes to have one issued."""

from typing import Any, Final

from google.protobuf.message import Message

from tests.suite.requests import fresh, sample
from tests.suite.world import World

CREATE: Final = "billing.CreditNoteService.CreateCreditNote"


async def crediting(world: World, sandbox: str = "") -> Any:
    """A request to credit a cent of the first line of an invoice; in a sandbox there is none."""
    if sandbox:
        return sample(CREATE, account=await world.account(sandbox))
    account = (await world.unpaid()).account
    return sample(CREATE, account=account, invoice=await world.invoice_of(account))


async def _ready(world: World, sandbox: str) -> Message:
    request: Any = await crediting(world, sandbox)
    request.reason = fresh("slip")
    ready: Message = request
    return ready


CREDIT_NOTE_READY: Final = {CREATE: _ready}
