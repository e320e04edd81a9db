"""Price changes of single accounts: another version of a plan, or an index on its prices.

Units:   an index is a factor on prices, kept to 12 decimals; 1 leaves them as they are.
Source:  docs/decisions/0013-price-changes.md
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from math import prod
from typing import Final

from billing_service.domain.catalog_errors import NoticeTooShort, PriceChangeNotPending

INDEX_DECIMALS: Final = 12
PERCENT_DECIMALS_MAX: Final = 6
PERCENT_MIN: Final = -100
PERCENT_MAX: Final = 1000
# What prices rise to at most: amounts beyond could not be stored, and no month could be closed.
INDEX_MAX: Final = 1_000_000

# An index counts in units of its last decimal, so that it is exact however often it is raised.
_ONE: Final = 10**INDEX_DECIMALS
_HUNDRED: Final = Decimal(100)
_ROUNDED: Final = Context(prec=80, rounding=ROUND_HALF_UP)
_UNCHANGED: Final = Decimal(1)
_FEBRUARY: Final = 2
_LEAP_DAY: Final = 29


@dataclass(frozen=True, slots=True)
class Indexation:
    """An index on all prices of a plan: by so many percent, once or on each anniversary again."""

    percent: Decimal
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class PriceChange:
    """From a day on, an account's subscriptions to a plan cost something else.

    Exactly one of `plan_version` and `indexation` is set.
    """

    account: str
    price_change_id: str
    plan: str
    effective_on: date
    plan_version: int | None
    indexation: Indexation | None
    note: str
    notice_at: int
    cancelled_at: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its account and its id."""
        return (self.account, self.price_change_id)

    @property
    def order(self) -> tuple[date, int, str]:
        """Its place among others: by effective date, then by notice."""
        return (self.effective_on, self.notice_at, self.price_change_id)

    def check_notice(self, today: date, days: int) -> None:
        """Refuse a date that is less than `days` ahead.

        Errors:  NoticeTooShort, naming the earliest date.
        """
        earliest_on = today + timedelta(days=days)
        if self.effective_on < earliest_on:
            raise NoticeTooShort(self.plan, days, earliest_on)

    def cancelled(self, today: date, now: int) -> "PriceChange":
        """The same, cancelled.

        Errors:  PriceChangeNotPending if it is in force, or was cancelled.
        """
        if self.cancelled_at is not None or self.effective_on <= today:
            raise PriceChangeNotPending(*self.key)
        return replace(self, cancelled_at=now)

    def is_in_force(self, day: date) -> bool:
        """Whether it changes what begins on a day."""
        return self.cancelled_at is None and self.effective_on <= day


@dataclass(frozen=True, slots=True)
class AccountPricing:
    """What changes for an account: the version that prices it (None: none stated), the index."""

    version: int | None = None
    price_index: Decimal = _UNCHANGED


_AS_LISTED: Final = AccountPricing()


def terms_on(changes: Iterable[PriceChange], plan: str, day: date) -> AccountPricing:
    """What changes for an account's subscriptions to a plan, in periods that begin on a day.

    The latest change that names a version decides it; all indices are multiplied, up to the bound.
    """
    in_force = [each for each in changes if each.plan == plan and each.is_in_force(day)]
    if not in_force:
        return _AS_LISTED
    versions = [each for each in in_force if each.plan_version is not None]
    last = max(versions, key=lambda each: each.order, default=None)
    indices = [
        _index(each.indexation, each.effective_on, day) for each in in_force if each.indexation
    ]
    return AccountPricing(last.plan_version if last else None, _multiplied(indices))


def anniversaries(effective_on: date, day: date) -> int:
    """How many anniversaries of a day have come; of 29 February, in other years, on the 28th."""
    years = day.year - effective_on.year
    is_leap_day = (effective_on.month, effective_on.day) == (_FEBRUARY, _LEAP_DAY)
    reached = (effective_on.month, effective_on.day)
    if is_leap_day and not _is_leap(day.year):
        reached = (_FEBRUARY, _LEAP_DAY - 1)
    return years if (day.month, day.day) >= reached else years - 1


def _index(indexation: Indexation, effective_on: date, day: date) -> int:
    """An index on a day, in units of its last decimal."""
    with localcontext(_ROUNDED):
        factor = int((1 + indexation.percent / _HUNDRED) * _ONE)
    index = factor
    for _ in range(anniversaries(effective_on, day) if indexation.yearly else 0):
        index = _half_up(index * factor, _ONE)
    return index


def _multiplied(indices: list[int]) -> Decimal:
    """The product of indices, kept to their decimals and bound: exact up to one rounding."""
    if not indices:
        return _UNCHANGED
    product = min(_half_up(prod(indices), _ONE ** (len(indices) - 1)), INDEX_MAX * _ONE)
    with localcontext(_ROUNDED):
        return Decimal(product).scaleb(-INDEX_DECIMALS)


def _half_up(numerator: int, divisor: int) -> int:
    """A quotient of whole numbers above 0 as a whole number, half up."""
    return (2 * numerator + divisor) // (2 * divisor)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
