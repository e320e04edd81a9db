"""Price models, from and to the contract's messages."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from google.protobuf.message import Message
from google.type.decimal_pb2 import Decimal as ProtoDecimal
from pospago.billing.v1 import price_pb2 as pb

from billing_service.api.figures import Choice, Figures
from billing_service.api.values import METER, to_proto_decimal
from billing_service.domain.price_models import (
    Capacity,
    CapacityTier,
    Ceiling,
    Flat,
    Graduated,
    GraduatedPercentage,
    Package,
    PackageRounding,
    Percentage,
    PercentTier,
    PerUnit,
    PriceModel,
    Stairstep,
    StairstepMode,
    Step,
    Tier,
    Volume,
)

_ROUNDINGS: Final = Choice.of(pb.Package.Rounding, "ROUNDING", PackageRounding)
_MODES: Final = Choice.of(pb.Stairstep.Mode, "MODE", StairstepMode)


def from_proto_model(message: pb.Price, figures: Figures, path: str) -> PriceModel:
    """The model of a price, whose place is `path`; decimals that are none are noted."""
    name = message.WhichOneof("model") or ""
    return _READ[name](getattr(message, name), figures, f"{path}{name}.")


def to_proto_model(model: PriceModel) -> Mapping[str, Any]:
    """The model as the field of a price that states it."""
    return {model.name: _TOLD[type(model)](model)}


def _tiers(message: pb.Graduated | pb.Volume, figures: Figures, path: str) -> tuple[Tier, ...]:
    return tuple(
        Tier(
            up_to=figures.optional(tier, "up_to", where),
            unit_price=figures.of(tier, "unit_price", where),
            flat_fee=figures.of(tier, "flat_fee", where),
        )
        for where, tier in _placed(f"{path}tiers", message.tiers)
    )


def _flat(message: pb.Flat, figures: Figures, path: str) -> Flat:
    return Flat(figures.of(message, "amount", path))


def _per_unit(message: pb.PerUnit, figures: Figures, path: str) -> PerUnit:
    return PerUnit(figures.of(message, "unit_price", path))


def _graduated(message: pb.Graduated, figures: Figures, path: str) -> Graduated:
    return Graduated(_tiers(message, figures, path))


def _volume(message: pb.Volume, figures: Figures, path: str) -> Volume:
    return Volume(_tiers(message, figures, path))


def _package(message: pb.Package, figures: Figures, path: str) -> Package:
    return Package(
        size=figures.of(message, "size", path),
        package_price=figures.of(message, "package_price", path),
        rounding=_ROUNDINGS.read(message.rounding, PackageRounding.STARTED),
        packages_min=message.packages_min,
    )


def _stairstep(message: pb.Stairstep, figures: Figures, path: str) -> Stairstep:
    steps = tuple(
        Step(figures.optional(step, "up_to", where), figures.of(step, "amount", where))
        for where, step in _placed(f"{path}steps", message.steps)
    )
    return Stairstep(steps, _MODES.read(message.mode, StairstepMode.REACHED))


def _percentage(message: pb.Percentage, figures: Figures, path: str) -> Percentage:
    return Percentage(
        percent=figures.of(message, "percent", path),
        fixed_fee=figures.of(message, "fixed_fee", path),
        free_amount=figures.of(message, "free_amount", path),
        free_events=message.free_events,
        event_minimum=figures.of(message, "event_minimum", path),
        event_maximum=figures.optional(message, "event_maximum", path),
    )


def _graduated_percentage(
    message: pb.GraduatedPercentage, figures: Figures, path: str
) -> GraduatedPercentage:
    return GraduatedPercentage(
        tuple(
            PercentTier(
                up_to=figures.optional(tier, "up_to", where),
                percent=figures.of(tier, "percent", where),
                flat_fee=figures.of(tier, "flat_fee", where),
            )
            for where, tier in _placed(f"{path}tiers", message.tiers)
        )
    )


def _capacity(message: pb.Capacity, figures: Figures, path: str) -> Capacity:
    return Capacity(
        tuple(
            CapacityTier(
                ceilings=tuple(
                    Ceiling(METER.parse(each.meter)[0], figures.optional(each, "up_to", place))
                    for place, each in _placed(f"{where}ceilings", tier.ceilings)
                ),
                amount=figures.of(tier, "amount", where),
            )
            for where, tier in _placed(f"{path}tiers", message.tiers)
        )
    )


def _placed(path: str, messages: Sequence[Any]) -> list[tuple[str, Any]]:
    """Each of several messages, with what leads to its fields."""
    return [(f"{path}[{place}].", each) for place, each in enumerate(messages)]


def _bound(up_to: Decimal | None) -> ProtoDecimal | None:
    return None if up_to is None else to_proto_decimal(up_to)


def _to_proto_tiers(tiers: Sequence[Tier]) -> list[pb.Tier]:
    return [
        pb.Tier(
            up_to=_bound(tier.up_to),
            unit_price=to_proto_decimal(tier.unit_price),
            flat_fee=to_proto_decimal(tier.flat_fee),
        )
        for tier in tiers
    ]


def _to_proto_package(model: Package) -> pb.Package:
    return pb.Package(
        size=to_proto_decimal(model.size),
        package_price=to_proto_decimal(model.package_price),
        rounding=_ROUNDINGS.numbers[model.rounding],
        packages_min=model.packages_min,
    )


def _to_proto_stairstep(model: Stairstep) -> pb.Stairstep:
    steps = [
        pb.Stairstep.Step(up_to=_bound(step.up_to), amount=to_proto_decimal(step.amount))
        for step in model.steps
    ]
    return pb.Stairstep(steps=steps, mode=_MODES.numbers[model.mode])


def _to_proto_percentage(model: Percentage) -> pb.Percentage:
    return pb.Percentage(
        percent=to_proto_decimal(model.percent),
        fixed_fee=to_proto_decimal(model.fixed_fee),
        free_amount=to_proto_decimal(model.free_amount),
        free_events=model.free_events,
        event_minimum=to_proto_decimal(model.event_minimum),
        event_maximum=_bound(model.event_maximum),
    )


def _to_proto_graduated_percentage(model: GraduatedPercentage) -> pb.GraduatedPercentage:
    tiers = [
        pb.GraduatedPercentage.Tier(
            up_to=_bound(tier.up_to),
            percent=to_proto_decimal(tier.percent),
            flat_fee=to_proto_decimal(tier.flat_fee),
        )
        for tier in model.tiers
    ]
    return pb.GraduatedPercentage(tiers=tiers)


def _to_proto_capacity(model: Capacity) -> pb.Capacity:
    tiers = [
        pb.Capacity.Tier(
            ceilings=[
                pb.Capacity.Ceiling(meter=METER.format(each.meter), up_to=_bound(each.up_to))
                for each in tier.ceilings
            ],
            amount=to_proto_decimal(tier.amount),
        )
        for tier in model.tiers
    ]
    return pb.Capacity(tiers=tiers)


_READ: Final[Mapping[str, Callable[[Any, Figures, str], PriceModel]]] = {
    "flat": _flat,
    "per_unit": _per_unit,
    "graduated": _graduated,
    "volume": _volume,
    "package": _package,
    "stairstep": _stairstep,
    "percentage": _percentage,
    "graduated_percentage": _graduated_percentage,
    "capacity": _capacity,
}
_TOLD: Final[Mapping[type, Callable[[Any], Message]]] = {
    Flat: lambda model: pb.Flat(amount=to_proto_decimal(model.amount)),
    PerUnit: lambda model: pb.PerUnit(unit_price=to_proto_decimal(model.unit_price)),
    Graduated: lambda model: pb.Graduated(tiers=_to_proto_tiers(model.tiers)),
    Volume: lambda model: pb.Volume(tiers=_to_proto_tiers(model.tiers)),
    Package: _to_proto_package,
    Stairstep: _to_proto_stairstep,
    Percentage: _to_proto_percentage,
    GraduatedPercentage: _to_proto_graduated_percentage,
    Capacity: _to_proto_capacity,
}
