"""Closes a payer's month when it has ended, or lets it rest as a draft until it is issued."""

from collections.abc import Sequence
from typing import Final

from billing_service.domain.calendar import month_from_key
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.closing import MonthToClose, billed_month, close, gather_closing
from billing_service.use_cases.drafting import draft_to_rest, issuing_timers, rest, resting_draft
from billing_service.use_cases.issuing import touched_accounts
from billing_service.use_cases.plan_rating import closing_at
from billing_service.use_cases.rating import BilledMonth
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import CLOSE_MONTH, closing_timer
from chassis.database import Transaction
from chassis.use_case import Effects, NotYet, Scope, TimerDue, UseCase


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """All that closing the payers' months takes, in a fixed number of statements."""
    facts = Facts()
    gather_closing(tx, facts, [_month(command, command.due_at) for command in commands])
    gathering.gather_peer_watermarks(tx, facts, {command.sandbox for command in commands})
    return facts


def decide(facts: Facts, command: TimerDue, now: int) -> Effects[None]:
    """Issue the invoices of the month, and see to what follows; or let it rest until they are.

    A month does not close before an earlier one that rests.

    Errors:  PriceNotFound, TaxRateNotFound, IssuerNeeded, AmountTooLarge: the payer is parked
             until the remedy is there.
             NotYet while something that belongs to the month may still come.
    """
    payer = command.account
    if payer not in facts.billed[payer]:
        # Another account has come to pay for this one, and its months with it.
        return Effects(None)
    billed = billed_month(facts, _month(command, now), issued_at=command.fired_at)
    draft = resting_draft(facts, payer)
    if draft is not None and draft.month != billed.month:
        return Effects(None, changes=(draft.with_behind(billed.month),))
    if draft is not None and not draft.is_due(now):
        return Effects(None, timers=tuple(issuing_timers(draft)))
    closes_at = closing_at(facts, billed)
    if closes_at > now:
        return Effects(None, timers=(closing_timer(payer, billed.month, closes_at),))
    _wait_for_all(facts, command)
    after, outcome = facts.overlay(), Outcome()
    _rest_or_close(after, billed, ready_at=closes_at, now=now, outcome=outcome)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _rest_or_close(
    after: Facts, billed: BilledMonth, *, ready_at: int, now: int, outcome: Outcome
) -> None:
    """Let the month rest if it is to and has not; else close it."""
    has_rested = billed.ready_at is not None
    fresh = None if has_rested else draft_to_rest(after, billed, ready_at=ready_at)
    if fresh is not None:
        rest(after, fresh, billed, outcome)
    else:
        close(after, billed, now=now, outcome=outcome)


def _month(command: TimerDue, now: int) -> MonthToClose:
    """The month that a timer closes."""
    return MonthToClose(command.account, month_from_key(command.key), now)


def _wait_for_all(facts: Facts, command: TimerDue) -> None:
    """Close nothing before all that happened in the month is known, here and at the peer.

    What was due earlier on an account that is billed comes first: a deletion ends subscriptions.
    """
    if facts.peer_watermarks[command.sandbox] < command.due_at - 1:
        raise NotYet
    for account in {command.account, *facts.billed[command.account]}:
        earlier = facts.earliest_due.get(account, command.due_at) < command.due_at
        if earlier or account in facts.peer_parked:
            raise NotYet


def _widen(tx: Transaction, command: TimerDue) -> tuple[str, ...]:
    """Closing a payer touches all accounts that it pays for, and those on its open invoices."""
    return tuple(sorted(touched_accounts(tx, command.account)))


CLOSE_MONTH_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    name=CLOSE_MONTH,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
