"""Reservations: what is used, what is reserved and what is asked for stay within the ceiling."""

from collections import Counter
from decimal import Decimal

import pytest

from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.meter import PropertyFilter
from billing_service.domain.price import DimensionFilter, Metered
from billing_service.domain.usage.event import EventOutcome
from billing_service.domain.usage.event_errors import InvalidEvent
from billing_service.domain.usage.guard_errors import (
    MeterNotAdditive,
    PriceNotMetered,
    ReservationNotFound,
    ReservationNotOpen,
    SubscriptionNotActive,
    UsageCeilingReached,
)
from billing_service.domain.usage.reservation import Reservation, ReservationState
from billing_service.storage.guard_queries import find_reservation
from billing_service.use_cases.release_reservation import RELEASE_RESERVATION, ReleaseReservation
from billing_service.use_cases.reserve_usage import RESERVE_USAGE, Reserved
from billing_service.use_cases.settle_reservation import (
    SETTLE_RESERVATION,
    Settled,
    SettleReservation,
)
from tests.billing.builders import Billing, at
from tests.billing.usage.guarded import MEGABYTES, MINUTE_US, Guarded, metered, plan_of
from tests.billing.usage.ingesting import (
    batch_of,
    counts_of,
    event_of,
    measure,
    meter_of,
    rows_of,
)

NOTHING = Decimal(0)


def settle(
    billing: Billing, reserved: Reserved, event_id: str = "done", value: str = "40"
) -> Settled:
    """Settle a reservation with an event of so much."""
    event = event_of(event_id, None, value, kind="call")
    command = SettleReservation(
        "acme", reserved.reservation.reservation_id, batch_of(billing, [event])
    )
    return billing.do(SETTLE_RESERVATION, command)


def release(billing: Billing, reserved: Reserved) -> Reservation:
    """Give a reservation back."""
    command = ReleaseReservation("acme", reserved.reservation.reservation_id)
    return billing.do(RELEASE_RESERVATION, command)


def state_of(billing: Billing, reserved: Reserved) -> ReservationState:
    """Where a reservation stands now."""
    found = billing.database.read(
        lambda tx: find_reservation(tx, "acme", reserved.reservation.reservation_id)
    )
    assert found is not None
    return found.state(billing.clock.now())


@pytest.fixture
def guarded(sqlite_billing: Billing) -> Guarded:
    """An account with a ceiling of 100 calls."""
    made = Guarded.on(sqlite_billing)
    made.guard(ceiling="100")
    return made


@pytest.fixture
def stored(billing: Billing) -> Guarded:
    """The same on each kind of store."""
    made = Guarded.on(billing)
    made.guard(ceiling="100")
    return made


def test_what_is_reserved_leaves_less(stored: Guarded) -> None:
    """After 60 of 100, 40 are left; 41 are refused and 40 are not."""
    first = stored.reserve("60")
    with pytest.raises(UsageCeilingReached, match="used 0, reserved 60, ceiling 100"):
        stored.reserve("41")
    last = stored.reserve("40")
    assert (first.remaining, last.remaining) == (Decimal(40), Decimal(0))


def test_what_is_used_leaves_less(guarded: Guarded) -> None:
    """Events need no reservation, and count against the ceiling all the same."""
    guarded.use("95")
    with pytest.raises(UsageCeilingReached, match="used 95, reserved 0, ceiling 100"):
        guarded.reserve("6")
    assert guarded.reserve("5").remaining == NOTHING


def test_five_hundred_reservations_of_one_batch_grant_exactly_a_hundred(stored: Guarded) -> None:
    """All in one transaction: each sees what those before it reserved."""
    commands = [stored.reserve_command("1") for _ in range(500)]
    outcomes = stored.billing.do_all(RESERVE_USAGE, commands)
    assert Counter(type(each) for each in outcomes) == {Reserved: 100, UsageCeilingReached: 400}


def test_without_a_ceiling_all_is_granted(guarded: Guarded) -> None:
    """Nothing is left, or not left, where no ceiling is."""
    assert guarded.reserve("1000000", "megabytes").remaining is None


def test_a_settled_reservation_counts_once(stored: Guarded) -> None:
    """Its event counts in its place: 60 reserved and 40 used leave 60."""
    settle(stored.billing, stored.reserve("60"))
    assert stored.reserve("1").remaining == Decimal(59)


