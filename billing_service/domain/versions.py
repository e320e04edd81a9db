"""What holds from an instant on, until something later does."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from billing_service.domain.errors import EffectiveTimeNotAhead, TimeBound


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


def bound_of(versions: Sequence[Version], now: int) -> TimeBound:
    """What the effective time of a further version must lie after: now, and that of the last."""
    last = versions[-1]
    if last.effective_at is not None and last.effective_at > now:
        return TimeBound(last.effective_at, last.version)
    return TimeBound(now)


def check_ahead(versions: Sequence[Version], effective_at: int | None, now: int) -> int:
    """The effective time of a further version; refused unless later than all."""
    bound = bound_of(versions, now)
    if effective_at is None or effective_at <= bound.at:
        raise EffectiveTimeNotAhead(bound)
    return effective_at
