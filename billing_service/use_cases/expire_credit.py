"""Ends what is left of a credit when its time has come."""

from collections.abc import Sequence
from typing import Final

from billing_service.storage import gathering_credits
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.credit_entries import expire
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import EXPIRE_CREDIT
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, TimerDue, UseCase


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """The credits whose time has come, and their payers' ledgers."""
    facts = Facts()
    keys = {(command.account, command.key) for command in commands}
    gathering_credits.gather_credits(tx, facts, keys)
    return facts


def decide(facts: Facts, command: TimerDue, now: int) -> Effects[None]:
    """Note what is lost; nothing if all was used."""
    grant = facts.grants[command.account, command.key]
    if grant.left_minor == 0:
        return Effects(None)
    after, outcome = facts.overlay(), Outcome()
    expire(after, grant, now=now, outcome=outcome)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events))


EXPIRE_CREDIT_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    name=EXPIRE_CREDIT,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=decide,
    apply=save,
)
