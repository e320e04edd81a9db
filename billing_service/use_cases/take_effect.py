"""Tells of a change of a subscription when it takes effect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from billing_service.domain.calendar import civil_day
from billing_service.domain.events import SubscriptionChanged
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.payment_request import AskedChange, PaymentPurpose, request_id_of
from billing_service.domain.prepaid import is_prepaid
from billing_service.domain.subscription import Fact, FactKind, Subscription, as_of
from billing_service.domain.subscription_change import (
    change_id_of,
    changes_of,
    is_due_now,
    without_changes,
)
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.changing import (
    TAKE_EFFECT,
    follow,
    gather_changing,
    taking_effect,
    with_fact,
)
from billing_service.use_cases.charging_now import charge_now, gather_charged, touched_by_charge
from billing_service.use_cases.collecting import collect, keep, open_minor
from billing_service.use_cases.previewing import preview_of
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import RENEW_PREPAID
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, TimerDue, TimerSet, UseCase

# Changes that take effect at the same instant, by their numbers.
_Due: TypeAlias = Sequence[tuple[int, Fact]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be paid for changes that take effect: their invoices."""

    before: Subscription
    due: _Due
    issued: Sequence[IssuedInvoice]


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """The subscriptions that the timers name, and what invoicing them takes."""
    facts = Facts()
    keys = {(command.account, command.key) for command in commands}
    gather_changing(tx, facts, keys)
    gather_charged(tx, facts, dict.fromkeys(keys))
    return facts


def decide(facts: Facts, command: TimerDue, due_at: int) -> Effects[None]:
    """Tell how the subscription stands from now on, invoice what is due, see to the next change.

    Where a provider collects of the payer, what is due must be paid, or is not changed.
    """
    before = facts.subscriptions[command.account, command.key]
    due = [each for each in changes_of(before) if each[1].effective_at == due_at]
    after, outcome = facts.overlay(), Outcome()
    issued = _take_effect(after, before, due, due_at=due_at, outcome=outcome)
    if open_minor(after, issued):
        asked = _Asked(before, due, issued)
        outcome = _once_paid(facts, asked, after, due_at=due_at, outcome=outcome)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _take_effect(
    after: Facts, before: Subscription, due: _Due, *, due_at: int, outcome: Outcome
) -> list[IssuedInvoice]:
    """What is invoiced at once as some changes take effect."""
    account = after.accounts[before.account]
    today = civil_day(due_at, account.time_zone)
    # A close may have looked at all that was known until then, and taken the mark off.
    from_on = min(before.changed_from_on or today, today)
    now_held = replace(as_of(before, due_at), changed_from_on=from_on)
    told = SubscriptionChanged(now_held, now_held.state(due_at, account.time_zone), due_at)
    after.take_in([now_held])
    outcome.changes.append(now_held)
    outcome.events.append(Event(account.account, told))
    outcome.timers.append(taking_effect(now_held, due_at))
    if is_prepaid(before):
        # What begins is charged as at any renewal: it is paid, or nothing is held.
        timer = TimerSet(before.account, RENEW_PREPAID, before.subscription_id, due_at)
        outcome.timers.append(timer)
        return []
    if not any(is_due_now(fact, due_at) for _, fact in due):
        return []
    cause = f"{before.subscription_id}/{change_id_of(due[-1][0])}"
    was = without_changes(before, [ordinal for ordinal, _ in due])
    return charge_now(after, was, now_held, cause=cause, as_of=due_at, now=due_at, outcome=outcome)


def _once_paid(
    facts: Facts, asked: _Asked, after: Facts, *, due_at: int, outcome: Outcome
) -> Outcome:
    """What follows if the changes are paid; else they are withdrawn, and what was asked for kept.

    `after` holds the changes, and `outcome` what follows from them.
    """
    before, without, told = asked.before, facts.overlay(), Outcome()
    ordinals = [ordinal for ordinal, fact in asked.due if is_due_now(fact, due_at)]
    withdrawn = before
    for each in ordinals:
        fact = Fact(FactKind.WITHDRAWN, due_at, withdraws=each, recorded_at=due_at)
        withdrawn = with_fact(without, withdrawn, fact, due_at)
    previewed = preview_of(facts, withdrawn, asked.issued, plans=withdrawn.plans, at=due_at)
    asked_for = [before.facts[each - 1] for each in ordinals]
    request = collect(
        facts,
        before.key,
        request_id=request_id_of(*before.key, change_id_of(ordinals[-1])),
        amount_minor=open_minor(after, asked.issued),
        purpose=PaymentPurpose.CHANGE,
        change=AskedChange(asked_for[-1], previewed, tuple(asked_for[:-1])),
        now=due_at,
    )
    if request is None:
        return outcome
    if request.is_paid:
        invoice = asked.issued[0].invoice.invoice_id
        keep(after, request, invoice=invoice, now=due_at, outcome=outcome)
        return outcome
    follow(without, before, withdrawn, now=due_at, outcome=told)
    keep(without, request, now=due_at, outcome=told)
    return told


TAKE_EFFECT_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    name=TAKE_EFFECT,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=decide,
    apply=save,
    widen=lambda tx, command: touched_by_charge(tx, {(command.account, command.key): None}),
)
