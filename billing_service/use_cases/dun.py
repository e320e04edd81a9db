"""What happens by itself to unpaid invoices: overdue, stop of the accounts on them, deletion."""

from collections.abc import Sequence
from typing import Final

from billing_service.domain.events import (
    AccountDeletionOrdered,
    InvoiceOverdue,
    SubscriptionChanged,
)
from billing_service.domain.subscription import Fact, FactKind, SubscriptionState, continued
from billing_service.storage import gathering, gathering_documents
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.settling import stop_account
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import DELETION, OVERDUE, STOP, document_key
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, TimerDue, UseCase


def _gather_overdue(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    facts = Facts()
    gathering_documents.gather_invoices(tx, facts, {(each.account, each.key) for each in commands})
    return facts


def tell_overdue(facts: Facts, command: TimerDue, _now: int) -> Effects[None]:
    """Tell that an invoice is past its due date."""
    key = (command.account, command.key)
    settlement = facts.settlements[key]
    if settlement.settled_on is not None:
        return Effects(None)
    overdue = InvoiceOverdue(settlement, facts.invoices[key].currency)
    return Effects(None, events=(Event(command.account, overdue),))


def _gather_unpaid(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    facts = Facts()
    accounts = {command.account for command in commands}
    gathering.gather_accounts(tx, facts, accounts)
    gathering_documents.gather_invoices(
        tx, facts, {document_key(command.key) for command in commands}
    )
    return facts


def stop(facts: Facts, command: TimerDue, now: int) -> Effects[None]:
    """Stop an account with a charge on an invoice that is not settled by the end of its service."""
    key = document_key(command.key)
    if facts.settlements[key].settled_on is not None:
        return Effects(None)
    after, outcome = facts.overlay(), Outcome()
    for each in facts.invoice_accounts[key]:
        if each.account == command.account:
            stop_account(after, each, now=now, outcome=outcome)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events))


def _gather_deletion(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    facts = _gather_unpaid(tx, commands)
    accounts = {command.account for command in commands}
    gathering.gather_terms(tx, facts)
    gathering.gather_live_subscriptions(tx, facts, accounts)
    gathering.gather_spans(tx, facts, accounts)
    gathering_documents.gather_owed(tx, facts, accounts)
    return facts


def order_deletion(facts: Facts, command: TimerDue, now: int) -> Effects[None]:
    """Order the deletion of an account's instances, and end what is billed for them.

    What was taken over from prepaid and is not billed yet stays: it is paid for, and ends when the
    provisioning service says so.
    """
    payer, invoice = document_key(command.key)
    account = command.account
    if facts.settlements[payer, invoice].settled_on is not None:
        return Effects(None)
    after, outcome = facts.overlay(), Outcome()
    ordered = AccountDeletionOrdered(account, payer, invoice)
    outcome.events.append(Event(account, ordered))
    zone = facts.accounts[account].time_zone
    live = [each for each in facts.subscriptions.values() if each.account == account]
    for subscription in sorted(live, key=lambda each: each.key):
        ended = continued(subscription, Fact(FactKind.ENDED, now), zone)
        if ended is None or subscription.state(now, zone) is SubscriptionState.SCHEDULED:
            continue
        outcome.changes.append(ended)
        told = SubscriptionChanged(ended, SubscriptionState.ENDED, now)
        outcome.events.append(Event(account, told))
    after.take_in(outcome.changes)
    restate(after, [account], now=now, outcome=outcome)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events))


def _scope(command: TimerDue) -> Scope:
    return Scope(accounts=(command.account,), advancing=True)


OVERDUE_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    OVERDUE, _scope, _gather_overdue, tell_overdue, save
)
STOP_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    STOP, _scope, _gather_unpaid, stop, save
)
DELETION_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    DELETION, _scope, _gather_deletion, order_deletion, save
)
