"""Creates a sandbox; for an integrator, with an account in it that is enrolled like its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import (
    AccountOpened,
    Effects,
    Event,
    SandboxClockSet,
    Scope,
    UseCase,
)
from provisioning_service.domain.account import Account
from provisioning_service.domain.errors import AccountAlreadyExists, SandboxAlreadyExists
from provisioning_service.domain.events import (
    AccountCreated,
    IntegratorEnrolled,
    SandboxCreated,
    TokenIssued,
)
from provisioning_service.domain.ladder import view_of
from provisioning_service.domain.programme import Integrator
from provisioning_service.domain.sandbox import Sandbox, SandboxView, check_owner
from provisioning_service.domain.token import NewSecret, issued_at_once, requested
from provisioning_service.storage.facts import Facts, add_sandboxes, read_accounts
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import check_secret


@dataclass(frozen=True, slots=True)
class CreateSandbox:
    """The command. `owner` is empty for others than integrators, who need no account and secret.

    `start_at` None: the real time.
    """

    sandbox: str
    display_name: str
    start_at: int | None
    owner: str
    account: str
    secret: NewSecret
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class SandboxMade:
    """A sandbox; for an integrator with the account in it, its token and the token's secret."""

    view: SandboxView
    account: str = ""
    token: str = ""
    secret: str = ""


def _scope(command: CreateSandbox) -> Scope:
    return Scope(accounts=(command.owner,) if command.owner else ())


def _gather(tx: Transaction, commands: Sequence[CreateSandbox]) -> Facts:
    named = {each.owner for each in commands} | {each.account for each in commands}
    facts = read_accounts(tx, named - {""})
    owners = [each.owner for each in commands]
    add_sandboxes(tx, facts, (each.sandbox for each in commands), owners)
    return facts


def _decide(facts: Facts, command: CreateSandbox, now: int) -> Effects[SandboxMade]:
    if command.owner:
        _check_owner(facts, command)
    if command.sandbox in facts.sandboxes:
        raise SandboxAlreadyExists(command.sandbox)
    sandbox = Sandbox(
        id=command.sandbox,
        display_name=command.display_name,
        owner=command.owner,
        created_at=now,
        advancing_from_at=None,
        version=1,
    )
    start_at = now if command.start_at is None else command.start_at
    view = SandboxView(sandbox, start_at, None)
    made = Effects(
        SandboxMade(view),
        changes=(sandbox,),
        events=(Event("", SandboxCreated(view)),),
        openings=(SandboxClockSet(sandbox.id, start_at, None),),
    )
    return _with_account(facts, command, made) if command.owner else made


def _check_owner(facts: Facts, command: CreateSandbox) -> None:
    check_secret(facts, command.owner, command.secret_hash)
    facts.integrator(command.owner)
    owned = sum(1 for each in facts.sandboxes.values() if each.owner == command.owner)
    owner_sandbox = facts.account(command.owner).sandbox
    check_owner(owner=command.owner, owner_sandbox=owner_sandbox, owned=owned)
    if command.account in facts.accounts:
        raise AccountAlreadyExists(command.account)


def _with_account(
    facts: Facts, command: CreateSandbox, made: Effects[SandboxMade]
) -> Effects[SandboxMade]:
    """The effects with the integrator's account in the sandbox, enrolled and with a token."""
    view = made.result.view
    owner = facts.account(command.owner)
    programme = facts.integrator(command.owner).programme
    account = Account(
        id=command.account,
        display_name=owner.display_name,
        time_zone=owner.time_zone,
        parent="",
        sandbox=command.sandbox,
        zone_fixed=False,
        created_at=view.clock_at,
        version=1,
    )
    integrator = Integrator(
        account=account.id,
        programme=programme,
        prepaid_migrated=False,
        enrolled_at=view.clock_at,
        version=1,
    )
    first = requested(account.id, 1, programme.ladder[0], view.clock_at)
    token = view_of(issued_at_once(first, command.secret, view.clock_at), {})
    told = (AccountCreated(account), IntegratorEnrolled(integrator), TokenIssued(token))
    # They take effect on the sandbox's clock, the command runs on the real one.
    events = tuple(Event(account.id, each, effective_at=view.clock_at) for each in told)
    return Effects(
        SandboxMade(view, account.id, token.token.name, command.secret.text),
        changes=(*made.changes, account, integrator, token.token),
        events=(*made.events, *events),
        openings=(*made.openings, AccountOpened(account.id, command.sandbox)),
    )


CREATE_SANDBOX: Final[UseCase[CreateSandbox, Facts, SandboxMade]] = UseCase(
    name="create_sandbox", scope=_scope, gather=_gather, decide=_decide, apply=save
)
