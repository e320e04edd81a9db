"""Explanations as the contract tells them."""

from decimal import Decimal

from google.type.decimal_pb2 import Decimal as ProtoDecimal
from pospago.billing.v1 import explanation_pb2 as pb

from billing_service.api.values import PLAN, to_proto_decimal, to_proto_money
from billing_service.domain.allowance import PartUnit
from billing_service.domain.explanation import Explanation
from billing_service.domain.price_models import Share


def to_proto_explanation(told: Explanation) -> pb.Explanation:
    """How a charge came about."""
    is_by_days = told.coverage.unit is PartUnit.DAYS
    return pb.Explanation(
        plan=PLAN.format(told.plan) if told.plan else "",
        plan_version=told.plan_version,
        price=told.price,
        model=told.model,
        quantity=to_proto_decimal(told.quantity),
        included_quantity=_optional(told.included_quantity),
        priced_quantity=to_proto_decimal(told.priced_quantity),
        shares=map(_to_proto_share, told.shares),
        model_amount=to_proto_decimal(told.model_amount),
        minimum_charge=_optional(told.minimum_charge),
        maximum_charge=_optional(told.maximum_charge),
        discount=_optional(told.discount),
        price_index=to_proto_decimal(told.price_index),
        days_charged=told.coverage.part if is_by_days else 0,
        days_full=told.coverage.whole if is_by_days else 0,
        part_charged=told.coverage.part,
        part_full=told.coverage.whole,
        instalments=told.instalments,
        exact_amount=told.exact_amount,
        amount=to_proto_money(told.amount_minor, told.currency),
        steps=told.steps,
    )


def _to_proto_share(share: Share) -> pb.Explanation.Share:
    return pb.Explanation.Share(
        text=share.text,
        quantity=to_proto_decimal(share.quantity),
        unit_price=_optional(share.unit_price),
        flat_fee=to_proto_decimal(share.flat_fee),
        amount=to_proto_decimal(share.amount),
    )


def _optional(figure: Decimal | None) -> ProtoDecimal | None:
    return None if figure is None else to_proto_decimal(figure)
