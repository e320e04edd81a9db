"""Meters: the servicer of MeterService, and meters as the contract tells them."""

from typing import Final

from pospago.billing.v1 import meter_pb2 as pb

from billing_service.api.reading import Reads
from billing_service.api.values import METER, bare_id
from billing_service.domain.catalog_errors import MeterNotFound
from billing_service.domain.meter import Aggregation, Meter
from billing_service.storage.gathering_catalog import find_meter, list_meters
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from chassis.rpc.call import Call
from chassis.rpc.writes import Writes, whole

_AGGREGATIONS: Final = {
    pb.Meter.AGGREGATION_COUNT: Aggregation.COUNT,
    pb.Meter.AGGREGATION_SUM: Aggregation.SUM,
    pb.Meter.AGGREGATION_MAX: Aggregation.MAX,
    pb.Meter.AGGREGATION_LATEST: Aggregation.LATEST,
    pb.Meter.AGGREGATION_UNIQUE_COUNT: Aggregation.UNIQUE_COUNT,
    pb.Meter.AGGREGATION_WEIGHTED_SUM: Aggregation.WEIGHTED_SUM,
}
_AGGREGATION_NUMBERS: Final = {kind: number for number, kind in _AGGREGATIONS.items()}


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


def from_proto_meter(meter_id: str, message: pb.Meter) -> Meter:
    """The meter of an id that a message states."""
    return Meter(
        meter_id=meter_id,
        display_name=message.display_name,
        event_name=message.event_name,
        aggregation=_AGGREGATIONS[message.aggregation],
        value_property=message.value_property,
        unit=message.unit,
    )


def to_proto_meter(meter: Meter) -> pb.Meter:
    """A meter as the contract tells it."""
    return pb.Meter(
        name=METER.format(meter.meter_id),
        display_name=meter.display_name,
        event_name=meter.event_name,
        aggregation=_AGGREGATION_NUMBERS[meter.aggregation],
        value_property=meter.value_property,
        unit=meter.unit,
    )


def _created(meter: Meter) -> pb.CreateMeterResponse:
    return pb.CreateMeterResponse(meter=to_proto_meter(meter))


_CREATED: Final = whole(_created)
