"""How to bring about each refusal of one-off charges, coupons and negotiated prices."""

from typing import Final

from billing_service.domain.one_off_charge import PENDING_MAX
from billing_service.use_cases.create_one_off_charge import CREATE_ONE_OFF_CHARGE
from chassis.entry import Submission
from tests.billing.one_off.charging import command_of
from tests.suite.one_off_world import (
    CANCEL,
    CHARGE,
    CREATE_COUPON,
    DEACTIVATE,
    charged,
    coupon,
    deactivated,
)
from tests.suite.refusal_cases import Attempt, case, on_account, plain
from tests.suite.requests import sample
from tests.suite.usage_world import SUBSCRIBE
from tests.suite.world import World

_FIVE_OFF: Final = 'coupon {amount {value: "5"} prices: "base" currency: "%s"}'

# --- one-off charges ------------------------------------------------------------------------------

plain(CHARGE, "ACCOUNT_NOT_FOUND")
on_account(CHARGE, "INVALID_ONE_OFF_CHARGE", more='one_off_charge {quantity {value: "0"}}')
on_account(CANCEL, "ONE_OFF_CHARGE_NOT_FOUND")
on_account("billing.OneOffChargeService.GetOneOffCharge", "ONE_OFF_CHARGE_NOT_FOUND")


@case(CHARGE, "SUBSCRIPTION_NOT_FOUND")
async def _rate_card_of_nothing(world: World, rpc: str) -> Attempt:
    account = await world.account()
    name = f"accounts/{account}/subscriptions/nothing"
    card = f'one_off_charge {{rate_card {{subscription: "{name}" price: "hours"}}}}'
    return Attempt(sample(rpc, account=account, more=card))


@case(CHARGE, "ONE_OFF_CHARGE_ALREADY_EXISTS")
async def _taken_charge(world: World, rpc: str) -> Attempt:
    account = await world.account()
    return Attempt(sample(rpc, account=account, new=await charged(world, account)))


@case(CHARGE, "TOO_MANY_ONE_OFF_CHARGES")
async def _one_charge_too_many(world: World, rpc: str) -> Attempt:
    account = await world.account()
    # Billing has heard of the account once it is charged; the others go in at once.
    await charged(world, account)
    commands = [
        command_of(f"c{number}", account=account, unit_price=1) for number in range(PENDING_MAX - 1)
    ]
    writer = world.suite.billing.writer
    submissions = [Submission(CREATE_ONE_OFF_CHARGE, each, "test") for each in commands]
    await writer.call(lambda: writer.execute(submissions))
    return Attempt(sample(rpc, account=account))


@case(CANCEL, "ONE_OFF_CHARGE_NOT_PENDING")
async def _second_cancellation(world: World, rpc: str) -> Attempt:
    account = await world.account()
    charge = await charged(world, account)
    await world.do(rpc, sample(rpc, account=account, one_off_charge=charge))
    return Attempt(sample(rpc, account=account, one_off_charge=charge))


# --- coupons --------------------------------------------------------------------------------------

plain(CREATE_COUPON, "PLAN_NOT_FOUND", more='coupon {plans: "plans/nothing"}')
plain(CREATE_COUPON, "CURRENCY_UNKNOWN", more=_FIVE_OFF % "ZZZ")
plain(CREATE_COUPON, "INVALID_COUPON", more='coupon {percent {value: "101"}}')
plain(DEACTIVATE, "COUPON_NOT_FOUND")
plain("billing.CouponService.GetCoupon", "COUPON_NOT_FOUND")


@case(CREATE_COUPON, "COUPON_ALREADY_EXISTS")
async def _taken_coupon(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, new=await coupon(world)))


@case(DEACTIVATE, "COUPON_NOT_ACTIVE")
async def _second_deactivation(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, coupon=await deactivated(world)))


# --- subscriptions that hold them -----------------------------------------------------------------


def _holding(reason: str, more: str) -> None:
    """Register a refusal of a subscription to a plan that is there."""

    async def build(world: World, rpc: str) -> Attempt:
        names = {"account": await world.account(), "plan": await world.plan()}
        return Attempt(sample(rpc, **names, more=f"subscription {{{more}}}"))

    case(SUBSCRIBE, reason)(build)


_holding("INVALID_PRICE_OVERRIDES", 'price_overrides {price: "no" unit_price {value: "1"}}')
_holding("COUPON_NOT_FOUND", 'coupons: "coupons/nothing"')


@case(SUBSCRIBE, "COUPON_NOT_REDEEMABLE")
async def _coupon_that_is_over(world: World, rpc: str) -> Attempt:
    names = {"account": await world.account(), "plan": await world.plan()}
    more = f'subscription {{coupons: "coupons/{await deactivated(world)}"}}'
    return Attempt(sample(rpc, **names, more=more))
