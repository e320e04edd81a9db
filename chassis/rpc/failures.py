"""Failures that only the rpc layer knows."""

from chassis.errors import BadRequest, DomainError, FieldViolation, Kind


class MalformedRequest(DomainError):
    """The bytes are no message of the rpc's type."""

    kind = Kind.INVALID_ARGUMENT
    reason = "MALFORMED_REQUEST"

    def __init__(self, message_type: str) -> None:
        text = f"the bytes are no {message_type}: compare the version of your stubs"
        super().__init__(
            f"Malformed request: {text}.", detail=BadRequest((FieldViolation("", text),))
        )


class MessageTooLarge(DomainError):
    """The message is larger than the service takes."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "MESSAGE_TOO_LARGE"

    def __init__(self, size: int, size_max: int) -> None:
        super().__init__(
            f"The message has {size} bytes, at most {size_max} are taken: split it.",
            metadata={"bytes": str(size), "bytes_max": str(size_max)},
        )


class UnknownMethod(DomainError):
    """No service here has this rpc."""

    kind = Kind.UNIMPLEMENTED
    reason = "UNKNOWN_METHOD"

    def __init__(self, method: str) -> None:
        super().__init__(
            f"There is no rpc {method[:200]}: list the services by reflection, "
            "or compare the version of your stubs."
        )


class InternalFault(DomainError):
    """A fault of ours. Says nothing but where the log tells of it."""

    kind = Kind.INTERNAL
    reason = "INTERNAL"

    def __init__(self, call_id: str) -> None:
        super().__init__(
            f"A fault of ours, logged as call {call_id}: tell the operators of the service.",
            metadata={"request_id": call_id},
        )
