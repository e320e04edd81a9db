"""Resources: what an account holds one of under a limit, such as a device or a seat.

An account that holds more than it may now keeps what it has held the longest in use; the rest is
suspended, and comes back as soon as there is room.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from provisioning_service.domain.holding_errors import ResourceRemoved


class ResourceState(Enum):
    """Whether a resource may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that an account holds one of; `kind` is the code of what entitles to it.

    `labels` go by key; `removed_at` is None while it is held.
    """

    account: str
    id: str
    kind: str
    display_name: str
    labels: tuple[tuple[str, str], ...]
    state: ResourceState
    created_at: int
    removed_at: int | None
    version: int

    @property
    def name(self) -> str:
        """The resource name."""
        return f"accounts/{self.account}/resources/{self.id}"

    @property
    def is_held(self) -> bool:
        """Whether it is held, be it suspended."""
        return self.state is not ResourceState.REMOVED


@dataclass(frozen=True, slots=True)
class HeldCount:
    """How many resources of a kind an account holds, suspended ones among them."""

    account: str
    kind: str
    used: int = 0
    version: int = 0

    def plus(self, count: int) -> "HeldCount":
        """The count after so many more."""
        return replace(self, used=self.used + count, version=self.version + 1)


def removed(resource: Resource, now: int) -> Resource:
    """The resource, removed: its id stays taken.

    Errors:  ResourceRemoved.
    """
    if not resource.is_held:
        raise ResourceRemoved(resource.name)
    return replace(
        resource, state=ResourceState.REMOVED, removed_at=now, version=resource.version + 1
    )


def levelled(resources: Iterable[Resource], limit: Decimal | None) -> tuple[Resource, ...]:
    """Those of one kind that change so that as many are in use as may be, the oldest ones."""
    held = sorted(
        (each for each in resources if each.is_held), key=lambda each: (each.created_at, each.id)
    )
    room = len(held) if limit is None else int(limit)
    changed = []
    for place, each in enumerate(held):
        state = ResourceState.ACTIVE if place < room else ResourceState.SUSPENDED
        if each.state is not state:
            changed.append(replace(each, state=state, version=each.version + 1))
    return tuple(changed)
