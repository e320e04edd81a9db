"""Sandboxes: worlds with a clock of their own."""

from dataclasses import dataclass, replace
from typing import Final

from provisioning_service.domain.errors import (
    AdvanceTooFar,
    SandboxInsideSandbox,
    SandboxLimitReached,
    TimeNotAhead,
)

SANDBOXES_PER_OWNER_MAX: Final = 5
# Ten years, with their leap days.
ADVANCE_MAX_US: Final = 3_653 * 86_400_000_000
# 1 January 2200: past it civil dates would soon run out.
CLOCK_END_AT: Final = 7_258_118_400_000_000


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A world with a clock of its own; the clock itself is the chassis's to keep.

    `advancing_from_at` is where the clock stood when an advance began that has not arrived yet.
    """

    id: str
    display_name: str
    owner: str
    created_at: int
    advancing_from_at: int | None
    version: int

    @property
    def name(self) -> str:
        """The resource name."""
        return f"sandboxes/{self.id}"


@dataclass(frozen=True, slots=True)
class SandboxView:
    """A sandbox with what its clock shows and where it is being advanced to."""

    sandbox: Sandbox
    clock_at: int
    target_at: int | None


def check_owner(*, owner: str, owner_sandbox: str, owned: int) -> None:
    """Refuse an owner that lives in a sandbox itself, or that owns as many as it may."""
    if owner_sandbox:
        raise SandboxInsideSandbox(f"accounts/{owner}", f"sandboxes/{owner_sandbox}")
    if owned >= SANDBOXES_PER_OWNER_MAX:
        raise SandboxLimitReached(f"accounts/{owner}", SANDBOXES_PER_OWNER_MAX)


def check_advance(name: str, *, clock_at: int, to_at: int) -> None:
    """Refuse an advance back, or further than one call may go."""
    if to_at < clock_at:
        raise TimeNotAhead(name)
    if to_at - clock_at > ADVANCE_MAX_US or to_at >= CLOCK_END_AT:
        raise AdvanceTooFar(name)


def advancing(sandbox: Sandbox, from_at: int) -> Sandbox:
    """The sandbox on its way from `from_at`; one on its way already keeps where it came from."""
    if sandbox.advancing_from_at is not None:
        return sandbox
    return replace(sandbox, advancing_from_at=from_at, version=sandbox.version + 1)


def arrived(sandbox: Sandbox) -> Sandbox:
    """The sandbox standing still."""
    return replace(sandbox, advancing_from_at=None, version=sandbox.version + 1)
