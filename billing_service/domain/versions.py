"""What holds from an instant on, until something later does."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from billing_service.domain.errors import EffectiveTimeNotAhead


class Version(Protocol):
    """Something numbered that holds from an instant on; the first one since ever (None)."""

    @property
    def version(self) -> int:
        """Its number, from 1."""

    @property
    def effective_at(self) -> int | None:
        """From when on it holds."""


V = TypeVar("V", bound=Version)


def in_force(versions: Sequence[V], instant_at: int) -> V:
    """The version in force at an instant. `versions` go by effective time, the first since ever."""
    held = versions[0]
    for each in versions[1:]:
        if each.effective_at is None or each.effective_at > instant_at:
            break
        held = each
    return held


def is_ahead(versions: Sequence[Version], effective_at: int | None, now: int) -> bool:
    """Whether a further version can take force at an instant: ahead, and later than all."""
    last_at = versions[-1].effective_at or 0
    return effective_at is not None and effective_at > max(now, last_at)


def check_ahead(versions: Sequence[Version], effective_at: int | None, now: int) -> int:
    """The effective time of a further version; refused unless later than all."""
    if effective_at is None or not is_ahead(versions, effective_at, now):
        raise EffectiveTimeNotAhead
    return effective_at
