"""How to bring about each refusal of meters, taxes, plans, price changes and estimates."""

from typing import Any, Final

from google.protobuf import text_format

from tests.suite.refusal_cases import Attempt, case, on_account, plain
from tests.suite.requests import sample
from tests.suite.world import World

PLANS: Final = "billing.CatalogService"
METERS: Final = "billing.MeterService"
TAXES: Final = "billing.TaxProfileService"
CHANGES: Final = "billing.PriceChangeService"
ESTIMATE: Final = "billing.EstimateService.Estimate"
APPLY: Final = f"{PLANS}.ApplyCatalog"

# Each beside the price of a sample, which is `instance` in band 1, in BRL.
_TWICE: Final = 'code: "instance" band: 1 currency: "BRL" recurring {} flat {amount {value: "7"}}'
_NO_CURRENCY: Final = 'code: "more" currency: "ZZZ" recurring {} flat {amount {value: "7"}}'
_NO_METER: Final = (
    'code: "queries" currency: "BRL" metered {meter: "meters/nothing"}'
    ' per_unit {unit_price {value: "1"}}'
)
# A count has no value, a sum has one.
_NO_VALUE: Final = 'event_name: "api.call" aggregation: AGGREGATION_SUM'
_RATE: Final = 'rates {percent {value: "5"}}'
_WRONG_PRICES: Final = {
    "INVALID_PRICES": _TWICE,
    "CURRENCY_UNKNOWN": _NO_CURRENCY,
    "METER_NOT_FOUND": _NO_METER,
}


# --- meters ---------------------------------------------------------------------------------------

plain(f"{METERS}.GetMeter", "METER_NOT_FOUND")
plain(f"{METERS}.CreateMeter", "INVALID_METER", more="meter {aggregation: AGGREGATION_COUNT}")


@case(f"{METERS}.CreateMeter", "METER_ALREADY_EXISTS")
async def _taken_meter(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, new=await world.meter()))


# --- taxes ----------------------------------------------------------------------------------------

plain(f"{TAXES}.GetTaxProfile", "TAX_PROFILE_NOT_FOUND")
plain(f"{TAXES}.AddTaxProfileVersion", "TAX_PROFILE_NOT_FOUND")


@case(f"{TAXES}.CreateTaxProfile", "TAX_PROFILE_ALREADY_EXISTS")
async def _taken_tax_profile(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, new=await world.tax_profile()))


@case(f"{TAXES}.CreateTaxProfile", "INVALID_TAX_RATES")
async def _rate_twice(_world: World, rpc: str) -> Attempt:
    request = sample(rpc)
    text_format.Merge(_RATE, request.tax_profile.versions[0])
    return Attempt(request)


def _tax_version(reason: str, more: str) -> None:
    """Register a refusal of a further version of a tax profile."""

    async def build(world: World, rpc: str) -> Attempt:
        more_of = f"version {{{more}}}"
        return Attempt(sample(rpc, tax_profile=await world.tax_profile(), more=more_of))

    case(f"{TAXES}.AddTaxProfileVersion", reason)(build)


_tax_version("INVALID_TAX_RATES", _RATE)
_tax_version("EFFECTIVE_TIME_NOT_AHEAD", "effective_time {seconds: 1}")


# --- plans ----------------------------------------------------------------------------------------

plain(f"{PLANS}.GetPlan", "PLAN_NOT_FOUND")
plain(f"{PLANS}.AddPlanVersion", "PLAN_NOT_FOUND")


@case(f"{PLANS}.CreatePlan", "PLAN_ALREADY_EXISTS")
async def _taken_plan(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, new=await world.plan()))


@case(f"{PLANS}.AddPlanVersion", "EFFECTIVE_TIME_NOT_AHEAD")
async def _version_of_yesterday(world: World, rpc: str) -> Attempt:
    more = "version {effective_time {seconds: 1}}"
    return Attempt(sample(rpc, plan=await world.plan(), more=more))


def _wrong_price(reason: str, price: str) -> None:
    """Register a refusal of one more price, in a new plan and in a further version."""

    @case(f"{PLANS}.CreatePlan", reason)
    async def create(_world: World, rpc: str) -> Attempt:
        request = sample(rpc)
        text_format.Merge(price, request.plan.versions[0].prices.add())
        return Attempt(request)

    @case(f"{PLANS}.AddPlanVersion", reason)
    async def add_version(world: World, rpc: str) -> Attempt:
        more = f"version {{prices {{{price}}}}}"
        return Attempt(sample(rpc, plan=await world.plan(), more=more))


for _reason, _price in _WRONG_PRICES.items():
    _wrong_price(_reason, _price)


# --- catalogue as code ----------------------------------------------------------------------------


def _unapplied(reason: str, part: str, more: str) -> None:
    """Register a refusal of a catalogue for what is added to a part of it."""

    async def build(_world: World, rpc: str) -> Attempt:
        request: Any = sample(rpc)
        catalog = request.catalog
        parts = {
            "meter": catalog.meters[0],
            "taxes": catalog.tax_profiles[0].versions[0],
            "plan": catalog.plans[0].versions[0],
        }
        text_format.Merge(more, parts[part])
        return Attempt(request)

    case(APPLY, reason)(build)


