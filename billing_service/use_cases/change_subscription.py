"""Changes a subscription: what it holds, or until when; pauses and resumes it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.errors import PlanNotFound
from billing_service.domain.invoice import IssuedInvoice, Settlement
from billing_service.domain.previewed import Previewed
from billing_service.domain.price_models import Fault
from billing_service.domain.quantities import Quantities
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscription import (
    Fact,
    PlanHolding,
    Subscription,
    subscribe_to_plan,
)
from billing_service.domain.subscription_change import (
    Asked,
    change_id_of,
    fact_asked,
    is_due_now,
    overtaken_by,
)
from billing_service.domain.subscription_rules import (
    check_overrides,
    check_plan,
    check_priced_once,
)
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.one_off_queries import gather_coupons, gather_coupons_to_change
from billing_service.storage.queries import SubscriptionInFull
from billing_service.storage.saving import save
from billing_service.use_cases.changing import changeable, follow, gather_changing, with_fact
from billing_service.use_cases.charging_now import charge_now, gather_charged
from billing_service.use_cases.issuing import touched_accounts
from billing_service.use_cases.previewing import check_previewed, preview_of
from billing_service.use_cases.redeeming import redeem
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase

# Where the request states what is to be held.
HOLDING: Final = "holding."


@dataclass(frozen=True, slots=True)
class ChangeSubscription:
    """A subscription is to be changed. `etag` '': in any state.

    `quantities` are those of the new holding, with the faults of what could not be read; `misread`
    are those of its negotiated prices. `previewed` is what a preview followed from: nothing else
    may be due now.
    """

    account: str
    subscription_id: str
    asked: Asked
    etag: str = ""
    quantities: Quantities = field(default_factory=Quantities)
    misread: tuple[Fault, ...] = ()
    previewed: Previewed | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The account and id of the subscription."""
        return (self.account, self.subscription_id)


@dataclass(frozen=True, slots=True)
class Changed:
    """A subscription as it was changed, and what was invoiced at once with what is paid of it."""

    subscription: SubscriptionInFull
    invoices: tuple[tuple[IssuedInvoice, Settlement], ...] = ()


def gather(tx: Transaction, commands: Sequence[ChangeSubscription]) -> Facts:
    """The subscriptions, the plans that they are to have, and what invoicing them takes."""
    return gather_changes(tx, commands, locked=True)


def gather_changes(
    tx: Transaction, commands: Sequence[ChangeSubscription], *, locked: bool
) -> Facts:
    """The same; not `locked`, it is only for looking at what would come about."""
    facts = Facts()
    holdings = [command.asked.holding for command in commands if command.asked.holding]
    plans = {each.plan for each in holdings}
    keys = {command.key for command in commands}
    gather_changing(tx, facts, keys, plans, locked=locked)
    coupons = {coupon for each in holdings for coupon in each.coupons}
    gather_held = gather_coupons_to_change if locked else gather_coupons
    gather_held(tx, facts, coupons)
    gather_charged(tx, facts, {command.key: command.asked.told_on for command in commands})
    return facts


def decide(facts: Facts, command: ChangeSubscription, now: int) -> Effects[Changed]:
    """Change the subscription, if what it is to hold can be charged for.

    Errors:  PreviewTokenInvalid, PreviewOutdated, and what each step refuses.
    """
    before = changeable(facts, command.key, command.etag)
    holding = command.asked.holding
    if holding is not None and holding.plan not in facts.plans:
        raise PlanNotFound(holding.plan)
    previewed = command.previewed
    as_of = now if previewed is None else previewed.told_at(now)
    subscribed = facts.subscribed(before, now)
    fact = replace(fact_asked(subscribed, command.asked, as_of), recorded_at=now)
    withdrawals = overtaken_by(subscribed, command.asked, as_of)
    after, outcome = facts.overlay(), Outcome()
    if holding is not None:
        _check_holding(facts, before, command, fact, now)
        held = {*_coupons_at(before, fact), *_coupons_overtaken(before, withdrawals)}
        coupons = [each for each in holding.coupons if each not in held]
        redeem(facts, before, coupons, plan=holding.plan, now=now, outcome=outcome)
        after.take_in(outcome.changes)
    changed = before
    for each in (*withdrawals, fact):
        changed = with_fact(after, changed, each, now)
    follow(after, before, changed, now=now, outcome=outcome)
    issued = []
    if is_due_now(fact, now):
        cause = f"{before.subscription_id}/{change_id_of(len(changed.facts))}"
        issued = charge_now(
            after, before, changed, cause=cause, as_of=as_of, now=now, outcome=outcome
        )
    if previewed is not None:
        check_previewed(previewed, preview_of(facts, before, issued, plans=changed.plans, at=as_of))
    return effects_of(after, changed, issued, now=now, outcome=outcome)


