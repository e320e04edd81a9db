"""Cancels an instance: one on trial or INACTIVE is gone at once, others run to their expiry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.events import InstanceCancelled, InstanceDeleted
from provisioning_service.domain.instance import Action, DeletionReason, Instance, InstanceView
from provisioning_service.domain.life import cancelled, deleted
from provisioning_service.domain.programme import CancelledExpiry
from provisioning_service.storage.facts import Facts, read_instances
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import (
    account_scope,
    check_etag,
    check_secret,
    service_of,
    show,
)
from provisioning_service.use_cases.instance_timers import (
    CANCELLED_END,
    timer_set,
    timers_cleared,
)


@dataclass(frozen=True, slots=True)
class CancelInstance:
    """The command."""

    account: str
    instance: str
    etag: str
    secret_hash: bytes


def _gather(tx: Transaction, commands: Sequence[CancelInstance]) -> Facts:
    return read_instances(tx, ((each.account, each.instance) for each in commands))


def _decide(facts: Facts, command: CancelInstance, now: int) -> Effects[InstanceView]:
    check_secret(facts, command.account, command.secret_hash)
    before = facts.instance(command.account, command.instance)
    check_etag(before, command.etag)
    service = service_of(facts, command.account)
    after = cancelled(before, service, fixed=_expiry_is_fixed(facts, command.account), now=now)
    view = show(facts, after)
    if after.is_deleted:
        return _effects(before, view, [InstanceDeleted(view)])
    assert after.purge_at is not None  # noqa: S101 - one that runs out has an end
    if after.purge_at <= now:
        return _run_out(facts, before, view, now)
    effects = _effects(before, view, [InstanceCancelled(view)])
    timer = timer_set(after, CANCELLED_END, after.purge_at)
    return Effects(view, effects.changes, effects.events, (*effects.timers, timer))


def _expiry_is_fixed(facts: Facts, account: str) -> bool:
    integrator = facts.integrators.get(account)
    if integrator is None:
        return False
    return integrator.programme.cancelled_expiry is CancelledExpiry.FIXED_AT_CANCELLATION


def _run_out(
    facts: Facts, before: Instance, cancelled_view: InstanceView, now: int
) -> Effects[InstanceView]:
    """The effects where all that is paid for lies in the past."""
    gone = deleted(cancelled_view.instance, Action.RUN_OUT, DeletionReason.CANCELLED, at=now)
    view = show(facts, gone)
    return _effects(before, view, [InstanceCancelled(cancelled_view), InstanceDeleted(view)])


def _effects(before: Instance, view: InstanceView, told: Sequence[object]) -> Effects[InstanceView]:
    return Effects(
        view,
        changes=(view.instance,),
        events=tuple(Event(before.account, each) for each in told),
        timers=timers_cleared(before),
    )


CANCEL_INSTANCE: Final[UseCase[CancelInstance, Facts, InstanceView]] = UseCase(
    name="cancel_instance", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
