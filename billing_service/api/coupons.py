"""Coupons: the servicer of CouponService, and coupons as the contract tells them."""

from typing import Final

from pospago.billing.v1 import coupon_pb2 as pb

from billing_service.api.figures import Figures
from billing_service.api.reading import Reads
from billing_service.api.values import (
    COUPON,
    PLAN,
    bare_id,
    from_proto_timestamp,
    to_proto_decimal,
    to_proto_timestamp,
)
from billing_service.domain.coupon import Coupon, CouponState
from billing_service.domain.coupon_errors import CouponNotFound
from billing_service.domain.price import AmountDiscount, PercentDiscount
from billing_service.storage.one_off_queries import find_coupon, list_coupons
from billing_service.use_cases.create_coupon import CREATE_COUPON, CreateCoupon
from billing_service.use_cases.deactivate_coupon import DEACTIVATE_COUPON, DeactivateCoupon
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes, whole

_STATES: Final = {
    pb.Coupon.STATE_ACTIVE: CouponState.ACTIVE,
    pb.Coupon.STATE_DEACTIVATED: CouponState.DEACTIVATED,
}
_STATE_NUMBERS: Final = {state: number for number, state in _STATES.items()}


class Coupons:
    """The servicer of CouponService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateCoupon(self, request: pb.CreateCouponRequest, call: Call) -> bytes:
        """Create a coupon."""
        return await self._writes.run(call, CREATE_COUPON, _from_proto_create(request), _CREATED)

    async def DeactivateCoupon(self, request: pb.DeactivateCouponRequest, call: Call) -> bytes:
        """Let nobody redeem a coupon any more."""
        command = DeactivateCoupon(bare_id(COUPON, request.name, "name"))
        return await self._writes.run(call, DEACTIVATE_COUPON, command, _DEACTIVATED)

    async def GetCoupon(self, request: pb.GetCouponRequest, _call: Call) -> pb.GetCouponResponse:
        """Give one coupon."""
        coupon = bare_id(COUPON, request.name, "name")
        found = await self._reads.run(lambda tx: find_coupon(tx, coupon))
        if found is None:
            raise CouponNotFound(request.name)
        return pb.GetCouponResponse(coupon=to_proto_coupon(found))

    async def ListCoupons(
        self, request: pb.ListCouponsRequest, _call: Call
    ) -> pb.ListCouponsResponse:
        """Give a page of coupons."""
        states = {_STATES[each] for each in request.states if each in _STATES}
        page = self._reads.page(request)
        found = await self._reads.run(
            lambda tx: list_coupons(tx, states=states, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.coupon_id,))
        return pb.ListCouponsResponse(coupons=map(to_proto_coupon, entries), next_page_token=token)


def to_proto_coupon(coupon: Coupon) -> pb.Coupon:
    """A coupon as the contract tells it."""
    percent, amount = coupon.percent, coupon.amount
    return pb.Coupon(
        name=COUPON.format(coupon.coupon_id),
        display_name=coupon.display_name,
        percent=None if percent is None else to_proto_decimal(percent),
        amount=None if amount is None else to_proto_decimal(amount),
        currency=coupon.currency,
        periods_count=coupon.periods_count,
        forever=True if coupon.periods_count is None else None,
        plans=map(PLAN.format, coupon.plans),
        prices=coupon.prices,
        redeem_before_time=to_proto_timestamp(coupon.redeem_before_at),
        redemptions_max=coupon.redemptions_max,
        redemptions_count=coupon.redemptions_count,
        state=_STATE_NUMBERS[coupon.state],
        create_time=to_proto_timestamp(coupon.created_at),
        deactivate_time=to_proto_timestamp(coupon.deactivated_at),
    )


def _from_proto_create(request: pb.CreateCouponRequest) -> CreateCoupon:
    message, figures = request.coupon, Figures()
    discount: PercentDiscount | AmountDiscount = (
        PercentDiscount(figures.of(message, "percent"))
        if message.WhichOneof("discount") == "percent"
        else AmountDiscount(figures.of(message, "amount"))
    )
    is_limited = message.HasField("redeem_before_time")
    coupon = Coupon(
        coupon_id=request.coupon_id,
        display_name=message.display_name,
        discount=discount,
        currency=message.currency,
        periods_count=(
            message.periods_count if message.WhichOneof("duration") == "periods_count" else None
        ),
        plans=tuple(
            bare_id(PLAN, each, f"coupon.plans[{place}]")
            for place, each in enumerate(message.plans)
        ),
        prices=tuple(message.prices),
        redeem_before_at=(from_proto_timestamp(message.redeem_before_time) if is_limited else None),
        redemptions_max=message.redemptions_max,
        created_at=0,
    )
    return CreateCoupon(coupon, tuple(figures.faults))


def _created(coupon: Coupon) -> pb.CreateCouponResponse:
    return pb.CreateCouponResponse(coupon=to_proto_coupon(coupon))


def _deactivated(coupon: Coupon) -> pb.DeactivateCouponResponse:
    return pb.DeactivateCouponResponse(coupon=to_proto_coupon(coupon))


_CREATED: Final = whole(_created)
_DEACTIVATED: Final = whole(_deactivated)
