"""Accounts that subscribe plans and use things, on a store, and what they are invoiced."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from billing_service.api.meters import from_proto_meter
from billing_service.api.plans import from_proto_plan
from billing_service.api.values import METER, PLAN, bare_id
from billing_service.domain.invoice_line import InvoiceLine
from billing_service.domain.meter import Meter
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import Price, Schedule
from billing_service.domain.quantities import Held, Quantities
from billing_service.domain.subscription import Subscription
from billing_service.storage.queries import find_subscription
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION, CreateSubscription
from pospago_cli.catalog.loading import read_catalog
from tests.billing.builders import SAO_PAULO, Billing, at, day
from tests.billing.usage.ingesting import event_of, ingest, measure

HYBRID: Final = Path(__file__).parents[3] / "examples" / "catalogs" / "hybrid.yaml"
EVENTS_A_BATCH: Final = 10_000


def hybrid_catalog() -> tuple[list[Meter], list[Plan]]:
    """The meters and plans of the example of hybrid billing."""
    stated = read_catalog(HYBRID)
    meters = [from_proto_meter(bare_id(METER, each.name, ""), each) for each in stated.meters]
    plans = [
        from_proto_plan(each, bare_id(PLAN, each.name, ""), path="", found=[])
        for each in stated.plans
    ]
    return meters, plans


def plan_of(
    *prices: Price,
    plan: str = "pro",
    schedule: Schedule | None = None,
    policy: VersionPolicy = VersionPolicy.FOLLOW,
    **more: Any,
) -> Plan:
    """A plan with its first version."""
    version = PlanVersion(0, None, prices, schedule or Schedule(), **more)
    return Plan(plan, "Pro", policy, (version,))


def command_of(
    plan: str = "pro",
    held: Mapping[str, str | int] | None = None,
    *,
    account: str = "acme",
    subscription: str = "main",
    begins: str = "2026-03-01",
    ends: str = "",
    name: str = "",
    band: int = 0,
    **more: Any,
) -> CreateSubscription:
    """A subscription to a plan, to be created."""
    quantities = tuple(Held(code, Decimal(value)) for code, value in (held or {}).items())
    return CreateSubscription(
        account=account,
        subscription_id=subscription,
        plan=plan,
        band=band,
        display_name=name,
        quantities=Quantities(held=quantities),
        begins_on=day(begins) if begins else None,
        ends_on=day(ends) if ends else None,
        **more,
    )


@dataclass(slots=True)
class Live:
    """The billing service with what its accounts subscribe and use."""

    billing: Billing
    _sent: int = 0

    @classmethod
    def on(cls, billing: Billing, *plans: Plan, meters: tuple[Meter, ...] = ()) -> "Live":
        """An account, and a catalogue of its own."""
        measure(billing, *meters)
        for each in plans:
            billing.plan(each)
        live = cls(billing)
        live.account()
        return live

    @classmethod
    def hybrid(cls, billing: Billing) -> "Live":
        """An account, and the catalogue of hybrid billing."""
        meters, plans = hybrid_catalog()
        return cls.on(billing, *plans, meters=tuple(meters))

    def account(self, account: str = "acme", *, payer: str = "", zone: str = SAO_PAULO) -> None:
        """An account that is charged in dollars, by itself or by another one."""
        self.billing.account(account, zone=zone)
        paid = {"payer": payer} if payer else {}
        self.billing.set_profile(account, currency="USD", **paid)

    def subscribe(self, plan: str = "pro", held: Any = None, **more: Any) -> Subscription:
        """Subscribe an account to a plan."""
        command = command_of(plan, held, **more)
        return self.billing.do(CREATE_SUBSCRIPTION, command).subscription

    def subscription(self, account: str = "acme", subscription: str = "main") -> Subscription:
        """A subscription as it is stored."""
        now = self.billing.clock.now()
        found = self.billing.database.read(
            lambda tx: find_subscription(tx, account, subscription, now)
        )
        assert found is not None
        return found.subscription

    def use(
        self,
        kind: str,
        value: str = "1",
        *,
        count: int = 1,
        account: str = "acme",
        on: str = "",
        zone: str = SAO_PAULO,
        data: Mapping[str, str] | None = None,
    ) -> None:
        """Something was used, so often, at an instant or now."""
        time_at = at(on, zone) if on else self.billing.clock.now()
        for start in range(0, count, EVENTS_A_BATCH):
            events = [
                event_of(
                    f"e{self._sent + start + place}",
                    time_at,
                    value,
                    account=account,
                    kind=kind,
                    **(data or {}),
                )
                for place in range(min(EVENTS_A_BATCH, count - start))
            ]
            result = ingest(self.billing, *events)
            assert result.accepted_count == len(events), result.refusals
        self._sent += count

    def lines(self, payer: str = "acme") -> list[InvoiceLine]:
        """The lines of a payer's last invoice."""
        return list(self.billing.invoices(payer)[-1].lines)

    def amounts(self, payer: str = "acme") -> list[list[int]]:
        """What each line of each invoice of a payer comes to, in minor units."""
        invoices = self.billing.invoices(payer)
        return [[line.amount_minor for line in each.lines] for each in invoices]
