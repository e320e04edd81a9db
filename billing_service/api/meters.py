"""Meters: the servicer of MeterService, and meters as the contract tells them."""

from typing import Final

from pospago.billing.v1 import meter_pb2 as pb

from billing_service.api.figures import Choice, Figures
from billing_service.api.reading import Reads
from billing_service.api.values import METER, bare_id, to_proto_decimal
from billing_service.domain.catalog_errors import InvalidMeter, MeterNotFound
from billing_service.domain.meter import (
    AS_EXACT_AS_STORED,
    Aggregation,
    Meter,
    PropertyFilter,
    QuantityRounding,
    RoundingMode,
)
from billing_service.domain.price_models.figures import ONE
from billing_service.storage.gathering_catalog import find_meter, list_meters
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes, whole

_AGGREGATIONS: Final = Choice.of(pb.Meter.Aggregation, "AGGREGATION", Aggregation)
_ROUNDINGS: Final = Choice.of(pb.Meter.Rounding.Mode, "MODE", RoundingMode)


class Meters:
    """The servicer of MeterService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateMeter(self, request: pb.CreateMeterRequest, call: Call) -> bytes:
        """Create a meter."""
        command = CreateMeter(from_proto_meter(request.meter_id, request.meter))
        return await self._writes.run(call, CREATE_METER, command, _CREATED)

    async def GetMeter(self, request: pb.GetMeterRequest, _call: Call) -> pb.GetMeterResponse:
        """Give one meter."""
        meter = bare_id(METER, request.name, "name")
        found = await self._reads.run(lambda tx: find_meter(tx, meter))
        if found is None:
            raise MeterNotFound(meter)
        return pb.GetMeterResponse(meter=to_proto_meter(found))

    async def ListMeters(self, request: pb.ListMetersRequest, _call: Call) -> pb.ListMetersResponse:
        """Give a page of meters."""
        page = self._reads.page(request)
        found = await self._reads.run(
            lambda tx: list_meters(tx, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.meter_id,))
        return pb.ListMetersResponse(meters=map(to_proto_meter, entries), next_page_token=token)


def from_proto_meter(meter_id: str, message: pb.Meter, path: str = "meter.") -> Meter:
    """The meter of an id that a message states; `path` leads to it.

    Errors:  InvalidMeter for what is no decimal.
    """
    figures = Figures()
    meter = read_meter(meter_id, message, figures, path)
    for fault in figures.faults:
        raise InvalidMeter(fault.path, fault.text)
    return meter


def read_meter(meter_id: str, message: pb.Meter, figures: Figures, path: str) -> Meter:
    """The meter of an id that a message at `path` states; decimals that are none are noted."""
    value_per_unit = figures.optional(message, "value_per_unit", path)
    return Meter(
        meter_id=meter_id,
        display_name=message.display_name,
        event_name=message.event_name,
        aggregation=_AGGREGATIONS.members[message.aggregation],
        value_property=message.value_property,
        unit=message.unit,
        filters=tuple(
            PropertyFilter(each.property, frozenset(each.values)) for each in message.filters
        ),
        dimensions=tuple(message.dimensions),
        value_per_unit=ONE if value_per_unit is None else value_per_unit,
        rounding=_from_proto_rounding(message),
    )


def to_proto_meter(meter: Meter) -> pb.Meter:
    """A meter as the contract tells it; what is as when it is left out stays unset."""
    converted = meter.value_per_unit != ONE
    message = pb.Meter(
        name=METER.format(meter.meter_id),
        display_name=meter.display_name,
        event_name=meter.event_name,
        aggregation=_AGGREGATIONS.numbers[meter.aggregation],
        value_property=meter.value_property,
        unit=meter.unit,
        filters=(
            pb.Meter.PropertyFilter(property=each.property, values=sorted(each.values))
            for each in meter.filters
        ),
        dimensions=meter.dimensions,
        value_per_unit=to_proto_decimal(meter.value_per_unit) if converted else None,
    )
    if meter.rounding != AS_EXACT_AS_STORED:
        message.rounding.mode = _ROUNDINGS.numbers[meter.rounding.mode]
        message.rounding.decimals = meter.rounding.decimals
    return message


def _from_proto_rounding(message: pb.Meter) -> QuantityRounding:
    if not message.HasField("rounding"):
        return AS_EXACT_AS_STORED
    return QuantityRounding(_ROUNDINGS.members[message.rounding.mode], message.rounding.decimals)


def _created(meter: Meter) -> pb.CreateMeterResponse:
    return pb.CreateMeterResponse(meter=to_proto_meter(meter))


_CREATED: Final = whole(_created)
