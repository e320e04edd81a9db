"""Changes the programme of an enrolled account, for what happens from now on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.events import IntegratorUpdated, TokenQuotaWarning
from provisioning_service.domain.ladder import Tokens, view_of
from provisioning_service.domain.programme import Integrator, check_programme, tokens_under
from provisioning_service.domain.token import Token
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope, check_etag


@dataclass(frozen=True, slots=True)
class UpdateIntegrator:
    """The command: the fields of the programme that change, with their new values."""

    account: str
    changes: Mapping[str, Any]
    etag: str


def _gather(tx: Transaction, commands: Sequence[UpdateIntegrator]) -> Facts:
    return read_accounts(tx, (each.account for each in commands))


def _decide(facts: Facts, command: UpdateIntegrator, _now: int) -> Effects[Integrator]:
    before = facts.integrator(command.account)
    check_etag(before, command.etag)
    programme = replace(before.programme, **command.changes)
    check_programme(programme)
    tokens_before = facts.tokens_of(command.account)
    tokens = tokens_under(programme, tokens_before.values())
    if programme == before.programme:
        return Effects(before)
    after = replace(before, programme=programme, version=before.version + 1)
    return Effects(
        after,
        changes=(after, *tokens),
        events=(
            Event(command.account, IntegratorUpdated(after)),
            *_warnings(after, tokens_before, tokens),
        ),
    )


def _warnings(
    integrator: Integrator, before: Tokens, changed: Sequence[Token]
) -> tuple[Event, ...]:
    """Tells of the quotas of which, under the new programme, so much is used already."""
    tokens = {**before, **{each.rung: each for each in changed}}
    percent = integrator.programme.quota_warning_percent
    return tuple(
        Event(integrator.account, TokenQuotaWarning(view_of(each, tokens), percent))
        for each in changed
        if each.quota_warned and not before[each.rung].quota_warned
    )


UPDATE_INTEGRATOR: Final[UseCase[UpdateIntegrator, Facts, Integrator]] = UseCase(
    name="update_integrator", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
