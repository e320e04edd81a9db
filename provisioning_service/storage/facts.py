"""What a list of commands needs to know, read once and kept true while it is decided."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, select

from chassis.database import Transaction
from chassis.errors import AccountNotFound, SandboxNotFound
from chassis.prepared import InQuery
from chassis.use_case import Effects, SandboxClockSet
from provisioning_service.domain.account import Account
from provisioning_service.domain.entitlement import Entitlement, Entitlements, entitlement_to
from provisioning_service.domain.errors import InstanceNotFound, NotEnrolled
from provisioning_service.domain.holding_errors import MemberNotFound, ResourceNotFound
from provisioning_service.domain.instance import Instance
from provisioning_service.domain.member import Member, MemberView, Principal
from provisioning_service.domain.programme import Integrator
from provisioning_service.domain.resource import HeldCount, Resource
from provisioning_service.domain.sandbox import Sandbox, SandboxView
from provisioning_service.domain.standing import Standing
from provisioning_service.domain.token import Token
from provisioning_service.storage import rows
from provisioning_service.storage.tables import (
    ACCOUNTS,
    CHASSIS,
    INSTANCES,
    INTEGRATORS,
    SANDBOXES,
    STANDINGS,
    TOKENS,
)

_ACCOUNTS: Final = InQuery(select(ACCOUNTS), ACCOUNTS.c.id)
_INTEGRATORS: Final = InQuery(select(INTEGRATORS), INTEGRATORS.c.account)
_TOKENS: Final = InQuery(select(TOKENS), TOKENS.c.account)
_STANDINGS: Final = InQuery(select(STANDINGS), STANDINGS.c.account)
_INSTANCES: Final = InQuery(
    select(INSTANCES).where(INSTANCES.c.account.in_(bindparam("accounts", expanding=True))),
    INSTANCES.c.id,
)

InstanceKey = tuple[str, str]
"""Account and id of an instance."""


@dataclass(slots=True)
class Facts:
    """The working set of a list of commands: what is not in it does not exist."""

    accounts: dict[str, Account] = field(default_factory=dict)
    integrators: dict[str, Integrator] = field(default_factory=dict)
    tokens: dict[str, dict[int, Token]] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    instances: dict[InstanceKey, Instance] = field(default_factory=dict)
    sandboxes: dict[str, Sandbox] = field(default_factory=dict)
    clocks: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    principals: dict[str, Principal] = field(default_factory=dict)
    entitlements: dict[str, dict[str, Entitlements]] = field(default_factory=dict)
    resources: dict[tuple[str, str], Resource] = field(default_factory=dict)
    held_counts: dict[tuple[str, str], HeldCount] = field(default_factory=dict)

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        for entity in effects.changes:
            self._take(entity)
        for opening in effects.openings:
            if isinstance(opening, SandboxClockSet):
                self.clocks[opening.sandbox] = (opening.clock_at, opening.target_at)

    def _take(self, entity: object) -> None:
        match entity:
            case Token():
                self.tokens.setdefault(entity.account, {})[entity.rung] = entity
            case Instance():
                self.instances[entity.account, entity.id] = entity
            case Account():
                self.accounts[entity.id] = entity
            case Standing():
                self.standings[entity.account] = entity
            case Integrator():
                self.integrators[entity.account] = entity
            case Sandbox():
                self.sandboxes[entity.id] = entity
            case Member():
                self.members[entity.account, entity.id] = entity
            case Principal():
                self.principals[entity.account] = entity
            case Entitlements():
                self.entitlements.setdefault(entity.account, {})[entity.subscription] = entity
            case Resource():
                self.resources[entity.account, entity.id] = entity
            case HeldCount():
                self.held_counts[entity.account, entity.kind] = entity
            case _:
                raise TypeError(f"{type(entity).__name__} is no entity of this service")

    def account(self, account: str) -> Account:
        """An account; AccountNotFound if there is none."""
        found = self.accounts.get(account)
        if found is None:
            raise AccountNotFound(account)
        return found

    def integrator(self, account: str) -> Integrator:
        """An account's enrolment; NotEnrolled if it has none."""
        found = self.integrators.get(account)
        if found is None:
            raise NotEnrolled(account)
        return found

    def tokens_of(self, account: str) -> dict[int, Token]:
        """An account's tokens by rung."""
        return self.tokens.get(account, {})

    def standing(self, account: str) -> Standing:
        """An account's standing; a blank one while billing has told nothing."""
        return self.standings.get(account) or Standing(account)

    def instance(self, account: str, instance: str) -> Instance:
        """An instance; InstanceNotFound if there is none."""
        found = self.instances.get((account, instance))
        if found is None:
            raise InstanceNotFound(account, instance)
        return found

    def instances_of(self, account: str) -> list[Instance]:
        """Those of an account's instances that were read, by id."""
        own = [each for each in self.instances.values() if each.account == account]
        return sorted(own, key=lambda each: each.id)

    def principal(self, account: str) -> Principal:
        """Who is an account's principal; nobody if that was never said."""
        return self.principals.get(account) or Principal(account)

    def member(self, account: str, member: str) -> MemberView:
        """A member; MemberNotFound if there is none."""
        found = self.members.get((account, member))
        if found is None:
            raise MemberNotFound(account, member)
        return self.member_view(found)

    def member_view(self, member: Member) -> MemberView:
        """A member, and whether it is the principal."""
        return MemberView(member, self.principal(member.account).member == member.id)

    def resource(self, account: str, resource: str) -> Resource:
        """A resource; ResourceNotFound if there is none."""
        found = self.resources.get((account, resource))
        if found is None:
            raise ResourceNotFound(account, resource)
        return found

    def resources_of(self, account: str, kind: str) -> list[Resource]:
        """Those of an account's resources of a kind that were read."""
        return [
            each
            for each in self.resources.values()
            if each.account == account and each.kind == kind
        ]

    def held_count(self, account: str, kind: str) -> HeldCount:
        """How many resources of a kind an account holds."""
        return self.held_counts.get((account, kind)) or HeldCount(account, kind)

    def entitlement(self, account: str, code: str) -> Entitlement:
        """What an account may have of something, with how much of it is held."""
        given = self.entitlements.get(account, {}).values()
        return entitlement_to(code, given, self.held_count(account, code).used)

    def sandbox(self, sandbox: str) -> Sandbox:
        """A sandbox; SandboxNotFound if there is none."""
        found = self.sandboxes.get(sandbox)
        if found is None:
            raise SandboxNotFound(sandbox)
        return found

    def sandbox_view(self, sandbox: Sandbox) -> SandboxView:
        """A sandbox with its clock."""
        clock_at, target_at = self.clocks[sandbox.id]
        return SandboxView(sandbox, clock_at, target_at)