def test_settling_takes_the_event_in(guarded: Guarded) -> None:
    """What was used is counted when the answer comes."""
    settled = settle(guarded.billing, guarded.reserve("60"))
    assert (settled.outcome, counts_of(guarded.billing)) == (
        EventOutcome.ACCEPTED,
        {("2026-03-02", "[]"): 1},
    )


def test_an_event_that_was_taken_in_before_just_ends_the_reservation(guarded: Guarded) -> None:
    """It is a duplicate, and counts once."""
    settle(guarded.billing, guarded.reserve("10"), value="10")
    settled = settle(guarded.billing, guarded.reserve("20"), value="10")
    assert (settled.outcome, guarded.reserve("90").remaining) == (
        EventOutcome.DUPLICATE,
        NOTHING,
    )


@pytest.mark.parametrize(
    ("event_id", "value"),
    [("done", "41"), ("other", "many")],
)
def test_an_event_that_cannot_be_taken_in_changes_nothing(
    stored: Guarded, event_id: str, value: str
) -> None:
    """One in conflict with another, and one without a number: the reservation stays open."""
    settle(stored.billing, stored.reserve("1"))
    reserved = stored.reserve("1")
    with pytest.raises(InvalidEvent):
        settle(stored.billing, reserved, event_id, value)
    assert state_of(stored.billing, reserved) is ReservationState.OPEN


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("transfer", {"region": "eu", "tier": "gold"}, r"^event\.type: is 'transfer'"),
        ("call", {"region": "us", "tier": "gold"}, r"^event\.data\.region: is 'us'"),
        ("call", {"region": "eu"}, r"^event\.data\.tier: is ''"),
    ],
)
def test_an_event_that_the_price_does_not_count_changes_nothing(
    sqlite_billing: Billing, kind: str, data: dict[str, str], field: str
) -> None:
    """Of another type, and kept out by a filter of the meter or of the price."""
    only_europe = (PropertyFilter("region", frozenset({"eu"})),)
    measure(
        sqlite_billing, meter_of("part", kind="call", filters=only_europe, dimensions=("tier",))
    )
    kind_of_gold = Metered("part", (DimensionFilter("tier", frozenset({"gold"})),))
    guarded = Guarded.on(sqlite_billing, metered("part", kind=kind_of_gold), MEGABYTES)
    reserved = guarded.reserve("1", "part")
    usage = batch_of(sqlite_billing, [event_of("done", None, kind=kind, **data)])
    command = SettleReservation("acme", reserved.reservation.reservation_id, usage)
    with pytest.raises(InvalidEvent, match=field):
        sqlite_billing.do(SETTLE_RESERVATION, command)
    assert (state_of(sqlite_billing, reserved), rows_of(sqlite_billing, "usage_keys")) == (
        ReservationState.OPEN,
        [],
    )


def test_settling_together_takes_each_event_in_once(stored: Guarded) -> None:
    """Two reservations settled by one event in one transaction: one counts, one is a duplicate."""
    reserved = [stored.reserve("1") for _ in range(2)]
    event = event_of("done", None, "1", kind="call")
    commands = [
        SettleReservation(
            "acme", each.reservation.reservation_id, batch_of(stored.billing, [event])
        )
        for each in reserved
    ]
    outcomes = stored.billing.do_all(SETTLE_RESERVATION, commands)
    assert [each.outcome for each in outcomes] == [EventOutcome.ACCEPTED, EventOutcome.DUPLICATE]


def test_a_released_reservation_leaves_its_room(guarded: Guarded) -> None:
    """After it the whole ceiling can be reserved; a second time changes nothing."""
    reserved = guarded.reserve("60")
    first = release(guarded.billing, reserved)
    again = release(guarded.billing, reserved)
    assert (first == again, guarded.reserve("100").remaining) == (True, NOTHING)


def test_a_settled_reservation_is_not_released(guarded: Guarded) -> None:
    """It has ended for good."""
    reserved = guarded.reserve("60")
    settle(guarded.billing, reserved)
    with pytest.raises(ReservationNotOpen, match="was settled"):
        release(guarded.billing, reserved)


def test_a_released_reservation_is_not_settled(guarded: Guarded) -> None:
    """Its event can be sent by itself."""
    reserved = guarded.reserve("60")
    release(guarded.billing, reserved)
    with pytest.raises(ReservationNotOpen, match="was released"):
        settle(guarded.billing, reserved)


def test_an_expired_reservation_leaves_its_room(guarded: Guarded) -> None:
    """One of a minute counts for a minute."""
    reserved = guarded.reserve("60", hold_us=MINUTE_US)
    guarded.billing.clock.advance_to(guarded.billing.clock.now() + MINUTE_US)
    left = guarded.reserve("100").remaining
    assert (left, state_of(guarded.billing, reserved)) == (NOTHING, ReservationState.EXPIRED)


