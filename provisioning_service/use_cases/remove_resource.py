"""Removes a resource; one that is suspended takes its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.events import ResourceRemoved
from provisioning_service.domain.resource import Resource, removed
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.holding_facts import (
    add_callers,
    add_entitlements,
    add_held_resources,
    add_resources,
)
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.acting import check_administers
from provisioning_service.use_cases.checks import account_scope, check_etag
from provisioning_service.use_cases.levelling import level


@dataclass(frozen=True, slots=True)
class RemoveResource:
    """The command; `secret_hash` is the caller's."""

    account: str
    resource: str
    etag: str
    secret_hash: bytes


def _gather(tx: Transaction, commands: Sequence[RemoveResource]) -> Facts:
    accounts = {each.account for each in commands}
    facts = read_accounts(tx, accounts)
    add_callers(tx, facts, accounts, (each.secret_hash for each in commands))
    add_entitlements(tx, facts, accounts)
    add_resources(tx, facts, ((each.account, each.resource) for each in commands))
    # Of what is within its limit nothing is suspended, so that nothing can take a place.
    kinds = {
        (each.account, each.kind)
        for each in facts.resources.values()
        if facts.entitlement(each.account, each.kind).is_exceeded
    }
    add_held_resources(tx, facts, kinds)
    return facts


def _decide(facts: Facts, command: RemoveResource, now: int) -> Effects[Resource]:
    check_administers(facts, command.account, command.secret_hash)
    before = facts.resource(command.account, command.resource)
    check_etag(before, command.etag)
    after = removed(before, now)
    kept = [each for each in facts.resources_of(after.account, after.kind) if each.id != after.id]
    moved, told = level(kept, facts.entitlement(after.account, after.kind))
    count = facts.held_count(after.account, after.kind).plus(-1)
    return Effects(
        after,
        changes=(after, count, *moved),
        events=(Event(after.account, ResourceRemoved(after)), *told),
    )


REMOVE_RESOURCE: Final[UseCase[RemoveResource, Facts, Resource]] = UseCase(
    name="remove_resource", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
