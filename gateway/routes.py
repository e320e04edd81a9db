"""Which process answers each rpc, and whether the gateway may ask it twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from google.protobuf.descriptor_pb2 import (
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
)

from gateway.failures import UnroutedService


class Backend(StrEnum):
    """A process behind the gateway's address; the value is its name in health and in logs."""

    PROVISIONING = "provisioning"
    BILLING = "billing"
    GATEWAY = "gateway"


BACKEND_BY_PACKAGE_PREFIX = {
    "pospago.provisioning.": Backend.PROVISIONING,
    "pospago.access.": Backend.PROVISIONING,
    "pospago.billing.": Backend.BILLING,
    "grpc.health.": Backend.GATEWAY,
    "grpc.reflection.": Backend.GATEWAY,
}


@dataclass(frozen=True, slots=True)
class Route:
    """One rpc: its path on the wire, who answers it, and whether it may be retried."""

    service: str
    method: str
    backend: Backend
    side_effect_free: bool

    @property
    def path(self) -> str:
        """Give the HTTP/2 path of the rpc."""
        return f"/{self.service}/{self.method}"


def routes_of(contract: FileDescriptorSet) -> tuple[Route, ...]:
    """Give a route for every rpc of the contract; a service of no known process is an error."""
    return tuple(_routes_of(contract))


def _routes_of(contract: FileDescriptorSet) -> Iterator[Route]:
    for file in contract.file:
        for service in file.service:
            name = f"{file.package}.{service.name}"
            for method in service.method:
                yield Route(name, method.name, backend_of(name), _is_side_effect_free(method))


def backend_of(service: str) -> Backend:
    """Give the process that implements the service of this full name."""
    for prefix, backend in BACKEND_BY_PACKAGE_PREFIX.items():
        if service.startswith(prefix):
            return backend
    raise UnroutedService(service)


def _is_side_effect_free(method: MethodDescriptorProto) -> bool:
    """Whether the rpc may be asked twice; requests of a stream are not there a second time."""
    if method.client_streaming:
        return False
    return method.options.idempotency_level == MethodOptions.NO_SIDE_EFFECTS
