"""The forms that the refusals of the billing service have."""

from collections.abc import Sequence
from typing import Protocol

from chassis.errors import (
    BadRequest,
    DomainError,
    FieldViolation,
    Kind,
    PreconditionFailure,
    ResourceInfo,
)


class BillingError(DomainError):
    """A refusal whose reason the billing contract publishes."""

    domain = "billing.pospago"


class Missing(BillingError):
    """There is no such thing."""

    kind = Kind.NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is not known: create it, or check the name.",
            detail=ResourceInfo(f"pospago/{type(self).__name__.removesuffix('NotFound')}", name),
        )


class Taken(BillingError):
    """There is one already."""

    kind = Kind.ALREADY_EXISTS

    def __init__(self, name: str, remedy: str) -> None:
        what = type(self).__name__.partition("Already")[0].removesuffix("Taken")
        super().__init__(
            f"{name} is taken: {remedy}.", detail=ResourceInfo(f"pospago/{what}", name)
        )


class Fault(BillingError):
    """A field breaks its rule."""

    kind = Kind.INVALID_ARGUMENT

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}.", detail=BadRequest((FieldViolation(field, text),)))


class InTheWay(BillingError):
    """Something stands in the way."""

    kind = Kind.FAILED_PRECONDITION

    def __init__(self, subject: str, text: str) -> None:
        super().__init__(
            f"{subject} {text}.", detail=PreconditionFailure(self.reason, subject, text)
        )


class FieldFault(Protocol):
    """What is wrong with a field: its path, and what it must be."""

    @property
    def path(self) -> str:
        """The path of the field."""

    @property
    def text(self) -> str:
        """What is wrong with it."""


def told(faults: Sequence[FieldFault], prefix: str) -> tuple[str, BadRequest]:
    """A message that names the first of some faults, and a detail with all of them.

    `prefix` leads from the request to where their paths begin.
    """
    violations = tuple(FieldViolation(prefix + each.path, each.text) for each in faults)
    first, more = violations[0], len(violations) - 1
    rest = f"; {more} more" if more else ""
    return f"{first.field}: {first.description}{rest}.", BadRequest(violations)


class Faults(BillingError):
    """Some fields break their rules."""

    kind = Kind.INVALID_ARGUMENT

    def __init__(self, faults: Sequence[FieldFault], prefix: str = "") -> None:
        message, detail = told(faults, prefix)
        super().__init__(message, detail=detail)