def read_accounts(tx: Transaction, accounts: Iterable[str]) -> Facts:
    """All about accounts but their instances."""
    ids = sorted(set(accounts))
    facts = Facts()
    for row in tx.all_in(_ACCOUNTS, ids):
        facts.accounts[row.id] = rows.account_from_row(row)
    for row in tx.all_in(_INTEGRATORS, ids):
        facts.integrators[row.account] = rows.integrator_from_row(row)
    for row in tx.all_in(_TOKENS, ids):
        facts.tokens.setdefault(row.account, {})[row.rung] = rows.token_from_row(row)
    for row in tx.all_in(_STANDINGS, ids):
        facts.standings[row.account] = rows.standing_from_row(row)
    return facts


def read_instances(tx: Transaction, keys: Iterable[InstanceKey]) -> Facts:
    """All about these instances and their accounts."""
    wanted = list(keys)
    facts = read_accounts(tx, (account for account, _ in wanted))
    add_instances(tx, facts, wanted)
    return facts


def read_living(tx: Transaction, accounts: Iterable[str]) -> Facts:
    """All about accounts, with those of their instances that are not deleted."""
    wanted = list(accounts)
    facts = read_accounts(tx, wanted)
    add_living_instances(tx, facts, wanted)
    return facts


def add_instances(tx: Transaction, facts: Facts, keys: Iterable[InstanceKey]) -> None:
    """Add the instances of these keys."""
    wanted = set(keys)
    ids = sorted({instance for _, instance in wanted})
    accounts = sorted({account for account, _ in wanted})
    for row in tx.all_in(_INSTANCES, ids, {"accounts": accounts}):
        if (row.account, row.id) in wanted:
            facts.instances[row.account, row.id] = rows.instance_from_row(row)


def add_living_instances(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """Add all instances of accounts that are not deleted."""
    query = select(INSTANCES).where(INSTANCES.c.state != "deleted")
    for row in tx.where_in(query, INSTANCES.c.account, sorted(set(accounts))):
        facts.instances[row.account, row.id] = rows.instance_from_row(row)


def add_sandboxes(
    tx: Transaction, facts: Facts, sandboxes: Iterable[str], owners: Iterable[str] = ()
) -> None:
    """Add these sandboxes and all that these accounts own, with their clocks."""
    named = tx.where_in(select(SANDBOXES), SANDBOXES.c.id, sorted(set(sandboxes)))
    owned = tx.where_in(select(SANDBOXES), SANDBOXES.c.owner, sorted(set(owners) - {""}))
    for row in (*named, *owned):
        facts.sandboxes[row.id] = rows.sandbox_from_row(row)
    clocks = CHASSIS.sandbox_clocks
    for row in tx.where_in(select(clocks), clocks.c.sandbox, sorted(facts.sandboxes)):
        facts.clocks[row.sandbox] = (row.clock_at, row.target_at)
