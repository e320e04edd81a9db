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
_SEATS: Final = (
    'code: "seat" currency: "BRL" licensed {} per_unit {unit_price {value: "1000000000"}}'
    " schedule {timing: TIMING_ADVANCE}"
)


async def subscribed(world: World, sandbox: str = "") -> dict[str, str]:
    """A subscription of a new account to a new plan: what samples call them."""
    names = {"account": await world.account(sandbox), "plan": await world.plan()}
    subscription = fresh("desk")
    await world.do(SUBSCRIBE, sample(SUBSCRIBE, **names, new=subscription))
    return {**names, "subscription": subscription}


async def changed(world: World, names: dict[str, str], rpc: str, more: str = "") -> None:
    """Change a subscription in a way that must succeed."""
    await world.do(rpc, sample(rpc, **names, more=more))


async def due_at_once(world: World, rpc: str) -> Any:
    """A request for a change of a new account's subscription that would make its seat due now."""
    names = {"account": await world.account(), "plan": fresh("plan"), "subscription": fresh("desk")}
    create: Any = sample(CREATE_PLAN, new=names["plan"])
    text_format.Merge(_SEATS, create.plan.versions[0].prices.add())
    await world.do(CREATE_PLAN, create)
    more = 'subscription {held {price: "seat" quantity {value: "1"}}}'
    await world.do(SUBSCRIBE, sample(SUBSCRIBE, **names, new=names["subscription"], more=more))
    if rpc == RESUME:
        await changed(world, names, PAUSE)
    by_second = "proration {mode: MODE_PRORATE_NOW granularity: GRANULARITY_SECOND}"
    return sample(rpc, **names, more=by_second)


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
