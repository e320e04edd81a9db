"""Keeps as many resources of a kind in use as an account may hold, and tells of each change."""

from collections.abc import Iterable

from chassis.use_case import Event
from provisioning_service.domain.entitlement import Entitlement
from provisioning_service.domain.events import ResourceResumed, ResourceSuspended
from provisioning_service.domain.resource import Resource, ResourceState, levelled


def level(
    resources: Iterable[Resource], entitlement: Entitlement
) -> tuple[tuple[Resource, ...], tuple[Event, ...]]:
    """The resources of a kind that change under an entitlement to it, and what tells of them."""
    changed = levelled(resources, entitlement.quantity)
    return changed, tuple(Event(each.account, _told(each)) for each in changed)


def _told(resource: Resource) -> object:
    if resource.state is ResourceState.SUSPENDED:
        return ResourceSuspended(resource)
    return ResourceResumed(resource)
