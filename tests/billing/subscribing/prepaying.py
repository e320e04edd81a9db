"""Prepaid subscriptions as tests make them, on plans that are charged in advance."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from billing_service.domain.price import (
    IntervalUnit,
    Metered,
    Price,
    Recurring,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.subscription import Subscription
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION, CreateSubscription
from tests.billing.builders import Billing
from tests.billing.subscribing.live import Live, command_of, plan_of
from tests.billing.usage.ingesting import meter_of

_USD: Final = "USD"
CALLS_METER: Final = meter_of("calls")
BASE: Final = Price("base", _USD, Recurring(), Flat(Decimal(31)))
CALLS: Final = Price("calls", _USD, Metered("calls"), PerUnit(Decimal(1)))
SUPPORT: Final = Price(
    "support",
    _USD,
    Recurring(),
    Flat(Decimal(365)),
    schedule=Schedule(interval_unit=IntervalUnit.YEAR),
)
SMALL: Final = plan_of(BASE, plan="small")
USED: Final = plan_of(BASE, CALLS, plan="used")
BIG: Final = plan_of(Price("base", _USD, Recurring(), Flat(Decimal(62))), plan="big")
LONG: Final = plan_of(BASE, SUPPORT, plan="long")
LATER: Final = plan_of(BASE, plan="later", schedule=Schedule(timing=Timing.ARREARS))


def prepaid_on(billing: Billing) -> Live:
    """An account without any balance, and plans charged in advance; it is 2 March, 09:00."""
    return Live.on(billing, SMALL, BIG, USED, LONG, LATER, meters=(CALLS_METER,))


def prepaid_in_sandbox(billing: Billing, method: str) -> Live:
    """The same in a sandbox, where the provider for trying out answers as the method says."""
    for each in (SMALL, BIG):
        billing.plan(each)
    billing.sandbox("toy")
    billing.account("acme", sandbox="toy")
    billing.set_profile(currency=_USD, payment_provider="test", payment_method=method)
    return Live(billing)


def prepaid_command(plan: str = "small", held: Any = None, **more: Any) -> CreateSubscription:
    """A subscription to a plan, to be paid ahead."""
    return replace(command_of(plan, held, **more), prepaid=True)


def prepay(live: Live, plan: str = "small", held: Any = None, **more: Any) -> Subscription:
    """Subscribe an account to a plan, to be paid ahead."""
    command = prepaid_command(plan, held, **more)
    return live.billing.do(CREATE_SUBSCRIPTION, command).subscription


def pay(live: Live, amount: str, *, payment: str = "", payer: str = "acme") -> None:
    """Money comes in."""
    live.billing.pay(amount, value_on="2026-03-02", payment=payment, payer=payer, currency=_USD)


def balance(live: Live, payer: str = "acme") -> int:
    """What a payer has paid beyond its invoices, in minor units."""
    return live.billing.profile(payer).credit[0]
