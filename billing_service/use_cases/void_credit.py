"""Voids what is left of a credit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from billing_service.domain.credit_errors import CreditNotFound, CreditNotOpen
from billing_service.domain.credit_grant import CreditInFull
from billing_service.domain.credit_ledger import EntryKind
from billing_service.storage import gathering_credits
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.saving import save
from billing_service.use_cases.credit_entries import enter
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import EXPIRE_CREDIT
from chassis.database import Transaction
from chassis.errors import EtagMismatch
from chassis.use_case import Effects, Scope, TimerCleared, UseCase


@dataclass(frozen=True, slots=True)
class VoidCredit:
    """What is left of a credit is to be void, and why. `etag` '': in any state."""

    payer: str
    credit_id: str
    note: str
    etag: str = ""

    @property
    def key(self) -> DocumentKey:
        """The credit's key."""
        return (self.payer, self.credit_id)


def gather(tx: Transaction, commands: Sequence[VoidCredit]) -> Facts:
    """The credits, and their payers' ledgers."""
    facts = Facts()
    gathering_credits.gather_credits(tx, facts, [command.key for command in commands])
    return facts


def decide(facts: Facts, command: VoidCredit, now: int) -> Effects[CreditInFull]:
    """Void what is left; what invoices used stays used.

    Errors:  CreditNotFound, EtagMismatch, CreditNotOpen.
    """
    grant = facts.grants.get(command.key)
    if grant is None:
        raise CreditNotFound(f"accounts/{command.payer}/credits/{command.credit_id}")
    if command.etag not in ("", grant.etag):
        raise EtagMismatch(grant.name, grant.etag)
    if grant.left_minor == 0:
        raise CreditNotOpen(grant.name, grant.state(now).value)
    voided = replace(grant, voided_at=now, void_note=command.note)
    after, outcome = facts.overlay(), Outcome()
    left_minor = grant.left_minor
    done = enter(after, voided, EntryKind.VOIDED, left_minor, now=now, outcome=outcome)
    return Effects(
        CreditInFull(done, done.state(now)),
        tuple(outcome.changes),
        tuple(outcome.events),
        (TimerCleared(done.payer, EXPIRE_CREDIT, done.credit_id),),
    )


VOID_CREDIT: Final[UseCase[VoidCredit, Facts, CreditInFull]] = UseCase(
    name="void_credit",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
)
