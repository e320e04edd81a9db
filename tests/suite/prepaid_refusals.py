"""How to bring about each refusal about prepaid subscriptions."""

from typing import Any, Final

from google.protobuf import text_format

from tests.suite.change_world import CHANGE, PAUSE, RESUME, UPDATE_PROFILE, changed
from tests.suite.clients import proto_date
from tests.suite.refusal_cases import Attempt, case
from tests.suite.requests import fresh, sample
from tests.suite.usage_world import CREATE_PLAN, SUBSCRIBE
from tests.suite.world import SANDBOX_START, World

_PREPAID: Final = "subscription {prepaid: true}"
_SEATS: Final = (
    'prices {code: "seat" currency: "BRL" licensed {} schedule {timing: TIMING_ADVANCE}'
    ' per_unit {unit_price {value: "1000"}}}'
)
_ONE_SEAT: Final = 'held {price: "seat" quantity {value: "1"}}'
_RISE: Final = "billing.PriceChangeService.CreatePriceChange"
_BY_SECOND: Final = "proration {mode: MODE_PRORATE_NOW granularity: GRANULARITY_SECOND}"


async def plan_with_seats(world: World) -> str:
    """A plan whose seats are charged in advance; what else it has is not."""
    create: Any = sample(CREATE_PLAN, new=fresh("plan"))
    text_format.Merge(_SEATS, create.plan.versions[0])
    await world.do(CREATE_PLAN, create)
    return str(create.plan_id)


async def prepaid(world: World) -> dict[str, str]:
    """A prepaid subscription without seats of an account without balance: what samples call it."""
    names = {"account": await world.account(), "plan": await plan_with_seats(world)}
    desk = fresh("desk")
    await world.do(SUBSCRIBE, sample(SUBSCRIBE, **names, new=desk, more=_PREPAID))
    return {**names, "subscription": desk}


async def prepaid_due_at_once(world: World) -> Any:
    """A request for a prepaid subscription of a new account, with a seat that is due at once."""
    names = {"account": await world.account(), "plan": await plan_with_seats(world)}
    return sample(SUBSCRIBE, **names, more=f"subscription {{prepaid: true {_ONE_SEAT}}}")


@case(CHANGE, "PREPAYMENT_NEEDED")
async def _seat_that_nobody_pays(world: World, rpc: str) -> Attempt:
    more = f"holding {{{_ONE_SEAT}}} {_BY_SECOND}"
    return Attempt(sample(rpc, **await prepaid(world), more=more))


@case(RESUME, "PREPAYMENT_NEEDED")
async def _resumed_with_a_seat_that_nobody_pays(world: World, rpc: str) -> Attempt:
    names = await prepaid(world)
    await changed(world, names, PAUSE)
    await changed(world, names, CHANGE, f"holding {{{_ONE_SEAT}}}")
    return Attempt(sample(rpc, **names, more=_BY_SECOND))


@case(SUBSCRIBE, "TAX_RATE_NOT_FOUND")
async def _category_without_a_rate(world: World, _rpc: str) -> Attempt:
    request = await prepaid_due_at_once(world)
    taxes = await world.tax_profile("freight")
    more = (
        f'billing_profile {{tax_profile: "taxProfiles/{taxes}"}}'
        ' update_mask {paths: "tax_profile"}'
    )
    account = request.parent.split("/")[1]
    await world.do(UPDATE_PROFILE, sample(UPDATE_PROFILE, account=account, more=more))
    return Attempt(request)


@case(SUBSCRIBE, "AMOUNT_TOO_LARGE")
async def _index_by_which_it_costs_more_than_anything_may(world: World, _rpc: str) -> Attempt:
    account = await world.account(await world.sandbox())
    names = {"account": account, "plan": await plan_with_seats(world)}
    rise: Any = sample(_RISE, **names, new=fresh("rise"))
    rise.price_change.effective_date.CopyFrom(proto_date(SANDBOX_START.date()))
    rise.price_change.indexation.percent.value = "1000"
    await world.do(_RISE, rise)
    many = 'subscription {prepaid: true held {price: "seat" quantity {value: "1000000000"}}}'
    return Attempt(sample(SUBSCRIBE, **names, more=many))
