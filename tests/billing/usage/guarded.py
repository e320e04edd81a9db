"""An account whose usage is priced, watched and held: a plan like that of an API, on a store."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pospago.billing.v1 import events_pb2

from billing_service.domain.meter import Aggregation
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import (
    Allowance,
    Fixed,
    Metered,
    PartPeriod,
    Price,
    Review,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import PerUnit
from billing_service.domain.quantities import Quantities
from billing_service.domain.review import Decision
from billing_service.domain.review import Review as HeldCharge
from billing_service.domain.stated_amount import StatedAmount
from billing_service.domain.usage.guard import UsageGuard
from billing_service.storage.guard_queries import FIRST_REVIEW, ReviewFilter, list_reviews
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION, CreateSubscription
from billing_service.use_cases.decide_review import DECIDE_REVIEW, DecideReview
from billing_service.use_cases.reserve_usage import RESERVE_USAGE, Reserved, ReserveUsage
from billing_service.use_cases.reviewed_periods import ReviewInFull, reviews_in_full
from billing_service.use_cases.set_usage_guard import SET_USAGE_GUARD, SetUsageGuard
from tests.billing.builders import Billing, day
from tests.billing.usage.ingesting import event_of, ingest, measure, meter_of

ARREARS: Final = Schedule(
    timing=Timing.ARREARS, first_period=PartPeriod.FULL, last_period=PartPeriod.FULL
)
MINUTE_US: Final = 60_000_000


def metered(code: str, meter: str = "", **more: Any) -> Price:
    """A price of 0.50 for each unit used."""
    values: dict[str, Any] = {
        "currency": "BRL",
        "kind": Metered(meter or code),
        "model": PerUnit(Decimal("0.50")),
    }
    return Price(code, **(values | more))


def including(quantity: str) -> Allowance:
    """So much at no charge."""
    return Allowance(Fixed(Decimal(quantity)))


CALLS: Final = metered("calls", included=including("1000"), review=Review.HELD)
MEGABYTES: Final = metered("megabytes")
PEAK: Final = metered("peak")


def plan_of(*prices: Price, plan: str = "api", schedule: Schedule = ARREARS) -> Plan:
    """A plan of metered prices, charged after each month."""
    version = PlanVersion(0, None, prices or (CALLS, MEGABYTES, PEAK), schedule)
    return Plan(plan, "API", VersionPolicy.FOLLOW, (version,))


@dataclass(slots=True)
class Guarded:
    """The billing service with one account that uses an API."""

    billing: Billing
    _sent: int = 0

    @classmethod
    def on(cls, billing: Billing, *prices: Price, begins_on: str = "2026-03-01") -> "Guarded":
        """An account subscribed to a plan of these prices, and meters for them."""
        measure(
            billing,
            meter_of("calls", kind="call"),
            meter_of("megabytes", kind="transfer"),
            meter_of("peak", Aggregation.MAX, kind="load"),
        )
        billing.plan(plan_of(*prices))
        billing.account()
        guarded = cls(billing)
        guarded.subscribe(begins_on=begins_on)
        return guarded

    def subscribe(
        self,
        subscription: str = "main",
        *,
        account: str = "acme",
        plan: str = "api",
        begins_on: str = "2026-03-01",
        ends_on: str = "",
    ) -> None:
        """Subscribe an account to a plan."""
        command = CreateSubscription(
            account=account,
            subscription_id=subscription,
            plan=plan,
            band=0,
            display_name="",
            quantities=Quantities(),
            begins_on=day(begins_on),
            ends_on=day(ends_on) if ends_on else None,
        )
        self.billing.do(CREATE_SUBSCRIPTION, command)

    def use(
        self, value: str, kind: str = "call", *, time_at: int | None = None, account: str = "acme"
    ) -> str:
        """Take in one event of so much; gives its id."""
        self._sent += 1
        event_id = f"e{self._sent}"
        result = ingest(
            self.billing, event_of(event_id, time_at, value, kind=kind, account=account)
        )
        assert result.accepted_count == 1, result.refusals
        return event_id

    # --- guards and reservations --------------------------------------------------------------

    def guard(self, price: str = "calls", **more: Any) -> UsageGuard:
        """State a guard."""
        return self.billing.do(SET_USAGE_GUARD, guard_command(price, **more))

    def reserve(self, quantity: str, price: str = "calls", **more: Any) -> Reserved:
        """Reserve a quantity."""
        return self.billing.do(RESERVE_USAGE, self.reserve_command(quantity, price, **more))

    def reserve_command(
        self,
        quantity: str,
        price: str = "calls",
        *,
        subscription: str = "main",
        hold_us: int = 0,
        account: str = "acme",
    ) -> ReserveUsage:
        """The command to reserve a quantity, under an id of its own."""
        self._sent += 1
        return ReserveUsage(
            account=account,
            reservation_id=f"r{self._sent}",
            subscription=subscription,
            price=price,
            quantity=Decimal(quantity),
            hold_us=hold_us,
            asked_at=self.billing.clock.now(),
        )

    # --- reviews ------------------------------------------------------------------------------

    def reviews(self, account: str = "acme") -> list[HeldCharge]:
        """All reviews of an account."""
        wanted = ReviewFilter(account, "", ())
        return self.billing.database.read(
            lambda tx: list_reviews(tx, wanted, after=FIRST_REVIEW, limit=100)
        )

    def review(self) -> HeldCharge:
        """The one review of the account."""
        (found,) = self.reviews()
        return found

    def in_full(self) -> ReviewInFull:
        """The one review, as things stand."""
        now_of = {"acme": self.billing.clock.now()}
        review = self.review()
        (found,) = self.billing.database.read(lambda tx: reviews_in_full(tx, [review], now_of))
        return found

    def decide(
        self,
        decision: Decision,
        *,
        amount: StatedAmount | None = None,
        etag: str = "",
        review_id: str = "",
        account: str = "acme",
    ) -> ReviewInFull:
        """Decide about the one review."""
        command = DecideReview(
            account=account,
            review_id=review_id or self.review().review_id,
            decision=decision,
            amount=amount,
            note="agreed",
            author="operator/test",
            asked_at=self.billing.clock.now(),
            etag=etag,
        )
        return self.billing.do(DECIDE_REVIEW, command)

    # --- what was told ------------------------------------------------------------------------

    def thresholds(self) -> list[str]:
        """The thresholds that were told, in order: the price, and the percentage or amount."""
        told: list[tuple[int, Any]] = [*self.billing.told(events_pb2.UsageThresholdReached())]
        return [
            f"{each.price} {each.percent.value + '%' if each.percent.value else each.amount.units}"
            for _, each in told
        ]


def guard_command(
    price: str = "calls",
    *,
    subscription: str = "main",
    percents: tuple[str, ...] = (),
    amounts: tuple[StatedAmount, ...] = (),
    ceiling: str | None = None,
    etag: str = "",
) -> SetUsageGuard:
    """The command to state a guard."""
    return SetUsageGuard(
        account="acme",
        subscription=subscription,
        price=price,
        percents=tuple(Decimal(each) for each in percents),
        amounts=amounts,
        ceiling=None if ceiling is None else Decimal(ceiling),
        etag=etag,
    )


def brl(units: int, nanos: int = 0) -> StatedAmount:
    """An amount in the account's currency."""
    return StatedAmount(units, nanos, "BRL")
