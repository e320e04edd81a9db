"""Requests for payment in the running suite: what it takes to have one that is pending."""

from typing import Any, Final

from google.protobuf.message import Message

from tests.suite.change_world import CHANGE, due_at_once
from tests.suite.requests import sample
from tests.suite.world import World

UPDATE_PROFILE: Final = "billing.BillingProfileService.UpdateBillingProfile"
PAYMENT_REQUESTS: Final = "billing.PaymentRequestService"
SETTLE: Final = f"{PAYMENT_REQUESTS}.SettlePaymentRequest"
CANCEL: Final = f"{PAYMENT_REQUESTS}.CancelPaymentRequest"
GET: Final = f"{PAYMENT_REQUESTS}.GetPaymentRequest"
MANUAL: Final = (
    'billing_profile {payment_provider: "manual"} update_mask {paths: "payment_provider"}'
)


async def waiting(world: World, rpc: str = CHANGE, sandbox: str = "") -> Any:
    """A request for a change of a subscription that has one already waiting for its payment."""
    asked: Any = await due_at_once(world, rpc, sandbox)
    account = asked.name.split("/")[1]
    await world.do(UPDATE_PROFILE, sample(UPDATE_PROFILE, account=account, more=MANUAL))
    return asked


async def pending(world: World, sandbox: str = "") -> dict[str, str]:
    """A payer with a request for payment that is pending: what samples call both."""
    answer: Any = await world.do(CHANGE, await waiting(world, sandbox=sandbox))
    _, account, _, request = answer.payment_request.name.split("/")
    return {"account": account, "payment_request": request}


async def settled(world: World) -> dict[str, str]:
    """The same, of a request that was declined."""
    names = await pending(world)
    await world.do(SETTLE, sample(SETTLE, **names))
    return names


def _on_pending(rpc: str) -> Any:
    async def build(world: World, sandbox: str) -> Message:
        message: Message = sample(rpc, **await pending(world, sandbox))
        return message

    return build


PAYMENT_READY: Final = {SETTLE: _on_pending(SETTLE), CANCEL: _on_pending(CANCEL)}
