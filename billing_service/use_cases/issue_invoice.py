"""Issues a draft at once: closes its month before its days have passed, or though it is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.draft import month_of_draft
from billing_service.domain.invoice import IssuedInvoice, Settlement
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.clocks import clocks_shown
from billing_service.use_cases.closing import MonthToClose, billed_month, close, gather_closing
from billing_service.use_cases.drafting import gather_draft_commands, named_draft
from billing_service.use_cases.issuing import touched_accounts
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import closing_cleared
from chassis.database import Transaction
from chassis.errors import AccountParked
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class IssueInvoice:
    """A draft is to be issued now. `asked_at` is what the real clock showed then."""

    payer: str
    invoice: str
    asked_at: int


@dataclass(frozen=True, slots=True)
class IssuedNow:
    """An invoice as it was issued, and what is paid of it already."""

    issued: IssuedInvoice
    settlement: Settlement


def gather(tx: Transaction, commands: Sequence[IssueInvoice]) -> Facts:
    """The drafts, and all that closing their months takes."""
    facts = Facts()
    gather_draft_commands(tx, facts, {(each.payer, each.invoice) for each in commands})
    asked = [(each.payer, each.asked_at) for each in commands if each.payer in facts.accounts]
    shown = clocks_shown(tx, facts, asked)
    months = {
        MonthToClose(each.payer, month, shown[each.payer])
        for each in commands
        if (month := month_of_draft(each.invoice)) and (each.payer, month) in facts.drafts
    }
    gather_closing(tx, facts, sorted(months))
    return facts


def decide(facts: Facts, command: IssueInvoice, now: int) -> Effects[tuple[IssuedNow, ...]]:
    """Close the draft's month as its timer would, and take the timer back.

    Errors:  InvoiceNotFound, InvoiceNotDraft, IssuerNeeded, PriceNotFound, TaxRateNotFound,
             AmountTooLarge.
             AccountParked, where the provisioning service may still have to tell something.
    """
    draft = named_draft(facts, command.payer, command.invoice)
    for account in facts.billed[draft.payer]:
        if account in facts.peer_parked:
            raise AccountParked(account)
    after, outcome = facts.overlay(), Outcome()
    billed = billed_month(facts, MonthToClose(draft.payer, draft.month, now))
    issued = close(after, billed, now=now, outcome=outcome)
    outcome.timers.insert(0, closing_cleared(draft.payer, draft.month))
    answer = tuple(IssuedNow(each, after.settlements[each.invoice.key]) for each in issued)
    return Effects(answer, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _widen(tx: Transaction, command: IssueInvoice) -> tuple[str, ...]:
    """Closing a payer touches all accounts that it pays for, and those on its open invoices."""
    return tuple(sorted(touched_accounts(tx, command.payer)))


ISSUE_INVOICE: Final[UseCase[IssueInvoice, Facts, tuple[IssuedNow, ...]]] = UseCase(
    name="issue_invoice",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
