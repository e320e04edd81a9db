"""How to bring about each refusal about payment providers and requests for payment."""

from typing import Any, Final

from tests.suite.change_world import (
    CANCEL as CANCEL_SUBSCRIPTION,
)
from tests.suite.change_world import (
    CHANGE,
    PAUSE,
    PREVIEW_CANCEL,
    PREVIEW_CHANGE,
    RESUME,
)
from tests.suite.holding_ready import member
from tests.suite.payment_world import (
    CANCEL,
    GET,
    SETTLE,
    UPDATE_PROFILE,
    pending,
    settled,
    waiting,
)
from tests.suite.refusal_cases import Attempt, case, on_account
from tests.suite.requests import fresh, sample
from tests.suite.world import World

RECORD: Final = "billing.PaymentService.RecordPayment"
_PROFILE: Final = 'billing_profile {{{}}} update_mask {{paths: "payment_provider" paths: "{}"}}'
_PAID: Final = "paid {{value_date {{year: {} month: 1 day: 2}}}}"

for _rpc in (SETTLE, CANCEL, GET):
    on_account(_rpc, "PAYMENT_REQUEST_NOT_FOUND")
on_account(
    UPDATE_PROFILE,
    "PAYMENT_PROVIDER_UNKNOWN",
    more=_PROFILE.format('payment_provider: "none"', "payment_provider"),
)
on_account(
    UPDATE_PROFILE,
    "PAYMENT_METHOD_REFUSED",
    more=_PROFILE.format('payment_method: "card"', "payment_method"),
)


@case(SETTLE, "PAYMENT_REQUEST_CLOSED")
@case(CANCEL, "PAYMENT_REQUEST_CLOSED")
async def _closed(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, **await settled(world)))


@case(SETTLE, "VALUE_DATE_IN_FUTURE")
async def _paid_tomorrow(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, **await pending(world), more=_PAID.format(2199)))


@case(SETTLE, "PAYMENT_ALREADY_EXISTS")
async def _paid_by_hand(world: World, rpc: str) -> Attempt:
    names = await pending(world)
    recorded = sample(RECORD, account=names["account"], new=names["payment_request"])
    await world.do(RECORD, recorded)
    return Attempt(sample(rpc, **names, more=_PAID.format(2020)))


async def _change_while_another_waits(world: World, rpc: str) -> Attempt:
    is_preview = rpc in (PREVIEW_CHANGE, PREVIEW_CANCEL)
    asked: Any = await waiting(world, CHANGE if is_preview else rpc)
    await world.do(CHANGE if is_preview else rpc, asked)
    _, account, _, subscription = asked.name.split("/")
    return Attempt(sample(rpc, account=account, subscription=subscription, plan=fresh("plan")))


for _rpc in (CHANGE, CANCEL_SUBSCRIPTION, PAUSE, RESUME, PREVIEW_CHANGE, PREVIEW_CANCEL):
    case(_rpc, "PAYMENT_PENDING")(_change_while_another_waits)


@case(CANCEL, "PRINCIPAL_NEEDED")
async def _cancelled_by_admin(world: World, rpc: str) -> Attempt:
    names = await pending(world)
    _, secret = await member(world, names["account"], role="ROLE_ADMIN")
    return Attempt(sample(rpc, **names), secret)
