"""Deactivates a coupon: nobody can redeem it any more; who holds it keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.coupon import Coupon
from billing_service.domain.coupon_errors import CouponNotFound
from billing_service.domain.events import CouponChanged
from billing_service.storage.facts import Facts
from billing_service.storage.one_off_queries import gather_coupons_to_change
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class DeactivateCoupon:
    """A coupon is no longer to be redeemed."""

    coupon_id: str


def gather(tx: Transaction, commands: Sequence[DeactivateCoupon]) -> Facts:
    """The coupons, which nobody redeems meanwhile."""
    facts = Facts()
    gather_coupons_to_change(tx, facts, {command.coupon_id for command in commands})
    return facts


def decide(facts: Facts, command: DeactivateCoupon, now: int) -> Effects[Coupon]:
    """Deactivate the coupon.

    Errors:  CouponNotFound, CouponNotActive.
    """
    before = facts.coupons.get(command.coupon_id)
    if before is None:
        raise CouponNotFound(f"coupons/{command.coupon_id}")
    coupon = before.deactivated(now)
    return Effects(coupon, (coupon,), (Event("", CouponChanged(coupon)),))


DEACTIVATE_COUPON: Final[UseCase[DeactivateCoupon, Facts, Coupon]] = UseCase(
    name="deactivate_coupon",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=save,
)
