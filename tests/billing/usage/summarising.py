"""A subscription to metered prices on a store, and what is told of its usage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing_service.domain.meter import Meter
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import (
    Allowance,
    Fixed,
    Licensed,
    Metered,
    PerUnitOf,
    Pooling,
    Price,
    SharedAllowance,
)
from billing_service.domain.price_models import Graduated, PerUnit, Tier
from billing_service.domain.quantities import Held, Quantities
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION, CreateSubscription
from billing_service.use_cases.summarise_usage import (
    GuardedSummary,
    SubscriptionUsage,
    SummariseUsage,
    summarise_usage,
)
from chassis.clock import from_datetime
from tests.billing.builders import Billing, day
from tests.billing.usage.ingesting import event_of, ingest, measure, meter_of


def instant(text: str, zone: str = "UTC") -> int:
    """The instant at which clocks in a zone show `2026-03-01 12:00`, or midnight of a date."""
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def per_unit(
    code: str, unit_price: str, *, included: Allowance | None = None, **more: Any
) -> Price:
    """A metered price of so much a unit, on the meter of its own code."""
    values: dict[str, Any] = {
        "kind": Metered(code),
        "model": PerUnit(Decimal(unit_price)),
        "included": included,
    }
    return Price(code, "USD", **(values | more))


def seats(unit_price: str = "20") -> Price:
    """A price for each seat that is held."""
    return Price("seats", "USD", Licensed("seat"), PerUnit(Decimal(unit_price)))


def fixed(quantity: str) -> Allowance:
    """So much at no charge."""
    return Allowance(Fixed(Decimal(quantity)))


def per_seat(quantity: str, *, dimension: str = "") -> Allowance:
    """So much for each seat: of all together, or of each by itself if a dimension names it."""
    pooling = Pooling.PER_UNIT if dimension else Pooling.POOLED
    return Allowance(PerUnitOf("seats", Decimal(quantity), dimension), pooling)


def graduated(*tiers: tuple[str | None, str]) -> Graduated:
    """Tiers of `up_to` and unit price."""
    zero = Decimal(0)
    return Graduated(
        tuple(Tier(Decimal(end) if end else None, Decimal(price), zero) for end, price in tiers)
    )


@dataclass(slots=True)
class Summarised:
    """The service with one account that is subscribed to a plan of metered prices."""

    billing: Billing
    zone: str = "UTC"
    _sent: int = field(default=0)

    @classmethod
    def on(
        cls,
        billing: Billing,
        *prices: Price,
        meters: Sequence[Meter] = (),
        held: Mapping[str, int] | None = None,
        zone: str = "UTC",
        sandbox: str = "",
        shared: tuple[SharedAllowance, ...] = (),
        begins_on: str = "2026-03-01",
        ends_on: str = "",
    ) -> "Summarised":
        """An account subscribed to these prices; without `meters`, each has one that sums up."""
        if not meters:
            codes = [each.code for each in prices if isinstance(each.kind, Metered)]
            meters = [meter_of(code, kind=code, unit="GB") for code in codes]
        measure(billing, *meters)
        version = PlanVersion(0, None, prices, shared_allowances=shared)
        billing.plan(Plan("hybrid", "Hybrid", VersionPolicy.FOLLOW, (version,)))
        if sandbox:
            billing.sandbox(sandbox)
        billing.account(zone=zone, sandbox=sandbox)
        billing.set_profile(currency="USD")
        own = tuple(Held(code, Decimal(count)) for code, count in (held or {}).items())
        command = CreateSubscription(
            account="acme",
            subscription_id="main",
            plan="hybrid",
            band=0,
            display_name="",
            quantities=Quantities(held=own),
            begins_on=day(begins_on),
            ends_on=day(ends_on) if ends_on else None,
        )
        billing.do(CREATE_SUBSCRIPTION, command)
        return cls(billing, zone)

    def go(self, text: str) -> None:
        """Let time pass, in the account's zone."""
        self.billing.clock.advance_to(instant(text, self.zone))

    def use(self, value: str = "1", kind: str = "calls", *, on: str = "", **data: str) -> None:
        """Something is used, now or when the account's clocks show `on`."""
        self._sent += 1
        time_at = instant(on, self.zone) if on else None
        result = ingest(self.billing, event_of(f"e{self._sent}", time_at, value, kind=kind, **data))
        assert not result.refusals, result.refusals

    def told(self, subscription: str = "main", **asked: Any) -> SubscriptionUsage:
        """The summaries of a subscription."""
        query = SummariseUsage("acme", subscription, **asked)
        return self.billing.database.read(
            lambda tx: summarise_usage(tx, query, self.billing.clock.now())
        )

    def of(self, price: str = "calls", **asked: Any) -> GuardedSummary:
        """The summary of one price."""
        (found,) = self.told(price=price, **asked).summaries
        return found


def figures(guarded: GuardedSummary) -> tuple[str, str | None, str | None, str, int]:
    """Quantity, included, remaining, overage, and cost in minor units."""
    summary = guarded.summary
    return (
        f"{summary.usage.quantity:f}",
        _text(summary.allowed.included),
        _text(summary.allowed.remaining),
        f"{summary.overage:f}",
        summary.cost_minor,
    )


def foreseen(guarded: GuardedSummary) -> tuple[str, int, str]:
    """The projected quantity and cost, and the method."""
    summary = guarded.summary
    return (
        f"{summary.projected_quantity:f}",
        summary.projected_cost_minor,
        summary.method.value,
    )


def _text(quantity: Decimal | None) -> str | None:
    return None if quantity is None else f"{quantity:f}"
