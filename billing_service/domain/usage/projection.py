"""What will be used by the end of a period, foreseen from what was used so far.

Shapes:  COUNT, SUM and WEIGHTED_SUM add up over time, and go on as they did on average since the
         period began. All else stays as it stands; so does everything where less than an hour of
         the period has gone by, or all of it.
Units:   instants and lengths in microseconds. A projected quantity is rounded once, as its meter
         rounds; where events are counted, to whole events before that.
Source:  docs/decisions/0019-usage-summaries.md
"""

from decimal import Decimal
from enum import Enum
from typing import Final, NamedTuple

from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.money import EXACT, round_quotient
from billing_service.domain.price_models import Transaction, Usage
from billing_service.domain.usage.quantity import NANOS

# So soon after the beginning, an average says nothing.
GONE_BY_MIN_US: Final = 3_600_000_000
_DECIMALS: Final = 9
_ADDED_UP: Final = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.WEIGHTED_SUM})


class ProjectionMethod(Enum):
    """How the end of a period is foreseen."""

    LINEAR = "linear"
    AS_IT_STANDS = "as_it_stands"


class Progress(NamedTuple):
    """How far a period has come: `now` may lie before it, in it or after it."""

    start_at: int
    end_at: int
    now: int

    @property
    def is_under_way(self) -> bool:
        """Whether an average of the time gone by can be carried on to the end."""
        return self.start_at + GONE_BY_MIN_US <= self.now < self.end_at

    @property
    def gone_by_us(self) -> int:
        """How much of it has gone by."""
        return self.now - self.start_at

    @property
    def length_us(self) -> int:
        """How long it is."""
        return self.end_at - self.start_at


def method_of(meter: Meter, progress: Progress) -> ProjectionMethod:
    """How usage is foreseen."""
    if meter.aggregation in _ADDED_UP and progress.is_under_way:
        return ProjectionMethod.LINEAR
    return ProjectionMethod.AS_IT_STANDS


def projected(usage: Usage, meter: Meter, progress: Progress) -> Usage:
    """The usage that a period will have at its end.

    Transactions that are still to come are as large as those so far on average, the last one
    takes what does not divide.
    """
    if method_of(meter, progress) is ProjectionMethod.AS_IT_STANDS:
        return usage
    events_count = round_quotient(usage.events_count * progress.length_us, progress.gone_by_us)
    if meter.aggregation is Aggregation.COUNT:
        quantity = meter.converted(events_count * NANOS)
    else:
        quantity = _carried_on(usage.quantity, meter, progress)
    return usage._replace(
        quantity=quantity,
        events_count=events_count,
        transactions=(*usage.transactions, *_to_come(usage, quantity, events_count)),
        by_unit=tuple(_carried_on(each, meter, progress) for each in usage.by_unit),
    )


def _carried_on(quantity: Decimal, meter: Meter, progress: Progress) -> Decimal:
    numerator = _billionths(quantity) * progress.length_us
    return meter.rounding.quotient(numerator, NANOS * progress.gone_by_us)


def _to_come(usage: Usage, quantity: Decimal, events_count: int) -> tuple[Transaction, ...]:
    """The transactions that are foreseen; none where nobody asked for those so far."""
    count = events_count - usage.events_count
    if not usage.transactions or count <= 0:
        return ()
    rest = max(0, _billionths(quantity) - _billionths(usage.quantity))
    each = rest // count
    last = Transaction(_quantity(rest - each * (count - 1)))
    return (Transaction(_quantity(each), count - 1), last) if count > 1 else (last,)


def _billionths(quantity: Decimal) -> int:
    return int(quantity.scaleb(_DECIMALS, EXACT))


def _quantity(billionths: int) -> Decimal:
    return Decimal(billionths).scaleb(-_DECIMALS, EXACT)
