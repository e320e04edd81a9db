"""Takes in what billing tells of an account: its expiry, its stop, the end of it, deletion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, TimerCleared, UseCase
from provisioning_service.domain.events import (
    InstanceDeleted,
    InstanceStopLifted,
    InstanceStopped,
)
from provisioning_service.domain.expiry import expiry_shown
from provisioning_service.domain.instance import Instance, InstanceView, StopReason
from provisioning_service.domain.life import without_stop
from provisioning_service.domain.standing import (
    Standing,
    deletion_ordered,
    lifted,
    stopped,
    with_expiry,
)
from provisioning_service.domain.unpaid import deleted_unpaid, reached_from, stopped_unpaid
from provisioning_service.storage.facts import Facts, read_accounts, read_living
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope, service_of
from provisioning_service.use_cases.instance_timers import timers_cleared


@dataclass(frozen=True, slots=True)
class NoteExpiry:
    """The account's last day of service is another one, since `effective_at`."""

    account: str
    expires_on: date | None
    earliest_unsettled_month: date | None
    effective_at: int


@dataclass(frozen=True, slots=True)
class StopAccount:
    """The account's instances stop for an unpaid invoice, since `effective_at`."""

    account: str
    invoice: str
    effective_at: int


@dataclass(frozen=True, slots=True)
class LiftStop:
    """The account's stop is over, since `effective_at`."""

    account: str
    effective_at: int


@dataclass(frozen=True, slots=True)
class DeleteInstances:
    """The account's instances are to be deleted, since `effective_at`."""

    account: str
    invoice: str
    effective_at: int


@dataclass(frozen=True, slots=True)
class _Reached:
    """An instance that something befell: before, after, and since when."""

    before: Instance
    after: Instance
    since_at: int


def _gather_standing(tx: Transaction, commands: Sequence[NoteExpiry]) -> Facts:
    return read_accounts(tx, (each.account for each in commands))


def _gather(tx: Transaction, commands: Sequence[StopAccount | LiftStop | DeleteInstances]) -> Facts:
    return read_living(tx, (each.account for each in commands))


def _note_expiry(facts: Facts, command: NoteExpiry, _now: int) -> Effects[None]:
    standing = facts.standing(command.account)
    after = with_expiry(
        standing,
        command.expires_on,
        command.earliest_unsettled_month,
        told_at=command.effective_at,
    )
    return Effects(None, changes=(after,))


def _stop(facts: Facts, command: StopAccount, now: int) -> Effects[None]:
    standing = stopped(facts.standing(command.account), command.effective_at, command.invoice)
    reached = _reached(
        facts, command.account, command.effective_at, now, lambda each, _at: stopped_unpaid(each)
    )
    return _effects(facts, standing, reached, lambda view: InstanceStopped(view, StopReason.UNPAID))


def _delete(facts: Facts, command: DeleteInstances, now: int) -> Effects[None]:
    standing = deletion_ordered(
        facts.standing(command.account), command.effective_at, command.invoice
    )
    reached = _reached(facts, command.account, command.effective_at, now, deleted_unpaid)
    timers = tuple(timer for each in reached for timer in timers_cleared(each.before))
    return _effects(facts, standing, reached, InstanceDeleted, timers)


def _lift(facts: Facts, command: LiftStop, _now: int) -> Effects[None]:
    standing = lifted(facts.standing(command.account))
    reached = [
        _Reached(each, without_stop(each, StopReason.UNPAID), command.effective_at)
        for each in facts.instances_of(command.account)
        if StopReason.UNPAID in each.stop_reasons
    ]
    return _effects(
        facts, standing, reached, lambda view: InstanceStopLifted(view, StopReason.UNPAID)
    )


def _reached(
    facts: Facts,
    account: str,
    since_at: int,
    now: int,
    change: Callable[[Instance, int], Instance],
) -> list[_Reached]:
    """The living instances that something reaches by now, and changes.

    One that is still within the time it was paid for in advance is reached by its own timer.
    """
    integrator = facts.integrators.get(account)
    reaches_prepaid = integrator is not None and integrator.programme.unpaid_reaches_prepaid
    zone = service_of(facts, account).zone
    found = []
    for instance in facts.instances_of(account):
        if instance.is_deleted:
            continue
        reached_at = reached_from(instance, since_at, zone, reaches_prepaid=reaches_prepaid)
        if reached_at is None or reached_at > now:
            continue
        after = change(instance, reached_at)
        if after is not instance:
            found.append(_Reached(instance, after, reached_at))
    return found


def _effects(
    facts: Facts,
    standing: Standing,
    reached: Sequence[_Reached],
    told_as: Callable[[InstanceView], object],
    timers: tuple[TimerCleared, ...] = (),
) -> Effects[None]:
    """The new standing, the changed instances, and an event for each of them."""
    known = facts.standing(standing.account)
    changed = () if standing is known else (standing,)
    if not reached:
        return Effects(None, changes=changed)
    service = service_of(facts, standing.account, standing)
    events = tuple(
        Event(
            standing.account,
            told_as(InstanceView(each.after, expiry_shown(each.after, service))),
            effective_at=each.since_at,
        )
        for each in reached
    )
    return Effects(
        None,
        changes=(*changed, *(each.after for each in reached)),
        events=events,
        timers=timers,
    )


NOTE_EXPIRY: Final[UseCase[NoteExpiry, Facts, None]] = UseCase(
    name="note_expiry",
    scope=account_scope,
    gather=_gather_standing,
    decide=_note_expiry,
    apply=save,
)
STOP_ACCOUNT: Final[UseCase[StopAccount, Facts, None]] = UseCase(
    name="stop_account", scope=account_scope, gather=_gather, decide=_stop, apply=save
)
LIFT_STOP: Final[UseCase[LiftStop, Facts, None]] = UseCase(
    name="lift_stop", scope=account_scope, gather=_gather, decide=_lift, apply=save
)
DELETE_INSTANCES: Final[UseCase[DeleteInstances, Facts, None]] = UseCase(
    name="delete_instances", scope=account_scope, gather=_gather, decide=_delete, apply=save
)
