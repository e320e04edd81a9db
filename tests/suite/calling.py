"""Calls any rpc by its name with whatever bytes, and tells what came of it."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from tests.suite.clients import bearer
from tests.suite.contracts import RpcContract

# A machine may stand still for a while: only what never answers takes as long.
WITHIN_SECONDS: Final = 120.0
_DETAIL_TYPES: Final = (
    error_details_pb2.BadRequest,
    error_details_pb2.QuotaFailure,
    error_details_pb2.PreconditionFailure,
    error_details_pb2.ResourceInfo,
    error_details_pb2.RetryInfo,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: `answer` if it was served, else the status with its details.

    `position` tells where its write stands in the feed, if it was one.
    """

    code: str
    message: str = ""
    infos: tuple[error_details_pb2.ErrorInfo, ...] = ()
    details: tuple[Any, ...] = ()
    answer: bytes = b""
    position: str = ""

    @property
    def reason(self) -> str:
        """The reason that it was refused for; empty if it carries none."""
        return str(self.infos[0].reason) if self.infos else ""

    @property
    def told(self) -> str:
        """What a person would say of it: the reason, or else the code."""
        return self.reason or self.code

    @property
    def fields(self) -> list[str]:
        """The request fields that a BadRequest names."""
        return [
            violation.field
            for detail in self.details
            if isinstance(detail, error_details_pb2.BadRequest)
            for violation in detail.field_violations
        ]


async def call_rpc(
    channel: grpc.aio.Channel,
    rpc: RpcContract,
    request: Message | bytes,
    *,
    secret: str = "",
    metadata: tuple[tuple[str, str], ...] = (),
    within_s: float = WITHIN_SECONDS,
    messages_max: int = 1,
) -> Outcome:
    """Call an rpc with one request; of a stream, read `messages_max` at most, then leave."""
    payload = request if isinstance(request, bytes) else request.SerializeToString()
    sent = (*(bearer(secret) if secret else ()), *metadata)
    try:
        if not rpc.streaming:
            unary: Any = channel.unary_unary(rpc.path)
            running = unary(payload, metadata=sent, timeout=within_s)
            answer = await running
            return Outcome(
                "OK", answer=answer, position=_position(await running.trailing_metadata())
            )
        streaming: Any
        if rpc.client_streaming:
            both: Any = channel.stream_stream(rpc.path)
            streaming = both([payload], metadata=sent, timeout=within_s)
        else:
            stream: Any = channel.unary_stream(rpc.path)
            streaming = stream(payload, metadata=sent, timeout=within_s)
        last = b""
        for _ in range(messages_max):
            message = await streaming.read()
            if message is grpc.aio.EOF:
                break
            last = message
        streaming.cancel()
        return Outcome("OK", answer=last)
    except grpc.aio.AioRpcError as failure:
        return outcome_of(failure)


async def call_all(calls: list[Any], *, at_once_max: int = 16) -> list[Any]:
    """Await many calls, some at a time, and give what they gave in order."""
    places = asyncio.Semaphore(at_once_max)

    async def one(call: Any) -> Any:
        async with places:
            return await call

    return await asyncio.gather(*map(one, calls))


def outcome_of(failure: grpc.aio.AioRpcError) -> Outcome:
    """A failed call as its status tells it."""
    infos: list[error_details_pb2.ErrorInfo] = []
    details: list[Any] = []
    for key, value in failure.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        assert isinstance(value, bytes)
        for packed in status_pb2.Status.FromString(value).details:
            info = error_details_pb2.ErrorInfo()
            if packed.Unpack(info):
                infos.append(info)
            else:
                details.append(_unpacked(packed))
    return Outcome(failure.code().name, failure.details() or "", tuple(infos), tuple(details))


def _position(trailers: Any) -> str:
    return next((str(value) for key, value in trailers or () if key == "pospago-position"), "")


def _unpacked(packed: Any) -> Message:
    for detail_type in _DETAIL_TYPES:
        detail = detail_type()
        if packed.Unpack(detail):
            return detail
    raise AssertionError(f"a detail of a type that nobody documents: {packed.type_url}")
