"""How to bring about each refusal about drafts."""

from tests.suite.draft_world import GET, HOLD, ISSUE, RELEASE, of_draft
from tests.suite.refusal_cases import Attempt, case, on_account
from tests.suite.requests import sample
from tests.suite.usage_world import event_of, send, used
from tests.suite.world import DEFAULT_LADDER, World

for _rpc in (ISSUE, HOLD, RELEASE):
    on_account(_rpc, "INVOICE_NOT_FOUND")


@case(ISSUE, "INVOICE_NOT_DRAFT")
@case(HOLD, "INVOICE_NOT_DRAFT")
@case(RELEASE, "INVOICE_NOT_DRAFT")
async def _issued_invoice(world: World, rpc: str) -> Attempt:
    account = (await world.unpaid()).account
    return Attempt(sample(rpc, account=account, invoice=await world.invoice_of(account)))


@case(GET, "PRICE_NOT_FOUND")
@case(ISSUE, "PRICE_NOT_FOUND")
async def _draft_without_a_price(world: World, rpc: str) -> Attempt:
    plan = await world.plan()
    owner = await world.integrator(f'ladder {{creations_max: 0 band: 77}} plan: "plans/{plan}"')
    await world.subscribed(owner)
    return Attempt(await of_draft(world, rpc, owner.account))


@case(GET, "TAX_RATE_NOT_FOUND")
@case(ISSUE, "TAX_RATE_NOT_FOUND")
async def _draft_without_a_rate(world: World, rpc: str) -> Attempt:
    taxes = await world.tax_profile("freight")
    owner = await world.integrator(f'{DEFAULT_LADDER} plan: "plans/{await world.plan()}"')
    await world.subscribed(owner)
    update = "billing.BillingProfileService.UpdateBillingProfile"
    more = (
        f'billing_profile {{tax_profile: "taxProfiles/{taxes}"}}'
        ' update_mask {paths: "tax_profile"}'
    )
    await world.do(update, sample(update, account=owner.account, more=more))
    return Attempt(await of_draft(world, rpc, owner.account))


@case(GET, "AMOUNT_TOO_LARGE")
@case(ISSUE, "AMOUNT_TOO_LARGE")
async def _draft_of_more_than_anything_may_cost(world: World, rpc: str) -> Attempt:
    of = await used(world)
    await send(world, *(event_of(of, str(10**12)) for _ in range(3)))
    return Attempt(await of_draft(world, rpc, of.account))
