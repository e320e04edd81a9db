"""Facts of a subscription's timeline, and the phases that those of a plan make.

Facts are only ever added, and what holds follows from when each takes effect, whenever it was told:
of two that take effect at once, the one told later holds.

Shapes:  phases are half-open, in order, and tile the time from the beginning to the end.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final, NamedTuple

from billing_service.domain.calendar import civil_day
from billing_service.domain.negotiated import PriceOverride
from billing_service.domain.price import Anchor
from billing_service.domain.proration import Proration
from billing_service.domain.quantities import Held


class FactKind(Enum):
    """What can happen to a subscription."""

    SUBSCRIBED = "subscribed"
    MIGRATED = "migrated"
    CANCELLED = "cancelled"
    RESUMED = "resumed"
    ENDED = "ended"
    STARTED = "started"
    CHANGED = "changed"
    PAUSED = "paused"
    UNPAUSED = "unpaused"
    LAPSED = "lapsed"
    PAID_UP = "paid_up"
    WITHDRAWN = "withdrawn"


# An enum is slow to look a member up in.
_CANCELLED: Final = FactKind.CANCELLED
_WITHDRAWN: Final = FactKind.WITHDRAWN


@dataclass(frozen=True, slots=True)
class PlanHolding:
    """All that is subscribed from an instant on: a plan, and what is held of its licensed prices
    and add-ons, with what was agreed about prices, and the coupons.
    """

    plan: str
    band: int = 0
    held: tuple[Held, ...] = ()
    price_overrides: tuple[PriceOverride, ...] = ()
    coupons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """The days `[begins_on, ends_on)` on which a plan is subscribed (None: it goes on).

    `ends_at` is the first instant of `ends_on`, in the account's zone. `by_whole_months`: it is
    charged as instances are, by calendar months from the first one's first day. `anchor` takes the
    place of that of the plan's schedules; with ANNIVERSARY, `anchor_on` is the day whose
    anniversaries are meant (None: the first day that is charged). Nothing is charged before
    `trial_ends_on`. `prepaid`: what is charged in advance is paid before it begins, or nothing is
    held.
    """

    begins_on: date
    ends_on: date | None = None
    ends_at: int | None = None
    by_whole_months: bool = False
    anchor: Anchor | None = None
    trial_ends_on: date | None = None
    anchor_on: date | None = None
    prepaid: bool = False

    @property
    def charged_from_on(self) -> date:
        """The first day that is charged."""
        return self.trial_ends_on or self.begins_on

    @property
    def counted_from_on(self) -> date:
        """The day from which anniversaries are reckoned."""
        return self.anchor_on or self.charged_from_on


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a subscription, and since when it holds.

    `terms` are those that a plan is subscribed on; only its first fact has them. `holding` is what
    is subscribed from then on, `proration` how that is charged. `withdraws` is the number, from 1,
    of a fact that never counts; 0: of none. `recorded_at` is when the fact was told.
    """

    kind: FactKind
    effective_at: int
    terms: PlanTerms | None = None
    holding: PlanHolding | None = None
    proration: Proration | None = None
    withdraws: int = 0
    recorded_at: int = 0


class Phase(NamedTuple):
    """A stretch `[start_at, end_at)` in which a plan's subscription holds the same; `end_at` None:
    it lasts. While it is paused, or lapsed for want of payment, it holds nothing.

    `proration` says how its beginning is charged; None of the first one. `stated` is what it would
    hold otherwise.
    """

    start_at: int
    end_at: int | None
    holding: PlanHolding | None
    proration: Proration | None = None
    stated: PlanHolding | None = None
    is_paused: bool = False
    is_lapsed: bool = False


class Ending(NamedTuple):
    """When a plan's subscription is over, and how that is charged; None: as its schedules say."""

    at: int
    proration: Proration | None


def ending(facts: Sequence[Fact]) -> Ending | None:
    """When a plan's subscription is over: by its terms, or cancelled before; None: never."""
    begins_at, terms = facts[0].effective_at, facts[0].terms
    ends = [] if terms is None or terms.ends_at is None else [Ending(terms.ends_at, None)]
    # Mostly nothing is: it is asked again and again.
    if _CANCELLED in [each.kind for each in facts]:
        ends += [
            Ending(max(begins_at, fact.effective_at), fact.proration)
            for fact in counted(facts)
            if fact.kind is _CANCELLED
        ]
    return min(ends, key=lambda each: each.at) if ends else None


def first_day_affected(facts: Sequence[Fact], further: Fact, zone: str) -> date:
    """The day since which a further fact may change what is charged: what ends before it stays.

    A period that holds the fact's day, however long, ends on it or later.
    """
    at = further.effective_at
    if further.kind is FactKind.WITHDRAWN:
        at = facts[further.withdraws - 1].effective_at
    return civil_day(max(at, facts[0].effective_at), zone)


def phases(facts: Sequence[Fact]) -> tuple[Phase, ...]:
    """What a plan's subscription holds from its beginning to its end, one stretch after the other.

    What takes effect before the beginning does so with it, and after the end not at all.
    """
    over = ending(facts)
    begins_at, end_at = facts[0].effective_at, over.at if over else None
    found: list[Phase] = []
    stated, is_paused, is_lapsed = facts[0].holding, False, False
    for fact in counted(facts):
        if end_at is not None and fact.effective_at >= end_at and found:
            break
        match fact.kind:
            case FactKind.STARTED | FactKind.CHANGED:
                stated = fact.holding
            case FactKind.PAUSED | FactKind.UNPAUSED if is_paused is (
                fact.kind is FactKind.UNPAUSED
            ):
                is_paused = not is_paused
            case FactKind.LAPSED | FactKind.PAID_UP if is_lapsed is (fact.kind is FactKind.PAID_UP):
                is_lapsed = not is_lapsed
            case _:
                continue
        holding = None if is_paused or is_lapsed else stated
        start_at = max(begins_at, fact.effective_at)
        phase = Phase(start_at, None, holding, fact.proration, stated, is_paused, is_lapsed)
        _begin_phase(found, phase)
    return tuple(_ending_each(found, end_at))


def counted(facts: Sequence[Fact]) -> list[Fact]:
    """The facts that count, in the order in which they take effect."""
    withdrawn = {each.withdraws for each in facts if each.kind is _WITHDRAWN}
    standing: Iterable[Fact] = facts
    if withdrawn:
        standing = [
            fact
            for ordinal, fact in enumerate(facts, start=1)
            if ordinal not in withdrawn and fact.kind is not _WITHDRAWN
        ]
    begins_at = facts[0].effective_at
    return sorted(
        standing,
        key=lambda each: each.effective_at if each.effective_at > begins_at else begins_at,
    )


def _begin_phase(found: list[Phase], phase: Phase) -> None:
    """Add a phase, in place of one that it leaves no time; after nothing, nothing is cut by it."""
    last = found[-1] if found else None
    if last is not None and last.holding is None and phase.holding is None:
        is_same = last.start_at == phase.start_at
        phase = phase._replace(proration=last.proration if is_same else None)
    if last is not None and last.start_at == phase.start_at:
        found.pop()
    found.append(phase if found else phase._replace(proration=None))


def _ending_each(found: Sequence[Phase], end_at: int | None) -> Iterator[Phase]:
    for place, each in enumerate(found):
        later = found[place + 1].start_at if place + 1 < len(found) else end_at
        yield each if later is None else each._replace(end_at=later)
