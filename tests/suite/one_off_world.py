"""One-off charges and coupons as tests need them, and requests that would succeed on them."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.suite.requests import fresh, sample
from tests.suite.world import World

CHARGE: Final = "billing.OneOffChargeService.CreateOneOffCharge"
CANCEL: Final = "billing.OneOffChargeService.CancelOneOffCharge"
CREATE_COUPON: Final = "billing.CouponService.CreateCoupon"
DEACTIVATE: Final = "billing.CouponService.DeactivateCoupon"


async def charged(world: World, account: str) -> str:
    """The id of a one-off charge of an account."""
    name = fresh("charge")
    await world.do(CHARGE, sample(CHARGE, account=account, new=name))
    return name


async def coupon(world: World, more: str = "") -> str:
    """The id of a coupon; `more` is added to it."""
    name = fresh("coupon")
    await world.do(CREATE_COUPON, sample(CREATE_COUPON, new=name, more=more))
    return name


async def deactivated(world: World) -> str:
    """The id of a coupon that nobody can redeem any more."""
    name = await coupon(world)
    await world.do(DEACTIVATE, sample(DEACTIVATE, coupon=name))
    return name


async def _charge(world: World, sandbox: str) -> Any:
    return sample(CHARGE, account=await world.account(sandbox))


async def _cancel(world: World, sandbox: str) -> Any:
    account = await world.account(sandbox)
    return sample(CANCEL, account=account, one_off_charge=await charged(world, account))


async def _create_coupon(_world: World, _sandbox: str) -> Any:
    return sample(CREATE_COUPON)


async def _deactivate(world: World, _sandbox: str) -> Any:
    return sample(DEACTIVATE, coupon=await coupon(world))


ONE_OFF_READY: Final[dict[str, Callable[[World, str], Awaitable[Any]]]] = {
    CHARGE: _charge,
    CANCEL: _cancel,
    CREATE_COUPON: _create_coupon,
    DEACTIVATE: _deactivate,
}
