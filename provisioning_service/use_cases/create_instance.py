"""Creates an instance with a token's quota; for an operator, an INACTIVE one without."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.errors import InstanceAlreadyExists, NotEnrolled
from provisioning_service.domain.events import InstanceCreated, TokenUsedUp
from provisioning_service.domain.instance import InstanceView
from provisioning_service.domain.ladder import token_of_secret, view_of, with_creation
from provisioning_service.domain.life import Birth, inactive, on_trial
from provisioning_service.domain.standing import check_paid
from provisioning_service.storage.facts import Facts, read_instances
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope
from provisioning_service.use_cases.instance_timers import TRIAL_END, timer_set


@dataclass(frozen=True, slots=True)
class CreateInstance:
    """The command. `trial_length_us` None: the programme's; `secret_hash` empty: an operator's."""

    account: str
    instance: str
    display_name: str
    trial_length_us: int | None
    secret_hash: bytes


def _gather(tx: Transaction, commands: Sequence[CreateInstance]) -> Facts:
    return read_instances(tx, ((each.account, each.instance) for each in commands))


def _decide(facts: Facts, command: CreateInstance, now: int) -> Effects[InstanceView]:
    account = facts.account(command.account)
    integrator = facts.integrators.get(account.id)
    if integrator is None:
        remedy = "import its prepaid instances instead, or enrol it first"
        raise NotEnrolled(account.id, remedy)
    if not command.secret_hash:
        return _created_inactive(facts, command, now)
    tokens = facts.tokens_of(account.id)
    token = token_of_secret(tokens, command.secret_hash)
    _check_free(facts, command)
    used = with_creation(token, tokens)
    birth = Birth(account.id, command.instance, command.display_name, now)
    instance = on_trial(birth, token, integrator.programme, command.trial_length_us)
    assert instance.trial_end_at is not None  # noqa: S101 - one on trial has an end
    view = InstanceView(instance, None)
    events = [Event(account.id, InstanceCreated(view))]
    if used.used_up:
        events.append(Event(account.id, TokenUsedUp(view_of(used, tokens))))
    return Effects(
        view,
        changes=(used, instance),
        events=tuple(events),
        timers=(timer_set(instance, TRIAL_END, instance.trial_end_at),),
    )


def _created_inactive(facts: Facts, command: CreateInstance, now: int) -> Effects[InstanceView]:
    _check_free(facts, command)
    birth = Birth(command.account, command.instance, command.display_name, now)
    instance = inactive(birth)
    view = InstanceView(instance, None)
    return Effects(
        view, changes=(instance,), events=(Event(command.account, InstanceCreated(view)),)
    )


def _check_free(facts: Facts, command: CreateInstance) -> None:
    """Refuse an account that did not pay, and an id that is taken."""
    check_paid(facts.standing(command.account))
    if (command.account, command.instance) in facts.instances:
        raise InstanceAlreadyExists(command.account, command.instance)


CREATE_INSTANCE: Final[UseCase[CreateInstance, Facts, InstanceView]] = UseCase(
    name="create_instance", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
