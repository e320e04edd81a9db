"""Takes in that billing reckons usage or a subscription in an account's zone, so that it stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chassis.database import Transaction
from chassis.use_case import Effects, Event, UseCase
from provisioning_service.domain.account import with_zone_fixed, with_zone_kept
from provisioning_service.domain.events import AccountUpdated
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.saving import save
from provisioning_service.use_cases.checks import account_scope


@dataclass(frozen=True, slots=True)
class FixZone:
    """The account's zone holds for good; it is that one."""

    account: str
    time_zone: str


def _gather(tx: Transaction, commands: Sequence[FixZone]) -> Facts:
    return read_accounts(tx, (each.account for each in commands))


def _decide(facts: Facts, command: FixZone, _now: int) -> Effects[None]:
    """Fix the zone; a change that crossed billing's word on the way is taken back, and told."""
    before = facts.account(command.account)
    kept = with_zone_kept(before, command.time_zone)
    after = with_zone_fixed(kept)
    if after is before:
        return Effects(None)
    told = () if kept is before else (Event(after.id, AccountUpdated(after)),)
    return Effects(None, changes=(after,), events=told)


FIX_ZONE: Final[UseCase[FixZone, Facts, None]] = UseCase(
    name="fix_zone", scope=account_scope, gather=_gather, decide=_decide, apply=save
)
