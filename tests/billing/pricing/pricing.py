"""Prices for tests, and what they come to, all in plain figures."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing_service.domain.price import Licensed, Metered, Price, ZeroUsage
from billing_service.domain.price_models import (
    CapacityTier,
    Ceiling,
    PercentTier,
    PriceModel,
    Step,
    Tier,
    Usage,
)
from billing_service.domain.rating import RatedPrice, rate


@dataclass(frozen=True, slots=True)
class Case:
    """A quantity, and what it comes to in minor units. `worked` shows how, by hand."""

    name: str
    quantity: str
    amount_minor: int
    worked: str
    currency: str = "USD"

    def __str__(self) -> str:
        return self.name


def metered(model: PriceModel, *, currency: str = "USD", **more: Any) -> Price:
    """A price for usage."""
    return Price(code="calls", currency=currency, kind=Metered("calls"), model=model, **more)


def licensed(model: PriceModel, *, currency: str = "USD", **more: Any) -> Price:
    """A price for what is held."""
    return Price(code="seat", currency=currency, kind=Licensed("seat"), model=model, **more)


def rated(price: Price, usage: Usage | Decimal | str | int, **more: Any) -> RatedPrice:
    """What a usage, or a plain quantity, comes to; there must be a line."""
    whole = usage if isinstance(usage, Usage) else Usage(Decimal(usage))
    line = rate(price, whole, **more)
    assert line is not None
    return line


def charged(model: PriceModel, case: Case) -> int:
    """What a case comes to under a model that prices 0 as well."""
    price = metered(model, currency=case.currency, zero_usage=ZeroUsage.CHARGED)
    return rated(price, case.quantity).amount_minor


def tiers(*rows: tuple[str, str, str]) -> tuple[Tier, ...]:
    """Tiers as rows of bound, unit price and fee; a bound of '' is open."""
    return tuple(
        Tier(Decimal(up_to) if up_to else None, Decimal(unit_price), Decimal(fee))
        for up_to, unit_price, fee in rows
    )


def steps(*rows: tuple[str, str]) -> tuple[Step, ...]:
    """Steps as rows of bound and amount; a bound of '' is open."""
    return tuple(Step(Decimal(up_to) if up_to else None, Decimal(amount)) for up_to, amount in rows)


def percent_tiers(*rows: tuple[str, str, str]) -> tuple[PercentTier, ...]:
    """Tiers as rows of bound, percentage and fee; a bound of '' is open."""
    return tuple(
        PercentTier(Decimal(up_to) if up_to else None, Decimal(percent), Decimal(fee))
        for up_to, percent, fee in rows
    )


def capacity(amount: str, **up_to: str) -> CapacityTier:
    """A capacity and what it costs; a ceiling of '' is open."""
    ceilings = (Ceiling(meter, Decimal(most) if most else None) for meter, most in up_to.items())
    return CapacityTier(tuple(ceilings), Decimal(amount))
