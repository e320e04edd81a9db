"""Whether an event can be taken in, and what each meter counts of it. Done for every single event.

Shapes:  `judge` gives the postings of an event, none where no meter's filters let it through, or
         why it is refused. Whether it is known already, or its day's total grows too large, is for
         the intake.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, cast

from billing_service.domain.account import Account, Standing
from billing_service.domain.calendar import instant_text, next_month
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.usage.day_total import DayTotal, counting_of
from billing_service.domain.usage.days import CivilDay, DayFinder
from billing_service.domain.usage.event import RefusalReason, UsageEvent
from billing_service.domain.usage.quantity import nanos_of

TEXT_MAX: Final = 100
# An index of PostgreSQL takes keys of some 2,700 bytes, and escapes make texts longer.
DIMENSIONS_BYTES_MAX: Final = 2_000
NO_DIMENSIONS: Final = "[]"
_SHOWN_MAX: Final = 40
_SECOND_US: Final = 1_000_000
_DAY_US: Final = 86_400_000_000


_NO_DAY: Final = CivilDay("", 0, 0)


class TotalKey(NamedTuple):
    """Whose total: of which account, meter, civil day (ISO) and dimensions."""

    account: str
    meter: str
    day: str
    dimensions: str


class Refused(NamedTuple):
    """Why an event is not taken in; `field` is empty where it is the event as a whole."""

    reason: RefusalReason
    field: str
    message: str


class Running:
    """The total of a day as it runs: None while nothing is counted.

    A stale one must be summed up anew from the events, once these are stored.
    """

    __slots__ = ("is_changed", "is_stale", "key", "total")

    def __init__(self, key: TotalKey) -> None:
        self.key = key
        self.total: DayTotal | None = None
        self.is_changed = False
        self.is_stale = False


Reading = tuple[str, int, str]
"""What a meter reads in an event: dimensions, billionths, with UNIQUE_COUNT the value itself."""

Posting = tuple[Running, int, str, "MeterReader"]
"""What is added to a total: billionths, the value itself or '', and by which meter."""


class Judged(NamedTuple):
    """An event that can be taken in: when it happened, what is counted of it, and of whom.

    `meters` names those of its type, each between slashes, whatever they let through.
    """

    time_at: int
    postings: Sequence[Posting]
    meters: str
    home: "Home"


# A third of the time that Judged(...) takes.
_judged: Final[Callable[[tuple[int, Sequence[Posting], str, "Home"]], Judged]] = partial(
    tuple.__new__, Judged
)


class Bounds(NamedTuple):
    """How far from an account's clock the time of an event may lie.

    `received_at` is what the real clock showed when the events came; months before `kept_since`
    have aged out.
    """

    received_at: int
    tolerance_us: int
    age_max_us: int
    kept_since: int | None = None


class HomeDay:
    """A civil day of an account, with the totals that run in it, by meter and dimensions."""

    __slots__ = ("end_at", "running", "start_at", "text")

    def __init__(self, day: CivilDay) -> None:
        self.text, self.start_at, self.end_at = day
        self.running: dict[tuple[str, str], Running] = {}


class Home:
    """An account as its events are judged: its clock, its zone, and what is closed."""

    __slots__ = (
        "_by_day",
        "account",
        "bounds",
        "closed_until",
        "day",
        "days",
        "kept_since",
        "now_at",
        "since_at",
        "until_at",
    )

    def __init__(
        self, account: Account, standing: Standing, *, now_at: int, bounds: Bounds, days: DayFinder
    ) -> None:
        self.account = account
        self.now_at = now_at
        self.bounds = bounds
        self.days = days
        self.until_at = now_at + bounds.tolerance_us
        kept_since = bounds.kept_since
        # A day of which some has aged out could not be summed up anew: days are kept whole.
        self.kept_since = 0 if kept_since is None else days.find(kept_since - 1).end_at
        self.since_at = max(now_at - bounds.age_max_us, self.kept_since)
        closed = standing.closed_through
        # Days before it lie in months that are closed; none is before the empty text.
        self.closed_until = next_month(closed).isoformat() if closed else ""
        # The day that was asked for last; events of an account mostly come day by day.
        self.day = HomeDay(_NO_DAY)
        self._by_day: dict[str, HomeDay] = {}

    def find_day(self, time_at: int) -> HomeDay:
        """The day that holds an instant."""
        found = self.days.find(time_at)
        day = self._by_day.get(found.text)
        if day is None:
            day = self._by_day[found.text] = HomeDay(found)
        self.day = day
        return day

    def shown_at(self, real_at: int) -> int:
        """What the account's clock shows when the real one shows `real_at`."""
        return self.now_at if self.account.sandbox else real_at

    def refusal_of(self, time_at: int) -> Refused:
        """Why an event is refused whose time lies too far ahead or back."""
        name = f"accounts/{self.account.account}"
        if time_at > self.until_at:
            return Refused(
                RefusalReason.IN_FUTURE,
                "time",
                f"{instant_text(time_at)} lies more than {self.bounds.tolerance_us // _SECOND_US} "
                f"seconds ahead of {instant_text(self.now_at)}, the clock of {name}: "
                "set the sender's clock, or send the event later",
            )
        if self.bounds.kept_since is not None and time_at < self.kept_since:
            text = f"before {instant_text(self.kept_since)}, and those months have aged out"
        else:
            text = f"more than {self.bounds.age_max_us // _DAY_US} days back"
        remedy = f"charge {name} for it in another way"
        return Refused(
            RefusalReason.TOO_OLD, "time", f"{instant_text(time_at)} lies {text}: {remedy}"
        )


