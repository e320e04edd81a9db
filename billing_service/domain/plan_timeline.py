"""Which version of a plan prices a subscription from day to day, and at which index."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from billing_service.domain.calendar import civil_day, first_instant
from billing_service.domain.catalog_errors import PlanVersionNotFound
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.estimate_errors import InlinePriceNotFound, InlineVersionNotFound
from billing_service.domain.item_rate import MONTHLY
from billing_service.domain.plan import Plan, VersionPolicy
from billing_service.domain.plan_version import PlanVersion, priced_text, wanted_text
from billing_service.domain.price import applying
from billing_service.domain.price_change import PriceChange, terms_on
from billing_service.domain.versions import in_force


class PricedPlan(NamedTuple):
    """A plan as it is priced for one subscription; one that is not stored has no id.

    `pinned` is the number of the version that prices all of it; 0: that which is in force.
    `changes` are the account's price changes, `zone` says when its days begin.
    """

    plan: Plan
    band: int
    currency: str
    zone: str
    pinned: int = 0
    changes: tuple[PriceChange, ...] = ()


class PlanTimeline:
    """The versions that price a subscription, each from a day on."""

    def __init__(
        self,
        priced: PricedPlan,
        *,
        begins_on: date,
        through_on: date,
        held_on: date | None = None,
    ) -> None:
        """The timeline of a subscription from its first day through another.

        A kept version is that of `held_on`; None: of the first day.

        Errors:  PlanVersionNotFound, PriceNotFound.
        """
        self._priced = priced
        self._indices: dict[date, Decimal] = {}
        self._days: list[date] = []
        self._versions: list[PlanVersion] = []
        for day in sorted({begins_on, *_turning_days(priced, begins_on, through_on)}):
            version = _version_on(priced, day, held_on or begins_on)
            if not self._versions or self._versions[-1] is not version:
                self._days.append(day)
                self._versions.append(version)

    @property
    def priced(self) -> PricedPlan:
        """The plan as it is priced."""
        return self._priced

    @property
    def versions(self) -> Sequence[PlanVersion]:
        """The versions that are in force at some time, the earliest first."""
        return self._versions

    @property
    def is_by_whole_months(self) -> bool:
        """Whether all prices are charged as instances are: by calendar months, each of them whole.

        Then it is all the same on which day of its month a subscription begins or ends.
        """
        priced = self._priced
        return all(
            version.schedule_of(price) == MONTHLY
            for version in self._versions
            for price in applying(version.prices, band=priced.band, currency=priced.currency)
        )

    def version_on(self, day: date) -> PlanVersion:
        """The version that prices a period that begins on a day: at the latest, the first."""
        return self._versions[max(0, bisect_right(self._days, day) - 1)]

    def turn_after(self, day: date) -> date | None:
        """The next day on which another version comes into force."""
        place = bisect_right(self._days, day)
        return self._days[place] if place < len(self._days) else None

    def index_on(self, day: date) -> Decimal:
        """The account's index on the prices of a period that begins on a day."""
        known = self._indices.get(day)
        if known is None:
            changes, plan_id = self._priced.changes, self._priced.plan.plan_id
            known = self._indices[day] = terms_on(changes, plan_id, day).price_index
        return known


def is_by_whole_months(priced: PricedPlan, begins_on: date) -> bool:
    """Whether a subscription that begins on a day is charged as instances are.

    All versions say so that may ever price it, as far as they are known: how far one looks ahead
    changes nothing.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    timeline = PlanTimeline(priced, begins_on=begins_on, through_on=date.max)
    if not timeline.is_by_whole_months:
        return False
    month = begins_on.replace(day=1)
    by_months = PlanTimeline(priced, begins_on=month, through_on=date.max, held_on=begins_on)
    return by_months.is_by_whole_months


def _turning_days(priced: PricedPlan, begins_on: date, through_on: date) -> Iterator[date]:
    """The days on which another version may come into force."""
    for version in priced.plan.versions:
        if version.effective_at is not None:
            yield from _within(_first_day(version.effective_at, priced.zone), begins_on, through_on)
    for change in priced.changes:
        yield from _within(change.effective_on, begins_on, through_on)


def _within(day: date, begins_on: date, through_on: date) -> Iterator[date]:
    if begins_on < day <= through_on:
        yield day


def _first_day(effective_at: int, zone: str) -> date:
    """The first day that begins at an instant or later."""
    day = civil_day(effective_at, zone)
    return day if first_instant(day, zone) >= effective_at else day + timedelta(days=1)


def _version_on(priced: PricedPlan, day: date, held_on: date) -> PlanVersion:
    """The version that prices a period from a day on.

    One that does not price the band in the currency gives way to the first later one that does.
    """
    first = _number_on(priced, day, held_on)
    plan, band, currency = priced.plan, priced.band, priced.currency
    looked_at = plan.versions[first - 1 : first if priced.pinned else None]
    for version in looked_at:
        if next(version.basic(band=band, currency=currency), None) is not None:
            return version
    wanted, others = wanted_text(looked_at, band=band, currency=currency), priced_text(looked_at)
    if not plan.plan_id:
        raise InlinePriceNotFound(wanted, others)
    raise PriceNotFound(plan.plan_id, wanted, day, others)


def _number_on(priced: PricedPlan, day: date, held_on: date) -> int:
    """The number of the version that holds on a day: pinned, the account's own, or in force."""
    plan = priced.plan
    own = priced.pinned or terms_on(priced.changes, plan.plan_id, day).version
    if own is None:
        decided_on = held_on if plan.policy is VersionPolicy.KEEP else day
        return in_force(plan.versions, first_instant(decided_on, priced.zone)).version
    if own > len(plan.versions):
        if not plan.plan_id:
            raise InlineVersionNotFound
        raise PlanVersionNotFound(plan.plan_id, own)
    return own
