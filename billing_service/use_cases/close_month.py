"""Closes a payer's month: what should be charged and is not becomes its invoices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from billing_service.domain.calendar import first_instant, month_from_key, month_key, next_month
from billing_service.domain.invoice import monthly
from billing_service.domain.standing import is_open
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.credit_notes import gather_corrections
from billing_service.use_cases.issuing import gather_issuing, issue, touched_accounts
from billing_service.use_cases.looking_again import note_looked_at
from billing_service.use_cases.plan_rating import closing_at, gather_plan_charging, gather_usage
from billing_service.use_cases.rating import BilledMonth, accounts_to_rate, rate
from billing_service.use_cases.reviewing import open_reviews
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import CLOSE_MONTH
from chassis.database import Transaction
from chassis.use_case import Effects, NotYet, Scope, TimerDue, TimerSet, UseCase


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """All that closing the payers' months takes, in a fixed number of statements."""
    facts = Facts()
    payers = [command.account for command in commands]
    gathering.gather_billed(tx, facts, payers)
    billed = sorted({*payers, *(each for payer in payers for each in facts.billed[payer])})
    gather_issuing(tx, facts, payers)
    gathering.gather_zones(tx, facts, payers)
    gathering.gather_holds(tx, facts, billed)
    gathering.gather_peer_watermarks(tx, facts, {command.sandbox for command in commands})
    gathering.gather_open_subscriptions(tx, facts, billed)
    gathering_catalog.gather_price_changes(tx, facts, billed)
    gather_plan_charging(tx, facts, billed)
    for command in commands:
        to_rate = accounts_to_rate(facts, _billed_month(facts, command, command.due_at))
        gather_usage(tx, facts, to_rate)
    gather_corrections(tx, facts)
    return facts


def decide(facts: Facts, command: TimerDue, now: int) -> Effects[None]:
    """Issue the invoices of the month, and see to what follows from them.

    Errors:  PriceNotFound, TaxRateNotFound, IssuerNeeded, AmountTooLarge: the payer is parked
             until the remedy is there.
             NotYet while something that belongs to the month may still come.
    """
    payer = command.account
    if payer not in facts.billed[payer]:
        # Another account has come to pay for this one, and its months with it.
        return Effects(None)
    billed = _billed_month(facts, command, now)
    closes_at = closing_at(facts, billed)
    if closes_at > now:
        return Effects(None, timers=(TimerSet(payer, CLOSE_MONTH, command.key, closes_at),))
    _wait_for_all(facts, command)
    after, outcome = facts.overlay(), Outcome()
    proposed = rate(after, billed)
    # What is held is left off, and reviewed.
    open_reviews(after, proposed.held, now=billed.due_at, outcome=outcome)
    note_looked_at(after, billed, proposed.held, outcome)
    _close_accounts(after, billed, outcome)
    issue(after, billed, proposed.items, cause=monthly(billed.month), now=now, outcome=outcome)
    restate(after, billed.through, now=now, outcome=outcome)
    outcome.timers += _next_close(after, payer, billed.month)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _billed_month(facts: Facts, command: TimerDue, now: int) -> BilledMonth:
    """The month that a timer closes, for all accounts that its payer pays for."""
    month = month_from_key(command.key)
    return BilledMonth(
        payer=command.account,
        month=month,
        through=dict.fromkeys(facts.billed[command.account], month),
        instant_at=now,
        due_at=now,
        issued_at=command.fired_at,
    )


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


def _close_accounts(after: Facts, billed: BilledMonth, outcome: Outcome) -> None:
    """Note the month as closed, for the payer and for all it pays for."""
    for account in billed.through:
        standing = after.standing(account)
        closed_through = max(standing.closed_through or date.min, billed.month)
        closed = replace(standing, closed_through=closed_through)
        after.take_in([closed])
        outcome.changes.append(closed)


def _next_close(after: Facts, payer: str, month: date) -> tuple[TimerSet, ...]:
    """The close of the month after, while anything is still going to be billed."""
    going_on = any(
        is_open(span, after.closed_through(account))
        for account in after.billed[payer]
        for span in after.spans.get(account, ())
    )
    if not going_on:
        return ()
    following = next_month(month)
    due_at = max(first_instant(next_month(following), zone) for zone in after.zones[payer])
    return (TimerSet(payer, CLOSE_MONTH, month_key(following), due_at),)


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