def effects_of(
    after: Facts,
    changed: Subscription,
    issued: Sequence[IssuedInvoice],
    *,
    now: int,
    outcome: Outcome,
) -> Effects[Changed]:
    """What a change comes to, with the subscription as it is now."""
    state = changed.state(now, after.accounts[changed.account].time_zone)
    invoices = tuple((each, after.settlements[each.invoice.key]) for each in issued)
    return Effects(
        Changed(SubscriptionInFull(changed, state, now), invoices),
        tuple(outcome.changes),
        tuple(outcome.events),
        tuple(outcome.timers),
    )


def _coupons_at(before: Subscription, fact: Fact) -> tuple[str, ...]:
    """The coupons that are held when a fact takes effect."""
    held = before.holding_at(fact.effective_at)
    return held.coupons if held else ()


def _coupons_overtaken(before: Subscription, withdrawals: Sequence[Fact]) -> set[str]:
    """The coupons that were redeemed for what waits, and is withdrawn."""
    holdings = [before.facts[each.withdraws - 1].holding for each in withdrawals]
    return {coupon for each in holdings if each for coupon in each.coupons}


def _check_holding(
    facts: Facts, before: Subscription, command: ChangeSubscription, fact: Fact, now: int
) -> None:
    """Refuse to hold what could not be subscribed from then on.

    Errors:  PriceNotFound, PlanVersionNotFound, PlanNotSubscribable, InvalidQuantities,
             InvalidPriceOverrides, UsageAlreadyPriced.
    """
    holding = command.asked.holding
    assert holding is not None  # noqa: S101 - asked of what is to hold something only
    new = _as_if_subscribed(facts, before, holding, fact, now)
    check_overrides(new, holding.price_overrides, command.misread, prefix=HOLDING)
    check_plan(new, command.quantities, prefix=HOLDING)
    check_priced_once(new, _others(facts, before, now))


def _as_if_subscribed(
    facts: Facts, before: Subscription, holding: PlanHolding, fact: Fact, now: int
) -> SubscribedPlan:
    """What is to be held, as if it were subscribed by itself from the change on."""
    zone, terms = facts.accounts[before.account].time_zone, before.plan_terms
    assert terms is not None  # noqa: S101 - only what is of a plan is changeable
    from_on = max(civil_day(fact.effective_at, zone), terms.begins_on)
    new = subscribe_to_plan(
        account=before.account,
        subscription_id=before.subscription_id,
        holding=holding,
        display_name=before.display_name,
        terms=replace(terms, begins_on=from_on, trial_ends_on=None),
        zone=zone,
    )
    return facts.subscribed(new, now)


def _others(facts: Facts, changed: Subscription, now: int) -> Iterator[SubscribedPlan]:
    """What else the account is subscribed to."""
    for each in facts.subscriptions.values():
        if each.account == changed.account and each.is_of_plan and each.key != changed.key:
            yield facts.subscribed(each, now)


def _widen(tx: Transaction, command: ChangeSubscription) -> tuple[str, ...]:
    """What is invoiced at once touches all accounts on its payer's open invoices."""
    payers = gathering.payers_of(tx, [command.account])
    return tuple(sorted({each for payer in payers for each in touched_accounts(tx, payer)}))


def _use_case(name: str) -> UseCase[ChangeSubscription, Facts, Changed]:
    return UseCase(
        name=name,
        scope=lambda command: Scope(accounts=(command.account,)),
        gather=gather,
        decide=decide,
        apply=save,
        widen=_widen,
    )


CHANGE_SUBSCRIPTION: Final = _use_case("change_subscription")
CANCEL_SUBSCRIPTION: Final = _use_case("cancel_subscription")
PAUSE_SUBSCRIPTION: Final = _use_case("pause_subscription")
RESUME_SUBSCRIPTION: Final = _use_case("resume_subscription")