def test_a_reservation_counts_until_it_expires(guarded: Guarded) -> None:
    """A microsecond before, it still does."""
    guarded.reserve("60", hold_us=MINUTE_US)
    guarded.billing.clock.advance_to(guarded.billing.clock.now() + MINUTE_US - 1)
    with pytest.raises(UsageCeilingReached):
        guarded.reserve("41")


def test_an_expired_reservation_is_settled_all_the_same(stored: Guarded) -> None:
    """It has happened: also after a later reservation found it expired."""
    reserved = stored.reserve("60", hold_us=MINUTE_US)
    stored.billing.clock.advance_to(stored.billing.clock.now() + MINUTE_US)
    stored.reserve("10")
    settle(stored.billing, reserved)
    assert state_of(stored.billing, reserved) is ReservationState.SETTLED


def test_a_new_period_begins_with_the_whole_ceiling(guarded: Guarded) -> None:
    """Neither the usage nor the reservations of the month before count."""
    guarded.billing.clock.advance_to(at("2026-03-31 23:59"))
    guarded.use("50")
    guarded.reserve("50")
    guarded.billing.clock.advance_to(at("2026-04-01"))
    assert guarded.reserve("100").remaining == NOTHING


def test_usage_is_read_in_the_period_that_begins_meanwhile(guarded: Guarded) -> None:
    """Asked for just before midnight and carried out after it: the new month counts."""
    guarded.billing.clock.advance_to(at("2026-03-31 23:59"))
    guarded.use("100")
    command = guarded.reserve_command("100")
    guarded.billing.clock.advance_to(at("2026-04-01"))
    assert guarded.billing.do(RESERVE_USAGE, command).remaining == NOTHING


def test_a_sandbox_expires_its_reservations_by_its_own_clock(billing: Billing) -> None:
    """Moving the sandbox's clock makes room, whatever the real clock shows."""
    guarded = Guarded.on(billing)
    billing.sandbox("trial")
    billing.account("boxed", sandbox="trial")
    guarded.subscribe(account="boxed")
    first = guarded.reserve_command("60", account="boxed", hold_us=MINUTE_US)
    billing.do(RESERVE_USAGE, first)
    billing.step("trial", "2026-03-02 09:01")
    again = guarded.reserve_command("100", account="boxed")
    assert billing.do(RESERVE_USAGE, again).reservation.created_at == at("2026-03-02 09:01")


@pytest.mark.parametrize("quantity", ["0", "-1", "0.0000000001", "1000000000000001"])
def test_a_quantity_that_cannot_be_reserved_is_refused(
    sqlite_billing: Billing, quantity: str
) -> None:
    """Nothing, less than nothing, too fine, and more than anything."""
    guarded = Guarded.on(sqlite_billing)
    with pytest.raises(InvalidQuantities):
        guarded.reserve(quantity)


@pytest.mark.parametrize(
    ("subscription", "price", "refusal"),
    [
        ("none", "calls", SubscriptionNotFound),
        ("main", "none", PriceNotMetered),
        ("main", "peak", MeterNotAdditive),
        ("later", "calls", SubscriptionNotActive),
    ],
)
def test_what_cannot_be_reserved_is_refused(
    sqlite_billing: Billing, subscription: str, price: str, refusal: type[Exception]
) -> None:
    """No subscription, no such price, a peak, and a subscription that has not begun."""
    guarded = Guarded.on(sqlite_billing)
    sqlite_billing.plan(plan_of(plan="second"))
    sqlite_billing.account("beta")
    guarded.subscribe("later", account="beta", plan="second", begins_on="2026-03-20")
    account = "beta" if subscription == "later" else "acme"
    command = guarded.reserve_command("1", price, subscription=subscription, account=account)
    with pytest.raises(refusal):
        sqlite_billing.do(RESERVE_USAGE, command)


def test_an_unknown_reservation_is_not_found(sqlite_billing: Billing) -> None:
    """Neither to be released nor to be settled."""
    guarded = Guarded.on(sqlite_billing)
    reserved = guarded.reserve("1")
    sqlite_billing.account("beta")
    command = ReleaseReservation("beta", reserved.reservation.reservation_id)
    with pytest.raises(ReservationNotFound):
        sqlite_billing.do(RELEASE_RESERVATION, command)
