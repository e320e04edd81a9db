"""Subscriptions that were changed, and requests to change them that would succeed."""

from typing import Any, Final

from google.protobuf import text_format

from tests.suite.requests import fresh, sample
from tests.suite.usage_ready import Ready
from tests.suite.usage_world import CREATE_PLAN, SUBSCRIBE
from tests.suite.world import World

SUBSCRIPTIONS: Final = "billing.SubscriptionService"
CHANGE: Final = f"{SUBSCRIPTIONS}.ChangeSubscription"
CANCEL: Final = f"{SUBSCRIPTIONS}.CancelSubscription"
UNDO: Final = f"{SUBSCRIPTIONS}.UndoSubscriptionChange"
PREVIEW_CHANGE: Final = f"{SUBSCRIPTIONS}.PreviewChange"
PREVIEW_CANCEL: Final = f"{SUBSCRIPTIONS}.PreviewCancel"
PAUSE: Final = f"{SUBSCRIPTIONS}.PauseSubscription"
RESUME: Final = f"{SUBSCRIPTIONS}.ResumeSubscription"
AT_RENEWAL: Final = "effective {moment: MOMENT_RENEWAL}"
# These invoice at once what they make due, or tell of it.
INVOICING: Final = (CHANGE, CANCEL, PAUSE, RESUME, PREVIEW_CHANGE, PREVIEW_CANCEL)
UPDATE_PROFILE: Final = "billing.BillingProfileService.UpdateBillingProfile"
_SEATS: Final = (
    'prices {code: "seat" currency: "BRL" licensed {} schedule {timing: TIMING_ADVANCE}'
    ' per_unit {unit_price {value: "1000000000"}}}'
)
_DEARER_IN_DOLLARS: Final = (
    'prices {code: "seat" currency: "BRL" licensed {} schedule {timing: TIMING_ADVANCE}'
    ' per_unit {unit_price {value: "1"}}}'
    ' prices {code: "seat" currency: "USD" licensed {} schedule {timing: TIMING_ADVANCE}'
    ' per_unit {unit_price {value: "1000000000"}}}'
    ' prices {code: "instance" band: 1 currency: "USD" recurring {} flat {amount {value: "10"}}}'
)
_BY_SECOND: Final = "proration {mode: MODE_PRORATE_NOW granularity: GRANULARITY_SECOND}"


async def subscribed(world: World, sandbox: str = "") -> dict[str, str]:
    """A subscription of a new account to a new plan: what samples call them."""
    names = {"account": await world.account(sandbox), "plan": await world.plan()}
    subscription = fresh("desk")
    await world.do(SUBSCRIBE, sample(SUBSCRIBE, **names, new=subscription))
    return {**names, "subscription": subscription}


async def changed(world: World, names: dict[str, str], rpc: str, more: str = "") -> None:
    """Change a subscription in a way that must succeed."""
    await world.do(rpc, sample(rpc, **names, more=more))


async def in_dollars(world: World, account: str) -> None:
    """Have an account charged in dollars from now on."""
    more = 'billing_profile {currency: "USD"} update_mask {paths: "currency"}'
    await world.do(UPDATE_PROFILE, sample(UPDATE_PROFILE, account=account, more=more))


async def due_at_once(world: World, rpc: str, sandbox: str = "") -> Any:
    """A request for a change of a new account's subscription that would make its seat due now."""
    names = await _with_seats(world, rpc, _SEATS, seats=1, sandbox=sandbox)
    return sample(rpc, **names, more=_BY_SECOND)


async def too_much_at_once(world: World, rpc: str) -> Any:
    """The same for seats that cost more than anything may: their account came to pay in dollars."""
    names = await _with_seats(world, rpc, _DEARER_IN_DOLLARS, seats=10**9)
    await in_dollars(world, names["account"])
    return sample(rpc, **names, more=_BY_SECOND)


async def _with_seats(
    world: World, rpc: str, prices: str, *, seats: int, sandbox: str = ""
) -> dict[str, str]:
    """A new account that holds seats of a plan of its own; paused where it is to be resumed."""
    account = await world.account(sandbox)
    names = {"account": account, "plan": fresh("plan"), "subscription": fresh("desk")}
    create: Any = sample(CREATE_PLAN, new=names["plan"])
    text_format.Merge(prices, create.plan.versions[0])
    await world.do(CREATE_PLAN, create)
    more = f'subscription {{held {{price: "seat" quantity {{value: "{seats}"}}}}}}'
    await world.do(SUBSCRIBE, sample(SUBSCRIBE, **names, new=names["subscription"], more=more))
    if rpc == RESUME:
        await changed(world, names, PAUSE)
    return names


def _on_subscription(rpc: str, before: str = "", more: str = "") -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        names = await subscribed(world, sandbox)
        if before:
            await changed(world, names, before, more)
        return sample(rpc, **names)

    return build


CHANGE_READY: Final[dict[str, Ready]] = {
    CHANGE: _on_subscription(CHANGE),
    CANCEL: _on_subscription(CANCEL),
    UNDO: _on_subscription(UNDO, CHANGE, AT_RENEWAL),
    PAUSE: _on_subscription(PAUSE),
    RESUME: _on_subscription(RESUME, PAUSE),
}
