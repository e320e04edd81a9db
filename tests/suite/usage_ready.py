"""For each rpc of usage that writes: a request that would succeed, with what it is about."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.suite import usage_world
from tests.suite.requests import sample
from tests.suite.usage_world import Used
from tests.suite.world import World

Ready = Callable[[World, str], Awaitable[Any]]

# Days of a month before any event that is taken in: each request differs from the one before.
_DAYS: Final = itertools.cycle(range(1, 32))


async def _subscribe(world: World, sandbox: str) -> Any:
    account, meter = await world.account(sandbox), await usage_world.meter(world)
    plan = await usage_world.metered_plan(world, meter)
    return sample(usage_world.SUBSCRIBE, account=account, plan=plan)


def _on_usage(rpc: str, prepare: Callable[[World, str], Awaitable[Used]]) -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        return sample(rpc, **(await prepare(world, sandbox)).names)

    return build


def _on_event(rpc: str) -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        of = await usage_world.used(world, sandbox)
        return sample(rpc, **of.names, event=await usage_world.sent(world, of))

    return build


def _on_reservation(rpc: str) -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        of = await usage_world.guarded(world, sandbox)
        return sample(rpc, **of.names, reservation=await usage_world.reserved(world, of))

    return build


async def _decide(world: World, sandbox: str) -> Any:
    of, review = await usage_world.under_review(world, sandbox)
    return sample("billing.ReviewService.DecideReview", **of.names, review=review)


async def _age_out(_world: World, _sandbox: str) -> Any:
    more = f"before_month {{day: {next(_DAYS)}}}"
    return sample("billing.UsageService.AgeOutEvents", more=more)


USAGE_READY: Final[dict[str, Ready]] = {
    usage_world.SUBSCRIBE: _subscribe,
    "billing.UsageService.AmendEvent": _on_event("billing.UsageService.AmendEvent"),
    usage_world.VOID: _on_event(usage_world.VOID),
    "billing.UsageService.AgeOutEvents": _age_out,
    usage_world.GUARD: _on_usage(usage_world.GUARD, usage_world.guarded),
    usage_world.RESERVE: _on_usage(usage_world.RESERVE, usage_world.guarded),
    usage_world.SETTLE: _on_reservation(usage_world.SETTLE),
    usage_world.RELEASE: _on_reservation(usage_world.RELEASE),
    "billing.ReviewService.DecideReview": _decide,
}
