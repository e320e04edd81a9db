"""Takes over a prepaid instance that exists already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.account import with_zone_fixed
from provisioning_service.domain.civil import end_of_day, zone_of
from provisioning_service.domain.errors import AlreadyEnrolled, InstanceAlreadyExists
from provisioning_service.domain.events import InstanceImported
from provisioning_service.domain.instance import InstanceView
from provisioning_service.domain.life import Birth, prepaid
from provisioning_service.storage.facts import Facts, read_instances
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope
from provisioning_service.use_cases.instance_timers import PREPAID_END, timer_set


@dataclass(frozen=True, slots=True)
class ImportInstance:
    """The command."""

    account: str
    instance: str
    display_name: str
    paid_through_on: date


def _gather(tx: Transaction, commands: Sequence[ImportInstance]) -> Facts:
    return read_instances(tx, ((each.account, each.instance) for each in commands))


def _decide(facts: Facts, command: ImportInstance, now: int) -> Effects[InstanceView]:
    account = facts.account(command.account)
    if account.id in facts.integrators:
        raise AlreadyEnrolled(account.name, "its instances are created with its token")
    if (account.id, command.instance) in facts.instances:
        raise InstanceAlreadyExists(account.id, command.instance)
    zone = zone_of(account.time_zone)
    birth = Birth(account.id, command.instance, command.display_name, now)
    instance = prepaid(birth, command.paid_through_on, zone)
    view = InstanceView(instance, instance.paid_through_on)
    # The end of what is paid for is a day in the account's zone, so the zone stays from now on.
    fixed = () if account.zone_fixed else (with_zone_fixed(account),)
    return Effects(
        view,
        changes=(*fixed, instance),
        events=(Event(account.id, InstanceImported(view)),),
        timers=(timer_set(instance, PREPAID_END, end_of_day(command.paid_through_on, zone)),),
    )


IMPORT_INSTANCE: Final[UseCase[ImportInstance, Facts, InstanceView]] = UseCase(
    name="import_instance", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
