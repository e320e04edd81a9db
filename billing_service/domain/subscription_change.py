"""What somebody asks to change about a plan's subscription, and the fact that it becomes.

Pure: previews and changes come to the same fact.
Source:  docs/decisions/0022-live-timelines.md
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Final, TypeAlias, assert_never

from billing_service.domain.calendar import civil_day, first_instant, next_month
from billing_service.domain.change_errors import (
    ChangeInEffect,
    ChangeNotFound,
    InvalidProration,
    SubscriptionNotChangeable,
    TooManyChanges,
)
from billing_service.domain.proration import (
    AllowanceSwitch,
    ChangeDay,
    Granularity,
    Proration,
    ProrationMode,
)
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscription import Subscription
from billing_service.domain.subscription_errors import InvalidDates
from billing_service.domain.subscription_facts import (
    Fact,
    FactKind,
    PlanHolding,
    counted,
    ending,
)
from billing_service.domain.waiting import overtaken, waits, waits_until

# How many facts a subscription may have before another change: each close looks at all of them.
FACTS_MAX: Final = 500
# What can be asked for, and taken back before it takes effect.
CHANGES: Final = frozenset(
    {FactKind.CHANGED, FactKind.CANCELLED, FactKind.PAUSED, FactKind.UNPAUSED}
)
_CHANGE_PREFIX: Final = "change-"
_AHEAD_MAX_US: Final = 366 * 86_400_000_000
# What leaves nothing to charge, or nothing that was, knows no difference and no new cycle.
_RESTARTING: Final = frozenset({ProrationMode.FULL_NOW, ProrationMode.DIFFERENCE_NOW})


class Moment(Enum):
    """An instant that the subscription itself tells."""

    NOW = "now"
    RENEWAL = "renewal"


# Now, at renewal, from the first instant of a day on, or from an instant on.
When: TypeAlias = Moment | date | int


@dataclass(frozen=True, slots=True)
class ProrationAsked:
    """How a change is to be charged; None: as the plan says."""

    mode: ProrationMode | None = None
    granularity: Granularity | None = None
    change_day: ChangeDay | None = None
    allowances: AllowanceSwitch | None = None

    def over(self, default: Proration) -> Proration:
        """What is asked for, and of a default what is not."""
        return Proration(
            mode=self.mode or default.mode,
            granularity=self.granularity or default.granularity,
            change_day=self.change_day or default.change_day,
            allowances=self.allowances or default.allowances,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """A change as it is asked for. `holding` is all that is held from then on, if it is CHANGED."""

    kind: FactKind
    when: When = Moment.NOW
    holding: PlanHolding | None = None
    proration: ProrationAsked = ProrationAsked()

    @property
    def told_on(self) -> date | None:
        """The day that is asked for, in UTC where it is told by an instant; None: no past one."""
        if isinstance(self.when, Moment):
            return None
        return self.when if isinstance(self.when, date) else civil_day(self.when, "UTC")


def fact_asked(subscribed: SubscribedPlan, asked: Asked, now: int) -> Fact:
    """The fact that a change becomes at an instant.

    Errors:  SubscriptionNotChangeable, InvalidDates, InvalidProration, TooManyChanges.
    """
    subscription = subscribed.subscription
    if len(subscription.facts) >= FACTS_MAX:
        raise TooManyChanges(*subscription.key, FACTS_MAX)
    asked_at = _asked_at(subscribed, asked.when, now)
    _check_time(subscription, asked.when, asked_at, now)
    _check_standing(subscription, asked.kind, asked_at)
    held = subscription.holding_at(asked_at)
    plan = subscribed.plans[held.plan if held else subscription.plan]
    proration = asked.proration.over(plan.proration)
    if asked.kind is not FactKind.CHANGED and proration.mode in _RESTARTING:
        raise InvalidProration(asked.kind.value)
    fact = Fact(asked.kind, asked_at, holding=asked.holding, proration=proration, recorded_at=now)
    if asked.holding is None or held is None or not waits(fact):
        return fact
    effective_at = waits_until(
        subscribed.licensed_at(asked_at),
        held,
        asked.holding,
        asked_at=asked_at,
        renewal_at=renewal_at(subscribed, asked_at),
        zone=subscribed.zone,
    )
    _check_standing(subscription, asked.kind, effective_at)
    return replace(fact, effective_at=effective_at)


def asked_as(fact: Fact) -> Asked:
    """What was asked for, by the fact that it became: it becomes the same again."""
    proration = fact.proration
    assert proration is not None  # noqa: S101 - all that is asked for says how it is charged
    return Asked(
        fact.kind,
        fact.effective_at,
        fact.holding,
        ProrationAsked(
            proration.mode, proration.granularity, proration.change_day, proration.allowances
        ),
    )


def overtaken_by(subscribed: SubscribedPlan, asked: Asked, now: int) -> list[Fact]:
    """The facts that withdraw what waits for renewal, where a change is to take its place.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    if asked.kind is not FactKind.CHANGED:
        return []
    facts = subscribed.subscription.facts
    asked_at = _asked_at(subscribed, asked.when, now)
    renews_at = renewal_at(subscribed, asked_at)
    return [
        Fact(FactKind.WITHDRAWN, facts[each - 1].effective_at, withdraws=each, recorded_at=now)
        for each in overtaken(subscribed.subscription, asked_at, renews_at)
    ]


def is_due_now(fact: Fact, now: int) -> bool:
    """Whether what a change costs is invoiced at once: it has taken effect, and is charged so."""
    return (
        fact.effective_at <= now and fact.proration is not None and fact.proration.mode.is_due_now
    )


