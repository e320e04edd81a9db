"""Lets the provisioning service lead this one through a sandbox's time."""

import time
from typing import Final

from pospago.billing.v1 import sandbox_step_pb2 as pb
from pospago.event.v1 import event_pb2

from billing_service.api.values import from_proto_timestamp, to_proto_timestamp
from billing_service.domain.errors import TimeBeforeClock
from chassis.errors import PositionOutOfRange
from chassis.feed import Position, read_head
from chassis.rpc.call import Call
from chassis.rpc.consumer import FeedConsumer
from chassis.rpc.names import sandbox_id
from chassis.sandboxes import next_due_in, read_clock, retry_parked_in, step_to
from chassis.writer import Writer

APPLY_SECONDS_MAX: Final = 30.0
# The answer must reach the caller before its own deadline does.
MARGIN_SECONDS: Final = 0.1


class SandboxSteps:
    """The servicer of SandboxStepService."""

    def __init__(self, writer: Writer, consumer: FeedConsumer) -> None:
        self._writer = writer
        self._consumer = consumer

    async def NextDue(self, request: pb.NextDueRequest, _call: Call) -> pb.NextDueResponse:
        """Tell when the next thing falls due in a sandbox."""
        sandbox = sandbox_id(request.sandbox)
        due_at, head = await self._writer.call(lambda: next_due_in(self._writer, sandbox))
        return pb.NextDueResponse(due_time=to_proto_timestamp(due_at), head=_to_proto(head))

    async def ApplyTo(self, request: pb.ApplyToRequest, call: Call) -> pb.ApplyToResponse:
        """Wait until the provisioning service's feed is applied up to a position."""
        position = request.position
        if self._consumer.fault:
            cursor = self._consumer.cursor
            raise PositionOutOfRange(
                f"{position.epoch}/{position.seq}", f"{cursor.epoch}/{cursor.seq}"
            )
        until = time.monotonic() + APPLY_SECONDS_MAX
        if call.deadline_at is not None:
            until = min(until, call.deadline_at - MARGIN_SECONDS)
        await self._consumer.wait(position.epoch, position.seq, until)
        return pb.ApplyToResponse(head=_to_proto(await self._head()))

    async def StepTo(self, request: pb.StepToRequest, _call: Call) -> pb.StepToResponse:
        """Move a sandbox's clock, and do what is due up to then."""
        sandbox = sandbox_id(request.sandbox)
        to_at = from_proto_timestamp(request.to_time)
        has_target = request.HasField("target_time")
        target_at = from_proto_timestamp(request.target_time) if has_target else None
        fired_count = await self._writer.call(
            lambda: self._step(sandbox, to_at=to_at, target_at=target_at)
        )
        return pb.StepToResponse(fired_count=fired_count, head=_to_proto(await self._head()))

    async def _head(self) -> Position:
        """Where our feed stands in the store, whichever process recorded last."""
        tables = self._writer.tools.tables
        return (await self._writer.database.reading(lambda tx: read_head(tx, tables)))[0]

    def _step(self, sandbox: str, *, to_at: int, target_at: int | None) -> int:
        """Step in the writing thread, never back."""
        tables = self._writer.tools.tables
        clock = self._writer.database.read(lambda tx: read_clock(tx, tables, sandbox))
        if to_at < clock.clock_at:
            raise TimeBeforeClock(sandbox)
        retry_parked_in(self._writer, sandbox, self._consumer.submission_of)
        return step_to(self._writer, sandbox, to_at=to_at, target_at=target_at)


def _to_proto(position: Position) -> event_pb2.FeedPosition:
    return event_pb2.FeedPosition(epoch=position.epoch, seq=position.seq)
