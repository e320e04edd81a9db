"""The ceiling of a read: an rpc on the same way in as all others, which reads one row.

Its service is in no contract: it is described here, with the request, the answer and the access
rule of GetUsageSummary.
"""

from datetime import date
from typing import Final

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from pospago.billing.v1 import usage_pb2 as pb
from sqlalchemy import bindparam, select

from billing_service.api.values import SUBSCRIPTION, to_proto_decimal
from billing_service.storage.tables import table
from chassis.database import Database, Transaction
from chassis.prepared import Query
from chassis.rpc.call import Call

BARE_SERVICE: Final = "benchmarks.Bare"
BARE_PATH: Final = f"/{BARE_SERVICE}/Read"
_TOTALS: Final = table("usage_totals")
_ROW: Final = Query(
    select(_TOTALS).where(
        _TOTALS.c.account == bindparam("account"),
        _TOTALS.c.meter == bindparam("meter"),
        _TOTALS.c.day == bindparam("day"),
    )
)


def describe_bare_service() -> None:
    """Make the service known, as generated code does for those of the contract."""
    like = pb.DESCRIPTOR.services_by_name["UsageService"].methods_by_name["GetUsageSummary"]
    file = FileDescriptorProto(
        name="benchmarks/bare.proto",
        package="benchmarks",
        syntax="proto3",
        dependency=[pb.DESCRIPTOR.name, "pospago/access/v1/access.proto"],
    )
    method = file.service.add(name="Bare").method.add(
        name="Read",
        input_type=f".{like.input_type.full_name}",
        output_type=f".{like.output_type.full_name}",
    )
    method.options.MergeFrom(like.GetOptions())
    descriptor_pool.Default().Add(file)


class BareReads:
    """The servicer: the total of one day, as it is stored."""

    def __init__(self, database: Database, meter: str, day: date) -> None:
        self._database = database
        self._meter = meter
        self._day = day.isoformat() if database.dialect == "sqlite" else day

    async def Read(  # noqa: N802 - the rpc's name
        self, request: pb.GetUsageSummaryRequest, _call: Call
    ) -> pb.GetUsageSummaryResponse:
        """Give what one row says."""
        account, _ = SUBSCRIPTION.parse(request.subscription)

        def answer(tx: Transaction) -> pb.GetUsageSummaryResponse:
            key = {"account": account, "meter": self._meter, "day": self._day}
            (row,) = tx.rows(_ROW, key)
            summary = pb.UsageSummary(
                quantity=to_proto_decimal(row.sum_units), events_count=row.events_count
            )
            return pb.GetUsageSummaryResponse(summaries=[summary])

        return await self._database.reading(answer)
