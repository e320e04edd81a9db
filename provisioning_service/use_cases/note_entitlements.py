"""Takes in what billing tells that a subscription entitles its account to.

What the account holds is levelled at once: nothing is removed, but what exceeds the new limits is
suspended, and what they allow again comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.entitlement import Entitlements, Limit, entitlement_to
from provisioning_service.domain.resource import Resource
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.holding_facts import Key, add_entitlements, add_held_resources
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope
from provisioning_service.use_cases.levelling import level


@dataclass(frozen=True, slots=True)
class NoteEntitlements:
    """All that a subscription gives from `effective_at` on."""

    account: str
    subscription: str
    limits: tuple[Limit, ...]
    features: tuple[str, ...]
    effective_at: int


def _gather(tx: Transaction, commands: Sequence[NoteEntitlements]) -> Facts:
    accounts = {each.account for each in commands}
    facts = read_accounts(tx, accounts)
    add_entitlements(tx, facts, accounts)
    add_held_resources(tx, facts, _exceeded(facts, commands))
    return facts


def _exceeded(facts: Facts, commands: Sequence[NoteEntitlements]) -> set[Key]:
    """The kinds of which an account holds more than it may, before the commands or after one.

    Of others nothing is suspended, nor will be: they are not read, however many they are.
    """
    found = {key for key in facts.held_counts if facts.entitlement(*key).is_exceeded}
    given = {account: dict(each) for account, each in facts.entitlements.items()}
    for command in commands:
        in_force = given.setdefault(command.account, {})
        in_force[command.subscription] = _given(command)
        found |= {
            (account, kind)
            for (account, kind), count in facts.held_counts.items()
            if account == command.account
            and entitlement_to(kind, in_force.values(), count.used).is_exceeded
        }
    return found


def _given(command: NoteEntitlements) -> Entitlements:
    return Entitlements(command.account, command.subscription, command.limits, command.features)


def _decide(facts: Facts, command: NoteEntitlements, _now: int) -> Effects[None]:
    given = facts.entitlements.get(command.account, {})
    before = given.get(command.subscription) or Entitlements(command.account, command.subscription)
    after = replace(_given(command), version=before.version)
    if after == before:
        return Effects(None)
    after = replace(after, version=before.version + 1)
    in_force = {**given, command.subscription: after}.values()
    moved: list[Resource] = []
    told: list[Event] = []
    for kind in sorted(before.codes | after.codes):
        count = facts.held_count(command.account, kind)
        if not count.used:
            continue
        held = facts.resources_of(command.account, kind)
        changed, events = level(held, entitlement_to(kind, in_force, count.used))
        moved += changed
        told += (each._replace(effective_at=command.effective_at) for each in events)
    return Effects(None, changes=(after, *moved), events=tuple(told))


NOTE_ENTITLEMENTS: Final[UseCase[NoteEntitlements, Facts, None]] = UseCase(
    name="note_entitlements", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
