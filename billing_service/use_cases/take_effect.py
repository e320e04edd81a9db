"""Tells of a change of a subscription when it takes effect."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.events import SubscriptionChanged
from billing_service.domain.subscription import as_of
from billing_service.domain.subscription_change import (
    change_id_of,
    changes_of,
    is_due_now,
    without_changes,
)
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.changing import TAKE_EFFECT, gather_changing, taking_effect
from billing_service.use_cases.charging_now import charge_now, gather_charged
from billing_service.use_cases.issuing import touched_accounts
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, TimerDue, UseCase


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """The subscriptions that the timers name, and what invoicing them takes."""
    facts = Facts()
    keys = {(command.account, command.key) for command in commands}
    gather_changing(tx, facts, keys)
    gather_charged(tx, facts, dict.fromkeys(keys))
    return facts


def decide(facts: Facts, command: TimerDue, due_at: int) -> Effects[None]:
    """Tell how the subscription stands from now on, invoice what is due, see to the next change."""
    before = facts.subscriptions[command.account, command.key]
    account = facts.accounts[command.account]
    today = civil_day(due_at, account.time_zone)
    # A close may have looked at all that was known until then, and taken the mark off.
    from_on = min(before.changed_from_on or today, today)
    now_held = replace(as_of(before, due_at), changed_from_on=from_on)
    told = SubscriptionChanged(now_held, now_held.state(due_at, account.time_zone), due_at)
    after, outcome = facts.overlay(), Outcome()
    after.take_in([now_held])
    outcome.changes.append(now_held)
    outcome.events.append(Event(account.account, told))
    outcome.timers.append(taking_effect(now_held, due_at))
    due = [each for each in changes_of(before) if each[1].effective_at == due_at]
    if any(is_due_now(fact, due_at) for _, fact in due):
        cause = f"{before.subscription_id}/{change_id_of(due[-1][0])}"
        was = without_changes(before, [ordinal for ordinal, _ in due])
        charge_now(after, was, now_held, cause=cause, as_of=due_at, now=due_at, outcome=outcome)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _widen(tx: Transaction, command: TimerDue) -> tuple[str, ...]:
    """What is invoiced at once touches all accounts on its payer's open invoices."""
    payers = gathering.payers_of(tx, [command.account])
    return tuple(sorted({each for payer in payers for each in touched_accounts(tx, payer)}))


TAKE_EFFECT_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    name=TAKE_EFFECT,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
