"""Subscriptions that were changed, and requests to change them that would succeed."""

from typing import Any, Final

from tests.suite.requests import fresh, sample
from tests.suite.usage_ready import Ready
from tests.suite.usage_world import SUBSCRIBE
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


async def subscribed(world: World, sandbox: str = "") -> dict[str, str]:
    """A subscription of a new account to a new plan: what samples call them."""
    names = {"account": await world.account(sandbox), "plan": await world.plan()}
    subscription = fresh("desk")
    await world.do(SUBSCRIBE, sample(SUBSCRIBE, **names, new=subscription))
    return {**names, "subscription": subscription}


async def changed(world: World, names: dict[str, str], rpc: str, more: str = "") -> None:
    """Change a subscription in a way that must succeed."""
    await world.do(rpc, sample(rpc, **names, more=more))


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
