"""How to bring about each refusal of changes of subscriptions."""

from typing import Any, Final

from google.protobuf import text_format

from billing_service.domain.subscription_change import FACTS_MAX, Asked
from billing_service.domain.subscription_facts import FactKind
from billing_service.use_cases.change_subscription import (
    CHANGE_SUBSCRIPTION,
    ChangeSubscription,
)
from chassis.entry import Submission
from tests.suite import usage_world
from tests.suite.change_world import (
    AT_RENEWAL,
    CANCEL,
    CHANGE,
    INVOICING,
    PAUSE,
    PREVIEW_CANCEL,
    PREVIEW_CHANGE,
    RESUME,
    UNDO,
    UPDATE_PROFILE,
    changed,
    due_at_once,
    in_dollars,
    subscribed,
    too_much_at_once,
)
from tests.suite.holding_ready import member
from tests.suite.one_off_world import deactivated
from tests.suite.refusal_cases import Attempt, case, on_account
from tests.suite.requests import fresh, sample
from tests.suite.usage_world import SUBSCRIBE, event_of, send, used
from tests.suite.world import World

_WRITES: Final = (CHANGE, CANCEL, UNDO, PAUSE, RESUME)
_ALL: Final = (*_WRITES, PREVIEW_CHANGE, PREVIEW_CANCEL)
_DATED: Final = (CHANGE, CANCEL, PAUSE, RESUME, PREVIEW_CHANGE, PREVIEW_CANCEL)
_CHANGES: Final = (CHANGE, PREVIEW_CHANGE)
_CANCELS: Final = (CANCEL, PREVIEW_CANCEL)
_LONG_AGO: Final = "effective {time {seconds: 1}}"
_FULL: Final = "proration {mode: MODE_FULL_NOW}"

for _rpc in _ALL:
    on_account(_rpc, "SUBSCRIPTION_NOT_FOUND")


def _of_subscription(rpc: str, reason: str, more: str, *, before: str = "") -> None:
    """Register a refusal of a change of a subscription that was changed `before`, if it was."""

    async def build(world: World, rpc: str) -> Attempt:
        names = await subscribed(world)
        if before:
            await changed(world, names, before)
        return Attempt(sample(rpc, **names, more=more))

    case(rpc, reason)(build)


_of_subscription(PAUSE, "SUBSCRIPTION_NOT_CHANGEABLE", "", before=PAUSE)
_of_subscription(RESUME, "SUBSCRIPTION_NOT_CHANGEABLE", "")
for _rpc in (*_CHANGES, *_CANCELS):
    _of_subscription(_rpc, "SUBSCRIPTION_NOT_CHANGEABLE", "", before=CANCEL)
for _rpc in _DATED:
    _of_subscription(_rpc, "INVALID_DATES", _LONG_AGO, before=PAUSE if _rpc == RESUME else "")
for _rpc in (*_CANCELS, PAUSE, RESUME):
    _of_subscription(_rpc, "INVALID_PRORATION", _FULL, before=PAUSE if _rpc == RESUME else "")
for _rpc in (CHANGE, CANCEL):
    _of_subscription(_rpc, "PREVIEW_TOKEN_INVALID", 'preview_token: "bm90IG91cnM"')
_of_subscription(UNDO, "CHANGE_NOT_FOUND", "")
_of_subscription(UNDO, "CHANGE_IN_EFFECT", "", before=CHANGE)
_OVERRIDE: Final = 'price_overrides {price: "no" unit_price {value: "1"}}'
for _rpc in _CHANGES:
    for _reason, _holding in (
        ("PLAN_NOT_FOUND", 'plan: "plans/nothing"'),
        ("PRICE_NOT_FOUND", "band: 77"),
        ("INVALID_QUANTITIES", 'held {price: "no" quantity {value: "1"}}'),
        ("INVALID_PRICE_OVERRIDES", _OVERRIDE),
        ("COUPON_NOT_FOUND", 'coupons: "coupons/nothing"'),
    ):
        _of_subscription(_rpc, _reason, f"holding {{{_holding}}}")


@case(UNDO, "SUBSCRIPTION_NOT_CHANGEABLE")
async def _of_an_instance(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, account=(await world.unpaid()).account, subscription="one"))


@case(CHANGE, "COUPON_NOT_REDEEMABLE")
@case(PREVIEW_CHANGE, "COUPON_NOT_REDEEMABLE")
async def _coupon_that_is_over(world: World, rpc: str) -> Attempt:
    more = f'holding {{coupons: "coupons/{await deactivated(world)}"}}'
    return Attempt(sample(rpc, **await subscribed(world), more=more))


