"""How to bring about each refusal of subscriptions to plans, usage, guards and reviews."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from google.protobuf import text_format

from tests.suite import usage_world
from tests.suite.holding_ready import member
from tests.suite.refusal_cases import Attempt, Build, case, on_account, plain
from tests.suite.requests import sample
from tests.suite.usage_world import (
    RELEASE,
    RESERVE,
    SETTLE,
    SUBSCRIBE,
    VOID,
    date_text,
    event_of,
    in_days,
    midnight,
    reserved,
    send,
    sent,
    under_review,
    used,
)
from tests.suite.world import World

USAGE: Final = "billing.UsageService"
GUARDS: Final = "billing.UsageGuardService"
REVIEWS: Final = "billing.ReviewService"
AMEND: Final = f"{USAGE}.AmendEvent"
LIST: Final = f"{USAGE}.ListUsageEvents"
QUERY: Final = f"{USAGE}.QueryUsage"
DECIDE: Final = f"{REVIEWS}.DecideReview"
OF_SUBSCRIPTION: Final = (
    f"{USAGE}.GetUsageSummary",
    f"{USAGE}.WatchUsage",
    f"{GUARDS}.SetUsageGuard",
    f"{GUARDS}.GetUsageGuard",
    RESERVE,
)
_TURNED_ROUND: Final = "start_time {seconds: 1767225600} end_time {seconds: 1767225599}"
_EVENTS_MAX: Final = 10_000
_MONTH_MAX: Final = 31
# Each a few months after the one before: what was dropped takes no more events.
_LONG_AGO: Final = itertools.count(-1_050, 2 * _MONTH_MAX)
_WEIGHED: Final = 15  # each tells of 720 hours in 30 days


# --- subscriptions --------------------------------------------------------------------------------

on_account(SUBSCRIBE, "PLAN_NOT_FOUND")


def _subscription(reason: str, more: str, price: str = "") -> None:
    """Register a refusal of a subscription to a plan that is there."""

    async def build(world: World, rpc: str) -> Attempt:
        plan = await usage_world.metered_plan(world, await usage_world.meter(world), price)
        return Attempt(sample(rpc, account=await world.account(), plan=plan, more=more))

    case(SUBSCRIBE, reason)(build)


_subscription("INVALID_DATES", "subscription {start_date {year: 2020 month: 1 day: 1}}")
_subscription("INVALID_QUANTITIES", 'subscription {held {price: "no" quantity {value: "1"}}}')


@case(SUBSCRIBE, "ACCOUNT_NOT_FOUND")
async def _subscription_of_nobody(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, plan=await world.plan()))


@case(SUBSCRIBE, "PRICE_NOT_FOUND")
async def _band_without_a_price(world: World, rpc: str) -> Attempt:
    more = "subscription {band: 77}"
    return Attempt(sample(rpc, account=await world.account(), plan=await world.plan(), more=more))


@case(SUBSCRIBE, "PLAN_NOT_SUBSCRIBABLE")
async def _plan_that_counts(world: World, rpc: str) -> Attempt:
    create: Any = sample(usage_world.CREATE_PLAN)
    counting = (
        'code: "clients" currency: "BRL" counting {counted: "client"} flat {amount {value: "1"}}'
    )
    text_format.Merge(counting, create.plan.versions[0].prices.add())
    await world.do(usage_world.CREATE_PLAN, create)
    return Attempt(sample(rpc, account=await world.account(), plan=create.plan_id))


@case(SUBSCRIBE, "SUBSCRIPTION_ALREADY_EXISTS")
async def _taken_subscription(world: World, rpc: str) -> Attempt:
    of = await used(world)
    return Attempt(sample(rpc, **of.names, new=of.subscription))


@case(SUBSCRIBE, "USAGE_ALREADY_PRICED")
async def _second_price_of_a_meter(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, **(await used(world)).names))


# --- events ---------------------------------------------------------------------------------------

for _rpc in (AMEND, VOID, LIST, QUERY):
    plain(_rpc, "ACCOUNT_NOT_FOUND")
on_account(AMEND, "EVENT_NOT_FOUND")
on_account(VOID, "EVENT_NOT_FOUND")
on_account(VOID, "INVALID_TIME_RANGE", more=f'range {{source: "test" {_TURNED_ROUND}}}')
on_account(LIST, "INVALID_TIME_RANGE", more=_TURNED_ROUND)


@case(AMEND, "EVENT_VOIDED")
async def _amended_after_all(world: World, rpc: str) -> Attempt:
    of = await used(world)
    return Attempt(sample(rpc, **of.names, event=await usage_world.voided(world, of)))


@case(AMEND, "INVALID_EVENT")
async def _amended_to_nothing(world: World, rpc: str) -> Attempt:
    of = await used(world)
    request = sample(rpc, **of.names, event=await sent(world, of))
    request.ClearField("data")
    return Attempt(request)


@case(VOID, "TOO_MANY_EVENTS")
async def _all_of_too_many(world: World, rpc: str) -> Attempt:
    of = await used(world)
    await send(world, *(event_of(of) for _ in range(_EVENTS_MAX)))
    await send(world, event_of(of))
    seconds = int(midnight(in_days(-1)).timestamp())
    stretch = f"start_time {{seconds: {seconds}}} end_time {{seconds: 4102444800}}"
    more = f'range {{source: "test" {stretch}}}'
    return Attempt(sample(rpc, **of.names, more=more))


def _aged_out(rpc: str, more: str = "") -> None:
    """Register a refusal of a request about an event that is no longer kept."""

    async def build(world: World, _rpc: str) -> Attempt:
        of, event, day = await _old_event(world)
        told = {"day": date_text(day), "seconds": int(midnight(day).timestamp())}
        return Attempt(sample(rpc, **of.names, event=event, more=more % told))

    case(rpc, "EVENTS_AGED_OUT")(build)


async def _old_event(world: World) -> tuple[usage_world.Used, str, date]:
    """An event of years ago that was dropped since, and its day."""
    of, day = await used(world), in_days(next(_LONG_AGO))
    event = event_of(of)
    event.time.FromDatetime(midnight(day))
    await send(world, event)
    rpc = f"{USAGE}.AgeOutEvents"
    before = day + timedelta(days=_MONTH_MAX)
    await world.do(rpc, sample(rpc, more=f"before_month {date_text(before)}"))
    return of, str(event.id), day


_aged_out(AMEND)
_aged_out(VOID)
_aged_out(LIST, "start_time {seconds: %(seconds)s}")
_aged_out(QUERY, "start_date %(day)s granularity: GRANULARITY_HOUR")


@case(f"{USAGE}.AgeOutEvents", "MONTH_TOO_RECENT")
async def _month_that_may_change(world: World, rpc: str) -> Attempt:
    await sent(world, await used(world))
    return Attempt(sample(rpc, more=f"before_month {date_text(in_days(40))}"))


@case("billing.InvoiceService.PreviewInvoice", "AMOUNT_TOO_LARGE")
async def _more_than_anything_may_cost(world: World, rpc: str) -> Attempt:
    of = await used(world)
    await send(world, *(event_of(of, str(10**12)) for _ in range(3)))
    return Attempt(sample(rpc, account=of.account))


# --- what was used --------------------------------------------------------------------------------

for _rpc in OF_SUBSCRIPTION:
    on_account(_rpc, "SUBSCRIPTION_NOT_FOUND")
on_account(QUERY, "METER_NOT_FOUND")


def _query(reason: str, more: str) -> None:
    """Register a refusal of a question about a meter that is there."""

    async def build(world: World, rpc: str) -> Attempt:
        meter = await usage_world.meter(world)
        return Attempt(sample(rpc, account=await world.account(), meter=meter, more=more))

    case(QUERY, reason)(build)


_query("INVALID_DIMENSION", 'group_by: "region"')
_query("INVALID_TIME_RANGE", "start_date {year: 2026 month: 2 day: 1} end_date {year: 2026 month: 1"
       " day: 1}")  # fmt: skip


@case(QUERY, "TOO_MANY_BUCKETS")
async def _each_hour_of_each_method(world: World, rpc: str) -> Attempt:
    of, first = await used(world, aggregation="WEIGHTED_SUM"), in_days(-31)
    events = [event_of(of, method=f"m{number}") for number in range(_WEIGHED)]
    for each in events:
        each.time.FromDatetime(midnight(first))
    await send(world, *events)
    more = (
        f"start_date {date_text(first)} end_date {date_text(in_days(0))}"
        ' granularity: GRANULARITY_HOUR group_by: "method"'
    )
    return Attempt(sample(rpc, **of.names, more=more))


@case(f"{USAGE}.GetUsageSummary", "PRICE_NOT_FOUND")
async def _summary_of_no_price(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, **(await used(world)).names, more='price: "nothing"'))


@case(f"{USAGE}.WatchUsage", "PRICE_NOT_FOUND")
async def _watch_in_another_currency(world: World, rpc: str) -> Attempt:
    of = await used(world)
    update = "billing.BillingProfileService.UpdateBillingProfile"
    more = 'billing_profile {currency: "USD"} update_mask {paths: "currency"}'
    await world.do(update, sample(update, account=of.account, more=more))
    return Attempt(sample(rpc, **of.names))


# --- guards and reservations ----------------------------------------------------------------------

for _rpc in (SETTLE, RELEASE, f"{GUARDS}.GetReservation"):
    on_account(_rpc, "RESERVATION_NOT_FOUND")


def _guarded(rpc: str, reason: str, more: str) -> None:
    """Register a refusal of a request about a price of which 100 may be reserved."""

    async def build(world: World, _rpc: str) -> Attempt:
        return Attempt(sample(rpc, **(await usage_world.guarded(world)).names, more=more))

    case(rpc, reason)(build)


_guarded(RESERVE, "PRICE_NOT_METERED", 'price: "instance"')
_guarded(RESERVE, "USAGE_CEILING_REACHED", 'quantity {value: "100.000000001"}')
_guarded(RESERVE, "INVALID_QUANTITIES", 'quantity {value: "0"}')
_guarded(f"{GUARDS}.SetUsageGuard", "INVALID_GUARD", 'guard {percents {value: "0"}}')


@case(f"{GUARDS}.SetUsageGuard", "PRINCIPAL_NEEDED")
async def _guard_by_admin(world: World, rpc: str) -> Attempt:
    account = await world.account()
    _, secret = await member(world, account, role="ROLE_ADMIN")
    return Attempt(sample(rpc, account=account), secret)


def _unmetered(rpc: str, part: str) -> Build:
    async def build(world: World, _rpc: str) -> Attempt:
        of = await used(world)
        request = sample(rpc, **of.names)
        holder = getattr(request, part) if part else request
        holder.name = holder.name.replace("/usageGuards/calls", "/usageGuards/instance")
        return Attempt(request)

    return build


case(f"{GUARDS}.SetUsageGuard", "PRICE_NOT_METERED")(_unmetered(f"{GUARDS}.SetUsageGuard", "guard"))
case(f"{GUARDS}.GetUsageGuard", "PRICE_NOT_METERED")(_unmetered(f"{GUARDS}.GetUsageGuard", ""))


@case(RESERVE, "METER_NOT_ADDITIVE")
async def _reserved_peak(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, **(await used(world, aggregation="MAX")).names))


@case(RESERVE, "SUBSCRIPTION_NOT_ACTIVE")
async def _reserved_before_it_began(world: World, rpc: str) -> Attempt:
    more = f"subscription {{start_date {date_text(in_days(40))}}}"
    return Attempt(sample(rpc, **(await used(world, more=more)).names))


@case(SETTLE, "INVALID_EVENT")
async def _settled_with_nothing(world: World, rpc: str) -> Attempt:
    of = await used(world)
    request = sample(rpc, **of.names, reservation=await reserved(world, of))
    request.event.ClearField("data")
    return Attempt(request)


def _after(rpc: str, other: str) -> None:
    """Register a refusal of what comes after a reservation was ended in another way."""

    async def build(world: World, _rpc: str) -> Attempt:
        of = await used(world)
        names = of.names | {"reservation": await reserved(world, of)}
        await world.do(other, sample(other, **names))
        return Attempt(sample(rpc, **names))

    case(rpc, "RESERVATION_NOT_OPEN")(build)


_after(SETTLE, RELEASE)
_after(RELEASE, SETTLE)


# --- reviews --------------------------------------------------------------------------------------

on_account(f"{REVIEWS}.GetReview", "REVIEW_NOT_FOUND")
on_account(DECIDE, "REVIEW_NOT_FOUND")


@case(DECIDE, "INVALID_DECISION")
async def _reduced_to_nothing_stated(world: World, rpc: str) -> Attempt:
    of, review = await under_review(world)
    return Attempt(sample(rpc, **of.names, review=review, more="decision: DECISION_REDUCE"))


@case(DECIDE, "REVIEW_CHARGED")
async def _decided_after_the_invoice(world: World, rpc: str) -> Attempt:
    sandbox = await world.sandbox()
    of, review = await under_review(world, sandbox)
    await world.do(rpc, sample(rpc, **of.names, review=review))
    await world.clients.advance(sandbox, datetime(2026, 2, 12, tzinfo=UTC))
    return Attempt(sample(rpc, **of.names, review=review))
