"""The service against the reference: whatever is done in whatever order, both say the same."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billing_service.domain.calendar import first_instant, month_after, month_of
from billing_service.domain.price import DimensionFilter
from billing_service.domain.usage.event import EventOutcome, UsageEvent
from billing_service.domain.usage.wanted import UsageWanted
from billing_service.storage.usage_reading import usages
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from billing_service.use_cases.ingest import INGEST, IngestEvents
from chassis.errors import DomainError
from chassis.use_case import UseCase
from tests.billing.builders import Billing
from tests.billing.usage.ingesting import stated_event
from tests.billing.usage.machine_world import (
    DATA,
    DAY_US,
    FINE_DATA,
    HOUR_US,
    LATER,
    METERS,
    NAMES,
    PAST,
    TYPES,
    WHEN,
    ZONES,
    instant,
    next_month_start,
)
from tests.billing.usage.reference import (
    AGE_MAX_US,
    FUTURE_TOLERANCE_US,
    Answer,
    Draft,
    Reference,
)

ACCOUNT = "acme"
FINE = st.lists(st.tuples(PAST, FINE_DATA), min_size=2, max_size=9)
EUROPE = ("eu", "uk")


class UsageMachine(RuleBasedStateMachine):
    """One account, a meter of every kind, and a subscription that prices them."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.billing = Billing.at(url)
        self.reference = Reference("UTC", list(METERS))

    def teardown(self) -> None:
        """Leave the store."""
        self.billing.close()

    @property
    def now(self) -> int:
        """What the clock shows."""
        return self.billing.clock.now()

    @property
    def zone(self) -> str:
        """The account's zone."""
        return self.reference.zone

    @initialize(zone=st.sampled_from(ZONES), drawn=FINE)
    def begin(self, zone: str, drawn: list[tuple[str, dict[str, str]]]) -> None:
        """An account in some zone, with all meters, that has used something."""
        self.reference.zone = zone
        self.billing.account(ACCOUNT, zone=zone)
        for meter in METERS:
            self.billing.do(CREATE_METER, CreateMeter(meter))
        self.prepare()
        self.use(drawn)

    def prepare(self) -> None:
        """What else there is from the beginning."""

    @precondition(lambda self: LATER not in self.reference.meters)
    @rule()
    def measure_more(self) -> None:
        """A meter for events that there are already."""
        self.reference.meters.append(LATER)
        self.billing.do(CREATE_METER, CreateMeter(LATER))

    # --- events -------------------------------------------------------------------------------

    @rule(drawn=st.lists(st.tuples(NAMES, TYPES, WHEN, DATA), min_size=1, max_size=5))
    def ingest(self, drawn: list[tuple[tuple[str, str], str, str, dict[str, str]]]) -> None:
        """Events of now, late ones, some ahead of the clock, some of a name that is taken."""
        self._send(
            Draft(*name, kind, instant(when, self.now, self.zone), data)
            for name, kind, when, data in drawn
        )

    @rule(drawn=FINE)
    def use(self, drawn: list[tuple[str, dict[str, str]]]) -> None:
        """Events that nothing is wrong with."""
        place = len(self.reference.known)
        self._send(
            Draft("fine", f"{place + more}", "used", instant(when, self.now, self.zone), data)
            for more, (when, data) in enumerate(drawn)
        )

    @precondition(lambda self: self.reference.known)
    @rule(pick=st.integers(0), times=st.integers(1, 3))
    def send_again(self, pick: int, times: int) -> None:
        """The same event once more, or twice in a batch."""
        self._send([self._picked(pick)] * times)

    @precondition(lambda self: self.reference.known)
    @rule(pick=st.integers(0), data=DATA)
    def send_another_under_the_same_name(self, pick: int, data: dict[str, str]) -> None:
        """What it states decides: a duplicate, or a conflict."""
        self._send([self._picked(pick)._replace(data=data)])

    def _picked(self, pick: int) -> Draft:
        known = list(self.reference.known.values())
        return known[pick % len(known)].draft

    def _send(self, drafts: Iterable[Draft]) -> None:
        sent = list(drafts)
        expected = [self.reference.ingest(each, self.now) for each in sent]
        command = IngestEvents(
            tuple(as_event(each) for each in sent), self.now, FUTURE_TOLERANCE_US, AGE_MAX_US
        )
        result = self.billing.do(INGEST, command)
        reasons = {each.place: each.reason for each in result.refusals}
        assert [
            Answer(EventOutcome(outcome), reasons.get(place))
            for place, outcome in enumerate(result.outcomes)
        ] == expected

    def refusal_of(self, use_case: UseCase[Any, Any, Any], command: object) -> str:
        """The reason why a command is refused; '' if it is not."""
        try:
            self.billing.do(use_case, command)
        except DomainError as refused:
            return refused.reason
        return ""

    # --- time ---------------------------------------------------------------------------------

    @rule(span=st.sampled_from([60_000_000, 6 * 60_000_000, 5 * HOUR_US, DAY_US, 9 * DAY_US]))
    def time_goes_by(self, span: int) -> None:
        """A while passes, and what falls due is done."""
        self.go_to(self.now + span)

    @rule(beside_us=st.sampled_from([-1, 0, HOUR_US, 2 * DAY_US, 3 * DAY_US]))
    def month_ends(self, beside_us: int) -> None:
        """The month is over for a while, or all but a microsecond of it."""
        self.go_to(max(self.now, next_month_start(self.now, self.zone) + beside_us))

    def go_to(self, goal_at: int) -> None:
        """Let time pass up to an instant."""
        self.billing.run_to(goal_at)

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def quantities_are_those_of_the_reference(self) -> None:
        """Of every meter, in this month and the one before, of all regions and of some."""
        this_month = month_of(self.now, self.zone)
        for first_on in (month_after(this_month, -1), this_month):
            self._compare(first_on, month_after(first_on, 1))

    def _compare(self, first_on: date, end_on: date) -> None:
        europe = (DimensionFilter("region", frozenset(EUROPE)),)
        parts = [
            (meter, filters, regions)
            for meter in self.reference.meters
            for filters, regions in (((), None), (europe, EUROPE))
            if regions is None or "region" in meter.dimensions
        ]
        wanted = [
            UsageWanted(ACCOUNT, meter.meter_id, first_on, end_on, filters)
            for meter, filters, _ in parts
        ]
        found = self.billing.database.read(
            lambda tx: usages(tx, wanted, zones={ACCOUNT: self.zone}, cut_at={ACCOUNT: self.now})
        )
        told = {
            (meter.meter_id, regions): (Fraction(each.quantity), each.events_count)
            for (meter, _, regions), each in zip(parts, found, strict=True)
        }
        start_at, end_at = first_instant(first_on, self.zone), first_instant(end_on, self.zone)
        expected = {
            (meter.meter_id, regions): (
                self.reference.quantity(meter, first_on, end_on, regions=regions, cut_at=self.now),
                self.reference.events_count(meter, start_at, end_at, regions),
            )
            for meter, _, regions in parts
        }
        assert told == expected

    @invariant()
    def nothing_is_parked(self) -> None:
        """What follows from usage never fails."""
        assert self.billing.parked() == {}


def as_event(draft: Draft) -> UsageEvent:
    """A draft as the service is given it."""
    return stated_event(
        ACCOUNT, draft.source, draft.event_id, draft.type, draft.time_at, draft.data
    )
