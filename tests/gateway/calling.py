"""Calls with plain bytes, and what a refusal says."""

from dataclasses import dataclass
from typing import cast

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

Metadata = tuple[tuple[str, str | bytes], ...]

CALL_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rich status of a refused call, unpacked."""

    code: grpc.StatusCode
    reasons: list[str]
    domains: set[str]
    services: list[str]
    retry_after_seconds: list[int]


def unary(
    channel: grpc.aio.Channel,
    service: str,
    rpc: str,
    *,
    request: bytes = b"",
    metadata: Metadata = (),
    timeout_seconds: float = CALL_SECONDS,
) -> grpc.aio.UnaryUnaryCall[bytes, bytes]:
    """Start a unary call and give it, to be awaited."""
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{service}/{rpc}")
    return call(request, metadata=grpc.aio.Metadata(*metadata), timeout=timeout_seconds)


def follow(
    channel: grpc.aio.Channel, service: str, rpc: str
) -> grpc.aio.UnaryStreamCall[bytes, bytes]:
    """Start a stream and give it, to be read."""
    call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
        f"/{service}/{rpc}"
    )
    return call(b"", timeout=CALL_SECONDS)


async def refused(call: grpc.aio.UnaryUnaryCall[bytes, bytes]) -> Refusal:
    """Await the call's refusal and give what its status says."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return refusal_of(raised.value)


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    """Unpack the rich status of an error; fails where it carries none."""
    # Also checks that code and message of the status are those of the call.
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert isinstance(status, status_pb2.Status), error
    infos, retries = [], []
    for detail in status.details:
        if detail.TypeName() == "google.rpc.ErrorInfo":
            infos.append(error_details_pb2.ErrorInfo.FromString(detail.value))
        else:
            retries.append(error_details_pb2.RetryInfo.FromString(detail.value))
    return Refusal(
        code=error.code(),
        reasons=[info.reason for info in infos],
        domains={info.domain for info in infos},
        services=[info.metadata["service"] for info in infos if info.metadata],
        retry_after_seconds=[retry.retry_delay.seconds for retry in retries],
    )
