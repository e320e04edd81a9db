"""Failures that are the caller's to mend, each a type that knows its code and its reason.

A subclass states `kind`, `reason` and, through its service's base class, `domain`; it builds the
message (what is wrong, and the remedy) and at most one detail. The rpc layer translates it once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import ClassVar


class Kind(Enum):
    """The canonical code of a failure; the value is the number of the gRPC status."""

    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A request field at fault: its path and what is wrong with it."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class BadRequest:
    """Detail: the fields at fault."""

    violations: tuple[FieldViolation, ...]


@dataclass(frozen=True, slots=True)
class QuotaFailure:
    """Detail: a quota that is used up, and its limit in words."""

    subject: str
    description: str


@dataclass(frozen=True, slots=True)
class PreconditionFailure:
    """Detail: the state that stands in the way; `type` is a short upper-case word for it."""

    type: str
    subject: str
    description: str


@dataclass(frozen=True, slots=True)
class ResourceInfo:
    """Detail: the resource that is missing, or that exists already."""

    resource_type: str
    resource_name: str


@dataclass(frozen=True, slots=True)
class RetryInfo:
    """Detail: after how long a retry may succeed."""

    delay_ms: int


Detail = BadRequest | QuotaFailure | PreconditionFailure | ResourceInfo | RetryInfo


class DomainError(Exception):
    """A refusal with a published reason. Drops its own command and nothing else."""

    kind: ClassVar[Kind]
    reason: ClassVar[str]
    domain: ClassVar[str] = "pospago"

    def __init__(
        self,
        message: str,
        *,
        detail: Detail | None = None,
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.metadata = dict(metadata)


class InvalidField(DomainError):
    """A request field breaks its rule."""

    kind = Kind.INVALID_ARGUMENT
    reason = "INVALID_FIELD"

    def __init__(self, *violations: FieldViolation) -> None:
        named = "; ".join(f"{each.field}: {each.description}" for each in violations)
        super().__init__(f"Invalid request: {named}.", detail=BadRequest(violations))


class InvalidPageToken(DomainError):
    """The page token is not one that this list gave out."""

    kind = Kind.INVALID_ARGUMENT
    reason = "INVALID_PAGE_TOKEN"

    def __init__(self) -> None:
        text = "is not one that this list gave out for these filters; start without one"
        super().__init__(
            f"page_token {text}.", detail=BadRequest((FieldViolation("page_token", text),))
        )


class TimeZoneUnknown(DomainError):
    """There is no IANA zone of that name."""

    kind = Kind.INVALID_ARGUMENT
    reason = "TIME_ZONE_UNKNOWN"

    def __init__(self, field: str, zone: str) -> None:
        text = f"no IANA time zone is called {zone!r}; use one such as America/Sao_Paulo"
        super().__init__(f"{field}: {text}.", detail=BadRequest((FieldViolation(field, text),)))


class FieldImmutable(DomainError):
    """The update mask names a field that cannot be changed."""

    kind = Kind.INVALID_ARGUMENT
    reason = "FIELD_IMMUTABLE"

    def __init__(self, field: str, changeable: tuple[str, ...]) -> None:
        text = f"cannot be changed; the mask may name {', '.join(changeable)}"
        super().__init__(f"{field} {text}.", detail=BadRequest((FieldViolation(field, text),)))


class Unauthenticated(DomainError):
    """No credential came with the call, or none that is active."""

    kind = Kind.UNAUTHENTICATED
    reason = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("No active credential: send `authorization: Bearer <secret>` as metadata.")


class SecretNotActive(Unauthenticated):
    """A secret came with the call, and is not active; whether it ever was is not told."""

    def __init__(self) -> None:
        DomainError.__init__(
            self,
            "The secret is not active: it is unknown, or was rotated or revoked; "
            "use the current one, or ask for a new one.",
        )


class AccessDenied(DomainError):
    """The caller may not do this; the same answer whether the thing exists or not."""

    kind = Kind.PERMISSION_DENIED
    reason = "ACCESS_DENIED"

    def __init__(self) -> None:
        super().__init__(
            "This credential may not do that: use one whose kind and account the rpc admits."
        )


class PrincipalNeeded(DomainError):
    """Of the account's members only the principal may do this."""

    kind = Kind.PERMISSION_DENIED
    reason = "PRINCIPAL_NEEDED"

    def __init__(self) -> None:
        super().__init__(
            "Of the account's members only its principal may do that: ask the principal, or have "
            "another member made the principal."
        )


