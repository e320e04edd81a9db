"""Coupons: discounts that subscriptions hold by name, for some periods or for good."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Final, assert_never

from billing_service.domain.amount_bounds import bounded_faults
from billing_service.domain.coupon_errors import CouponNotActive, CouponNotRedeemable
from billing_service.domain.money import minor_digits
from billing_service.domain.price import AmountDiscount, PercentDiscount
from billing_service.domain.price_models import Fault
from billing_service.domain.price_models.figures import PERCENT_MAX, decimals_of

# With these bounds an amount with all that is taken off it has fewer digits than `money.EXACT`.
COUPON_PERCENT_DECIMALS_MAX: Final = 4
COUPONS_HELD_MAX: Final = 5


class CouponState(Enum):
    """Whether a coupon can be redeemed."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True)
class Coupon:
    """A discount that subscriptions may hold.

    An amount is in `currency`, and off each of `prices`; a percentage has no currency. Of `plans`
    and `prices` none means all. It is in force for `periods_count` periods of each price (None: for
    good), and may be redeemed before `redeem_before_at` (None: at any time), `redemptions_max`
    times (0: as often as one likes).
    """

    coupon_id: str
    display_name: str
    discount: PercentDiscount | AmountDiscount
    currency: str
    periods_count: int | None
    plans: tuple[str, ...]
    prices: tuple[str, ...]
    redeem_before_at: int | None
    redemptions_max: int
    created_at: int
    redemptions_count: int = 0
    deactivated_at: int | None = None
    version: int = 1

    @property
    def name(self) -> str:
        """Its name in the contract."""
        return f"coupons/{self.coupon_id}"

    @property
    def state(self) -> CouponState:
        """Whether it can be redeemed."""
        return CouponState.ACTIVE if self.deactivated_at is None else CouponState.DEACTIVATED

    @property
    def percent(self) -> Decimal | None:
        """How many percent it takes off; None for an amount."""
        return self.discount.percent if isinstance(self.discount, PercentDiscount) else None

    @property
    def amount(self) -> Decimal | None:
        """How much it takes off; None for a percentage."""
        return self.discount.amount if isinstance(self.discount, AmountDiscount) else None

    def applies_to(self, *, plan: str, price: str, currency: str) -> bool:
        """Whether it takes something off a price of a plan, in a currency."""
        is_of_plan = not self.plans or plan in self.plans
        is_of_price = not self.prices or price in self.prices
        return is_of_plan and is_of_price and self.currency in ("", currency)

    def deactivated(self, now: int) -> "Coupon":
        """The same, which can no longer be redeemed.

        Errors:  CouponNotActive.
        """
        if self.deactivated_at is not None:
            raise CouponNotActive(self.name)
        return replace(self, deactivated_at=now, version=self.version + 1)

    def redeemed(self, *, plan: str, currency: str, now: int, counts: bool) -> "Coupon":
        """The same, redeemed once more for a subscription to a plan, if that is counted.

        Errors:  CouponNotRedeemable.
        """
        reason = self._refusal(plan, currency, now)
        if reason:
            raise CouponNotRedeemable(self.name, reason)
        if not counts:
            return self
        count = self.redemptions_count + 1
        return replace(self, redemptions_count=count, version=self.version + 1)

    def _refusal(self, plan: str, currency: str, now: int) -> str:
        """Why it cannot be redeemed; '' if it can."""
        if self.deactivated_at is not None:
            return "was deactivated"
        if self.redeem_before_at is not None and now >= self.redeem_before_at:
            return "could be redeemed until its redeem_before_time only"
        if self.redemptions_max and self.redemptions_count >= self.redemptions_max:
            return f"was redeemed {self.redemptions_count:,} times, as often as it may be"
        if self.plans and plan not in self.plans:
            return f"is not for plans/{plan}"
        if self.currency not in ("", currency):
            return f"is in {self.currency}, and the account is charged in {currency}"
        return ""


def coupon_faults(path: str, coupon: Coupon) -> Iterator[Fault]:
    """What is wrong with a coupon's figures; `path` leads to it.

    Errors:  CurrencyUnknown.
    """
    match coupon.discount:
        case PercentDiscount(percent):
            yield from discount_faults(f"{path}percent", percent)
            if coupon.currency:
                yield Fault(f"{path}currency", "goes with an amount only: leave it out")
        case AmountDiscount(amount):
            if not coupon.currency:
                yield Fault(f"{path}currency", "must say what the amount is in, such as BRL")
                return
            minor_digits(coupon.currency, f"{path}currency")
            if amount.is_finite() and not amount:
                yield Fault(f"{path}amount", "must be above 0")
            yield from bounded_faults(f"{path}amount", amount, coupon.currency)
            if not coupon.prices:
                yield Fault(f"{path}prices", "must name the prices that an amount is taken off")
        case _ as unreachable:
            assert_never(unreachable)


def discount_faults(path: str, percent: Decimal) -> Iterator[Fault]:
    """What is wrong with a percentage that is agreed, or of a coupon."""
    if not percent.is_finite() or not 0 < percent <= PERCENT_MAX:
        yield Fault(path, f"must be above 0, up to {PERCENT_MAX}")
    elif decimals_of(percent) > COUPON_PERCENT_DECIMALS_MAX:
        yield Fault(path, f"must have at most {COUPON_PERCENT_DECIMALS_MAX} decimals")
