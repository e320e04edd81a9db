"""Plans and estimates with defaults, for what needs no server."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from billing_service.domain.estimate import Asked, Estimate, EstimatedInvoice, estimate
from billing_service.domain.plan import Plan, VersionPolicy
from billing_service.domain.plan_timeline import PricedPlan
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import Licensed, Metered, Price, PriceKind, Recurring
from billing_service.domain.price_models import Flat, PerUnit, PriceModel
from billing_service.domain.quantities import Held, Quantities, Used

day = date.fromisoformat
SEATS: Final = Licensed("seat")
CALLS: Final = Metered("calls")


def price(
    code: str, kind: PriceKind, model: PriceModel, *, currency: str = "USD", **more: Any
) -> Price:
    return Price(code, currency, kind, model, **more)


def flat(amount: str, code: str = "base", **more: Any) -> Price:
    return price(code, Recurring(), Flat(Decimal(amount)), **more)


def seats(unit_price: str, **more: Any) -> Price:
    return price("seats", SEATS, PerUnit(Decimal(unit_price)), **more)


def calls(unit_price: str, **more: Any) -> Price:
    return price("calls", CALLS, PerUnit(Decimal(unit_price)), **more)


def plan(*prices: Price, policy: VersionPolicy = VersionPolicy.FOLLOW, **more: Any) -> Plan:
    return plan_of((PlanVersion(1, None, prices, **more),), policy)


def plan_of(versions: tuple[PlanVersion, ...], policy: VersionPolicy) -> Plan:
    return Plan("pro", "Pro", policy, versions)


def quantities(
    held: Mapping[str, str | int] | None = None, used: Mapping[str, str | int] | None = None
) -> Quantities:
    return Quantities(
        held=tuple(Held(code, Decimal(value)) for code, value in (held or {}).items()),
        used=tuple(Used(code, Decimal(value)) for code, value in (used or {}).items()),
    )


def estimated(
    what: Plan,
    asked: Quantities | None = None,
    *,
    begins: str = "2027-01-01",
    ends: str = "",
    months: int = 1,
    **more: Any,
) -> Estimate:
    values: dict[str, Any] = {"plan": what, "band": 0, "currency": "USD", "zone": "UTC"}
    priced = PricedPlan(**(values | more))
    span = Asked(day(begins), day(ends) if ends else None, months, asked or Quantities())
    return estimate(priced, span, units={}, taxation=None)


def totals(found: Estimate) -> list[int]:
    """What each invoice comes to, in minor units."""
    return [invoice.taxes.total_minor for invoice in found.invoices]


def amounts(invoice: EstimatedInvoice) -> list[tuple[str, int]]:
    """Each line's item and amount, in order."""
    return [(each.line.price, each.line.amount_minor) for each in invoice.lines]
