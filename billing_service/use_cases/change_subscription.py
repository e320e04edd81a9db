"""Changes a subscription: what it holds, or until when; pauses and resumes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from billing_service.domain.calendar import civil_day
from billing_service.domain.change_errors import PrepaymentNeeded
from billing_service.domain.errors import PlanNotFound
from billing_service.domain.invoice import IssuedInvoice, Settlement
from billing_service.domain.payment_request import AskedChange, PaymentPurpose, PaymentRequest
from billing_service.domain.prepaid import BEGINNING, is_prepaid
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
    asked_as,
    change_id_of,
    fact_asked,
    held_as_of,
    is_due_now,
    overtaken_by,
)
from billing_service.domain.subscription_rules import (
    check_overrides,
    check_plan,
    check_priced_once,
)
from billing_service.storage.facts import Facts
from billing_service.storage.one_off_queries import gather_coupons, gather_coupons_to_change
from billing_service.storage.payment_request_queries import gather_pending_requests
from billing_service.storage.queries import SubscriptionInFull
from billing_service.storage.saving import save
from billing_service.use_cases.changing import (
    changeable,
    follow,
    gather_changing,
    other_plans,
    with_fact,
)
from billing_service.use_cases.charging_now import charge_now, gather_charged, touched_by_charge
from billing_service.use_cases.collecting import (
    check_nothing_pending,
    collect,
    keep,
)
from billing_service.use_cases.prepaying import charge_ahead
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
    may be due now. `payment_request` is the id of the request for what is due at once, if its
    payer's provider is to collect that; `is_paid`: it has, however long that took, and for the
    facts `together` with which the change was to take effect, which come first.
    """

    account: str
    subscription_id: str
    asked: Asked
    etag: str = ""
    quantities: Quantities = field(default_factory=Quantities)
    misread: tuple[Fault, ...] = ()
    previewed: Previewed | None = None
    payment_request: str = ""
    is_paid: bool = False
    together: tuple[Fact, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """The account and id of the subscription."""
        return (self.account, self.subscription_id)

    def as_of(self, now: int) -> int:
        """When the change was told: as of then it takes effect.

        Errors:  PreviewTokenInvalid.
        """
        if self.previewed is None:
            return now
        return self.previewed.instant_at if self.is_paid else self.previewed.told_at(now)


@dataclass(frozen=True, slots=True)
class Changed:
    """A subscription as it was changed, and what was invoiced at once with what is paid of it.

    `payment_request`: what was asked for. Unless that is paid, the subscription is as it was.
    """

    subscription: SubscriptionInFull
    invoices: tuple[tuple[IssuedInvoice, Settlement], ...] = ()
    payment_request: PaymentRequest | None = None

    @property
    def open_minor(self) -> int:
        """What is still to be paid of the invoices."""
        return sum(each.total_minor - each.paid_minor for _, each in self.invoices)


def paid_change(request: PaymentRequest) -> ChangeSubscription:
    """The change that a request pays for, as of when it was asked for."""
    change = request.change
    assert change is not None  # noqa: S101 - asked of requests for changes only
    held = change.fact.holding.held if change.fact.holding else ()
    return ChangeSubscription(
        *request.subscription,
        asked=asked_as(change.fact),
        quantities=Quantities(held=held),
        previewed=change.previewed,
        is_paid=True,
        together=change.together,
    )


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
    gather_pending_requests(tx, facts, keys)
    since = {command.key: command.asked.told_on for command in commands}
    gather_charged(tx, facts, since, locked=locked)
    return facts


def decide(facts: Facts, command: ChangeSubscription, now: int) -> Effects[Changed]:
    """Change the subscription, if what it is to hold can be charged for.

    Errors:  PreviewTokenInvalid, PreviewOutdated, PaymentPending, and what each step refuses.
    """
    before = changeable(facts, command.key, command.etag)
    check_nothing_pending(facts, command.key)
    holding = command.asked.holding
    if holding is not None and holding.plan not in facts.plans:
        raise PlanNotFound(holding.plan)
    previewed, as_of = command.previewed, command.as_of(now)
    changed = before
    for each in command.together:
        changed = with_fact(facts, changed, replace(each, recorded_at=now), now)
    subscribed = facts.subscribed(changed, now)
    fact = replace(fact_asked(subscribed, command.asked, as_of), recorded_at=now)
    withdrawals = overtaken_by(subscribed, command.asked, as_of)
    after, outcome = facts.overlay(), Outcome()
    if holding is not None:
        _check_holding(facts, before, command, fact, now)
        held = {*_coupons_at(changed, fact), *_coupons_overtaken(changed, withdrawals)}
        coupons = [each for each in holding.coupons if each not in held]
        redeem(facts, before, coupons, plan=holding.plan, now=now, outcome=outcome)
        after.take_in(outcome.changes)
    for each in (*withdrawals, fact):
        changed = with_fact(after, changed, each, now)
    follow(after, before, changed, now=now, outcome=outcome)
    issued = []
    cause = f"{before.subscription_id}/{change_id_of(len(changed.facts))}"
    if is_prepaid(before) and fact.kind in BEGINNING:
        issued = charge_ahead(after, changed, cause=cause, as_of=as_of, now=now, outcome=outcome)
    elif is_due_now(fact, now) and not is_prepaid(before):
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


def decide_once_paid(facts: Facts, command: ChangeSubscription, now: int) -> Effects[Changed]:
    """The same, if whoever collects of the payer has what is due at once.

    Otherwise the subscription is left as it is, and what was asked for kept. One that is prepaid is
    not changed for what nobody has paid.

    Errors:  PrepaymentNeeded.
    """
    effects = decide(facts, command, now)
    done = effects.result
    if not done.open_minor:
        return effects
    before, changed = facts.subscriptions[command.key], done.subscription.subscription
    issued = [each for each, _ in done.invoices]
    at = command.as_of(now)
    change = AskedChange(
        changed.facts[-1], preview_of(facts, before, issued, plans=changed.plans, at=at)
    )
    request = collect(
        facts,
        command.key,
        request_id=command.payment_request,
        amount_minor=done.open_minor,
        purpose=PaymentPurpose.CHANGE,
        change=change,
        now=now,
    )
    if request is None:
        if is_prepaid(changed):
            raise PrepaymentNeeded(*command.key, done.open_minor, issued[0].invoice.currency)
        return effects
    after, outcome = facts.overlay(), Outcome()
    if not request.is_paid:
        keep(after, request, now=now, outcome=outcome)
        kept = effects_of(after, before, [], now=now, outcome=outcome)
    else:
        after.take_in(effects.changes)
        outcome = Outcome([*effects.changes], [*effects.events], [*effects.timers])
        first = issued[0].invoice.invoice_id
        keep(after, request, invoice=first, now=now, outcome=outcome)
        kept = effects_of(after, changed, issued, now=now, outcome=outcome)
    return replace(kept, result=replace(kept.result, payment_request=request))


def _coupons_at(before: Subscription, fact: Fact) -> tuple[str, ...]:
    """The coupons that are held when a fact takes effect."""
    held = held_as_of(before, fact.effective_at)
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
    check_priced_once(new, other_plans(facts, before.key, now))


def _as_if_subscribed(
    facts: Facts, before: Subscription, holding: PlanHolding, fact: Fact, now: int
) -> SubscribedPlan:
    """What is to be held, as if it were subscribed by itself from the change on."""
    zone, terms = facts.accounts[before.account].time_zone, before.plan_terms
    assert terms is not None  # noqa: S101 - only what is of a plan is changeable
    from_on = max(civil_day(fact.effective_at, zone), terms.begins_on)
    is_on_trial = from_on < terms.charged_from_on
    new = subscribe_to_plan(
        account=before.account,
        subscription_id=before.subscription_id,
        holding=holding,
        display_name=before.display_name,
        terms=replace(
            terms,
            begins_on=from_on,
            trial_ends_on=terms.trial_ends_on if is_on_trial else None,
        ),
        zone=zone,
    )
    return facts.subscribed(new, now)


def _use_case(name: str) -> UseCase[ChangeSubscription, Facts, Changed]:
    return UseCase(
        name=name,
        scope=lambda command: Scope(accounts=(command.account,)),
        gather=gather,
        decide=decide_once_paid,
        apply=save,
        widen=lambda tx, command: touched_by_charge(tx, {command.key: command.asked.told_on}),
    )


CHANGE_SUBSCRIPTION: Final = _use_case("change_subscription")
CANCEL_SUBSCRIPTION: Final = _use_case("cancel_subscription")
PAUSE_SUBSCRIPTION: Final = _use_case("pause_subscription")
RESUME_SUBSCRIPTION: Final = _use_case("resume_subscription")
