"""Accounts that are charged once, beside a retainer that includes some hours."""

from decimal import Decimal
from typing import Any, Final

from billing_service.domain.one_off_charge import OneOffCharge
from billing_service.domain.plan import Plan
from billing_service.domain.price import AddOn, Allowance, Fixed, Licensed, Price, Recurring
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.storage.one_off_queries import find_one_off
from billing_service.use_cases.create_one_off_charge import (
    CREATE_ONE_OFF_CHARGE,
    CreateOneOffCharge,
    OneOffInFull,
    in_full,
)
from tests.billing.builders import day
from tests.billing.subscribing.live import Live, plan_of

BASE: Final = Price("base", "USD", Recurring(), Flat(Decimal(199)))
CONSULTING: Final = Price(
    "consulting",
    "USD",
    Licensed("hour"),
    PerUnit(Decimal(150)),
    display_name="Consulting",
    add_on=AddOn(),
    included=Allowance(Fixed(Decimal(5))),
)
INCIDENTS: Final = Price(
    "incidents",
    "USD",
    Licensed("incident"),
    PerUnit(Decimal(100)),
    display_name="Emergency support",
    add_on=AddOn(),
)


def retainer(*more: Price) -> Plan:
    """A retainer with five hours of consulting, and incidents."""
    return plan_of(BASE, CONSULTING, INCIDENTS, *more, plan="retainer")


def command_of(charge_id: str = "c1", price: str = "consulting", **more: Any) -> CreateOneOffCharge:
    """Something to be charged once: by the rate card, unless a price of its own is stated."""
    on = more.pop("on", "")
    values: dict[str, Any] = {
        "account": "acme",
        "description": "",
        "quantity": Decimal(more.pop("quantity", 1)),
        "charged_on": day(on) if on else None,
        "unit_price": None,
        "subscription": "main",
        "price": price,
        "discount": None,
        "tax_category": "",
        "author": "operator/test",
        "asked_at": 0,
    }
    if "unit_price" in more:
        values |= {"subscription": "", "price": "", "description": "Setup"}
        more["unit_price"] = Decimal(more["unit_price"])
    return CreateOneOffCharge(charge_id=charge_id, **(values | more))


def charge(
    live: Live, charge_id: str = "c1", price: str = "consulting", **more: Any
) -> OneOffInFull:
    """Charge an account once."""
    command = command_of(charge_id, price, **({"asked_at": live.billing.clock.now()} | more))
    return live.billing.do(CREATE_ONE_OFF_CHARGE, command)


def stored(live: Live, charge_id: str = "c1", account: str = "acme") -> OneOffCharge:
    """A one-off charge as it is stored."""
    return told(live, charge_id, account).charge


def told(live: Live, charge_id: str = "c1", account: str = "acme") -> OneOffInFull:
    """A one-off charge with what it comes to as things stand."""
    known = live.billing.database.read(lambda tx: find_one_off(tx, account, charge_id))
    return in_full(known[0], known)


def described(live: Live, payer: str = "acme") -> list[tuple[str, int]]:
    """What each line of the payer's last invoice says, and its amount."""
    return [(each.description, each.amount_minor) for each in live.lines(payer)]
