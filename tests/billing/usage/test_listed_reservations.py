"""Listed reservations: of an account, for a subscription, in states as of now, page by page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pospago.billing.v1 import usage_guard_pb2 as pb
from pospago.billing.v1 import usage_guard_pb2_grpc

from billing_service.domain.usage.reservation import ReservationState
from billing_service.storage.guard_queries import ReservationFilter, list_reservations
from billing_service.use_cases.release_reservation import RELEASE_RESERVATION, ReleaseReservation
from billing_service.use_cases.settle_reservation import SETTLE_RESERVATION, SettleReservation
from tests.billing.builders import Billing
from tests.billing.serving import Served, serving
from tests.billing.usage.guarded import CALLS, MEGABYTES, MINUTE_US, Guarded, plan_of
from tests.billing.usage.ingesting import batch_of, event_of

OPEN, EXPIRED = ReservationState.OPEN, ReservationState.EXPIRED
SETTLED, RELEASED = ReservationState.SETTLED, ReservationState.RELEASED
State = pb.Reservation.State


def in_each_state(billing: Billing) -> None:
    """Reservations r1 to r5 of `acme`: open; expired, and found so; settled, released; expired."""
    guarded = Guarded.on(billing)
    guarded.guard(ceiling="100")
    guarded.reserve("1")
    for _ in range(3):
        guarded.reserve("1", hold_us=MINUTE_US)
    usage = batch_of(billing, [event_of("done", None, kind="call")])
    billing.do(SETTLE_RESERVATION, SettleReservation("acme", "r3", usage))
    billing.do(RELEASE_RESERVATION, ReleaseReservation("acme", "r4"))
    billing.clock.advance_to(billing.clock.now() + MINUTE_US)
    guarded.reserve("1", hold_us=MINUTE_US)
    billing.clock.advance_to(billing.clock.now() + MINUTE_US)


def listed(billing: Billing, *states: ReservationState, now: int | None = None) -> list[str]:
    """The ids of the reservations of `acme` that are in these states at an instant."""
    instant_at = billing.clock.now() if now is None else now
    wanted = ReservationFilter("acme", "", states)
    found = billing.database.read(
        lambda tx: list_reservations(tx, wanted, now=instant_at, after="", limit=100)
    )
    return [each.reservation_id for each in found]


def test_states_are_those_of_now(billing: Billing) -> None:
    """Each reservation is found by the one state that it is in, on each kind of store."""
    in_each_state(billing)
    expected = {
        (): "r1 r2 r3 r4 r5",
        (OPEN,): "r1",
        (EXPIRED,): "r2 r5",
        (SETTLED,): "r3",
        (RELEASED,): "r4",
        (OPEN, RELEASED): "r1 r4",
        (OPEN, EXPIRED, SETTLED, RELEASED): "r1 r2 r3 r4 r5",
    }
    found = {states: " ".join(listed(billing, *states)) for states in expected}
    assert found == expected


@pytest.mark.parametrize(("before_us", "is_open"), [(1, True), (0, False)])
def test_a_reservation_is_listed_as_open_until_it_runs_out(
    sqlite_billing: Billing, before_us: int, is_open: bool
) -> None:
    """A microsecond before its time it is open, at its time it is expired."""
    guarded = Guarded.on(sqlite_billing)
    expire_at = guarded.reserve("1").reservation.expire_at
    now = expire_at - before_us
    found = (listed(sqlite_billing, OPEN, now=now), listed(sqlite_billing, EXPIRED, now=now))
    assert found == ((["r1"], []) if is_open else ([], ["r1"]))


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with reservations in each state, for two subscriptions, and in a sandbox."""

    def prepare(billing: Billing) -> None:
        in_each_state(billing)
        billing.plan(plan_of(CALLS, plan="first"))
        billing.plan(plan_of(MEGABYTES, plan="second"))
        for account, sandbox in (("bolt", ""), ("boxed", "toy")):
            if sandbox:
                billing.sandbox(sandbox)
            billing.account(account, sandbox=sandbox)
        guarded = Guarded(billing)
        guarded.subscribe(account="boxed")
        guarded.reserve("1", account="boxed", hold_us=MINUTE_US)
        for subscription, plan in (("first", "first"), ("other", "second")):
            guarded.subscribe(subscription, account="bolt", plan=plan)
        guarded.reserve("1", account="bolt", subscription="first")
        guarded.reserve("1", "megabytes", account="bolt", subscription="other")
        billing.clock.advance_to(billing.clock.now() + MINUTE_US)

    async with serving(tmp_path_factory.mktemp("reservations")) as running:
        await running.inside(prepare)
        yield running


async def listed_of(served: Served, account: str = "acme", **more: Any) -> list[list[Any]]:
    """The pages of an account's reservations, by twos."""
    stub: Any = usage_guard_pb2_grpc.UsageGuardServiceStub(served.channel)
    request = pb.ListReservationsRequest(parent=f"accounts/{account}", page_size=2, **more)
    found = []
    while True:
        page = await served.call(stub.ListReservations, request)
        found.append(list(page.reservations))
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def test_list_goes_on_where_a_page_ended(served: Served) -> None:
    """Each reservation once, by name, in pages of two, as GetReservation tells it."""
    told = [[(each.name, each.state) for each in page] for page in await listed_of(served)]
    name = "accounts/acme/reservations/r%d"
    assert told == [
        [(name % 1, State.STATE_OPEN), (name % 2, State.STATE_EXPIRED)],
        [(name % 3, State.STATE_SETTLED), (name % 4, State.STATE_RELEASED)],
        [(name % 5, State.STATE_EXPIRED)],
    ]


async def test_pages_hold_the_states_that_are_asked_for(served: Served) -> None:
    """Two states are two entries of one page."""
    states = [State.STATE_OPEN, State.STATE_SETTLED]
    (page,) = await listed_of(served, states=states)
    assert [each.state for each in page] == states


@pytest.mark.parametrize(
    ("subscription", "subscriptions"),
    [("", ["first", "other"]), ("other", ["other"]), ("none", [])],
)
async def test_reservations_are_those_of_one_subscription(
    served: Served, subscription: str, subscriptions: list[str]
) -> None:
    """Of the subscription that is asked for; of one that there is not, none."""
    (page,) = await listed_of(served, "bolt", subscription_id=subscription)
    wanted = [f"accounts/bolt/subscriptions/{each}" for each in subscriptions]
    assert [each.subscription for each in page] == wanted


async def test_a_sandbox_lists_by_its_own_clock(served: Served) -> None:
    """What ran out by the real clock is open where the clock stands still."""
    (page,) = await listed_of(served, "boxed", states=[State.STATE_OPEN])
    assert [each.subscription for each in page] == ["accounts/boxed/subscriptions/main"]
