"""Closes a payer's month: what should be charged and is not becomes its invoices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from billing_service.domain.calendar import first_instant, month_from_key, month_key, next_month
from billing_service.domain.errors import IssuerNeeded
from billing_service.domain.events import InvoiceIssued
from billing_service.domain.invoice import IssuedInvoice, Settlement, number
from billing_service.domain.party import Issuer, NumberSeries, sandbox_issuer, sandbox_series
from billing_service.domain.standing import is_open
from billing_service.storage import gathering, gathering_catalog, gathering_documents
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.crediting import use_credit
from billing_service.use_cases.plan_rating import closing_at, gather_plan_charging, gather_usage
from billing_service.use_cases.rating import (
    BilledMonth,
    accounts_to_rate,
    drafts,
    first_issuer,
    rate,
)
from billing_service.use_cases.reviewing import charge_reviews, open_reviews
from billing_service.use_cases.settling import resettle
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import CLOSE_MONTH, dunning_timers
from billing_service.use_cases.warn import warn
from chassis.database import Transaction
from chassis.use_case import Effects, Event, NotYet, Scope, TimerDue, TimerSet, UseCase


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """All that closing the payers' months takes, in a fixed number of statements."""
    facts = Facts()
    payers = [command.account for command in commands]
    gathering.gather_billed(tx, facts, payers)
    billed = sorted({*payers, *(each for payer in payers for each in facts.billed[payer])})
    unsettled = gathering_documents.unsettled_invoices(tx, payers)
    gathering_documents.gather_invoices(tx, facts, unsettled)
    on_invoices = {each.account for found in facts.invoice_accounts.values() for each in found}
    accounts = sorted({*billed, *on_invoices})
    gathering.gather_accounts(tx, facts, accounts)
    gathering.gather_zones(tx, facts, payers)
    gathering.gather_holds(tx, facts, billed)
    gathering.gather_peer_watermarks(tx, facts, {command.sandbox for command in commands})
    gathering.gather_open_subscriptions(tx, facts, billed)
    gathering_catalog.gather_price_changes(tx, facts, billed)
    gathering.gather_spans(tx, facts, accounts)
    gathering.gather_issuers(tx, facts)
    gathering.gather_terms(tx, facts)
    gathering.gather_tax_profiles(tx, facts)
    gather_plan_charging(tx, facts, billed)
    for command in commands:
        to_rate = accounts_to_rate(facts, _billed_month(facts, command, command.due_at))
        gather_usage(tx, facts, to_rate)
    gathering_documents.gather_owed(tx, facts, accounts)
    gathering_documents.gather_ledgers(tx, facts, unsettled)
    gathering_documents.gather_credit(tx, facts, payers)
    gathering.gather_series(tx, facts, {_series_of(facts, each) for each in commands} - {""})
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
    issued = _issue(after, billed, command, outcome)
    _close_accounts(after, billed, outcome)
    _settle_at_issue(after, issued, now=now, outcome=outcome)
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


def _issue(
    after: Facts, billed: BilledMonth, command: TimerDue, outcome: Outcome
) -> list[IssuedInvoice]:
    """Number one invoice for each currency that has charges, and take them in as unpaid.

    What is held is left off, and reviewed.
    """
    proposed = rate(after, billed)
    open_reviews(after, proposed.held, now=billed.due_at, outcome=outcome)
    if not proposed.items:
        return []
    issuer, name = _issuer(after, command), _series_of(after, command)
    series = after.series.get(name, NumberSeries(name, 0))
    issued = []
    for drafted in drafts(after, billed, proposed.items, issuer):
        invoice, series = number(drafted, series)
        issued.append(invoice)
    unpaid = [
        Settlement(
            payer=each.invoice.payer,
            invoice=each.invoice.invoice_id,
            total_minor=each.invoice.total_minor,
            paid_minor=0,
            settled_on=None,
            settled_late=False,
        )
        for each in issued
    ]
    after.take_in([series, *issued, *unpaid])
    outcome.changes += [series, *issued, *unpaid]
    charge_reviews(after, issued, outcome)
    return issued


def _issuer(facts: Facts, command: TimerDue) -> Issuer:
    """Who issues the payer's invoices; a sandbox needs nobody real."""
    issuer = first_issuer(facts, command.account)
    if issuer is None and command.sandbox:
        return sandbox_issuer(sandbox_series(command.sandbox))
    if issuer is None:
        raise IssuerNeeded("-")
    return issuer


def _series_of(facts: Facts, command: TimerDue) -> str:
    """The series of the payer's invoices: its sandbox's own, or its issuer's; '' without one."""
    if command.sandbox:
        return sandbox_series(command.sandbox)
    issuer = first_issuer(facts, command.account)
    return issuer.invoice_series if issuer else ""


def _close_accounts(after: Facts, billed: BilledMonth, outcome: Outcome) -> None:
    """Note the month as closed, for the payer and for all it pays for."""
    for account in billed.through:
        standing = after.standing(account)
        closed_through = max(standing.closed_through or date.min, billed.month)
        closed = replace(standing, closed_through=closed_through)
        after.take_in([closed])
        outcome.changes.append(closed)


def _settle_at_issue(
    after: Facts, issued: Sequence[IssuedInvoice], *, now: int, outcome: Outcome
) -> None:
    """Tell of the invoices, apply the payer's credit to its oldest ones, dun what stays open."""
    place = len(outcome.events)
    touched = {each.invoice.key for each in issued}
    for each in issued:
        outcome.timers += dunning_timers(each.invoice, each.accounts)
        touched |= use_credit(
            after, each.invoice.payer, each.invoice.currency, now=now, outcome=outcome
        )
    resettle(after, sorted(touched), now=now, outcome=outcome)
    for each in issued:
        if after.settlements[each.invoice.key].settled_on is None:
            warn(after, each.invoice, now=each.invoice.issued_at, outcome=outcome)
    outcome.events[place:place] = [
        Event(each.invoice.payer, InvoiceIssued(each, after.settlements[each.invoice.key]))
        for each in issued
    ]


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
    unsettled = gathering_documents.unsettled_invoices(tx, [command.account])
    on_invoices = gathering_documents.accounts_on(tx, unsettled)
    return tuple(sorted({*gathering.billed_accounts(tx, command.account), *on_invoices}))


CLOSE_MONTH_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    name=CLOSE_MONTH,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
