"""Stops an instance for an operator's reason, and takes that back. Billing goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.events import InstanceStopLifted, InstanceStopped
from provisioning_service.domain.instance import InstanceView, StopReason
from provisioning_service.domain.life import resumed, suspended
from provisioning_service.storage.facts import Facts, read_instances
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope, check_etag, show


@dataclass(frozen=True, slots=True)
class SuspendInstance:
    """The command to stop it; `note` says why."""

    account: str
    instance: str
    etag: str
    note: str


@dataclass(frozen=True, slots=True)
class ResumeInstance:
    """The command to take the stop back."""

    account: str
    instance: str
    etag: str


def _gather(tx: Transaction, commands: Sequence[SuspendInstance | ResumeInstance]) -> Facts:
    return read_instances(tx, ((each.account, each.instance) for each in commands))


def _suspend(facts: Facts, command: SuspendInstance, _now: int) -> Effects[InstanceView]:
    before = facts.instance(command.account, command.instance)
    check_etag(before, command.etag)
    view = show(facts, suspended(before))
    told = InstanceStopped(view, StopReason.OPERATOR, command.note)
    return Effects(view, changes=(view.instance,), events=(Event(command.account, told),))


def _resume(facts: Facts, command: ResumeInstance, _now: int) -> Effects[InstanceView]:
    before = facts.instance(command.account, command.instance)
    check_etag(before, command.etag)
    view = show(facts, resumed(before))
    told = InstanceStopLifted(view, StopReason.OPERATOR)
    return Effects(view, changes=(view.instance,), events=(Event(command.account, told),))


SUSPEND_INSTANCE: Final[UseCase[SuspendInstance, Facts, InstanceView]] = UseCase(
    name="suspend_instance", scope=account_scope, gather=_gather, decide=_suspend, apply=save
)
RESUME_INSTANCE: Final[UseCase[ResumeInstance, Facts, InstanceView]] = UseCase(
    name="resume_instance", scope=account_scope, gather=_gather, decide=_resume, apply=save
)
