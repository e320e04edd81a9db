"""What it takes to give a subscription coupons: each is redeemed, and counted."""

from collections.abc import Sequence

from billing_service.domain.coupon_errors import CouponNotFound
from billing_service.domain.events import CouponChanged
from billing_service.domain.subscription import Subscription
from billing_service.storage.facts import Facts
from billing_service.use_cases.standings import Outcome
from chassis.use_case import Event


def redeem(
    facts: Facts,
    subscription: Subscription,
    coupons: Sequence[str],
    *,
    plan: str,
    now: int,
    outcome: Outcome,
) -> None:
    """Redeem coupons that a subscription comes to hold with a plan; nothing counts in a sandbox.

    Shapes:  the coupons were gathered to be changed.
    Errors:  CouponNotFound, CouponNotRedeemable.
    """
    account = facts.accounts[subscription.account]
    currency = facts.currency_of(account.account, now)
    for coupon_id in coupons:
        before = facts.coupons.get(coupon_id)
        if before is None:
            raise CouponNotFound(f"coupons/{coupon_id}")
        is_real = not account.sandbox
        coupon = before.redeemed(plan=plan, currency=currency, now=now, counts=is_real)
        if is_real:
            outcome.changes.append(coupon)
            outcome.events.append(Event("", CouponChanged(coupon)))
