"""Subscribes an account to a plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from billing_service.domain.account import Account
from billing_service.domain.calendar import civil_day
from billing_service.domain.errors import PlanNotFound
from billing_service.domain.events import AccountZoneFixed, SubscriptionChanged
from billing_service.domain.negotiated import PriceOverride
from billing_service.domain.price import Metered, Review
from billing_service.domain.price_models import Fault
from billing_service.domain.quantities import Quantities
from billing_service.domain.subscribed_plan import SubscribedPlan
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
from billing_service.use_cases.entitling import entitling
from billing_service.use_cases.redeeming import redeem
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import closing_timers
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CreateSubscription:
    """An account is to be subscribed to a plan; `begins_on` None: from today on.

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
    gather_coupons_to_change(tx, facts, {each for command in commands for each in command.coupons})
    return facts


def decide(facts: Facts, command: CreateSubscription, now: int) -> Effects[SubscriptionInFull]:
    """Subscribe the account, if the plan can be charged for and nothing else prices its usage."""
    account = facts.accounts.get(command.account)
    if account is None:
        raise AccountNotFound(command.account)
    created = _subscribed(facts, command, account, now)
    after, outcome = facts.overlay(), Outcome()
    changed = _account_after(facts, account, created)
    if changed != account:
        outcome.changes.append(changed)
    if not account.zone_fixed:
        told = AccountZoneFixed(account.account, account.time_zone)
        outcome.events.append(Event(account.account, told))
    outcome.changes.append(created)
    redeem(facts, created, command.coupons, plan=command.plan, now=now, outcome=outcome)
    after.take_in(outcome.changes)
    state = created.state(now, account.time_zone)
    outcome.events.append(Event(account.account, SubscriptionChanged(created, state, now)))
    restate(after, [account.account], now=now, outcome=outcome)
    entitled = entitling(after.subscribed(created, now), now)
    outcome.events.extend(entitled.events)
    timers = (*closing_timers(after, account.account), *entitled.timers)
    result = SubscriptionInFull(created, state, now)
    return Effects(result, tuple(outcome.changes), tuple(outcome.events), timers)


def _subscribed(
    facts: Facts, command: CreateSubscription, account: Account, now: int
) -> Subscription:
    """The subscription, as all rules allow it."""
    if command.plan not in facts.plans:
        raise PlanNotFound(command.plan)
    if (command.account, command.subscription_id) in facts.subscriptions:
        raise SubscriptionAlreadyExists(command.account, command.subscription_id)
    today = civil_day(now, account.time_zone)
    terms = PlanTerms(command.begins_on or today, command.ends_on)
    check_dates(terms, today=today, closed_through=facts.closed_through(command.account))
    created = _begun(command, terms, account)
    priced = facts.subscribed(created, now)
    check_overrides(priced, command.price_overrides, command.misread)
    check_plan(priced, command.quantities)
    check_priced_once(priced, _others(facts, created, now))
    if not priced.is_by_whole_months:
        return created
    return _begun(command, replace(terms, by_whole_months=True), account)


def _begun(command: CreateSubscription, terms: PlanTerms, account: Account) -> Subscription:
    return subscribe_to_plan(
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
        zone=account.time_zone,
    )


def _others(facts: Facts, created: Subscription, now: int) -> Iterator[SubscribedPlan]:
    """What else the account is subscribed to."""
    for each in facts.subscriptions.values():
        if each.account == created.account and each.is_of_plan:
            yield facts.subscribed(each, now)


def _account_after(facts: Facts, account: Account, created: Subscription) -> Account:
    """The account, its zone fixed, and watched if a charge for its usage may be held."""
    is_watched = any(
        price.review is Review.HELD and isinstance(price.kind, Metered)
        for version in facts.plans[created.plan].versions
        for price in version.prices
    )
    fixed = account.with_zone_fixed()
    return fixed.with_usage_watched() if is_watched else fixed


CREATE_SUBSCRIPTION: Final[UseCase[CreateSubscription, Facts, SubscriptionInFull]] = UseCase(
    name="create_subscription",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=lambda tx, command: tuple(sorted(gathering.payers_of(tx, [command.account]))),
)