_unapplied("INVALID_METER", "meter", 'value_property: "count"')
_unapplied("INVALID_TAX_RATES", "taxes", _RATE)
_unapplied("INVALID_PRICES", "plan", f"prices {{{_TWICE}}} prices {{{_TWICE}}}")
_unapplied("CURRENCY_UNKNOWN", "plan", f"prices {{{_NO_CURRENCY}}}")
_unapplied("METER_NOT_FOUND", "plan", f"prices {{{_NO_METER}}}")
plain(APPLY, "CATALOG_CHANGED", more='digest: "of other changes"')


async def _applied(world: World) -> Any:
    """A request that is applied already, to be sent again with something else in it."""
    request: Any = sample(APPLY)
    await world.do(APPLY, request)
    request.request_id = sample(APPLY).request_id
    return request


@case(APPLY, "METER_IN_USE")
async def _meter_that_sums_otherwise(world: World, _rpc: str) -> Attempt:
    request = await _applied(world)
    request.catalog.meters[0].event_name = "api.answer"
    return Attempt(request)


@case(APPLY, "FIELD_IMMUTABLE")
async def _plan_with_another_policy(world: World, _rpc: str) -> Attempt:
    request = await _applied(world)
    plan = request.catalog.plans[0]
    plan.version_policy = plan.VERSION_POLICY_KEEP
    return Attempt(request)


@case(APPLY, "EFFECTIVE_TIME_NOT_AHEAD")
async def _prices_since_yesterday(world: World, _rpc: str) -> Attempt:
    request = await _applied(world)
    request.catalog.plans[0].versions[0].prices[0].per_unit.unit_price.value = "0.02"
    request.effective_time.seconds = 1
    return Attempt(request)


# --- price changes --------------------------------------------------------------------------------

on_account(f"{CHANGES}.GetPriceChange", "PRICE_CHANGE_NOT_FOUND")
on_account(f"{CHANGES}.CancelPriceChange", "PRICE_CHANGE_NOT_FOUND")
on_account(f"{CHANGES}.CreatePriceChange", "PLAN_NOT_FOUND")


def _price_change(reason: str, more: str) -> None:
    """Register a refusal of a price change of a plan that is there."""

    async def build(world: World, rpc: str) -> Attempt:
        account, plan = await world.account(), await world.plan()
        return Attempt(sample(rpc, account=account, plan=plan, more=f"price_change {{{more}}}"))

    case(f"{CHANGES}.CreatePriceChange", reason)(build)


_price_change("PLAN_VERSION_NOT_FOUND", "plan_version: 9")
_price_change("NOTICE_TOO_SHORT", "effective_date {year: 2020}")


@case(f"{CHANGES}.CreatePriceChange", "ACCOUNT_NOT_FOUND")
async def _price_change_of_nobody(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, plan=await world.plan()))


@case(f"{CHANGES}.CreatePriceChange", "PRICE_CHANGE_ALREADY_EXISTS")
async def _taken_price_change(world: World, rpc: str) -> Attempt:
    account = await world.account()
    name = await world.price_change(account)
    return Attempt(sample(rpc, account=account, plan=await world.plan(), new=name))


@case(f"{CHANGES}.CancelPriceChange", "PRICE_CHANGE_NOT_PENDING")
async def _second_cancellation(world: World, rpc: str) -> Attempt:
    account = await world.account()
    name = await world.price_change(account)
    await world.do(rpc, sample(rpc, account=account, price_change=name))
    return Attempt(sample(rpc, account=account, price_change=name))


# --- estimates ------------------------------------------------------------------------------------

plain(ESTIMATE, "PLAN_NOT_FOUND", more='account: ""')


def _estimate(reason: str, more: str) -> None:
    """Register a refusal of an estimate of a stored plan, for nobody in particular."""

    async def build(world: World, rpc: str) -> Attempt:
        request: Any = sample(rpc, plan=await world.plan())
        request.ClearField("account")
        text_format.Merge(more, request)
        return Attempt(request)

    case(ESTIMATE, reason)(build)


_estimate("ACCOUNT_NOT_FOUND", 'account: "accounts/nobody"')
_estimate("PLAN_VERSION_NOT_FOUND", "plan_version: 9")
_estimate("TAX_PROFILE_NOT_FOUND", 'tax_profile: "taxProfiles/nothing"')
_estimate("TAX_RATE_NOT_FOUND", 'inline_tax {rates {tax_category: "freight" percent {value: "5"}}}')
_estimate("INVALID_TAX_RATES", f"inline_tax {{{_RATE} {_RATE}}}")
_estimate("PRICE_NOT_FOUND", "band: 77")
_estimate("INVALID_QUANTITIES", 'held {price: "nothing" quantity {value: "1"}}')


def _inline_estimate(reason: str, price: str, more: str = "") -> None:
    """Register a refusal of an estimate of a plan that is not stored."""

    async def build(_world: World, rpc: str) -> Attempt:
        request: Any = sample(rpc)
        plan = sample(f"{PLANS}.CreatePlan").plan
        text_format.Merge(price, plan.versions[0])
        request.ClearField("account")
        request.inline_plan.plan.CopyFrom(plan)
        text_format.Merge(more, request.inline_plan)
        return Attempt(request)

    case(ESTIMATE, reason)(build)


for _reason, _price in _WRONG_PRICES.items():
    _inline_estimate(_reason, f"prices {{{_price}}}")
_inline_estimate("INVALID_METER", "", f'meters {{name: "meters/calls" {_NO_VALUE}}}')
