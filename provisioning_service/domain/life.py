"""An instance's life: each function gives the instance after one thing happened to it."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from provisioning_service.domain.civil import day_of, end_of_day, month_after, month_of
from provisioning_service.domain.errors import IllegalTransition, PaidThroughPast, TrialTooLong
from provisioning_service.domain.expiry import Service, cap_of_cancelled, expiry_shown
from provisioning_service.domain.instance import (
    Action,
    DeletionReason,
    Instance,
    InstanceState,
    PaymentType,
    StopReason,
    next_state,
)
from provisioning_service.domain.programme import Programme
from provisioning_service.domain.token import Token


@dataclass(frozen=True, slots=True)
class Birth:
    """What every new instance is told: whose it is, its id, its name, and when it is created."""

    account: str
    instance: str
    display_name: str
    created_at: int

    def of(self, state: InstanceState, **more: Any) -> Instance:
        """The new instance in a state, and what else is known of it."""
        return Instance(
            self.account, self.instance, self.display_name, self.created_at, state, **more
        )


def inactive(birth: Birth) -> Instance:
    """An instance that does not run: of no token and in no band."""
    return birth.of(InstanceState.INACTIVE)


def on_trial(birth: Birth, token: Token, programme: Programme, length_us: int | None) -> Instance:
    """An instance on trial, in its token's band; `length_us` None: as the programme says.

    Errors:  TrialTooLong.
    """
    length_us = programme.trial_length_us if length_us is None else length_us
    if length_us > programme.trial_length_max_us:
        raise TrialTooLong(length_us, programme.trial_length_max_us)
    trial_end_at = birth.created_at + length_us
    return birth.of(
        InstanceState.TRIAL,
        band=token.band,
        rung=token.rung,
        trial_end_at=trial_end_at,
        purge_at=trial_end_at + programme.lapsed_trial_retention_us,
    )


def prepaid(birth: Birth, paid_through_on: date, zone: ZoneInfo) -> Instance:
    """An instance that is paid in advance through a date.

    Errors:  PaidThroughPast.
    """
    today = day_of(birth.created_at, zone)
    if paid_through_on < today:
        raise PaidThroughPast(paid_through_on, today)
    return birth.of(
        InstanceState.ACTIVE, payment_type=PaymentType.PREPAY, paid_through_on=paid_through_on
    )


def is_licence(instance: Instance, today: date) -> bool:
    """Whether it counts as a licence: prepaid, not deleted, paid through today."""
    return (
        instance.payment_type is PaymentType.PREPAY
        and not instance.is_deleted
        and instance.paid_through_on is not None
        and instance.paid_through_on >= today
    )


def subscribed(instance: Instance, now: int) -> Instance:
    """The instance subscribed; a lapsed trial runs again, a cancellation is withdrawn."""
    return instance._replace(
        state=next_state(instance, Action.SUBSCRIBE),
        stop_reasons=_without(instance, StopReason.TRIAL_ENDED),
        subscribed_at=now if instance.subscribed_at is None else instance.subscribed_at,
        last_subscribed_at=now,
        cancelled_at=None,
        cap_on=None,
        expiry_fixed=False,
        purge_at=None,
        version=instance.version + 1,
    )


def cancelled(instance: Instance, service: Service, *, fixed: bool, now: int) -> Instance:
    """The instance cancelled: one on trial or INACTIVE is gone, others run to their expiry.

    `fixed`: the expiry stays what is shown now; else payments still move it, up to its cap.
    """
    if next_state(instance, Action.CANCEL) is InstanceState.DELETED:
        reason = DeletionReason.CANCELLED_BEFORE_SUBSCRIPTION
        return deleted(instance, Action.CANCEL, reason, at=now)
    cap_on = cap_of_cancelled(instance, now, service)
    if fixed:
        cap_on = min(cap_on, expiry_shown(instance, service) or cap_on)
    return instance._replace(
        state=InstanceState.CANCELLING,
        cancelled_at=now,
        cap_on=cap_on,
        expiry_fixed=fixed,
        purge_at=max(now, end_of_day(cap_on, service.zone)),
        version=instance.version + 1,
    )


def deleted(instance: Instance, action: Action, reason: DeletionReason, *, at: int) -> Instance:
    """The record that stays of the instance."""
    return instance._replace(
        state=next_state(instance, action),
        stop_reasons=(),
        purge_at=None,
        deleted_at=at,
        deletion_reason=reason,
        version=instance.version + 1,
    )


def migrated(instance: Instance, band: int, now: int) -> Instance:
    """A prepaid instance taken into postpaid: billed from the month after what is paid for."""
    assert instance.paid_through_on is not None  # noqa: S101 - prepaid ones have a date
    return instance._replace(
        state=next_state(instance, Action.MIGRATE),
        payment_type=PaymentType.POSTPAY,
        band=band,
        first_billed_month=month_after(month_of(instance.paid_through_on)),
        subscribed_at=now,
        last_subscribed_at=now,
        version=instance.version + 1,
    )


def stopped(instance: Instance, action: Action, reason: StopReason) -> Instance:
    """The instance with one more reason not to run; itself if it has that one already."""
    state = next_state(instance, action)
    if reason in instance.stop_reasons:
        return instance
    reasons = sorted((*instance.stop_reasons, reason), key=lambda each: each.value)
    return instance._replace(state=state, stop_reasons=tuple(reasons), version=instance.version + 1)


def without_stop(instance: Instance, reason: StopReason) -> Instance:
    """The instance with one reason less not to run; itself if it did not have that one."""
    if reason not in instance.stop_reasons:
        return instance
    return instance._replace(stop_reasons=_without(instance, reason), version=instance.version + 1)


def suspended(instance: Instance) -> Instance:
    """The instance stopped by an operator."""
    if StopReason.OPERATOR in instance.stop_reasons:
        raise IllegalTransition(instance.name, "SUSPENDED", "an operator stopped it already")
    return stopped(instance, Action.SUSPEND, StopReason.OPERATOR)


def resumed(instance: Instance) -> Instance:
    """The instance with the operator's stop taken back."""
    next_state(instance, Action.RESUME)
    if StopReason.OPERATOR not in instance.stop_reasons:
        raise IllegalTransition(
            instance.name, instance.state.name, "no operator stopped it; see its stop_reasons"
        )
    return without_stop(instance, StopReason.OPERATOR)


def _without(instance: Instance, reason: StopReason) -> tuple[StopReason, ...]:
    return tuple(each for each in instance.stop_reasons if each is not reason)
