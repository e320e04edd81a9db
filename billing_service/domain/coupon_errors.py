"""What is refused of coupons, and of prices that are negotiated."""

from billing_service.domain.refusals import Faults, InTheWay, Missing, Taken


class CouponNotFound(Missing):
    """There is no such coupon."""

    reason = "COUPON_NOT_FOUND"


class CouponAlreadyExists(Taken):
    """The coupon's id is taken."""

    reason = "COUPON_ALREADY_EXISTS"

    def __init__(self, coupon: str) -> None:
        super().__init__(f"coupons/{coupon}", "choose another coupon_id")


class InvalidCoupon(Faults):
    """What a coupon takes off, or what it is for, is not possible."""

    reason = "INVALID_COUPON"


class CouponNotActive(InTheWay):
    """A coupon was deactivated before."""

    reason = "COUPON_NOT_ACTIVE"

    def __init__(self, name: str) -> None:
        super().__init__(name, "was deactivated before: nobody can redeem it any more")


class CouponNotRedeemable(InTheWay):
    """A coupon is deactivated, over, used up, or for other plans or currencies."""

    reason = "COUPON_NOT_REDEEMABLE"

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, f"{text}: leave it out, or name another one")


class InvalidPriceOverrides(Faults):
    """A negotiated price is none of the plan's, stated twice, or not possible."""

    reason = "INVALID_PRICE_OVERRIDES"
