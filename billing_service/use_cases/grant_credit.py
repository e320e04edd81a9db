"""Grants credit to a payer, which its invoices use from then on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.catalog_errors import MeterNotFound
from billing_service.domain.credit_errors import CreditAlreadyExists, InvalidCredit, TooManyCredits
from billing_service.domain.credit_grant import (
    OPEN_CREDITS_MAX,
    CreditApplication,
    CreditGrant,
    CreditInFull,
    CreditKind,
    CreditScope,
)
from billing_service.domain.credit_ledger import EntryKind
from billing_service.domain.errors import InvalidAmount, PlanNotFound
from billing_service.domain.money import PAYMENT_MINOR_MAX
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage import gathering, gathering_catalog, gathering_credits
from billing_service.storage.facts import Facts
from billing_service.storage.prepaid_queries import gather_waiting
from billing_service.storage.saving import save
from billing_service.use_cases.credit_entries import enter
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.timers import EXPIRE_CREDIT, TOP_UP
from billing_service.use_cases.topping_up import topping_up
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Scope, TimerSet, UseCase


@dataclass(frozen=True, slots=True)
class GrantCredit:
    """A payer is to have credit. `effective_at` None: from now on; `expires_at` None: for good."""

    payer: str
    credit_id: str
    kind: CreditKind
    amount: StatedAmount
    application: CreditApplication
    priority: int
    scope: CreditScope
    effective_at: int | None
    expires_at: int | None
    description: str
    author: str


def gather(tx: Transaction, commands: Sequence[GrantCredit]) -> Facts:
    """The payers with their credits, and what the scopes name."""
    facts = Facts()
    payers = {command.payer for command in commands}
    scopes = [command.scope for command in commands]
    gathering.gather_accounts(tx, facts, payers.union(*(each.accounts for each in scopes)))
    gathering.gather_plans(tx, facts, frozenset[str]().union(*(each.plans for each in scopes)))
    if any(each.meters for each in scopes):
        gathering_catalog.gather_meters(tx, facts)
    gathering_credits.gather_credits_left(tx, facts, payers)
    keys = {(command.payer, command.credit_id) for command in commands}
    gathering_credits.gather_credits(tx, facts, keys)
    gather_waiting(tx, facts, payers)
    return facts


def decide(facts: Facts, command: GrantCredit, now: int) -> Effects[CreditInFull]:
    """Grant the credit, and see to its expiry.

    Errors:  AccountNotFound, PayerNotSelfPaying, CreditAlreadyExists, TooManyCredits, PlanNotFound,
             MeterNotFound, CurrencyUnknown, InvalidAmount, InvalidCredit.
    """
    amount_minor = _checked_amount(command.amount)
    _check(facts, command)
    effective_at = now if command.effective_at is None else command.effective_at
    _check_times(effective_at, command.expires_at, now)
    grant = CreditGrant(
        payer=command.payer,
        credit_id=command.credit_id,
        kind=command.kind,
        currency=command.amount.currency,
        amount_minor=amount_minor,
        left_minor=0,
        application=command.application,
        priority=command.priority,
        scope=command.scope,
        effective_at=effective_at,
        expires_at=command.expires_at,
        description=command.description,
        author=command.author,
        granted_at=now,
    )
    after, outcome = facts.overlay(), Outcome()
    granted = enter(after, grant, EntryKind.GRANTED, amount_minor, now=now, outcome=outcome)
    if granted.expires_at is not None:
        expiry = TimerSet(granted.payer, EXPIRE_CREDIT, granted.credit_id, granted.expires_at)
        outcome.timers.append(expiry)
    if effective_at > now:
        # What lapses until then waits for it, too.
        outcome.timers.append(TimerSet(granted.payer, TOP_UP, granted.credit_id, effective_at))
    else:
        outcome.timers += topping_up(after, granted.payer, now)
    result = CreditInFull(granted, granted.state(now))
    return Effects(result, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _checked_amount(amount: StatedAmount) -> int:
    """The amount in minor units: positive, exact, within bounds."""
    amount_minor = amount.minor("amount")
    if amount_minor is None:
        text = f"is finer than {amount.currency} allows, or of mixed sign"
        raise InvalidAmount("amount", text)
    if not 0 < amount_minor <= PAYMENT_MINOR_MAX:
        raise InvalidAmount("amount", f"must be from 1 to {PAYMENT_MINOR_MAX} minor units")
    return amount_minor


def _check(facts: Facts, command: GrantCredit) -> None:
    """Refuse a payer that cannot use it, and a scope that names what there is not."""
    payer = command.payer
    for account in (payer, *sorted(command.scope.accounts)):
        if account not in facts.accounts:
            raise AccountNotFound(account)
    facts.profiles[payer].check_self_paying()
    if (payer, command.credit_id) in facts.grants:
        raise CreditAlreadyExists(f"accounts/{payer}/credits/{command.credit_id}")
    for plan in sorted(command.scope.plans - facts.plans.keys()):
        raise PlanNotFound(plan)
    for meter in sorted(command.scope.meters - facts.meters.keys()):
        raise MeterNotFound(meter)
    own = [each for each in facts.grants.values() if each.payer == payer and each.left_minor]
    if len(own) >= OPEN_CREDITS_MAX:
        raise TooManyCredits(payer)


def _check_times(effective_at: int, expires_at: int | None, now: int) -> None:
    if expires_at is None:
        return
    if expires_at <= now:
        raise InvalidCredit("expire_time", "must lie ahead: leave it out for credit that stays")
    if expires_at <= effective_at:
        raise InvalidCredit("expire_time", "must lie after effective_time")


GRANT_CREDIT: Final[UseCase[GrantCredit, Facts, CreditInFull]] = UseCase(
    name="grant_credit",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=gather,
    decide=decide,
    apply=save,
)
