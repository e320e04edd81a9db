"""Credits of accounts in whatever state a test needs, and requests that would succeed on them."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.suite.requests import fresh, sample
from tests.suite.world import World

GRANT: Final = "billing.CreditService.GrantCredit"
VOID: Final = "billing.CreditService.VoidCredit"


async def granted(world: World, account: str) -> str:
    """The id of a credit of an account's own."""
    name = fresh("credit")
    await world.do(GRANT, sample(GRANT, account=account, new=name))
    return name


async def _grant(world: World, sandbox: str) -> Any:
    return sample(GRANT, account=await world.account(sandbox))


async def _void(world: World, sandbox: str) -> Any:
    account = await world.account(sandbox)
    return sample(VOID, account=account, credit=await granted(world, account))


CREDIT_READY: Final[dict[str, Callable[[World, str], Awaitable[Any]]]] = {
    GRANT: _grant,
    VOID: _void,
}
