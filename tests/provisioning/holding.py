"""Entitlements, members and resources for tests, on a store without a server."""

from decimal import Decimal
from typing import Any

from provisioning_service.domain.entitlement import Limit
from provisioning_service.domain.member import Role
from provisioning_service.storage.holding_queries import list_resources
from provisioning_service.use_cases.create_member import CREATE_MEMBER, CreateMember
from provisioning_service.use_cases.create_resource import CREATE_RESOURCE, CreateResource
from provisioning_service.use_cases.note_entitlements import NOTE_ENTITLEMENTS, NoteEntitlements
from provisioning_service.use_cases.remove_resource import REMOVE_RESOURCE, RemoveResource
from tests.provisioning.builders import Service, secret


def entitle(service: Service, subscription: str = "crm", *features: str, **limits: Any) -> None:
    """Billing tells what a subscription of acme's gives; a limit of None is none."""
    stated = tuple(
        Limit(code.replace("_", "-"), None if size is None else Decimal(size))
        for code, size in limits.items()
    )
    command = NoteEntitlements("acme", subscription, stated, features, service.clock.now())
    service.billing_tells(NOTE_ENTITLEMENTS, command)


def member(service: Service, name: str, role: Role = Role.USER) -> bytes:
    """A member of acme's; gives the hash of its secret."""
    new = secret(name)
    service.do(CREATE_MEMBER, CreateMember("acme", name, "", "", role, new, b""))
    return new.hash


def seat(name: str, kind: str = "seat", by: bytes = b"") -> CreateResource:
    """The command for a resource of acme's."""
    return CreateResource("acme", name, kind, "", (), by)


def hold(service: Service, name: str, kind: str = "seat", by: bytes = b"") -> Any:
    """A resource of acme's."""
    return service.do(CREATE_RESOURCE, seat(name, kind, by))


def drop(service: Service, name: str, etag: str = "", by: bytes = b"") -> Any:
    """Remove a resource of acme's."""
    return service.do(REMOVE_RESOURCE, RemoveResource("acme", name, etag, by))


def held(service: Service, kind: str = "") -> str:
    """What acme holds, such as `a:ACTIVE b:SUSPENDED`."""
    found = service.database.read(
        lambda tx: list_resources(tx, "acme", kind=kind, after="", limit=1000)
    )
    return " ".join(f"{each.id}:{each.state.name}" for each in found)
