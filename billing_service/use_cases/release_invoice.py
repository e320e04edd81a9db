"""Releases a draft that is held: it is issued by itself when its days have passed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.draft import Draft
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.drafting import gather_draft_commands, named_draft, note_draft
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class ReleaseInvoice:
    """A draft need not be held any more."""

    payer: str
    invoice: str


def gather(tx: Transaction, commands: Sequence[ReleaseInvoice]) -> Facts:
    """The drafts."""
    facts = Facts()
    gather_draft_commands(tx, facts, {(each.payer, each.invoice) for each in commands})
    return facts


def decide(facts: Facts, command: ReleaseInvoice, now: int) -> Effects[Draft]:
    """Release the draft, and see that it is issued; now, if its days have passed.

    Errors:  InvoiceNotFound, InvoiceNotDraft.
    """
    draft = named_draft(facts, command.payer, command.invoice)
    if draft.held_at is None:
        return Effects(draft)
    after, outcome = facts.overlay(), Outcome()
    released = draft.released(now)
    note_draft(after, released, outcome)
    return Effects(released, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


RELEASE_INVOICE: Final[UseCase[ReleaseInvoice, Facts, Draft]] = UseCase(
    name="release_invoice",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
)
