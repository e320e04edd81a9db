"""Allowances and limits, from and to the contract's messages."""

from typing import Final

from pospago.billing.v1 import price_pb2 as pb

from billing_service.api.figures import Choice, Figures
from billing_service.api.values import to_proto_decimal
from billing_service.domain.price import (
    Allowance,
    Fixed,
    Limit,
    MinimumSpend,
    PerUnitOf,
    Pooling,
    SharedAllowance,
    Unlimited,
)

_POOLINGS: Final = Choice.of(pb.Allowance.Pooling, "POOLING", Pooling)


def from_proto_allowance(message: pb.Allowance, figures: Figures, path: str) -> Allowance:
    """The allowance that a message states, whose place is `path`."""
    pooling = _POOLINGS.read(message.pooling, Pooling.POOLED)
    return Allowance(_size(message, figures, path), pooling, message.prorated)


def to_proto_allowance(allowance: Allowance) -> pb.Allowance:
    """An allowance as the contract tells it."""
    message = pb.Allowance(
        pooling=_POOLINGS.numbers[allowance.pooling], prorated=allowance.prorated
    )
    match allowance.size:
        case Fixed(quantity):
            message.quantity.CopyFrom(to_proto_decimal(quantity))
        case PerUnitOf(price, quantity, dimension):
            each = pb.Allowance.PerUnitOf(
                price=price, quantity=to_proto_decimal(quantity), dimension=dimension
            )
            message.per_unit_of.CopyFrom(each)
        case Unlimited():
            message.unlimited = True
    return message


def from_proto_shared(message: pb.SharedAllowance, figures: Figures, path: str) -> SharedAllowance:
    """The shared allowance that a message states."""
    allowance = from_proto_allowance(message.allowance, figures, f"{path}allowance.")
    return SharedAllowance(message.code, allowance, tuple(message.prices))


def to_proto_shared(shared: SharedAllowance) -> pb.SharedAllowance:
    """A shared allowance as the contract tells it."""
    return pb.SharedAllowance(
        code=shared.code, allowance=to_proto_allowance(shared.allowance), prices=shared.prices
    )


def from_proto_limit(message: pb.Limit, figures: Figures, path: str) -> Limit:
    """The limit that a message states."""
    limited = message.WhichOneof("size") == "quantity"
    return Limit(
        code=message.code,
        display_name=message.display_name,
        size=Fixed(figures.of(message, "quantity", path)) if limited else Unlimited(),
        unit=message.unit,
        raised_by=message.raised_by,
    )


def to_proto_limit(limit: Limit) -> pb.Limit:
    """A limit as the contract tells it."""
    message = pb.Limit(
        code=limit.code,
        display_name=limit.display_name,
        unit=limit.unit,
        raised_by=limit.raised_by,
    )
    match limit.size:
        case Fixed(quantity):
            message.quantity.CopyFrom(to_proto_decimal(quantity))
        case Unlimited():
            message.unlimited = True
    return message


def from_proto_minimum(message: pb.MinimumSpend, figures: Figures, path: str) -> MinimumSpend:
    """The minimum spend that a message states."""
    amount = figures.of(message, "amount", path)
    return MinimumSpend(message.currency, amount, tuple(message.prices))


def to_proto_minimum(minimum: MinimumSpend) -> pb.MinimumSpend:
    """A minimum spend as the contract tells it."""
    amount = to_proto_decimal(minimum.amount)
    return pb.MinimumSpend(currency=minimum.currency, amount=amount, prices=minimum.prices)


def _size(message: pb.Allowance, figures: Figures, path: str) -> Fixed | PerUnitOf | Unlimited:
    match message.WhichOneof("size"):
        case "quantity":
            return Fixed(figures.of(message, "quantity", path))
        case "per_unit_of":
            stated = message.per_unit_of
            quantity = figures.of(stated, "quantity", f"{path}per_unit_of.")
            return PerUnitOf(stated.price, quantity, stated.dimension)
    return Unlimited()
