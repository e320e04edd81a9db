"""Refusals about guards, reservations and reviews, each with its published reason."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_service.domain.money import EXACT
from billing_service.domain.refusals import BillingError
from billing_service.domain.refusals import Fault as _Fault
from billing_service.domain.refusals import InTheWay as _InTheWay
from billing_service.domain.refusals import Missing as _Missing
from chassis.errors import Kind, QuotaFailure


class PriceNotMetered(_InTheWay):
    """A subscription has no metered price of that code now."""

    reason = "PRICE_NOT_METERED"

    def __init__(self, subscription: str, price: str) -> None:
        super().__init__(
            subscription,
            f"has no metered price {price!r} today: name one that its plan has in this period",
        )


class InvalidGuard(_Fault):
    """A threshold or the ceiling is out of bounds, twice there, or suits the price not."""

    reason = "INVALID_GUARD"


class MeterNotAdditive(_InTheWay):
    """What a price measures cannot be reserved: it is neither counted nor summed."""

    reason = "METER_NOT_ADDITIVE"

    def __init__(self, price: str) -> None:
        super().__init__(
            f"price {price!r}",
            "measures what does not add up: reserve only usage that is counted or summed",
        )


class SubscriptionNotActive(_InTheWay):
    """A subscription has not begun, or is over."""

    reason = "SUBSCRIPTION_NOT_ACTIVE"

    def __init__(self, subscription: str, day: date) -> None:
        super().__init__(
            subscription,
            f"is not subscribed on {day.isoformat()}: use one that has begun and is not over",
        )


@dataclass(frozen=True, slots=True)
class CeilingLoad:
    """What stands against a ceiling: what was used, and what is reserved besides."""

    used: Decimal
    reserved: Decimal
    ceiling: Decimal

    @property
    def room(self) -> Decimal:
        """What they leave below the ceiling; below 0 if more was used than that."""
        return EXACT.subtract(EXACT.subtract(self.ceiling, self.used), self.reserved)

    @property
    def text(self) -> str:
        """The figures in words."""
        figures = (self.used, self.reserved, self.ceiling)
        used, reserved, ceiling = (f"{each.normalize():f}" for each in figures)
        return f"used {used}, reserved {reserved}, ceiling {ceiling}"


class UsageCeilingReached(BillingError):
    """What is used and reserved leaves less below the ceiling than was asked for."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "USAGE_CEILING_REACHED"

    def __init__(self, guard: str, asked: Decimal, load: CeilingLoad) -> None:
        super().__init__(
            f"{guard} leaves less than the {asked.normalize():f} that were asked for ({load.text}):"
            " raise the ceiling, settle or release reservations, or wait for the next period.",
            detail=QuotaFailure(guard, load.text),
            metadata={
                "used": f"{load.used:f}",
                "reserved": f"{load.reserved:f}",
                "ceiling": f"{load.ceiling:f}",
            },
        )


class ReservationNotFound(_Missing):
    """There is no such reservation."""

    reason = "RESERVATION_NOT_FOUND"


class ReservationNotOpen(_InTheWay):
    """A reservation was settled or released."""

    reason = "RESERVATION_NOT_OPEN"

    def __init__(self, name: str, done: str) -> None:
        super().__init__(name, f"was {done} before: reserve anew")


class ReviewNotFound(_Missing):
    """There is no such review."""

    reason = "REVIEW_NOT_FOUND"


class ReviewCharged(_InTheWay):
    """An invoice charges what was decided, so the decision is final."""

    reason = "REVIEW_CHARGED"

    def __init__(self, name: str, invoice: str) -> None:
        super().__init__(name, f"is charged on {invoice}: the decision is final")


class InvalidDecision(_Fault):
    """The amount does not go with the decision."""

    reason = "INVALID_DECISION"