def withdrawal(subscription: Subscription, ordinal: int, now: int) -> Fact:
    """The fact that takes back a change that has not taken effect.

    Errors:  ChangeNotFound, ChangeInEffect.
    """
    facts, change_id = subscription.facts, change_id_of(ordinal)
    is_there = 0 < ordinal <= len(facts) and facts[ordinal - 1].kind in CHANGES
    if not is_there or ordinal in {each.withdraws for each in facts}:
        raise ChangeNotFound(*subscription.key, change_id)
    effective_at = facts[ordinal - 1].effective_at
    if effective_at <= now:
        raise ChangeInEffect(*subscription.key, change_id)
    return Fact(FactKind.WITHDRAWN, effective_at, withdraws=ordinal, recorded_at=now)


def without_changes(subscription: Subscription, ordinals: Sequence[int]) -> Subscription:
    """The same as if some changes had never been asked for, to compare with."""
    undone = tuple(
        Fact(FactKind.WITHDRAWN, subscription.facts[each - 1].effective_at, withdraws=each)
        for each in ordinals
    )
    facts, derived = (*subscription.facts, *undone), subscription.derived.copied()
    return replace(subscription, facts=facts, derived=derived)


def without_differences_ahead(subscription: Subscription, at: int) -> Subscription:
    """The same without what has not taken effect, and will then charge what has begun otherwise.

    So nothing is due at once for what may still be undone.
    """
    ahead = [
        ordinal
        for ordinal, fact in changes_of(subscription)
        if fact.effective_at > at
        and fact.proration is not None
        and fact.proration.mode is ProrationMode.DIFFERENCE_NOW
    ]
    return without_changes(subscription, ahead) if ahead else subscription


def next_change_at(subscription: Subscription, instant_at: int) -> int | None:
    """The first instant after another at which something that was asked for takes effect."""
    ahead = (each.effective_at for each in counted(subscription.facts) if each.kind in CHANGES)
    return min((each for each in ahead if each > instant_at), default=None)


def changes_of(subscription: Subscription) -> list[tuple[int, Fact]]:
    """What was asked for and not undone, by number, in the order in which it takes effect."""
    numbers = {id(fact): ordinal for ordinal, fact in enumerate(subscription.facts, start=1)}
    return [
        (numbers[id(fact)], fact) for fact in counted(subscription.facts) if fact.kind in CHANGES
    ]


def held_as_of(subscription: Subscription, at: int) -> PlanHolding | None:
    """What a plan's subscription holds at an instant, or would if nothing kept it from doing so.

    Before it begins, what it begins with; None of an instance.
    """
    begun = [each.stated for each in subscription.phases() if each.start_at <= at]
    return begun[-1] if begun else subscription.facts[0].holding


def ordinal_of(change_id: str) -> int:
    """The place of a change among the facts, from 1; 0 for what no change is called."""
    number = change_id.removeprefix(_CHANGE_PREFIX)
    return int(number) if number.isdecimal() else 0


def change_id_of(ordinal: int) -> str:
    """What a change is called: by its place among the facts, from 1."""
    return f"{_CHANGE_PREFIX}{ordinal}"


def renewal_at(subscribed: SubscribedPlan, instant_at: int) -> int:
    """When the next period begins of what is held at an instant: of that which ends last.

    What is used has periods of its own, which do not count; without any other, it is the first of
    the next month. A trial is a period, too. Before the beginning, it is that of the first period.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    terms, zone = subscribed.terms, subscribed.zone
    reached_at = max(instant_at, first_instant(terms.begins_on, zone))
    day = civil_day(reached_at, zone)
    if day < terms.charged_from_on:
        return first_instant(terms.charged_from_on, zone)
    ends = [each.period.full_end_on for each in subscribed.licensed_at(reached_at)]
    return first_instant(max(ends, default=next_month(day.replace(day=1))), zone)


def _asked_at(subscribed: SubscribedPlan, when: When, now: int) -> int:
    match when:
        case Moment.NOW:
            return now
        case Moment.RENEWAL:
            return renewal_at(subscribed, now)
        case date():
            return first_instant(when, subscribed.zone)
        case int():
            return when
        case _ as unreachable:
            assert_never(unreachable)


def _check_time(subscription: Subscription, when: When, effective_at: int, now: int) -> None:
    """Refuse a time before the beginning, or too far ahead; what is asked for now may wait for it.

    Errors:  InvalidDates.
    """
    if isinstance(when, Moment):
        return
    field = "effective.date" if isinstance(when, date) else "effective.time"
    if effective_at < subscription.facts[0].effective_at:
        raise InvalidDates(field, "must not lie before the subscription begins")
    if effective_at > now + _AHEAD_MAX_US:
        raise InvalidDates(field, "must lie within a year ahead")


def _check_standing(subscription: Subscription, kind: FactKind, effective_at: int) -> None:
    """Refuse to change what is over, to pause what is paused, and to resume what is not.

    Errors:  SubscriptionNotChangeable.
    """
    over = ending(subscription.facts)
    if over is not None and effective_at >= over.at:
        text = "is over then: subscribe anew, or undo what ends it"
        raise SubscriptionNotChangeable(*subscription.key, text)
    is_paused = subscription.is_paused_at(max(effective_at, subscription.facts[0].effective_at))
    if kind is FactKind.PAUSED and is_paused:
        raise SubscriptionNotChangeable(*subscription.key, "is paused then: resume it first")
    if kind is FactKind.UNPAUSED and not is_paused:
        raise SubscriptionNotChangeable(*subscription.key, "is not paused then: leave it")
