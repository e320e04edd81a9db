"""The machine of usage that also subscribes, and reserves usage before it happens."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from billing_service.domain.calendar import month_after, month_of
from billing_service.domain.quantities import Quantities
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION, CreateSubscription
from billing_service.use_cases.ingest import IngestEvents
from billing_service.use_cases.release_reservation import RELEASE_RESERVATION, ReleaseReservation
from billing_service.use_cases.reserve_usage import RESERVE_USAGE, ReserveUsage
from billing_service.use_cases.set_usage_guard import SET_USAGE_GUARD, SetUsageGuard
from billing_service.use_cases.settle_reservation import SETTLE_RESERVATION, SettleReservation
from tests.billing.usage.machine import ACCOUNT, as_event
from tests.billing.usage.machine_correcting import PICKS, CorrectingMachine
from tests.billing.usage.machine_world import (
    CEILINGS,
    DATA,
    FINE_DATA,
    HOUR_US,
    METERS,
    NAMES,
    PAST,
    PLAN,
    TYPES,
    WHEN,
    instant,
)
from tests.billing.usage.reference import (
    ACCEPTED,
    AGE_MAX_US,
    DUPLICATE,
    FUTURE_TOLERANCE_US,
    Draft,
    Name,
    counts,
)

# What adds up can be reserved.
ADDITIVE: Final = frozenset({"calls", "bytes", "european"})
SUBSCRIPTION: Final = "main"
MINUTE_US: Final = 60_000_000
NOTHING: Final = Fraction(0)
TINY: Final = Fraction(1, 10**9)
# What can be reserved, mostly; and a meter that does not add up.
WANTED: Final = st.sampled_from(
    [
        *(("calls", "1"), ("calls", "2.5"), ("calls", "12"), ("calls", "8.000000001")),
        *(("bytes", "0.000000001"), ("bytes", "700000000"), ("european", "5"), ("peak", "1")),
    ]
)


def _text_of(quantity: Fraction) -> str:
    """A quantity of billionths as a decimal."""
    return f"{Decimal(int(quantity / TINY)).scaleb(-9):f}"


@dataclass(slots=True)
class Reserved:
    """A reservation as the model knows it: '' while it is open."""

    price: str
    quantity: Fraction
    period_start_on: date
    expire_at: int
    ended: str = ""


class ReservingMachine(CorrectingMachine):
    """A subscription prices usage; ceilings of two prices bound what is reserved."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.reserved: dict[str, Reserved] = {}
        self.begins_on = date.min

    def prepare(self) -> None:
        """A plan with a price for each meter, subscribed from the first of the month on."""
        self.begins_on = month_of(self.now, self.zone)
        self.billing.issuer()
        self.billing.plan(PLAN)
        command = CreateSubscription(
            account=ACCOUNT,
            subscription_id=SUBSCRIPTION,
            plan=PLAN.plan_id,
            band=0,
            display_name="",
            quantities=Quantities(),
            begins_on=self.begins_on,
            ends_on=None,
        )
        self.billing.do(CREATE_SUBSCRIPTION, command)
        for price, ceiling in CEILINGS.items():
            guard = SetUsageGuard(ACCOUNT, SUBSCRIPTION, price, (), (), ceiling)
            self.billing.do(SET_USAGE_GUARD, guard)

    @rule(
        wanted=WANTED,
        wait_us=st.sampled_from([0, 1, 16 * MINUTE_US]),
        hold_us=st.sampled_from([0, 1, 3 * HOUR_US]),
    )
    def reserve(self, wanted: tuple[str, str], wait_us: int, hold_us: int) -> None:
        """What is used, reserved and wanted stays below the ceiling, or nothing is reserved."""
        self.go_to(self.now + wait_us)
        price, quantity = wanted
        name = f"r{len(self.reserved)}"
        period_start_on = month_of(self.now, self.zone)
        room = self._room(price, period_start_on)
        command = ReserveUsage(
            ACCOUNT, name, SUBSCRIPTION, price, Decimal(quantity), hold_us, self.now
        )
        refusal = self.refusal_of(RESERVE_USAGE, command)
        if price not in ADDITIVE:
            assert refusal == "METER_NOT_ADDITIVE"
            return
        assert refusal == (
            "" if room is None or Fraction(quantity) <= room else "USAGE_CEILING_REACHED"
        )
        if not refusal:
            expire_at = self.now + (hold_us or 15 * MINUTE_US)
            self.reserved[name] = Reserved(price, Fraction(quantity), period_start_on, expire_at)

    @rule(price=st.sampled_from(sorted(CEILINGS)))
    def reservation_runs_out(self, price: str) -> None:
        """What took all room for a moment leaves it to the next, to the last billionth."""
        for quantity in (NOTHING, TINY):
            room = self._room(price, month_of(self.now, self.zone))
            if room is not None and room > 0:
                self.reserve((price, _text_of(room + quantity)), 0, 1)
                self.reserve((price, _text_of(room)), 1, 1)

    def _room(self, price: str, period_start_on: date) -> Fraction | None:
        """What is left below the ceiling of a price; None: it has none."""
        if price not in CEILINGS:
            return None
        meter = next(each for each in METERS if each.meter_id == price)
        end_on = month_after(period_start_on, 1)
        used = self.reference.quantity(meter, period_start_on, end_on)
        is_open = (
            each.quantity
            for each in self.reserved.values()
            if (each.price, each.period_start_on, each.ended) == (price, period_start_on, "")
            and each.expire_at > self.now
        )
        return Fraction(CEILINGS[price]) - used - sum(is_open)

    @precondition(lambda self: self.reserved)
    @rule(pick=PICKS, name=NAMES, kind=TYPES, when=PAST | WHEN, data=FINE_DATA | DATA)
    def settle(self, pick: int, name: Name, kind: str, when: str, data: dict[str, str]) -> None:
        """What was reserved has happened, be it more or less; an event is taken in or nothing."""
        reservation, each = self._picked_reservation(pick)
        draft = Draft(*name, kind, instant(when, self.now, self.zone), data)
        usage = IngestEvents((as_event(draft),), self.now, FUTURE_TOLERANCE_US, AGE_MAX_US)
        command = SettleReservation(ACCOUNT, reservation, usage)
        refusal = self.refusal_of(SETTLE_RESERVATION, command)
        if each.ended:
            assert refusal == "RESERVATION_NOT_OPEN"
            return
        meter = next(own for own in METERS if own.meter_id == each.price)
        if not counts(meter, draft.type, draft.data):
            assert refusal == "INVALID_EVENT"
            return
        answer = self.reference.ingest(draft, self.now)
        assert refusal == ("" if answer in {ACCEPTED, DUPLICATE} else "INVALID_EVENT")
        each.ended = "" if refusal else "settled"

    @precondition(lambda self: self.reserved)
    @rule(pick=PICKS)
    def release(self, pick: int) -> None:
        """Given back, once or twice; not once it is settled."""
        name, each = self._picked_reservation(pick)
        refusal = self.refusal_of(RELEASE_RESERVATION, ReleaseReservation(ACCOUNT, name))
        assert refusal == ("RESERVATION_NOT_OPEN" if each.ended == "settled" else "")
        each.ended = each.ended or "released"

    def _picked_reservation(self, pick: int) -> tuple[str, Reserved]:
        names = list(self.reserved)
        name = names[pick % len(names)]
        return name, self.reserved[name]
