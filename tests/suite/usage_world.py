"""Usage of accounts in whatever state a test needs: priced, sent, reserved, under review."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from google.protobuf import text_format
from pospago.billing.v1 import usage_pb2

from chassis.clock import SystemClock
from tests.suite.requests import fresh, sample
from tests.suite.world import World

CREATE_METER: Final = "billing.MeterService.CreateMeter"
CREATE_PLAN: Final = "billing.CatalogService.CreatePlan"
SUBSCRIBE: Final = "billing.SubscriptionService.CreateSubscription"
INGEST: Final = "billing.UsageService.IngestEvents"
VOID: Final = "billing.UsageService.VoidEvents"
GUARD: Final = "billing.UsageGuardService.SetUsageGuard"
RESERVE: Final = "billing.UsageGuardService.ReserveUsage"
SETTLE: Final = "billing.UsageGuardService.SettleReservation"
RELEASE: Final = "billing.UsageGuardService.ReleaseReservation"
REVIEWS: Final = "billing.ReviewService.ListReviews"
HELD: Final = "review: REVIEW_HELD"
_CALLS: Final = (
    'code: "calls" currency: "BRL" per_unit {unit_price {value: "0.5"}}'
    ' included {quantity {value: "10"}}'
)


@dataclass(frozen=True, slots=True)
class Used:
    """An account whose subscription has the price `calls` of a meter."""

    account: str
    meter: str
    plan: str
    subscription: str

    @property
    def names(self) -> dict[str, str]:
        """What samples call them."""
        return asdict(self)


async def meter(world: World, aggregation: str = "SUM") -> str:
    """A meter of events of a type of its own, with two dimensions."""
    name = fresh("meter")
    more = f"meter {{aggregation: AGGREGATION_{aggregation}}}"
    await world.do(CREATE_METER, sample(CREATE_METER, new=name, more=more))
    return name


async def metered_plan(world: World, meter_id: str, more: str = "") -> str:
    """A plan with a metered price, and whatever more it says, beside that of a sample."""
    name = fresh("plan")
    request: Any = sample(CREATE_PLAN, new=name)
    price = request.plan.versions[0].prices.add()
    text_format.Merge(f'{_CALLS} metered {{meter: "meters/{meter_id}"}} {more}', price)
    await world.do(CREATE_PLAN, request)
    return name


async def used(
    world: World, sandbox: str = "", *, aggregation: str = "SUM", price: str = "", more: str = ""
) -> Used:
    """An account that is subscribed; `price` is added to its price, `more` to the subscription."""
    account, meter_id = await world.account(sandbox), await meter(world, aggregation)
    found = Used(account, meter_id, await metered_plan(world, meter_id, price), fresh("usage"))
    request = sample(SUBSCRIBE, **found.names, new=found.subscription, more=more)
    await world.do(SUBSCRIBE, request)
    return found


def event_of(of: Used, count: str = "1", *, method: str = "") -> Any:
    """An event of its usage."""
    event: Any = sample(INGEST, **of.names).events[0]
    event.data["count"] = count
    if method:
        event.data["method"] = method
    return event


async def send(world: World, *events: Any) -> None:
    """Send events that must be taken in."""
    answer = await world.do(INGEST, usage_pb2.IngestEventsRequest(events=events))
    assert answer.accepted_count == len(events), answer.refusals


async def sent(world: World, of: Used, count: str = "1") -> str:
    """An event that was taken in; gives its id."""
    event = event_of(of, count)
    await send(world, event)
    return str(event.id)


async def voided(world: World, of: Used) -> str:
    """An event that was taken back; gives its id."""
    event_id = await sent(world, of)
    await world.do(VOID, sample(VOID, **of.names, event=event_id))
    return event_id


async def guarded(world: World, sandbox: str = "") -> Used:
    """An account whose reservations have a ceiling of 100."""
    found = await used(world, sandbox)
    await world.do(GUARD, sample(GUARD, **found.names))
    return found


async def reserved(world: World, of: Used) -> str:
    """A reservation of 1; gives its id."""
    answer = await world.do(RESERVE, sample(RESERVE, **of.names))
    return str(answer.reservation.name).rpartition("/")[2]


async def under_review(world: World, sandbox: str = "") -> tuple[Used, str]:
    """An account whose usage came to something that is held, and the review of it."""
    found = await used(world, sandbox, price=HELD)
    await sent(world, found, "1000")
    return found, await review_of(world, found.account)


async def review_of(world: World, account: str) -> str:
    """The id of an account's one review."""
    answer = await world.do(REVIEWS, sample(REVIEWS, account=account))
    (review,) = answer.reviews
    return str(review.name).rpartition("/")[2]


def date_text(day: date) -> str:
    """A day as text format states it."""
    return f"{{year: {day.year} month: {day.month} day: {day.day}}}"


def in_days(days: int) -> date:
    """So many days from today, in UTC."""
    today = datetime.fromtimestamp(SystemClock().now() // 1_000_000, UTC).date()
    return today + timedelta(days)


def midnight(day: date) -> datetime:
    """The first instant of a day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
