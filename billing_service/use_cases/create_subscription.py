"""Subscribes an account to a plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from billing_service.domain.account import Account
from billing_service.domain.calendar import civil_day
from billing_service.domain.errors import PlanNotFound
from billing_service.domain.events import AccountZoneFixed, SubscriptionChanged
from billing_service.domain.negotiated import PriceOverride
from billing_service.domain.prepaid import is_prepaid
from billing_service.domain.price import Anchor
from billing_service.domain.price_models import Fault
from billing_service.domain.quantities import Quantities
from billing_service.domain.subscription import (
    PlanHolding,
    PlanTerms,
    Subscription,
    subscribe_to_plan,
)
from billing_service.domain.subscription_errors import SubscriptionAlreadyExists
from billing_service.domain.subscription_rules import (
    check_dates,
    check_overrides,
    check_plan,
    check_priced_once,
)
from billing_service.storage import gathering, gathering_catalog, gathering_documents
from billing_service.storage.facts import Facts
from billing_service.storage.one_off_queries import gather_coupons_to_change
from billing_service.storage.queries import SubscriptionInFull
from billing_service.storage.saving import save
from billing_service.use_cases.beginning import begin_prepaid
from billing_service.use_cases.changing import closing, gather_changing, other_plans, watching
from billing_service.use_cases.entitling import entitling
from billing_service.use_cases.issuing import touched_by
from billing_service.use_cases.redeeming import redeem
from billing_service.use_cases.standings import Outcome, restate
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CreateSubscription:
    """An account is to be subscribed to a plan; `begins_on` None: from today on.

    `anchor` and `anchor_on` say where periods begin, `trial_ends_on` since when it is charged.
    `quantities` are those held, with the faults of what could not be read; `misread` are those of
    the negotiated prices.
    """

    account: str
    subscription_id: str
    plan: str
    band: int
    display_name: str
    quantities: Quantities
    begins_on: date | None
    ends_on: date | None
    price_overrides: tuple[PriceOverride, ...] = ()
    coupons: tuple[str, ...] = ()
    misread: tuple[Fault, ...] = ()
    anchor: Anchor | None = None
    anchor_on: date | None = None
    trial_ends_on: date | None = None
    prepaid: bool = False


def gather(tx: Transaction, commands: Sequence[CreateSubscription]) -> Facts:
    """The accounts with what they are subscribed to, the plans, and where all of them stand."""
    facts = Facts()
    accounts = {command.account for command in commands}
    payers = gathering.payers_of(tx, accounts)
    gathering.gather_accounts(tx, facts, accounts | payers)
    gathering.gather_zones(tx, facts, payers)
    gathering.gather_terms(tx, facts)
    gathering.gather_subscriptions(tx, facts, {(c.account, c.subscription_id) for c in commands})
    gathering.gather_plan_subscriptions(tx, facts, accounts)
    plans = {plan for each in facts.subscriptions.values() for plan in each.plans}
    gathering.gather_plans(tx, facts, plans | {command.plan for command in commands})
    gathering_catalog.gather_price_changes(tx, facts, accounts)
    gathering.gather_spans(tx, facts, accounts)
    gathering_documents.gather_owed(tx, facts, accounts)
    prepaid = [command for command in commands if command.prepaid]
    if prepaid:
        keys = {(command.account, command.subscription_id) for command in prepaid}
        gather_changing(tx, facts, keys, {command.plan for command in prepaid})
    gather_coupons_to_change(tx, facts, {each for command in commands for each in command.coupons})
    return facts


def decide(facts: Facts, command: CreateSubscription, now: int) -> Effects[SubscriptionInFull]:
    """Subscribe the account, if the plan can be charged for and nothing else prices its usage."""
    account = facts.accounts.get(command.account)
    if account is None:
        raise AccountNotFound(command.account)
    created = _subscribed(facts, command, account, now)
    after, outcome = facts.overlay(), Outcome()
    changed = watching(facts, account.with_zone_fixed(), created.plans)
    if changed != account:
        outcome.changes.append(changed)
    if not account.zone_fixed:
        told = AccountZoneFixed(account.account, account.time_zone)
        outcome.events.append(Event(account.account, told))
    redeem(facts, created, command.coupons, plan=command.plan, now=now, outcome=outcome)
    after.take_in(outcome.changes)
    paid = Outcome()
    if is_prepaid(created):
        created = begin_prepaid(after, created, now, outcome=paid)
    outcome.changes.append(created)
    after.take_in([created])
    state = created.state(now, account.time_zone)
    outcome.events.append(Event(account.account, SubscriptionChanged(created, state, now)))
    outcome.take_over(paid)
    restate(after, [account.account], now=now, outcome=outcome)
    entitled = entitling(after.subscribed(created, now), now)
    outcome.events.extend(entitled.events)
    outcome.timers += (*closing(after, created, now), *entitled.timers)
    result = SubscriptionInFull(created, state, now)
    return Effects(result, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _widen(tx: Transaction, command: CreateSubscription) -> tuple[str, ...]:
    """Who pays; where something is invoiced at once, all accounts on the payer's open invoices."""
    if command.prepaid:
        return touched_by(tx, command.account)
    return tuple(sorted(gathering.payers_of(tx, [command.account])))


def _subscribed(
    facts: Facts, command: CreateSubscription, account: Account, now: int
) -> Subscription:
    """The subscription, as all rules allow it."""
    if command.plan not in facts.plans:
        raise PlanNotFound(command.plan)
    if (command.account, command.subscription_id) in facts.subscriptions:
        raise SubscriptionAlreadyExists(command.account, command.subscription_id)
    today = civil_day(now, account.time_zone)
    terms = PlanTerms(
        begins_on=command.begins_on or today,
        ends_on=command.ends_on,
        anchor=command.anchor,
        trial_ends_on=command.trial_ends_on,
        anchor_on=command.anchor_on,
        prepaid=command.prepaid,
    )
    check_dates(terms, today=today)
    created = _begun(facts, command, terms, now)
    priced = facts.subscribed(created, now)
    check_overrides(priced, command.price_overrides, command.misread)
    check_plan(priced, command.quantities)
    check_priced_once(priced, other_plans(facts, created.key, now))
    if not priced.is_by_whole_months:
        return created
    return _begun(facts, command, replace(terms, by_whole_months=True), now)


def _begun(facts: Facts, command: CreateSubscription, terms: PlanTerms, now: int) -> Subscription:
    """The subscription on some terms; what closed months would have charged is looked at."""
    closed_through = facts.closed_through(command.account)
    is_late = closed_through is not None and terms.begins_on.replace(day=1) <= closed_through
    created = subscribe_to_plan(
        account=command.account,
        subscription_id=command.subscription_id,
        holding=PlanHolding(
            plan=command.plan,
            band=command.band,
            held=command.quantities.held,
            price_overrides=command.price_overrides,
            coupons=command.coupons,
        ),
        display_name=command.display_name,
        terms=terms,
        zone=facts.accounts[command.account].time_zone,
        recorded_at=now,
    )
    return replace(created, changed_from_on=terms.begins_on) if is_late else created


CREATE_SUBSCRIPTION: Final[UseCase[CreateSubscription, Facts, SubscriptionInFull]] = UseCase(
    name="create_subscription",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
