"""Enrols an account, issues its first token, and takes its prepaid instances along if asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.account import Account
from provisioning_service.domain.civil import day_of, zone_of
from provisioning_service.domain.errors import AlreadyEnrolled, NotEligible
from provisioning_service.domain.events import (
    InstanceMigrated,
    IntegratorEnrolled,
    TokenIssued,
)
from provisioning_service.domain.expiry import Service, expiry_shown
from provisioning_service.domain.instance import Instance, InstanceState, InstanceView
from provisioning_service.domain.ladder import view_of
from provisioning_service.domain.life import is_licence, migrated
from provisioning_service.domain.programme import Integrator, Programme, check_programme
from provisioning_service.domain.token import NewSecret, TokenView, issued_at_once, requested
from provisioning_service.storage.facts import Facts, read_living
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope


@dataclass(frozen=True, slots=True)
class EnrolIntegrator:
    """The command, with the secret of the first token."""

    account: str
    migrate_prepaid: bool
    programme: Programme
    secret: NewSecret


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolment with its first token, and how many prepaid instances it took along."""

    integrator: Integrator
    token: TokenView
    secret: str
    migrated_count: int


def _gather(tx: Transaction, commands: Sequence[EnrolIntegrator]) -> Facts:
    return read_living(tx, (each.account for each in commands))


def _decide(facts: Facts, command: EnrolIntegrator, now: int) -> Effects[Enrolled]:
    account = facts.account(command.account)
    if account.id in facts.integrators:
        raise AlreadyEnrolled(account.name, _remedy(command))
    check_programme(command.programme)
    today = day_of(now, zone_of(account.time_zone))
    licences = [each for each in facts.instances_of(account.id) if is_licence(each, today)]
    if len(licences) < command.programme.licences_min:
        raise NotEligible(
            account.name, licences=len(licences), licences_min=command.programme.licences_min
        )
    taken = _taken(facts, command, licences, now) if command.migrate_prepaid else ()
    return _enrolment(account, command, taken, now)


def _remedy(command: EnrolIntegrator) -> str:
    if command.migrate_prepaid:
        return "prepaid instances could be taken into postpaid at enrolment only"
    return "use its tokens"


def _taken(
    facts: Facts, command: EnrolIntegrator, licences: Sequence[Instance], now: int
) -> tuple[InstanceView, ...]:
    """The active ones among the licences, taken into postpaid."""
    account = facts.account(command.account)
    service = Service(
        zone=zone_of(account.time_zone),
        last_service_day=command.programme.last_service_day,
        standing=facts.standing(account.id),
    )
    taken = [
        migrated(each, command.programme.migrated_band, now)
        for each in licences
        if each.state is InstanceState.ACTIVE
    ]
    return tuple(InstanceView(each, expiry_shown(each, service)) for each in taken)


def _enrolment(
    account: Account, command: EnrolIntegrator, taken: Sequence[InstanceView], now: int
) -> Effects[Enrolled]:
    programme = command.programme
    integrator = Integrator(
        account=account.id,
        programme=programme,
        prepaid_migrated=command.migrate_prepaid,
        enrolled_at=now,
        version=1,
    )
    first = requested(account.id, 1, programme.ladder[0], now)
    token = view_of(issued_at_once(first, command.secret, now), {})
    facts_told = [IntegratorEnrolled(integrator), TokenIssued(token)]
    migrations = [
        InstanceMigrated(view, programme.plan, view.instance.first_billed_month)
        for view in taken
        if view.instance.first_billed_month is not None
    ]
    return Effects(
        Enrolled(integrator, token, command.secret.text, len(taken)),
        changes=(integrator, token.token, *(view.instance for view in taken)),
        events=tuple(Event(account.id, each) for each in (*facts_told, *migrations)),
    )


ENROL_INTEGRATOR: Final[UseCase[EnrolIntegrator, Facts, Enrolled]] = UseCase(
    name="enrol_integrator", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
