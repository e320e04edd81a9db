"""How to bring about each refusal about credits."""

from dataclasses import replace
from typing import Final

from billing_service.domain.credit_grant import OPEN_CREDITS_MAX
from billing_service.use_cases.grant_credit import GRANT_CREDIT
from chassis.entry import Submission
from tests.billing.credits.giving import command_of
from tests.suite.credit_world import GRANT, VOID, granted
from tests.suite.refusal_cases import Attempt, case, on_account, plain
from tests.suite.requests import sample
from tests.suite.world import World

GET: Final = "billing.CreditService.GetCredit"
PROFILE: Final = "billing.BillingProfileService.UpdateBillingProfile"

plain(GRANT, "ACCOUNT_NOT_FOUND")
on_account(GRANT, "CURRENCY_UNKNOWN", more='amount {currency_code: "ZZZ"}')
on_account(GRANT, "INVALID_AMOUNT", more="amount {units: 0}")
on_account(GRANT, "INVALID_CREDIT", more="expire_time {seconds: 1}")
on_account(GRANT, "PLAN_NOT_FOUND", more='scope {plans: "plans/nothing"}')
on_account(GRANT, "METER_NOT_FOUND", more='scope {meters: "meters/nothing"}')
on_account(VOID, "CREDIT_NOT_FOUND")
on_account(GET, "CREDIT_NOT_FOUND")


@case(GRANT, "PAYER_NOT_SELF_PAYING")
async def _credit_of_one_who_does_not_pay(world: World, rpc: str) -> Attempt:
    account, payer = await world.account(), await world.account()
    more = f'billing_profile {{payer: "accounts/{payer}"}} update_mask {{paths: "payer"}}'
    await world.do(PROFILE, sample(PROFILE, account=account, more=more))
    return Attempt(sample(rpc, account=account))


@case(GRANT, "CREDIT_ALREADY_EXISTS")
async def _taken_credit(world: World, rpc: str) -> Attempt:
    account = await world.account()
    return Attempt(sample(rpc, account=account, new=await granted(world, account)))


@case(GRANT, "TOO_MANY_CREDITS")
async def _one_credit_too_many(world: World, rpc: str) -> Attempt:
    account = await world.account()
    # Billing has heard of the account once it has granted the first; the others go in at once.
    await granted(world, account)
    commands = [
        replace(command_of(f"c{number}"), payer=account) for number in range(OPEN_CREDITS_MAX - 1)
    ]
    writer = world.suite.billing.writer
    submissions = [Submission(GRANT_CREDIT, each, "test") for each in commands]
    await writer.call(lambda: writer.execute(submissions))
    return Attempt(sample(rpc, account=account))


@case(VOID, "CREDIT_NOT_OPEN")
async def _second_void(world: World, rpc: str) -> Attempt:
    account = await world.account()
    credit = await granted(world, account)
    await world.do(rpc, sample(rpc, account=account, credit=credit))
    return Attempt(sample(rpc, account=account, credit=credit))
