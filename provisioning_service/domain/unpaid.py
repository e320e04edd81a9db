"""What non-payment does to an instance, and from when on."""

from zoneinfo import ZoneInfo

from provisioning_service.domain.civil import end_of_day
from provisioning_service.domain.instance import (
    Action,
    DeletionReason,
    Instance,
    InstanceState,
    PaymentType,
    StopReason,
)
from provisioning_service.domain.life import deleted, stopped


def reached_from(
    instance: Instance, since_at: int, zone: ZoneInfo, *, reaches_prepaid: bool
) -> int | None:
    """From when on a stop or deletion that holds since `since_at` reaches an instance.

    Never before it was created, nor within the time that it is paid for in advance; None if never.
    """
    if instance.payment_type is PaymentType.PREPAY:
        return max(since_at, instance.created_at) if reaches_prepaid else None
    reached_at = max(since_at, instance.created_at)
    if instance.is_migrated and instance.paid_through_on is not None:
        reached_at = max(reached_at, end_of_day(instance.paid_through_on, zone))
    return reached_at


def stopped_unpaid(instance: Instance) -> Instance:
    """The instance stopped for non-payment; itself if that changes nothing."""
    if instance.state in {InstanceState.DELETED, InstanceState.INACTIVE}:
        return instance
    return stopped(instance, Action.STOP_UNPAID, StopReason.UNPAID)


def deleted_unpaid(instance: Instance, deleted_at: int) -> Instance:
    """The instance deleted for non-payment; itself if it is gone already."""
    if instance.is_deleted:
        return instance
    return deleted(instance, Action.DELETE_UNPAID, DeletionReason.UNPAID, at=deleted_at)
