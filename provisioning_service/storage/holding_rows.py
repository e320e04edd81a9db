"""Members, entitlements and resources as rows, and back."""

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

from provisioning_service.domain.entitlement import Entitlements, Limit
from provisioning_service.domain.member import Member, Principal, Role
from provisioning_service.domain.resource import HeldCount, Resource, ResourceState


def member_to_row(member: Member) -> dict[str, Any]:
    """The row of a member."""
    row = {name: getattr(member, name) for name in Member.__slots__}
    row["role"] = member.role.value
    row["secret_hash"] = member.secret_hash or None
    return row


def member_from_row(row: Any) -> Member:
    """The member of a row."""
    kept = dict(row._mapping)
    kept["role"] = Role(kept["role"])
    kept["secret_hash"] = bytes(kept["secret_hash"] or b"")
    return Member(**kept)


def principal_to_row(principal: Principal) -> dict[str, Any]:
    """The row that says who the principal is."""
    return {name: getattr(principal, name) for name in Principal.__slots__}


def principal_from_row(row: Any) -> Principal:
    """The principal of a row."""
    return Principal(**row._mapping)


def entitlements_to_row(given: Entitlements) -> dict[str, Any]:
    """The row of what a subscription gives; a limit that is none is null."""
    limits = {
        limit.code: None if limit.quantity is None else f"{limit.quantity:f}"
        for limit in given.limits
    }
    return {
        "account": given.account,
        "subscription": given.subscription,
        "limits": json.dumps(limits),
        "features": json.dumps(given.features),
        "version": given.version,
    }


def entitlements_from_row(row: Any) -> Entitlements:
    """What a subscription gives, of a row."""
    return Entitlements(
        account=row.account,
        subscription=row.subscription,
        limits=_limits_from_text(row.limits),
        features=tuple(json.loads(row.features)),
        version=row.version,
    )


@lru_cache(maxsize=1024)
def _limits_from_text(text: str) -> tuple[Limit, ...]:
    kept = json.loads(text)
    return tuple(
        Limit(code, None if quantity is None else Decimal(quantity))
        for code, quantity in kept.items()
    )


def resource_to_row(resource: Resource) -> dict[str, Any]:
    """The row of a resource."""
    row = {name: getattr(resource, name) for name in Resource.__slots__}
    row["labels"] = json.dumps(dict(resource.labels))
    row["state"] = resource.state.value
    return row


def resource_from_row(row: Any) -> Resource:
    """The resource of a row."""
    kept = dict(row._mapping)
    kept["labels"] = tuple(json.loads(kept["labels"]).items())
    kept["state"] = ResourceState(kept["state"])
    return Resource(**kept)


def held_count_to_row(count: HeldCount) -> dict[str, Any]:
    """The row of a count."""
    return {name: getattr(count, name) for name in HeldCount.__slots__}


def held_count_from_row(row: Any) -> HeldCount:
    """The count of a row."""
    return HeldCount(**row._mapping)
