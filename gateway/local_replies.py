"""Envoy's own errors, told the way the services tell theirs.

Each is a canonical status with exactly one ErrorInfo, and RetryInfo where waiting helps.
gRPC clients refuse a rich status whose message differs from `grpc-message`, so the body that
Envoy turns into `grpc-message` is always the status's own text.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from google.rpc import code_pb2, error_details_pb2, status_pb2

from gateway.routes import BACKEND_BY_PACKAGE_PREFIX, Backend

ERROR_DOMAIN = "pospago"
RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class LocalReply:
    """One way in which Envoy answers by itself.

    `flags` are Envoy's response flags that call for this reply; where no flag tells, the first
    and last of `http_statuses` do. `{service}` in the message becomes the name of the service.
    """

    code: int
    reason: str
    message: str
    flags: tuple[str, ...] = ()
    http_statuses: tuple[int, int] = (400, 599)
    retry: bool = False


UNREACHABLE = LocalReply(
    code=code_pb2.UNAVAILABLE,
    reason="UPSTREAM_UNAVAILABLE",
    message="The {service} service cannot be reached or broke off: retry after the delay given.",
    flags=("UH", "UF", "UC", "UR", "LR", "URX", "UPE", "NC", "DF"),
    retry=True,
)

# The first that fits answers. Flags are those of Envoy's %RESPONSE_FLAGS%.
LOCAL_REPLIES = (
    LocalReply(
        code=code_pb2.UNIMPLEMENTED,
        reason="UNKNOWN_METHOD",
        message="No service here has this rpc: list the services by reflection, "
        "or compare the version of your stubs.",
        flags=("NR",),
    ),
    LocalReply(
        code=code_pb2.UNAVAILABLE,
        reason="TEMPORARILY_UNAVAILABLE",
        message="Nothing came over this call for longer than the gateway waits: retry it.",
        flags=("SI",),
        retry=True,
    ),
    LocalReply(
        code=code_pb2.RESOURCE_EXHAUSTED,
        reason="OVERLOADED",
        message="The gateway has too many calls under way: retry after the delay given.",
        flags=("UO", "OM", "DO", "RL"),
        retry=True,
    ),
    UNREACHABLE,
    LocalReply(
        code=code_pb2.DEADLINE_EXCEEDED,
        reason="DEADLINE_EXCEEDED",
        message="The call's deadline passed before the answer came: "
        "retry with a longer one; a repeated request_id has no second effect.",
        http_statuses=(504, 504),
    ),
    LocalReply(
        code=code_pb2.UNAVAILABLE,
        reason="UPSTREAM_UNAVAILABLE",
        message="The gateway could not pass the call on: retry after the delay given.",
        http_statuses=(500, 599),
        retry=True,
    ),
    LocalReply(
        code=code_pb2.RESOURCE_EXHAUSTED,
        reason="MESSAGE_TOO_LARGE",
        message="The call's metadata is larger than the gateway takes: send less.",
        http_statuses=(431, 431),
    ),
    LocalReply(
        code=code_pb2.INVALID_ARGUMENT,
        reason="MALFORMED_REQUEST",
        message="The gateway cannot read this as a gRPC call: check its headers.",
        http_statuses=(400, 499),
    ),
)


def render_local_reply_config() -> dict[str, object]:
    """Give Envoy's `local_reply_config` for all of LOCAL_REPLIES, in their order."""
    return {"mappers": [mapper for reply in LOCAL_REPLIES for mapper in _mappers(reply)]}


def status_of(reply: LocalReply, backend: Backend | None = None) -> status_pb2.Status:
    """Give the status that the reply carries; a `backend` is named in text and metadata."""
    error = error_details_pb2.ErrorInfo(reason=reply.reason, domain=ERROR_DOMAIN)
    message = reply.message
    if backend is not None:
        error.metadata["service"] = backend.value
        message = message.format(service=backend.value)
    status = status_pb2.Status(code=reply.code, message=message)
    status.details.add().Pack(error)
    if reply.retry:
        delay = error_details_pb2.RetryInfo()
        delay.retry_delay.seconds = RETRY_AFTER_SECONDS
        status.details.add().Pack(delay)
    return status


def _mappers(reply: LocalReply) -> Iterator[dict[str, object]]:
    if reply is not UNREACHABLE:
        yield _mapper(_filter(reply), status_of(reply))
        return
    for prefix, backend in BACKEND_BY_PACKAGE_PREFIX.items():
        both: dict[str, object] = {
            "and_filter": {"filters": [_filter(reply), _path_filter(prefix)]}
        }
        yield _mapper(both, status_of(reply, backend))


def _filter(reply: LocalReply) -> dict[str, object]:
    if reply.flags:
        return {"response_flag_filter": {"flags": list(reply.flags)}}
    first, last = reply.http_statuses
    bounds = [_status_filter("GE", first), _status_filter("LE", last)]
    return {"and_filter": {"filters": bounds}}


def _status_filter(comparison: str, http_status: int) -> dict[str, object]:
    value = {"default_value": http_status, "runtime_key": f"pospago.local_reply.{http_status}"}
    return {"status_code_filter": {"comparison": {"op": comparison, "value": value}}}


def _path_filter(package_prefix: str) -> dict[str, object]:
    path = {"name": ":path", "string_match": {"prefix": f"/{package_prefix}"}}
    return {"header_filter": {"header": path}}


def _mapper(matching: dict[str, object], status: status_pb2.Status) -> dict[str, object]:
    details = base64.b64encode(status.SerializeToString(deterministic=True)).decode("ascii")
    return {
        "filter": matching,
        "headers_to_add": [
            _header("grpc-status", str(status.code)),
            _header("grpc-status-details-bin", details),
        ],
        "body": {"inline_string": status.message},
    }


def _header(name: str, value: str) -> dict[str, object]:
    return {
        "header": {"key": name, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
