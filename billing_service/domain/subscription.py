"""Subscriptions: a timeline of facts with an effective time, and the months that it bills.

Of an instance, facts tell what happened to it. Of a plan that was subscribed they state on which
days it is, and what it holds from when on. They are only ever added: what holds follows from when
each takes effect, whenever it was told.

Shapes:  intervals are half-open and in order; one that ends where it begins still counts where it
         begins, since the instance was subscribed at that instant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Final

from billing_service.domain.calendar import civil_day, first_instant, month_of, next_month
from billing_service.domain.derived import Derived
from billing_service.domain.negotiated import HeldDays, held_days
from billing_service.domain.subscription_facts import (
    Ending,
    Fact,
    FactKind,
    Phase,
    PlanHolding,
    PlanTerms,
    ending,
    phases,
)

__all__ = [
    "NO_MONTH",
    "OPEN_MONTH",
    "Ending",
    "Fact",
    "FactKind",
    "Interval",
    "Phase",
    "PlanHolding",
    "PlanTerms",
    "Span",
    "Subscription",
    "SubscriptionState",
    "as_of",
    "begin",
    "bills",
    "changed",
    "continued",
    "intervals",
    "span_of",
    "subscribe_to_plan",
]

# The last month of what has no end yet.
OPEN_MONTH: Final = date(9999, 12, 1)
# The last month of what never comes to be billed.
NO_MONTH: Final = date(1, 1, 1)
_ID_LENGTH_MAX: Final = 63
_IDS_MAX: Final = 20


class SubscriptionState(Enum):
    """Where a subscription stands."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    PAUSED = "paused"
    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    ENDED = "ended"