@case(CHANGE, "PLAN_NOT_SUBSCRIBABLE")
@case(PREVIEW_CHANGE, "PLAN_NOT_SUBSCRIBABLE")
async def _plan_that_counts(world: World, rpc: str) -> Attempt:
    create: Any = sample(usage_world.CREATE_PLAN, new=fresh("plan"))
    counting = (
        'code: "clients" currency: "BRL" counting {counted: "client"} flat {amount {value: "1"}}'
    )
    text_format.Merge(counting, create.plan.versions[0].prices.add())
    await world.do(usage_world.CREATE_PLAN, create)
    names = {**await subscribed(world), "plan": create.plan_id}
    return Attempt(sample(rpc, **names))


@case(CHANGE, "USAGE_ALREADY_PRICED")
@case(PREVIEW_CHANGE, "USAGE_ALREADY_PRICED")
async def _second_price_of_a_meter(world: World, rpc: str) -> Attempt:
    of = await used(world)
    desk = {"account": of.account, "plan": await world.plan()}
    await world.do(SUBSCRIBE, sample(SUBSCRIBE, **desk, new="desk"))
    return Attempt(sample(rpc, account=of.account, plan=of.plan, subscription="desk"))


async def _category_without_a_rate(world: World, rpc: str) -> Attempt:
    request = await due_at_once(world, rpc)
    taxes = await world.tax_profile("freight")
    more = (
        f'billing_profile {{tax_profile: "taxProfiles/{taxes}"}}'
        ' update_mask {paths: "tax_profile"}'
    )
    account = request.name.split("/")[1]
    await world.do(UPDATE_PROFILE, sample(UPDATE_PROFILE, account=account, more=more))
    return Attempt(request)


for _rpc in INVOICING:
    case(_rpc, "TAX_RATE_NOT_FOUND")(_category_without_a_rate)


@case(PREVIEW_CHANGE, "AMOUNT_TOO_LARGE")
@case(PREVIEW_CANCEL, "AMOUNT_TOO_LARGE")
async def _more_than_anything_may_cost(world: World, rpc: str) -> Attempt:
    of = await used(world)
    await send(world, *(event_of(of, str(10**12)) for _ in range(3)))
    return Attempt(sample(rpc, **of.names, more=AT_RENEWAL))


async def _more_at_once_than_anything_may_cost(world: World, rpc: str) -> Attempt:
    return Attempt(await too_much_at_once(world, rpc))


for _rpc in (CHANGE, CANCEL, PAUSE, RESUME):
    case(_rpc, "AMOUNT_TOO_LARGE")(_more_at_once_than_anything_may_cost)


async def _currency_without_a_price(world: World, rpc: str) -> Attempt:
    names = await subscribed(world)
    if rpc == RESUME:
        await changed(world, names, PAUSE)
    await in_dollars(world, names["account"])
    return Attempt(sample(rpc, **names))


for _rpc in (*_CANCELS, PAUSE, RESUME):
    case(_rpc, "PRICE_NOT_FOUND")(_currency_without_a_price)


# --- too many -------------------------------------------------------------------------------------

# One subscription that was changed as often as may be serves all cases of a world.
_WORN_OUT: Final[dict[int, dict[str, str]]] = {}


async def _worn_out(world: World) -> dict[str, str]:
    place = id(world)
    if place not in _WORN_OUT:
        names = await subscribed(world)
        key = (names["account"], names["subscription"])
        pause, resume = (
            ChangeSubscription(*key, Asked(kind)) for kind in (FactKind.PAUSED, FactKind.UNPAUSED)
        )
        commands = [pause, resume] * (FACTS_MAX // 2)
        writer = world.suite.billing.writer
        submissions = [
            Submission(CHANGE_SUBSCRIPTION, each, "test") for each in commands[: FACTS_MAX - 1]
        ]
        await writer.call(lambda: writer.execute(submissions))
        _WORN_OUT[place] = names
    return _WORN_OUT[place]


async def _once_more(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, **await _worn_out(world)))


async def _by_admin(world: World, rpc: str) -> Attempt:
    names = await subscribed(world)
    _, secret = await member(world, names["account"], role="ROLE_ADMIN")
    return Attempt(sample(rpc, **names), secret)


for _rpc in _DATED:
    case(_rpc, "TOO_MANY_CHANGES")(_once_more)
for _rpc in _WRITES:
    case(_rpc, "PRINCIPAL_NEEDED")(_by_admin)


@case(CHANGE, "PREVIEW_OUTDATED")
@case(CANCEL, "PREVIEW_OUTDATED")
async def _changed_since(world: World, rpc: str) -> Attempt:
    names = await subscribed(world)
    preview = PREVIEW_CHANGE if rpc == CHANGE else PREVIEW_CANCEL
    answer = await world.do(preview, sample(preview, **names))
    await changed(world, names, CHANGE)
    return Attempt(sample(rpc, **names, more=f'preview_token: "{answer.preview.token}"'))
