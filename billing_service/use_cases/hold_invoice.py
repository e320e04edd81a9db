"""Holds a draft: it rests until it is released or issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.draft import Draft
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.drafting import gather_draft_commands, named_draft, note_draft
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import closing_cleared
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class HoldInvoice:
    """Somebody holds a draft, and says why."""

    payer: str
    invoice: str
    note: str
    author: str


def gather(tx: Transaction, commands: Sequence[HoldInvoice]) -> Facts:
    """The drafts."""
    facts = Facts()
    gather_draft_commands(tx, facts, {(each.payer, each.invoice) for each in commands})
    return facts


def decide(facts: Facts, command: HoldInvoice, now: int) -> Effects[Draft]:
    """Hold the draft, and take back what would issue it.

    Errors:  InvoiceNotFound, InvoiceNotDraft.
    """
    draft = named_draft(facts, command.payer, command.invoice)
    held = draft.held(note=command.note, author=command.author, now=now)
    after, outcome = facts.overlay(), Outcome()
    note_draft(after, held, outcome)
    cleared = closing_cleared(draft.payer, draft.month)
    return Effects(held, tuple(outcome.changes), tuple(outcome.events), (cleared,))


HOLD_INVOICE: Final[UseCase[HoldInvoice, Facts, Draft]] = UseCase(
    name="hold_invoice",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
)
