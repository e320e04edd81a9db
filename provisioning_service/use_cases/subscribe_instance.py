"""Subscribes an instance on trial, or withdraws a cancellation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, TimerSet, UseCase
from provisioning_service.domain.account import with_zone_fixed
from provisioning_service.domain.civil import end_of_day, zone_of
from provisioning_service.domain.events import (
    InstanceCancellationWithdrawn,
    InstanceStopLifted,
    InstanceSubscribed,
)
from provisioning_service.domain.instance import (
    Instance,
    InstanceState,
    InstanceView,
    StopReason,
)
from provisioning_service.domain.life import subscribed
from provisioning_service.domain.standing import check_paid
from provisioning_service.storage.facts import Facts, read_instances
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope, check_etag, check_secret, show
from provisioning_service.use_cases.instance_timers import (
    PREPAID_END,
    timer_set,
    timers_cleared,
)


@dataclass(frozen=True, slots=True)
class SubscribeInstance:
    """The command."""

    account: str
    instance: str
    etag: str
    secret_hash: bytes


def _gather(tx: Transaction, commands: Sequence[SubscribeInstance]) -> Facts:
    return read_instances(tx, ((each.account, each.instance) for each in commands))


def _decide(facts: Facts, command: SubscribeInstance, now: int) -> Effects[InstanceView]:
    check_secret(facts, command.account, command.secret_hash)
    before = facts.instance(command.account, command.instance)
    check_etag(before, command.etag)
    after = subscribed(before, now)
    check_paid(facts.standing(command.account))
    account = facts.account(command.account)
    fixed = () if account.zone_fixed else (with_zone_fixed(account),)
    view = show(facts, after)
    return Effects(
        view,
        changes=(*fixed, after),
        events=tuple(Event(account.id, each) for each in _told(facts, before, view)),
        timers=(*timers_cleared(before), *_prepaid_end(facts, after, now)),
    )


def _told(facts: Facts, before: Instance, view: InstanceView) -> list[object]:
    """What happened, as events."""
    if before.state is InstanceState.CANCELLING:
        return [InstanceCancellationWithdrawn(view)]
    plan = facts.integrator(before.account).programme.plan
    told: list[object] = [InstanceSubscribed(view, plan)]
    if StopReason.TRIAL_ENDED in before.stop_reasons:
        told.append(InstanceStopLifted(view, StopReason.TRIAL_ENDED))
    return told


def _prepaid_end(facts: Facts, after: Instance, now: int) -> tuple[TimerSet, ...]:
    """The end of what is paid in advance, which a cancellation had replaced by its own."""
    if after.paid_through_on is None:
        return ()
    zone = zone_of(facts.account(after.account).time_zone)
    end_at = end_of_day(after.paid_through_on, zone)
    return (timer_set(after, PREPAID_END, end_at),) if end_at > now else ()


SUBSCRIBE_INSTANCE: Final[UseCase[SubscribeInstance, Facts, InstanceView]] = UseCase(
    name="subscribe_instance", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
