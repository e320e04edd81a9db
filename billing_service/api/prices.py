"""Prices, from and to the contract's messages."""

from typing import Final, assert_never

from google.type.decimal_pb2 import Decimal as ProtoDecimal
from pospago.billing.v1 import price_pb2 as pb

from billing_service.api.allowances import from_proto_allowance, to_proto_allowance
from billing_service.api.figures import Choice, Figures
from billing_service.api.price_models import from_proto_model, to_proto_model
from billing_service.api.schedules import from_proto_schedule, to_proto_schedule
from billing_service.api.values import METER, bare_id, to_proto_decimal
from billing_service.domain.price import (
    AddOn,
    AmountDiscount,
    Counting,
    CountingInstant,
    DimensionFilter,
    Discount,
    Licensed,
    Metered,
    PercentDiscount,
    Price,
    PriceKind,
    Recurring,
    Review,
    Schedule,
    ZeroUsage,
)

_ZERO_USAGES: Final = Choice.of(pb.Price.ZeroUsage, "ZERO_USAGE", ZeroUsage)
_REVIEWS: Final = Choice.of(pb.Price.Review, "REVIEW", Review)
_INSTANTS: Final = Choice.of(pb.Counting.Instant, "INSTANT", CountingInstant)


def from_proto_price(message: pb.Price, general: Schedule, figures: Figures, path: str) -> Price:
    """The price that a message states; `path` leads to it, decimals that are none are noted.

    What its schedule leaves out is that of the `general` one; one that says the same is left out.
    """
    schedule = from_proto_schedule(message.schedule, general)
    included = message.HasField("included")
    return Price(
        code=message.code,
        currency=message.currency,
        kind=_from_proto_kind(message, path),
        model=from_proto_model(message, figures, path),
        display_name=message.display_name,
        band=message.band,
        tax_category=message.tax_category,
        schedule=None if schedule == general else schedule,
        add_on=_from_proto_add_on(message),
        zero_usage=_ZERO_USAGES.read(message.zero_usage, ZeroUsage.SHOWN),
        included=(
            from_proto_allowance(message.included, figures, f"{path}included.")
            if included
            else None
        ),
        minimum_charge=figures.optional(message, "minimum_charge", path),
        maximum_charge=figures.optional(message, "maximum_charge", path),
        discount=_from_proto_discount(message, figures, path),
        review=_REVIEWS.read(message.review, Review.NONE),
    )


def to_proto_price(price: Price) -> pb.Price:
    """A price as the contract tells it."""
    message = pb.Price(
        code=price.code,
        display_name=price.display_name,
        band=price.band,
        currency=price.currency,
        tax_category=price.tax_category,
        schedule=None if price.schedule is None else to_proto_schedule(price.schedule),
        add_on=_to_proto_add_on(price.add_on),
        zero_usage=_ZERO_USAGES.numbers[price.zero_usage],
        included=None if price.included is None else to_proto_allowance(price.included),
        minimum_charge=_optional(price.minimum_charge),
        maximum_charge=_optional(price.maximum_charge),
        review=_REVIEWS.numbers[price.review],
        **to_proto_model(price.model),
    )
    _state_kind(message, price.kind)
    match price.discount:
        case PercentDiscount(percent):
            message.discount_percent.CopyFrom(to_proto_decimal(percent))
        case AmountDiscount(amount):
            message.discount_amount.CopyFrom(to_proto_decimal(amount))
    return message


def _from_proto_kind(message: pb.Price, path: str) -> PriceKind:
    match message.WhichOneof("kind"):
        case "licensed":
            return Licensed(message.licensed.unit)
        case "metered":
            return Metered(
                bare_id(METER, message.metered.meter, f"{path}metered.meter"),
                tuple(
                    DimensionFilter(each.dimension, frozenset(each.values))
                    for each in message.metered.filters
                ),
            )
        case "counting":
            counting = message.counting
            return Counting(
                counted=counting.counted,
                trigger_labels=frozenset(counting.trigger_labels),
                labelled_only=counting.labelled_only,
                own_counted=counting.own_counted,
                instant=_INSTANTS.read(counting.counting_instant, CountingInstant.PERIOD_END),
            )
    return Recurring()


def _state_kind(message: pb.Price, kind: PriceKind) -> None:
    match kind:
        case Recurring():
            message.recurring.SetInParent()
        case Licensed(unit):
            message.licensed.CopyFrom(pb.Licensed(unit=unit))
        case Metered(meter, filters):
            name = METER.format(meter) if meter else ""
            stated = (
                pb.DimensionFilter(dimension=each.dimension, values=sorted(each.values))
                for each in filters
            )
            message.metered.CopyFrom(pb.Metered(meter=name, filters=stated))
        case Counting():
            message.counting.CopyFrom(
                pb.Counting(
                    counted=kind.counted,
                    trigger_labels=sorted(kind.trigger_labels),
                    labelled_only=kind.labelled_only,
                    own_counted=kind.own_counted,
                    counting_instant=_INSTANTS.numbers[kind.instant],
                )
            )
        case _:
            assert_never(kind)


def _from_proto_add_on(message: pb.Price) -> AddOn | None:
    if not message.HasField("add_on"):
        return None
    return AddOn(message.add_on.quantity_max, message.add_on.exclusive_group)


def _to_proto_add_on(add_on: AddOn | None) -> pb.AddOn | None:
    if add_on is None:
        return None
    return pb.AddOn(quantity_max=add_on.quantity_max, exclusive_group=add_on.exclusive_group)


def _from_proto_discount(message: pb.Price, figures: Figures, path: str) -> Discount | None:
    match message.WhichOneof("discount"):
        case "discount_percent":
            return PercentDiscount(figures.of(message, "discount_percent", path))
        case "discount_amount":
            return AmountDiscount(figures.of(message, "discount_amount", path))
    return None


def _optional(amount: object) -> ProtoDecimal | None:
    return None if amount is None else to_proto_decimal(amount)
