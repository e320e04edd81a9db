"""Adds a resource to what an account holds, if its subscriptions allow one more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.entitlement import check_one_more
from provisioning_service.domain.events import ResourceCreated
from provisioning_service.domain.holding_errors import ResourceAlreadyExists
from provisioning_service.domain.resource import Resource, ResourceState
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.holding_facts import (
    add_callers,
    add_entitlements,
    add_resources,
)
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.acting import check_administers
from provisioning_service.use_cases.checks import account_scope


@dataclass(frozen=True, slots=True)
class CreateResource:
    """The command; `labels` go by key, `secret_hash` is the caller's."""

    account: str
    resource: str
    kind: str
    display_name: str
    labels: tuple[tuple[str, str], ...]
    secret_hash: bytes


def _gather(tx: Transaction, commands: Sequence[CreateResource]) -> Facts:
    accounts = {each.account for each in commands}
    facts = read_accounts(tx, accounts)
    add_callers(tx, facts, accounts, (each.secret_hash for each in commands))
    add_entitlements(tx, facts, accounts)
    add_resources(tx, facts, ((each.account, each.resource) for each in commands))
    return facts


def _decide(facts: Facts, command: CreateResource, now: int) -> Effects[Resource]:
    account = facts.account(command.account)
    check_administers(facts, account.id, command.secret_hash)
    if (account.id, command.resource) in facts.resources:
        raise ResourceAlreadyExists(account.id, command.resource)
    check_one_more(facts.entitlement(account.id, command.kind), facts.standing(account.id))
    resource = Resource(
        account=account.id,
        id=command.resource,
        kind=command.kind,
        display_name=command.display_name,
        labels=command.labels,
        state=ResourceState.ACTIVE,
        created_at=now,
        removed_at=None,
        version=1,
    )
    return Effects(
        resource,
        changes=(resource, facts.held_count(account.id, command.kind).plus(1)),
        events=(Event(account.id, ResourceCreated(resource)),),
    )


CREATE_RESOURCE: Final[UseCase[CreateResource, Facts, Resource]] = UseCase(
    name="create_resource", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
