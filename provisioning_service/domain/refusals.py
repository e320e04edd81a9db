"""The forms that the refusals of the provisioning service have."""

from chassis.errors import (
    BadRequest,
    DomainError,
    FieldViolation,
    Kind,
    PreconditionFailure,
    ResourceInfo,
)


class ProvisioningError(DomainError):
    """A refusal of this service."""

    domain = "provisioning.pospago"


class Missing(ProvisioningError):
    """Something is not there."""

    kind = Kind.NOT_FOUND

    def __init__(self, resource_type: str, name: str) -> None:
        super().__init__(
            f"{name} is not known: check the name.", detail=ResourceInfo(resource_type, name)
        )


class Taken(ProvisioningError):
    """A name is taken."""

    kind = Kind.ALREADY_EXISTS

    def __init__(self, resource_type: str, name: str) -> None:
        super().__init__(
            f"{name} exists already, or did once: choose another id.",
            detail=ResourceInfo(resource_type, name),
        )


class WrongState(ProvisioningError):
    """The state of something stands in the way."""

    kind = Kind.FAILED_PRECONDITION

    def __init__(self, violation: str, subject: str, text: str) -> None:
        super().__init__(f"{subject} {text}.", detail=PreconditionFailure(violation, subject, text))


class WrongField(ProvisioningError):
    """A field has a value that the state of things does not admit."""

    kind = Kind.INVALID_ARGUMENT

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}.", detail=BadRequest((FieldViolation(field, text),)))
