"""A rotated secret as both services know it: in its overlap, after it, and in open streams."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from pospago.billing.v1 import billing_profile_pb2, event_service_pb2
from pospago.provisioning.v1 import token_pb2

from chassis.clock import MICROSECONDS_PER_SECOND, ManualClock, from_datetime
from tests.suite.clients import Clients, bearer, reason_of, request_id
from tests.suite.in_process import RunningSuite, running_suite

START_AT: Final = from_datetime(datetime.fromisoformat("2027-01-04T09:00:00-03:00"))
OVERLAP_SECONDS: Final = 3600
QUICK: Final = Duration(nanos=100_000_000)


@pytest.fixture
def clock() -> ManualClock:
    """The clock of both services."""
    return ManualClock(START_AT)


@pytest.fixture
async def suite(tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningSuite]:
    """Both services on that clock."""
    async with running_suite(tmp_path, clock=clock) as running:
        yield running


@pytest.fixture
async def operator(suite: RunningSuite) -> AsyncIterator[Clients]:
    """The operator's clients."""
    clients = suite.clients()
    yield clients
    await clients.close()


def overlap_ends(clock: ManualClock) -> None:
    clock.advance_to(START_AT + OVERLAP_SECONDS * MICROSECONDS_PER_SECOND)


async def rotate(operator: Clients, overlap_seconds: int) -> str:
    """Acme's new secret, once billing has heard of it."""
    request = token_pb2.RotateTokenRequest(
        name="accounts/acme/tokens/1",
        overlap=Duration(seconds=overlap_seconds),
        request_id=request_id(),
    )
    answer = await operator.call(operator.tokens.RotateToken, request)
    await profile(operator)
    return str(answer.secret)


async def profile(clients: Clients, secret: str = "") -> Any:
    """Acme's profile, as billing tells it to whoever holds a secret."""
    name = "accounts/acme/billingProfile"
    request = billing_profile_pb2.GetBillingProfileRequest(name=name)
    return await clients.call(clients.profiles.GetBillingProfile, request, secret=secret)


async def is_served(clients: Clients, secret: str) -> bool:
    """Whether billing recognises a secret."""
    try:
        await profile(clients, secret)
    except grpc.aio.AioRpcError as failure:
        if reason_of(failure) != "UNAUTHENTICATED":
            raise
        return False
    return True


async def read_on(call: Any) -> None:
    """Read a stream until it ends."""
    while await call.read() is not grpc.aio.EOF:
        pass


async def test_billing_serves_both_secrets_in_the_overlap(operator: Clients) -> None:
    """Whichever secret an integrator's machine holds, billing knows it."""
    old = await operator.enrol("acme")
    before = await is_served(operator, old)
    new = await rotate(operator, OVERLAP_SECONDS)
    assert [before, await is_served(operator, old), await is_served(operator, new)] == [True] * 3


async def test_billing_refuses_the_old_secret_after_the_overlap(
    operator: Clients, clock: ManualClock
) -> None:
    """Once the overlap is over, billing is told that nobody holds the old secret."""
    old = await operator.enrol("acme")
    new = await rotate(operator, OVERLAP_SECONDS)
    overlap_ends(clock)
    assert (await is_served(operator, old), await is_served(operator, new)) == (False, True)


async def test_billing_forgets_what_another_rotation_ended(operator: Clients) -> None:
    """A secret that billing remembers is refused as soon as it hears of the rotation."""
    old = await operator.enrol("acme")
    second = await rotate(operator, OVERLAP_SECONDS)
    remembered = [await is_served(operator, each) for each in (old, second)]
    await rotate(operator, 0)
    ended = [await is_served(operator, each) for each in (old, second)]
    assert (remembered, ended) == ([True, True], [False, False])


async def test_billings_stream_ends_with_the_overlap(operator: Clients, clock: ManualClock) -> None:
    """A watcher of billing's feed is cut off within a second of its secret's end."""
    old = await operator.enrol("acme")
    await rotate(operator, OVERLAP_SECONDS)
    request = event_service_pb2.WatchEventsRequest(account="accounts/acme", heartbeat=QUICK)
    call = operator.billing_events.WatchEvents(request, metadata=bearer(old), timeout=120)
    await call.read()
    overlap_ends(clock)
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await read_on(call)
    assert reason_of(ended.value) == "UNAUTHENTICATED"