_OPENING: Final = frozenset(
    {FactKind.SUBSCRIBED, FactKind.MIGRATED, FactKind.RESUMED, FactKind.STARTED}
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch in which something was subscribed and not cancelled; `end_at` None: it lasts."""

    start_at: int
    end_at: int | None

    @property
    def last_at(self) -> int | None:
        """Its last instant; None while it lasts."""
        return None if self.end_at is None else max(self.start_at, self.end_at - 1)

    def touches(self, start_at: int, end_at: int) -> bool:
        """Whether it has an instant in `[start_at, end_at)`."""
        last_at = self.last_at
        return self.start_at < end_at and (last_at is None or last_at >= start_at)


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last month that a subscription bills."""

    first_month: date
    last_month: date


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is billed: an instance, or a plan that was subscribed.

    `span` is derived from the facts, in the account's zone. `display_name` is what people call it.
    `plan` and `band` are those of the last phase that had begun when it was written.
    `is_paused` and `is_lapsed` tell whether it was paused then, or lapsed for want of payment.
    `changed_from_on` is the day since which its charges are to be looked at again; None: on none.
    """

    account: str
    subscription_id: str
    plan: str
    band: int
    first_billed_month: date | None
    facts: tuple[Fact, ...]
    span: Span
    # What it follows; '' of a plan. Mostly its id, too.
    instance: str = ""
    display_name: str = ""
    is_paused: bool = False
    is_lapsed: bool = False
    changed_from_on: date | None = None
    # What was derived of it: the same of all that are written of the very same facts.
    derived: Derived = field(default_factory=Derived, repr=False, compare=False)

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its account and its id."""
        return (self.account, self.subscription_id)

    @property
    def etag(self) -> str:
        """Changes with every fact."""
        return str(len(self.facts))

    @property
    def plan_terms(self) -> PlanTerms | None:
        """The terms on which a plan is subscribed; None for an instance."""
        return self.facts[0].terms

    @property
    def is_of_plan(self) -> bool:
        """Whether a plan was subscribed; otherwise it is an instance's."""
        return self.plan_terms is not None

    @property
    def is_live(self) -> bool:
        """Whether it is subscribed and not cancelled."""
        return self.facts[-1].kind in _OPENING

    @property
    def has_ended(self) -> bool:
        """Whether its instance is gone."""
        return self.facts[-1].kind is FactKind.ENDED

    def state(self, now: int, zone: str) -> SubscriptionState:
        """Where it stands at an instant."""
        if self.is_of_plan:
            return self._state_of_plan(now)
        if self.has_ended:
            return SubscriptionState.ENDED
        if not self.is_live:
            return SubscriptionState.CANCELLED
        if self.first_billed_month and first_instant(self.first_billed_month, zone) > now:
            return SubscriptionState.SCHEDULED
        return SubscriptionState.ACTIVE

    def _state_of_plan(self, now: int) -> SubscriptionState:
        over = ending(self.facts)
        if over is not None and over.at <= now:
            return SubscriptionState.ENDED
        if self.facts[0].effective_at > now:
            return SubscriptionState.SCHEDULED
        phase = self._phase_at(now)
        if phase and phase.is_paused:
            return SubscriptionState.PAUSED
        return SubscriptionState.UNPAID if phase and phase.is_lapsed else SubscriptionState.ACTIVE

    @property
    def holdings(self) -> tuple[PlanHolding, ...]:
        """All that a plan's subscription ever holds, in the order in which it was told."""
        return tuple(each.holding for each in self.facts if each.holding is not None)

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans that it ever has."""
        found = {self.plan: None}
        for each in self.facts:
            if each.holding is not None:
                found[each.holding.plan] = None
        return tuple(found)

    def phases(self) -> tuple[Phase, ...]:
        """What a plan's subscription holds, from its beginning to its end."""
        return self.derived.once("phases", lambda: phases(self.facts), by=(self.facts,))

    def holding_at(self, instant_at: int) -> PlanHolding | None:
        """What is held at an instant; None before, while it is paused or lapsed, and after."""
        phase = self._phase_at(instant_at)
        return phase.holding if phase else None

    def is_paused_at(self, instant_at: int) -> bool:
        """Whether it is paused at an instant."""
        phase = self._phase_at(instant_at)
        return phase is not None and phase.is_paused

    def is_lapsed_at(self, instant_at: int) -> bool:
        """Whether it holds nothing at an instant because it was not paid ahead."""
        phase = self._phase_at(instant_at)
        return phase is not None and phase.is_lapsed

    def coupons_held(self, day: date, zone: str) -> dict[str, tuple[HeldDays, ...]]:
        """On which days each coupon that is held on a day is held up to it, in order.

        Neither a trial uses anything of them up, nor a time in which nothing is held.
        """
        terms = self.plan_terms
        charged_from_on = terms.charged_from_on if terms else date.min
        history = []
        for each in self.phases():
            first_on = max(charged_from_on, civil_day(each.start_at, zone))
            last_on = date.max if each.end_at is None else civil_day(each.end_at - 1, zone)
            if each.holding is not None and first_on <= last_on:
                history.append((HeldDays(first_on, last_on), each.holding.coupons))
        return held_days(history, day)

    def _phase_at(self, instant_at: int) -> Phase | None:
        for each in self.phases():
            if each.start_at <= instant_at and (each.end_at is None or instant_at < each.end_at):
                return each
        return None


def begin(
    *,
    account: str,
    subscription_id: str,
    instance: str,
    plan: str,
    band: int,
    fact: Fact,
    zone: str,
    first_billed_month: date | None = None,
) -> Subscription:
    """A new subscription of an instance with its first fact."""
    facts = (fact,)
    return Subscription(
        account=account,
        subscription_id=subscription_id,
        plan=plan,
        band=band,
        first_billed_month=first_billed_month,
        facts=facts,
        span=span_of(facts, first_billed_month, zone),
        instance=instance,
    )


def instance_subscription_ids(instance: str) -> Iterator[str]:
    """The ids that the subscription of an instance may have: the first that is free is taken.

    A plan may be subscribed under the instance's own id before there is the instance.
    """
    yield instance
    for number in range(1, _IDS_MAX):
        suffix = "-instance" if number == 1 else f"-instance-{number}"
        yield instance[: _ID_LENGTH_MAX - len(suffix)] + suffix


def subscribe_to_plan(
    *,
    account: str,
    subscription_id: str,
    holding: PlanHolding,
    display_name: str,
    terms: PlanTerms,
    zone: str,
    recorded_at: int = 0,
) -> Subscription:
    """A new subscription to a plan, on the terms of its first day; `ends_at` is filled in.

    `recorded_at` is when it was told; 0: before it begins.
    """
    ends_at = None if terms.ends_on is None else first_instant(terms.ends_on, zone)
    begins_at = first_instant(terms.begins_on, zone)
    started = Fact(
        FactKind.STARTED,
        begins_at,
        replace(terms, ends_at=ends_at),
        holding,
        recorded_at=recorded_at,
    )
    return Subscription(
        account=account,
        subscription_id=subscription_id,
        plan=holding.plan,
        band=holding.band,
        first_billed_month=None,
        facts=(started,),
        span=_span_of_plan((started,), zone),
        display_name=display_name,
    )


def changed(subscription: Subscription, fact: Fact, zone: str) -> Subscription:
    """A plan's subscription with a further fact, as of when that was recorded.

    Where what goes on being charged after the end follows from the plan, `span` has no end;
    `SubscribedPlan.settled` narrows it.
    """
    facts = (*subscription.facts, fact)
    span = _span_of_plan(facts, zone)
    told = replace(subscription, facts=facts, span=span, derived=subscription.derived.copied())
    return as_of(told, fact.recorded_at)


def as_of(subscription: Subscription, now: int) -> Subscription:
    """The same with what tells how it stands at an instant: plan, band, whether it is in force."""
    begun = [each for each in subscription.phases() if each.start_at <= now]
    if not begun:
        return subscription
    last = begun[-1]
    held = last.stated
    plan = held.plan if held else subscription.plan
    band = held.band if held else subscription.band
    # What is over waits for no credit.
    is_lapsed = last.is_lapsed and (last.end_at is None or last.end_at > now)
    was = (subscription.plan, subscription.band, subscription.is_paused, subscription.is_lapsed)
    if was == (plan, band, last.is_paused, is_lapsed):
        return subscription
    return replace(
        subscription, plan=plan, band=band, is_paused=last.is_paused, is_lapsed=is_lapsed
    )


def continued(subscription: Subscription, fact: Fact, zone: str) -> Subscription | None:
    """The subscription with a further fact; None if the fact changes nothing.

    What has ended stays so; a second cancellation or resumption changes nothing, nor does what
    happens to an instance change a plan's subscription of the same id.
    """
    if subscription.is_of_plan:
        return None
    repeats = (fact.kind in _OPENING) == subscription.is_live
    if subscription.has_ended or (repeats and fact.kind is not FactKind.ENDED):
        return None
    facts = (*subscription.facts, fact)
    span = span_of(facts, subscription.first_billed_month, zone)
    return replace(subscription, facts=facts, span=span)


def intervals(facts: Sequence[Fact]) -> Iterator[Interval]:
    """The stretches in which it was subscribed and not cancelled."""
    if facts[0].terms is not None:
        over = ending(facts)
        yield Interval(facts[0].effective_at, over.at if over else None)
        return
    start_at: int | None = None
    for fact in facts:
        if fact.kind in _OPENING and start_at is None:
            start_at = fact.effective_at
        elif fact.kind not in _OPENING and start_at is not None:
            yield Interval(start_at, fact.effective_at)
            start_at = None
    if start_at is not None:
        yield Interval(start_at, None)


def bills(subscription: Subscription, month: date, zone: str) -> bool:
    """Whether a month is billed: at some instant of it, it was subscribed and not yet cancelled."""
    if not subscription.span.first_month <= month <= subscription.span.last_month:
        return False
    start_at, end_at = first_instant(month, zone), first_instant(next_month(month), zone)
    return any(each.touches(start_at, end_at) for each in intervals(subscription.facts))


def span_of(facts: Sequence[Fact], first_billed_month: date | None, zone: str) -> Span:
    """The first and last billed month of a timeline."""
    stretches = list(intervals(facts))
    first = max(month_of(stretches[0].start_at, zone), first_billed_month or NO_MONTH)
    last_at = stretches[-1].last_at
    last = OPEN_MONTH if last_at is None else month_of(last_at, zone)
    return Span(first, last if last >= first else NO_MONTH)


def _span_of_plan(facts: Sequence[Fact], zone: str) -> Span:
    """The months of the first and the last day: charges are invoiced in no others.

    What lies before the month in which it was told is invoiced with that. One cancelled without
    proration is charged to the end of its periods, which the plan knows.
    """
    over = ending(facts)
    first = month_of(max(facts[0].effective_at, facts[0].recorded_at), zone)
    if over is None or (over.proration and not over.proration.mode.is_by_part):
        return Span(first, OPEN_MONTH)
    return Span(first, max(first, month_of(over.at - 1, zone)))
