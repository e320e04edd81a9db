"""Creates an instance with a token's quota; for an operator, an INACTIVE one without."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, TimerSet, UseCase
from provisioning_service.domain.errors import InstanceAlreadyExists, NotEnrolled
from provisioning_service.domain.events import (
    InstanceCreated,
    InstanceTrialEnding,
    TokenQuotaWarning,
    TokenUsedUp,
)
from provisioning_service.domain.instance import InstanceView
from provisioning_service.domain.ladder import token_of_secret, view_of, with_creation
from provisioning_service.domain.life import Birth, inactive, on_trial
from provisioning_service.domain.standing import check_paid
from provisioning_service.domain.token import with_quota_warning
from provisioning_service.storage.facts import Facts, read_instances
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope
from provisioning_service.use_cases.instance_timers import TRIAL_END, TRIAL_WARNING, timer_set


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
    programme = integrator.programme
    counted = with_quota_warning(used, programme.quota_warning_percent)
    birth = Birth(account.id, command.instance, command.display_name, now)
    instance = on_trial(birth, token, programme, command.trial_length_us)
    view = InstanceView(instance, None)
    told: list[object] = [InstanceCreated(view)]
    if counted is not used:
        percent = programme.quota_warning_percent
        told.append(TokenQuotaWarning(view_of(counted, tokens), percent))
    if counted.used_up:
        told.append(TokenUsedUp(view_of(counted, tokens)))
    ending, timer = _trial_ahead(view, programme.trial_warning_us, now)
    return Effects(
        view,
        changes=(counted, instance),
        events=tuple(Event(account.id, each) for each in (*told, *ending)),
        timers=(timer,),
    )


def _trial_ahead(
    view: InstanceView, warning_us: int, now: int
) -> tuple[tuple[InstanceTrialEnding, ...], TimerSet]:
    """The warning of a trial's end, if it is due at once, and the timer of what comes next.

    The warning's timer sets that of the end, so that each trial waits with one.
    """
    instance = view.instance
    end_at = instance.trial_end_at
    assert end_at is not None  # noqa: S101 - one on trial has an end
    if now < end_at - warning_us < end_at:
        return (), timer_set(instance, TRIAL_WARNING, end_at - warning_us)
    ending = (InstanceTrialEnding(view, end_at),) if warning_us else ()
    return ending, timer_set(instance, TRIAL_END, end_at)


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
