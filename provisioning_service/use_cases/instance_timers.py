"""The timers of an instance: what will happen to it by itself."""

from typing import Final

from chassis.use_case import TimerCleared, TimerSet
from provisioning_service.domain.instance import Instance

TRIAL_WARNING: Final = "trial_warning"
TRIAL_END: Final = "trial_end"
LAPSED_TRIAL: Final = "lapsed_trial"
CANCELLED_END: Final = "cancelled_end"
PREPAID_END: Final = "prepaid_end"


def timer_set(instance: Instance, kind: str, due_at: int) -> TimerSet:
    """Sets one of an instance's timers."""
    return TimerSet(instance.account, kind, instance.id, due_at)


def timers_cleared(instance: Instance) -> tuple[TimerCleared, ...]:
    """Clears all timers that an instance may have."""
    kinds: list[str] = []
    if instance.trial_end_at is not None and instance.subscribed_at is None:
        kinds += [TRIAL_WARNING, TRIAL_END, LAPSED_TRIAL]
    if instance.cancelled_at is not None:
        kinds.append(CANCELLED_END)
    if instance.paid_through_on is not None:
        kinds.append(PREPAID_END)
    return tuple(TimerCleared(instance.account, kind, instance.id) for kind in kinds)