class MeterReader:
    """A meter as it reads events, with all that is asked for each event at hand."""

    __slots__ = ("adds_up", "count", "is_unique", "meter", "meter_id", "narrow", "property")

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.meter_id = meter.meter_id
        self.property = meter.value_property
        self.count = counting_of(meter.aggregation)
        self.is_unique = meter.aggregation is Aggregation.UNIQUE_COUNT
        self.adds_up = meter.aggregation is Aggregation.SUM
        # Whether only a part of the events, or the events by parts, are counted.
        self.narrow = bool(meter.filters or meter.dimensions)

    def read(self, data: Mapping[str, str]) -> Reading | Refused | None:
        """What is counted of an event; None if the filters do not let it through."""
        dimensions = NO_DIMENSIONS
        if self.narrow:
            if not self.meter.lets_through(data):
                return None
            dimensions = self.meter.dimensions_of(data)
            if len(dimensions) > TEXT_MAX and (fault := self._too_long(data, dimensions)):
                return fault
        if not self.property:
            return dimensions, 0, ""
        value = data.get(self.property, "")
        if self.is_unique:
            if not value or len(value) > TEXT_MAX:
                return self._malformed(value, f"a text of 1 to {TEXT_MAX} characters")
            return dimensions, 0, value
        nanos = nanos_of(value)
        if nanos is None:
            text = "a decimal from 0 to 10^12 with up to 9 decimals and no exponent, such as 12.5"
            return self._malformed(value, text)
        return dimensions, nanos, ""

    def _malformed(self, value: str, wanted: str) -> Refused:
        name = self.property
        shown = value if len(value) <= _SHOWN_MAX else f"{value[:_SHOWN_MAX]}…"
        what = f"is {shown!r}" if value else "is missing or empty"
        return Refused(
            RefusalReason.MALFORMED_VALUE,
            f"data.{name}",
            f"data.{name} {what}, and meters/{self.meter_id} needs it: state {wanted}",
        )

    def _too_long(self, data: Mapping[str, str], dimensions: str) -> Refused | None:
        """Refuse the value of a dimension that is too long, or all of them together."""
        for name in self.meter.dimensions:
            if len(data.get(name, "")) > TEXT_MAX:
                return Refused(
                    RefusalReason.MALFORMED_VALUE,
                    f"data.{name}",
                    f"data.{name} has more than {TEXT_MAX} characters, and meters/{self.meter_id} "
                    "tells usage apart by it: shorten it",
                )
        if len(dimensions.encode()) <= DIMENSIONS_BYTES_MAX:
            return None
        return Refused(
            RefusalReason.MALFORMED_VALUE,
            "data",
            f"the dimensions of meters/{self.meter_id} have more than {DIMENSIONS_BYTES_MAX} bytes "
            "together: shorten them",
        )


class Readers(NamedTuple):
    """The meters of a type of events, and their names, each between slashes."""

    each: tuple[MeterReader, ...]
    names: str


def readers_of(meters: Iterable[Meter]) -> Readers:
    """The meters of a type, as they read events."""
    each = tuple(map(MeterReader, meters))
    return Readers(each, f"/{'/'.join(reader.meter_id for reader in each)}/")


def judge(
    event: UsageEvent, home: Home | None, readers: Readers | None, running: dict[TotalKey, Running]
) -> Judged | Refused:
    """What is counted of an event, or why it is refused. `running` gets the totals it adds to."""
    _, account, _, _, kind, time_at, data, _, _ = event
    if home is None:
        return _unknown_account(account)
    if time_at is None:
        time_at = home.now_at
    if not home.since_at <= time_at <= home.until_at:
        return home.refusal_of(time_at)
    if readers is None:
        return _unknown_type(kind)
    day = home.day
    if not day.start_at <= time_at < day.end_at:
        day = home.find_day(time_at)
    postings: list[Posting] = []
    for reader in readers.each:
        reading = reader.read(data)
        if reading is None:
            continue
        if type(reading) is Refused:
            return reading
        dimensions, nanos, value = cast("Reading", reading)
        total = day.running.get((reader.meter_id, dimensions))
        if total is None:
            total = _start(day, TotalKey(account, reader.meter_id, day.text, dimensions), running)
        postings.append((total, nanos, value, reader))
    return _judged((time_at, postings, readers.names, home))


def _start(day: HomeDay, key: TotalKey, running: dict[TotalKey, Running]) -> Running:
    """The total of a key, which other batches may have met before."""
    total = running.get(key)
    if total is None:
        total = running[key] = Running(key)
    day.running[key.meter, key.dimensions] = total
    return total


def _unknown_account(account: str) -> Refused:
    return Refused(
        RefusalReason.UNKNOWN_ACCOUNT,
        "subject",
        f"accounts/{account} is not known: create it, or check the subject",
    )


def _unknown_type(kind: str) -> Refused:
    return Refused(
        RefusalReason.UNKNOWN_TYPE,
        "type",
        f"no meter counts events of type {kind!r}: create one with that event_name, or check the "
        "type",
    )
