"""Takes in accounts and sandboxes that the provisioning service tells of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.account import Account, BillingProfile
from billing_service.domain.party import NumberSeries, sandbox_series
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import AccountOpened, Effects, SandboxClockSet, Scope, UseCase


@dataclass(frozen=True, slots=True)
class FollowAccount:
    """An account was created, or has another name or zone."""

    account: str
    sandbox: str
    time_zone: str
    display_name: str


@dataclass(frozen=True, slots=True)
class OpenSandbox:
    """A sandbox was created; its clock shows `clock_at`."""

    sandbox: str
    clock_at: int


def _gather_accounts(tx: Transaction, commands: Sequence[FollowAccount]) -> Facts:
    facts = Facts()
    gathering.gather_accounts(tx, facts, [command.account for command in commands])
    return facts


def follow_account(facts: Facts, command: FollowAccount, _now: int) -> Effects[None]:
    """Know the account; a new one gets a billing profile with the defaults."""
    known = facts.accounts.get(command.account)
    if known is not None:
        zone = known.time_zone if known.zone_fixed else command.time_zone
        return Effects(None, changes=(replace(known, time_zone=zone),))
    account = Account(command.account, command.sandbox, command.time_zone)
    profile = BillingProfile(command.account, legal_name=command.display_name)
    return Effects(
        None,
        changes=(account, profile),
        openings=(AccountOpened(command.account, command.sandbox),),
    )


def _gather_series(tx: Transaction, commands: Sequence[OpenSandbox]) -> Facts:
    facts = Facts()
    gathering.gather_series(tx, facts, {sandbox_series(each.sandbox) for each in commands})
    return facts


def open_sandbox(facts: Facts, command: OpenSandbox, _now: int) -> Effects[None]:
    """Keep the sandbox's clock, and a number series of its own."""
    series = sandbox_series(command.sandbox)
    if series in facts.series:
        return Effects(None)
    return Effects(
        None,
        changes=(NumberSeries(series, 0),),
        openings=(SandboxClockSet(command.sandbox, command.clock_at, None),),
    )


FOLLOW_ACCOUNT: Final[UseCase[FollowAccount, Facts, None]] = UseCase(
    name="follow_account",
    scope=lambda command: Scope((command.account,), sandbox=command.sandbox, advancing=True),
    gather=_gather_accounts,
    decide=follow_account,
    apply=save,
)
OPEN_SANDBOX: Final[UseCase[OpenSandbox, Facts, None]] = UseCase(
    name="open_sandbox",
    scope=lambda _command: Scope(),
    gather=_gather_series,
    decide=open_sandbox,
    apply=save,
)
