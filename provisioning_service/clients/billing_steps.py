"""Billing's SandboxStepService as this service calls it, with its failures as ours."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import grpc
import grpc.aio
from google.rpc.error_details_pb2 import PreconditionFailure
from grpc_status import rpc_status
from pospago.billing.v1 import sandbox_step_pb2 as pb
from pospago.billing.v1 import sandbox_step_pb2_grpc
from pospago.event.v1 import event_pb2

from chassis.errors import AccountParked, TemporarilyUnavailable
from chassis.feed import Position
from chassis.rpc.events import from_proto_timestamp, to_proto_timestamp

T = TypeVar("T")

STEP_SECONDS: Final = 120.0
APPLY_SECONDS: Final = 20.0
_BILLING: Final = "The billing service"


@dataclass(frozen=True, slots=True)
class Stepped:
    """How much fell due in billing at a step, and where its feed stands."""

    fired_count: int
    head: Position


class BillingSteps:
    """Leads billing through a sandbox's time.

    Errors:  TemporarilyUnavailable if billing is away or behind; AccountParked if something due
             there could not be done.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        # The generated stub says nothing of its asynchronous form.
        self._stub: Any = sandbox_step_pb2_grpc.SandboxStepServiceStub(channel)

    async def next_due(self, sandbox: str) -> tuple[int | None, Position]:
        """When the next thing falls due there (None: nothing waits), and the feed's head."""
        request = pb.NextDueRequest(sandbox=f"sandboxes/{sandbox}")
        told = await _told(self._stub.NextDue(request, timeout=APPLY_SECONDS))
        due_at = from_proto_timestamp(told.due_time) if told.HasField("due_time") else None
        return due_at, _position(told.head)

    async def apply_to(self, head: Position) -> Position:
        """Wait until billing has applied our feed up to `head`; gives where its own stands."""
        position = event_pb2.FeedPosition(epoch=head.epoch, seq=head.seq)
        request = pb.ApplyToRequest(position=position)
        return _position((await _told(self._stub.ApplyTo(request, timeout=APPLY_SECONDS))).head)

    async def step_to(self, sandbox: str, to_at: int, *, target_at: int | None) -> Stepped:
        """Move the clock there; `target_at` None ends the advance."""
        target = None if target_at is None else to_proto_timestamp(target_at)
        request = pb.StepToRequest(
            sandbox=f"sandboxes/{sandbox}",
            to_time=to_proto_timestamp(to_at),
            target_time=target,
        )
        told = await _told(self._stub.StepTo(request, timeout=STEP_SECONDS))
        return Stepped(told.fired_count, _position(told.head))


async def _told(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except grpc.aio.AioRpcError as failure:
        if failure.code() is grpc.StatusCode.FAILED_PRECONDITION:
            raise AccountParked(_account_in(failure)) from failure
        away = {
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.DEADLINE_EXCEEDED,
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            grpc.StatusCode.ABORTED,
            grpc.StatusCode.NOT_FOUND,
            grpc.StatusCode.CANCELLED,
            # It is ahead of us, as after a restore of ours alone: it serves us again when mended.
            grpc.StatusCode.OUT_OF_RANGE,
        }
        if failure.code() in away:
            raise TemporarilyUnavailable(_BILLING) from failure
        raise


def _account_in(failure: grpc.aio.AioRpcError) -> str:
    """The account that a refusal names."""
    status = rpc_status.from_call(cast("Any", failure))
    detail = PreconditionFailure()
    for packed in status.details if status is not None else ():
        if packed.Unpack(detail) and detail.violations:
            return str(detail.violations[0].subject).removeprefix("accounts/")
    return "unknown"


def _position(message: event_pb2.FeedPosition) -> Position:
    return Position(message.epoch, message.seq)
