"""Coupons, as tests create them."""

from decimal import Decimal
from typing import Any

from billing_service.domain.coupon import Coupon
from billing_service.domain.price import PercentDiscount
from billing_service.storage.one_off_queries import find_coupon
from billing_service.use_cases.create_coupon import CREATE_COUPON, CreateCoupon
from tests.billing.builders import Billing


def coupon_of(coupon_id: str = "welcome", **more: Any) -> Coupon:
    """10% off all prices of all plans, for good."""
    values: dict[str, Any] = {
        "display_name": "",
        "discount": PercentDiscount(Decimal(10)),
        "currency": "",
        "periods_count": None,
        "plans": (),
        "prices": (),
        "redeem_before_at": None,
        "redemptions_max": 0,
        "created_at": 0,
    } | more
    return Coupon(coupon_id=coupon_id, **values)


def create_coupon(billing: Billing, coupon_id: str = "welcome", **more: Any) -> Coupon:
    """A coupon that is stored."""
    return billing.do(CREATE_COUPON, CreateCoupon(coupon_of(coupon_id, **more)))


def stored_coupon(billing: Billing, coupon_id: str = "welcome") -> Coupon:
    """A coupon as it is stored."""
    found = billing.database.read(lambda tx: find_coupon(tx, coupon_id))
    assert found is not None
    return found
