"""Renews prepaid subscriptions: paid ahead they go on, else they lapse until there is credit.

Source:  docs/decisions/0030-prepaid.md
"""

from collections.abc import Iterable, Sequence
from typing import Final

from billing_service.domain.prepaid import is_over, is_prepaid, lapsing
from billing_service.domain.subscription import Subscription, as_of
from billing_service.storage import gathering
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.payment_request_queries import gather_pending_requests
from billing_service.storage.prepaid_queries import lapsed_subscriptions
from billing_service.storage.saving import save
from billing_service.use_cases.changing import follow, gather_changing, with_fact
from billing_service.use_cases.charging_now import gather_charged, touched_by_charge
from billing_service.use_cases.collecting import keep
from billing_service.use_cases.issuing import touched_accounts
from billing_service.use_cases.paying_up import going_on
from billing_service.use_cases.prepaying import Attempt, pay_ahead, renewing
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import RENEW_PREPAID, TOP_UP
from billing_service.use_cases.topping_up import ASKING
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, TimerDue, UseCase


def gather(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """The subscriptions that the timers name, and what invoicing them takes."""
    facts = Facts()
    _gather(tx, facts, {(command.account, command.key) for command in commands})
    return facts


def gather_lapsed(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    """What lapsed of all that the payers pay for, and what invoicing it takes."""
    facts = Facts()
    payers = {command.account for command in commands}
    gathering.gather_billed(tx, facts, payers)
    lapsed = lapsed_subscriptions(tx, payers)
    if lapsed:
        _gather(tx, facts, lapsed)
        gather_pending_requests(tx, facts, lapsed)
    return facts


def _gather(tx: Transaction, facts: Facts, keys: Iterable[DocumentKey]) -> None:
    wanted = set(keys)
    gather_changing(tx, facts, wanted)
    gather_charged(tx, facts, dict.fromkeys(wanted))


def renew(facts: Facts, command: TimerDue, due_at: int) -> Effects[None]:
    """Charge what begins now, or let the subscription lapse: then nothing is held from now on.

    One that lapsed, and is over now, waits for no credit any more.

    Errors:  PlanVersionNotFound, PriceNotFound, AmountTooLarge, IssuerNeeded, TaxRateNotFound.
    """
    before = facts.subscriptions[command.account, command.key]
    if is_over(before, due_at):
        return Effects(None, changes=(as_of(before, due_at),))
    if before.is_lapsed_at(due_at):
        return Effects(None)
    attempt = pay_ahead(facts, before, due_at)
    outcome = attempt.outcome if attempt.is_paid else _lapsed(facts, before, attempt, due_at)
    if attempt.is_paid:
        outcome.timers.append(renewing(attempt.after, before, due_at))
    return _effects(outcome)


def top_up(facts: Facts, command: TimerDue, due_at: int) -> Effects[None]:
    """Let what lapsed go on from now, as far as the payer's credit goes: the oldest first.

    Errors:  PlanVersionNotFound, PriceNotFound, AmountTooLarge, IssuerNeeded, TaxRateNotFound.
    """
    after, outcome = facts.overlay(), Outcome()
    for before in _waiting(facts, command.account, due_at):
        trial, step = after.overlay(), Outcome()
        paid_up = going_on(trial, before, due_at, step)
        asks = command.key == ASKING and not _is_asked(facts, before)
        attempt = pay_ahead(trial, paid_up, due_at, asks=asks)
        if attempt.is_paid:
            step.take_over(attempt.outcome)
            after.take_in(step.changes)
            outcome.take_over(step)
        elif attempt.request is not None:
            keep(after, attempt.request, now=due_at, outcome=outcome)
    return _effects(outcome)


def _lapsed(facts: Facts, before: Subscription, attempt: Attempt, at: int) -> Outcome:
    """What follows where something is not paid: it is not charged, and nothing is held."""
    after, outcome = facts.overlay(), Outcome()
    lapsed = with_fact(after, before, lapsing(after.subscribed(before, at), at), at)
    follow(after, before, lapsed, now=at, outcome=outcome)
    if attempt.request is not None:
        keep(after, attempt.request, now=at, outcome=outcome)
    return outcome


def _is_asked(facts: Facts, subscription: Subscription) -> bool:
    """Whether somebody was asked to pay for a subscription, and may still answer."""
    return any(
        each.is_pending and each.subscription == subscription.key
        for each in facts.payment_requests.values()
    )


def _waiting(facts: Facts, payer: str, at: int) -> list[Subscription]:
    """What lapsed of the accounts that a payer pays for, the oldest first."""
    accounts = facts.billed[payer]
    found = [
        each
        for each in facts.subscriptions.values()
        if each.account in accounts and is_prepaid(each) and each.is_lapsed_at(at)
    ]
    return sorted(found, key=lambda each: (each.facts[0].effective_at, each.key))


def _widen_top_up(tx: Transaction, command: TimerDue) -> tuple[str, ...]:
    """What charging all touches that lapsed of what the payer pays for."""
    lapsed = lapsed_subscriptions(tx, {command.account})
    touched = {*touched_accounts(tx, command.account)}
    return tuple(sorted({*touched, *touched_by_charge(tx, dict.fromkeys(lapsed))}))


def _effects(outcome: Outcome) -> Effects[None]:
    return Effects(None, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


RENEW_PREPAID_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    name=RENEW_PREPAID,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=renew,
    apply=save,
    widen=lambda tx, command: touched_by_charge(tx, {(command.account, command.key): None}),
)
TOP_UP_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    name=TOP_UP,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather_lapsed,
    decide=top_up,
    apply=save,
    widen=_widen_top_up,
)
