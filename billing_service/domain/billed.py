"""What was billed for a charge key: the revision in force, and the lines on which it still stands.

Revisions are numbered from 1 and never changed: a reversal is a revision that takes back another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from billing_service.domain.allowance import Coverage, PartUnit
from billing_service.domain.tax import LineTax

_SECONDS_A_DAY: Final = 86_400
# Longer than any period, whose parts may be in any unit.
_LONGEST: Final = timedelta(days=3_660)


class BilledLine(NamedTuple):
    """A line of an issued invoice, and how much of it is for a charge key."""

    payer: str
    invoice: str
    line_number: int
    amount_minor: int

    @property
    def place(self) -> tuple[str, str, int]:
        """Which line it is."""
        return (self.payer, self.invoice, self.line_number)


class Billed(NamedTuple):
    """What was billed for a charge key.

    Shapes:  `revision` is the last, `stands` the one in force (None: all was taken back, and
             `amount_minor` is 0); the rest is as the last was rated. `lines` is where the amount
             stands, the oldest first; `taxed` how the last line was taxed (None: it was not).
    """

    revision: int
    stands: int | None
    amount_minor: int
    currency: str
    plan: str
    plan_version: int
    band: int
    quantity: Decimal
    coverage: Coverage
    period_end_on: date
    invoice_month: date
    review: str = ""
    lines: tuple[BilledLine, ...] = ()
    taxed: LineTax | None = None


@dataclass(frozen=True, slots=True)
class Adjusts:
    """What a rated item takes the place of.

    `is_closed`: all months of the period were closed before. `is_withdrawn`: nothing takes its
    place, for the period is not subscribed any more.
    """

    billed: Billed
    is_closed: bool
    is_withdrawn: bool = False


def may_end_on(start_on: date, period_end_on: date, coverage: Coverage, amount_minor: int) -> date:
    """The day by which the period of what was billed ends at the latest, whatever was undone since.

    What is charged in full though it was cut short, or costs nothing, comes to as much when the cut
    is taken back: nothing is billed then, and its end stays the one that was billed.
    """
    if amount_minor and not coverage.is_whole:
        return period_end_on
    lasts = _LONGEST
    if coverage.unit is not PartUnit.PARTS:
        is_days = coverage.unit is PartUnit.DAYS
        lasts = timedelta(days=coverage.whole if is_days else coverage.whole // _SECONDS_A_DAY + 1)
    return max(period_end_on, start_on + lasts)


def standing_lines(entries: Iterable[BilledLine]) -> tuple[BilledLine, ...]:
    """Where what was charged stands, from what was charged and taken back line by line, in order.

    What is taken back is taken from the line that charged last.
    """
    standing: list[BilledLine] = []
    for each in _net(entries):
        if each.amount_minor > 0:
            standing.append(each)
        else:
            standing, _ = taken_off(standing, -each.amount_minor)
    return tuple(standing)


def taken_back(entries: Iterable[BilledLine]) -> Iterator[tuple[BilledLine, BilledLine]]:
    """The lines that took something back, each with what that was of an earlier one.

    Shapes:  `entries` as `standing_lines` has them.
    """
    standing: list[BilledLine] = []
    for each in _net(entries):
        if each.amount_minor > 0:
            standing.append(each)
            continue
        standing, taken = taken_off(standing, -each.amount_minor)
        yield from ((each, part) for part in taken)


def _net(entries: Iterable[BilledLine]) -> Iterator[BilledLine]:
    """What each line comes to, in order."""
    net: dict[tuple[str, str, int], int] = {}
    for each in entries:
        net[each.place] = net.get(each.place, 0) + each.amount_minor
    for place, amount_minor in net.items():
        yield BilledLine(*place, amount_minor)


def taken_off(
    lines: Sequence[BilledLine], amount_minor: int
) -> tuple[list[BilledLine], list[BilledLine]]:
    """The lines without an amount, and the parts taken off: the last line first, none below 0."""
    left, taken = list(lines), []
    while left and amount_minor > 0:
        last = left.pop()
        part = min(last.amount_minor, amount_minor)
        amount_minor -= part
        if part:
            taken.append(last._replace(amount_minor=part))
        if part < last.amount_minor:
            left.append(last._replace(amount_minor=last.amount_minor - part))
    return left, taken