class RequestIdReused(DomainError):
    """The request id came before, with another request."""

    kind = Kind.ALREADY_EXISTS
    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"request_id {request_id} was used for another request: choose a new UUID.",
            detail=ResourceInfo("request_id", request_id),
        )


class RequestIdExpired(DomainError):
    """The request was done so long ago that its answer is gone."""

    kind = Kind.FAILED_PRECONDITION
    reason = "REQUEST_ID_EXPIRED"

    def __init__(self, request_id: str) -> None:
        text = "was done more than 35 days ago and its answer is no longer kept; read the resource"
        super().__init__(
            f"request_id {request_id} {text}.",
            detail=PreconditionFailure("REQUEST_DONE", request_id, text),
        )


class EtagMismatch(DomainError):
    """The resource changed since its etag was read."""

    kind = Kind.ABORTED
    reason = "ETAG_MISMATCH"

    def __init__(self, name: str, etag: str) -> None:
        super().__init__(
            f"{name} has changed; its etag is now {etag!r}: read it again and retry.",
            metadata={"resource": name, "etag": etag},
        )


class Overloaded(DomainError):
    """Too much work is waiting."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "OVERLOADED"

    def __init__(self, delay_ms: int = 500) -> None:
        super().__init__(
            "Too much work is waiting: retry after the stated delay.", detail=RetryInfo(delay_ms)
        )


class TemporarilyUnavailable(DomainError):
    """A store or the other service does not answer."""

    kind = Kind.UNAVAILABLE
    reason = "TEMPORARILY_UNAVAILABLE"

    def __init__(self, what: str, delay_ms: int = 1000) -> None:
        super().__init__(
            f"{what} does not answer: retry after the stated delay.", detail=RetryInfo(delay_ms)
        )


class ConcurrentChange(DomainError):
    """A concurrent transaction won."""

    kind = Kind.ABORTED
    reason = "CONCURRENT_CHANGE"

    def __init__(self) -> None:
        super().__init__("A concurrent change won: retry the call.")


class SandboxAdvancing(DomainError):
    """The account's sandbox is being advanced."""

    kind = Kind.ABORTED
    reason = "SANDBOX_ADVANCING"

    def __init__(self, sandbox: str) -> None:
        super().__init__(
            f"sandboxes/{sandbox} is being advanced: retry when it has arrived.",
            metadata={"sandbox": f"sandboxes/{sandbox}"},
        )


class AccountParked(DomainError):
    """Something due on the account failed, so that its state now is not known."""

    kind = Kind.FAILED_PRECONDITION
    reason = "ACCOUNT_PARKED"

    def __init__(self, account: str) -> None:
        text = "something due on it failed and is tried again; operators see it in the feed"
        super().__init__(
            f"accounts/{account} is parked: {text}.",
            detail=PreconditionFailure("PARKED", f"accounts/{account}", text),
        )


class AccountNotFound(DomainError):
    """The service knows no such account."""

    kind = Kind.NOT_FOUND
    reason = "ACCOUNT_NOT_FOUND"

    def __init__(self, account: str) -> None:
        super().__init__(
            f"accounts/{account} is not known: create it, or check the name.",
            detail=ResourceInfo("pospago/Account", f"accounts/{account}"),
        )


class SandboxNotFound(DomainError):
    """The service knows no such sandbox."""

    kind = Kind.NOT_FOUND
    reason = "SANDBOX_NOT_FOUND"

    def __init__(self, sandbox: str) -> None:
        super().__init__(
            f"sandboxes/{sandbox} is not known: create it, or check the name.",
            detail=ResourceInfo("pospago/Sandbox", f"sandboxes/{sandbox}"),
        )


class PositionOutOfRange(DomainError):
    """The position is beyond the feed, or on a branch that a restore cut off."""

    kind = Kind.OUT_OF_RANGE
    reason = "POSITION_OUT_OF_RANGE"

    def __init__(self, position: str, head: str) -> None:
        super().__init__(
            f"Position {position} is not on this feed, which stands at {head}: the producer was "
            "restored from a backup, or the position is another's. Restore the consumer to the "
            "same moment, or empty it and read the feed from the start.",
            metadata={"position": position, "head": head},
        )


class PositionNotReached(DomainError):
    """The service has not applied the wanted position within the deadline."""

    kind = Kind.DEADLINE_EXCEEDED
    reason = "POSITION_NOT_REACHED"

    def __init__(self, position: str) -> None:
        super().__init__(
            f"The other service's events up to {position} are not applied yet: retry.",
            metadata={"position": position},
        )
