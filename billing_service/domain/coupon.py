"""Coupons: discounts that subscriptions hold by name, for some periods or for good."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from billing_service.domain.price import AmountDiscount, PercentDiscount

# With these bounds an amount with all that is taken off it has fewer digits than `money.EXACT`.
COUPON_PERCENT_DECIMALS_MAX: Final = 4
COUPONS_HELD_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Coupon:
    """A discount that subscriptions may hold.

    An amount is in `currency`, and off each of `prices`; a percentage has no currency. Of `plans`
    and `prices` none means all. It is in force for `periods_count` periods of each price (None: for
    good), and may be redeemed until `redeem_by_at` (None: at any time) `redemptions_max` times (0:
    as often as one likes).
    """

    coupon_id: str
    display_name: str
    discount: PercentDiscount | AmountDiscount
    currency: str
    periods_count: int | None
    plans: tuple[str, ...]
    prices: tuple[str, ...]
    redeem_by_at: int | None
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
    def etag(self) -> str:
        """Changes with every change of it, redemptions among them."""
        return str(self.version)

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

    def redeemed(self, *, counts: bool) -> "Coupon":
        """The same, redeemed once more, if that is counted."""
        if not counts:
            return self
        count = self.redemptions_count + 1
        return replace(self, redemptions_count=count, version=self.version + 1)
