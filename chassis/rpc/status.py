"""Tells a failure as gRPC does: canonical code, one ErrorInfo, at most one detail."""

from typing import Final, assert_never

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from chassis.errors import (
    BadRequest,
    Detail,
    DomainError,
    PreconditionFailure,
    QuotaFailure,
    ResourceInfo,
    RetryInfo,
    TemporarilyUnavailable,
)
from chassis.rpc.failures import InternalFault

DETAILS_KEY: Final = "grpc-status-details-bin"
# All metadata of an answer must stay below 8 KiB, or peers cut the call off.
VIOLATIONS_MAX: Final = 16
TEXT_LENGTH_MAX: Final = 1024
DESCRIPTION_LENGTH_MAX: Final = 160

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
_STORE_FAILURES: Final = (OperationalError, InterfaceError, PoolTimeoutError)
_PEER_AWAY: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


def to_domain_error(failure: Exception, call_id: str) -> DomainError:
    """The failure as callers may see it: their own fault, the world's, or ours."""
    if isinstance(failure, DomainError):
        return failure
    if isinstance(failure, _STORE_FAILURES):
        return TemporarilyUnavailable("The store")
    if isinstance(failure, grpc.RpcError) and _code_of(failure) in _PEER_AWAY:
        return TemporarilyUnavailable("The other service")
    return InternalFault(call_id)


def code_of(failure: DomainError) -> grpc.StatusCode:
    """The canonical code of a failure."""
    return _CODES[failure.kind.value]


def to_proto_status(failure: DomainError) -> status_pb2.Status:
    """The failure as google.rpc.Status."""
    status = status_pb2.Status(code=failure.kind.value, message=failure.message[:TEXT_LENGTH_MAX])
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(
            reason=failure.reason,
            domain=failure.domain,
            metadata={key: value[:TEXT_LENGTH_MAX] for key, value in failure.metadata.items()},
        )
    )
    if failure.detail is not None:
        status.details.add().Pack(_to_proto_detail(failure.detail))
    return status


def _to_proto_detail(detail: Detail) -> Message:
    match detail:
        case BadRequest():
            return _to_proto_bad_request(detail)
        case QuotaFailure():
            violation = error_details_pb2.QuotaFailure.Violation(
                subject=detail.subject, description=_short(detail.description)
            )
            return error_details_pb2.QuotaFailure(violations=[violation])
        case PreconditionFailure():
            unmet = error_details_pb2.PreconditionFailure.Violation(
                type=detail.type, subject=detail.subject, description=_short(detail.description)
            )
            return error_details_pb2.PreconditionFailure(violations=[unmet])
        case ResourceInfo():
            return error_details_pb2.ResourceInfo(
                resource_type=detail.resource_type, resource_name=_short(detail.resource_name)
            )
        case RetryInfo():
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.FromMilliseconds(detail.delay_ms)
            return retry
        case _:
            assert_never(detail)


def _to_proto_bad_request(detail: BadRequest) -> error_details_pb2.BadRequest:
    return error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(
                field=_short(each.field), description=_short(each.description)
            )
            for each in detail.violations[:VIOLATIONS_MAX]
        ]
    )


def _short(text: str) -> str:
    return text[:DESCRIPTION_LENGTH_MAX]


def _code_of(failure: grpc.RpcError) -> grpc.StatusCode | None:
    return failure.code() if isinstance(failure, grpc.Call | grpc.aio.AioRpcError) else None
