"""How a charge came about, as the contract tells it."""

from decimal import Decimal

from google.type.decimal_pb2 import Decimal as ProtoDecimal
from pospago.billing.v1 import explanation_pb2 as pb

from billing_service.api.values import PLAN, to_proto_decimal, to_proto_money
from billing_service.domain.explanation import Explanation
from billing_service.domain.price_models import Share


def to_proto_explanation(explanation: Explanation) -> pb.Explanation:
    """An explanation as the contract tells it; a plan that is not stored has no name."""
    return pb.Explanation(
        plan=PLAN.format(explanation.plan) if explanation.plan else "",
        plan_version=explanation.plan_version,
        price=explanation.price,
        model=explanation.model,
        quantity=to_proto_decimal(explanation.quantity),
        included_quantity=_optional(explanation.included_quantity),
        priced_quantity=to_proto_decimal(explanation.priced_quantity),
        shares=map(_to_proto_share, explanation.shares),
        model_amount=to_proto_decimal(explanation.model_amount),
        minimum_charge=_optional(explanation.minimum_charge),
        maximum_charge=_optional(explanation.maximum_charge),
        discount=_optional(explanation.discount),
        price_index=to_proto_decimal(explanation.price_index),
        days_charged=explanation.days_charged,
        days_full=explanation.days_full,
        instalments=explanation.instalments,
        exact_amount=explanation.exact_amount,
        amount=to_proto_money(explanation.amount_minor, explanation.currency),
        steps=explanation.steps,
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
