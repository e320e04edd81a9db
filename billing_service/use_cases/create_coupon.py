"""Creates a coupon."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.coupon import Coupon, coupon_faults
from billing_service.domain.coupon_errors import CouponAlreadyExists, InvalidCoupon
from billing_service.domain.errors import PlanNotFound
from billing_service.domain.events import CouponChanged
from billing_service.domain.price_models import Fault
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.one_off_queries import gather_coupons
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase

# Where the request states the coupon.
_PREFIX: Final = "coupon."


@dataclass(frozen=True, slots=True)
class CreateCoupon:
    """Subscriptions are to get a discount; `misread` are the faults of figures that are none."""

    coupon: Coupon
    misread: tuple[Fault, ...] = ()


def gather(tx: Transaction, commands: Sequence[CreateCoupon]) -> Facts:
    """The coupons of the same ids, and the plans that they name."""
    facts = Facts()
    gather_coupons(tx, facts, {command.coupon.coupon_id for command in commands})
    gathering.gather_plans(tx, facts, {plan for each in commands for plan in each.coupon.plans})
    return facts


def decide(facts: Facts, command: CreateCoupon, now: int) -> Effects[Coupon]:
    """Create the coupon, unless its id is taken or what it says is not possible.

    Errors:  CouponAlreadyExists, PlanNotFound, CurrencyUnknown, InvalidCoupon.
    """
    coupon = replace(command.coupon, created_at=now)
    if coupon.coupon_id in facts.coupons:
        raise CouponAlreadyExists(coupon.coupon_id)
    for plan in coupon.plans:
        if plan not in facts.plans:
            raise PlanNotFound(plan)
    faults = command.misread or tuple(coupon_faults("", coupon))
    if faults:
        raise InvalidCoupon(faults, _PREFIX)
    return Effects(coupon, (coupon,), (Event("", CouponChanged(coupon)),))


CREATE_COUPON: Final[UseCase[CreateCoupon, Facts, Coupon]] = UseCase(
    name="create_coupon",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=save,
)
