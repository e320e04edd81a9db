"""What happens to instances by itself: trials end and lapse, paid and cancelled time runs out."""

from collections.abc import Sequence
from typing import Any, Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, TimerDue, UseCase
from provisioning_service.domain.events import InstanceDeleted, InstanceStopped, InstanceTrialEnding
from provisioning_service.domain.instance import (
    Action,
    DeletionReason,
    Instance,
    InstanceState,
    PaymentType,
    StopReason,
)
from provisioning_service.domain.life import deleted, stopped
from provisioning_service.domain.unpaid import deleted_unpaid, stopped_unpaid
from provisioning_service.storage.facts import Facts, read_instances
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope, show
from provisioning_service.use_cases.instance_timers import (
    CANCELLED_END,
    LAPSED_TRIAL,
    PREPAID_END,
    TRIAL_END,
    TRIAL_WARNING,
    timer_set,
    timers_cleared,
)


def _gather(tx: Transaction, due: Sequence[TimerDue]) -> Facts:
    return read_instances(tx, ((each.account, each.key) for each in due))


def _warn_of_trial_end(facts: Facts, due: TimerDue, _due_at: int) -> Effects[None]:
    """Tell that a trial ends soon, unless it has ended meanwhile, and let it end."""
    instance = facts.instance(due.account, due.key)
    trial_end_at = instance.trial_end_at
    if instance.state is not InstanceState.TRIAL or trial_end_at is None:
        return Effects(None)
    ending = Event(due.account, InstanceTrialEnding(show(facts, instance), trial_end_at))
    return Effects(
        None,
        events=(ending,) if due.fired_at < trial_end_at else (),
        timers=(timer_set(instance, TRIAL_END, trial_end_at),),
    )


def _end_trial(facts: Facts, due: TimerDue, _due_at: int) -> Effects[None]:
    """Stop a trial that ended, and let it lapse a while later."""
    before = facts.instance(due.account, due.key)
    if before.state is not InstanceState.TRIAL or before.purge_at is None:
        return Effects(None)
    after = stopped(before, Action.END_TRIAL, StopReason.TRIAL_ENDED)
    told = InstanceStopped(show(facts, after), StopReason.TRIAL_ENDED)
    return Effects(
        None,
        changes=(after,),
        events=(Event(due.account, told),),
        timers=(timer_set(after, LAPSED_TRIAL, before.purge_at),),
    )


def _lapse_trial(facts: Facts, due: TimerDue, due_at: int) -> Effects[None]:
    """Delete a trial that lapsed."""
    before = facts.instance(due.account, due.key)
    if before.state is not InstanceState.TRIAL:
        return Effects(None)
    return _gone(
        facts, before, deleted(before, Action.LAPSE, DeletionReason.TRIAL_LAPSED, at=due_at)
    )


def _end_cancelled(facts: Facts, due: TimerDue, due_at: int) -> Effects[None]:
    """Delete a cancelled instance whose time is over."""
    before = facts.instance(due.account, due.key)
    if before.state is not InstanceState.CANCELLING:
        return Effects(None)
    return _gone(
        facts, before, deleted(before, Action.RUN_OUT, DeletionReason.CANCELLED, at=due_at)
    )


def _end_prepaid(facts: Facts, due: TimerDue, due_at: int) -> Effects[None]:
    """Stop what is no longer paid for; what went postpaid is now within reach of non-payment."""
    before = facts.instance(due.account, due.key)
    if before.is_deleted:
        return Effects(None)
    if before.payment_type is PaymentType.PREPAY:
        after = stopped(before, Action.END_PREPAID, StopReason.PREPAID_ENDED)
        return _halted(facts, before, after, StopReason.PREPAID_ENDED)
    standing = facts.standing(due.account)
    if standing.deletion_ordered_at is not None:
        return _gone(facts, before, deleted_unpaid(before, due_at))
    if standing.stopped_at is not None:
        return _halted(facts, before, stopped_unpaid(before), StopReason.UNPAID)
    return Effects(None)


def _halted(facts: Facts, before: Instance, after: Instance, reason: StopReason) -> Effects[None]:
    if after is before:
        return Effects(None)
    told = InstanceStopped(show(facts, after), reason)
    return Effects(None, changes=(after,), events=(Event(after.account, told),))


def _gone(facts: Facts, before: Instance, after: Instance) -> Effects[None]:
    return Effects(
        None,
        changes=(after,),
        events=(Event(after.account, InstanceDeleted(show(facts, after))),),
        timers=timers_cleared(before),
    )


def _use_case(name: str, decide: Any) -> UseCase[TimerDue, Facts, None]:
    return UseCase(name=name, scope=account_scope, gather=_gather, decide=decide, apply=save)


TIMERS: Final = {
    TRIAL_WARNING: _use_case("warn_of_trial_end", _warn_of_trial_end),
    TRIAL_END: _use_case("end_trial", _end_trial),
    LAPSED_TRIAL: _use_case("lapse_trial", _lapse_trial),
    CANCELLED_END: _use_case("end_cancelled", _end_cancelled),
    PREPAID_END: _use_case("end_prepaid", _end_prepaid),
}
"""What carries out each kind of timer."""
