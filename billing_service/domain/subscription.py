"""Subscriptions: a timeline of facts with an effective time, and the months that it bills.

Of an instance, facts tell what happened to it. Of a plan that was subscribed they state on which
days it is, and what it holds.

Shapes:  intervals are half-open and in order; one that ends where it begins still counts where it
         begins, since the instance was subscribed at that instant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from typing import Final

from billing_service.domain.calendar import first_instant, month_of, next_month
from billing_service.domain.quantities import Held

# The last month of what has no end yet.
OPEN_MONTH: Final = date(9999, 12, 1)
# The last month of what never comes to be billed.
NO_MONTH: Final = date(1, 1, 1)
_ID_LENGTH_MAX: Final = 63
_IDS_MAX: Final = 20


class FactKind(Enum):
    """What can happen to a subscription."""

    SUBSCRIBED = "subscribed"
    MIGRATED = "migrated"
    CANCELLED = "cancelled"
    RESUMED = "resumed"
    ENDED = "ended"
    STARTED = "started"


class SubscriptionState(Enum):
    """Where a subscription stands."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    CANCELLED = "cancelled"
    ENDED = "ended"


_OPENING: Final = frozenset(
    {FactKind.SUBSCRIBED, FactKind.MIGRATED, FactKind.RESUMED, FactKind.STARTED}
)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """The days `[begins_on, ends_on)` on which a plan is subscribed (None: it goes on), and what
    it holds of the plan's licensed prices and add-ons.

    `ends_at` is the first instant of `ends_on`, in the account's zone. `by_whole_months`: it is
    charged as instances are, by calendar months from the first one's first day.
    """

    begins_on: date
    ends_on: date | None = None
    held: tuple[Held, ...] = ()
    ends_at: int | None = None
    by_whole_months: bool = False

    @property
    def span(self) -> "Span":
        """The months of the first and the last day: charges are invoiced in no others."""
        last = self.ends_on.replace(day=1) if self.ends_on else OPEN_MONTH
        if self.ends_on and self.ends_on.day == 1:
            last = (self.ends_on - _DAY).replace(day=1)
        return Span(self.begins_on.replace(day=1), last)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a subscription, and since when it holds.

    `terms` are those that a plan is subscribed on from then on; None for an instance.
    """

    kind: FactKind
    effective_at: int
    terms: PlanTerms | None = None


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

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its account and its id."""
        return (self.account, self.subscription_id)

    @property
    def plan_terms(self) -> PlanTerms | None:
        """The terms on which a plan is subscribed; None for an instance."""
        return self.facts[-1].terms

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
        if self.plan_terms is not None:
            return self._state_of_plan(self.plan_terms, now)
        if self.has_ended:
            return SubscriptionState.ENDED
        if not self.is_live:
            return SubscriptionState.CANCELLED
        if self.first_billed_month and first_instant(self.first_billed_month, zone) > now:
            return SubscriptionState.SCHEDULED
        return SubscriptionState.ACTIVE

    def _state_of_plan(self, terms: PlanTerms, now: int) -> SubscriptionState:
        if terms.ends_at is not None and terms.ends_at <= now:
            return SubscriptionState.ENDED
        is_ahead = self.facts[0].effective_at > now
        return SubscriptionState.SCHEDULED if is_ahead else SubscriptionState.ACTIVE


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
    plan: str,
    band: int,
    display_name: str,
    terms: PlanTerms,
    zone: str,
) -> Subscription:
    """A new subscription to a plan, on the terms of its first day; `ends_at` is filled in."""
    ends_at = None if terms.ends_on is None else first_instant(terms.ends_on, zone)
    started = Fact(
        FactKind.STARTED, first_instant(terms.begins_on, zone), replace(terms, ends_at=ends_at)
    )
    return Subscription(
        account=account,
        subscription_id=subscription_id,
        plan=plan,
        band=band,
        first_billed_month=None,
        facts=(started,),
        span=terms.span,
        display_name=display_name,
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
    start_at: int | None = None
    for fact in facts:
        if fact.kind in _OPENING and start_at is None:
            start_at = fact.effective_at
        elif fact.kind not in _OPENING and start_at is not None:
            yield Interval(start_at, fact.effective_at)
            start_at = None
    if start_at is not None:
        terms = facts[-1].terms
        yield Interval(start_at, terms.ends_at if terms else None)


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
