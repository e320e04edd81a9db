"""The feed as a service serves it: pages, streams, heartbeats, foreign accounts."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from pospago.event.v1 import event_pb2
from pospago.provisioning.v1 import account_pb2, event_service_pb2, events_pb2
from pospago.provisioning.v1.event_service_pb2_grpc import EventServiceStub

from tests.chassis_rpc.small_service import ACME_SECRET, SmallService, refusal_of

if TYPE_CHECKING:
    # Known to the type checker only.
    from pospago.provisioning.v1.account_pb2_grpc import AccountServiceAsyncStub
    from pospago.provisioning.v1.event_service_pb2_grpc import EventServiceAsyncStub

CODE = grpc.StatusCode
QUICK = Duration(nanos=100_000_000)


@pytest.fixture
async def events(service: SmallService) -> AsyncIterator["EventServiceAsyncStub"]:
    """The operator's stub of the feed."""
    async with service.channel(service.operator_secret) as channel:
        yield EventServiceStub(channel)


async def create(operator: "AccountServiceAsyncStub", *names: str) -> None:
    for name in names:
        await operator.CreateAccount(account_pb2.CreateAccountRequest(account_id=name))


async def read_on(call: Any) -> None:
    """Read a stream until it ends."""
    while await call.read() is not grpc.aio.EOF:
        pass


def seqs_of(answer: Any) -> list[int]:
    return [each.position.seq for each in answer.events]


async def test_lists_what_happened(
    operator: "AccountServiceAsyncStub", events: "EventServiceAsyncStub"
) -> None:
    """A page tells each event whole."""
    await create(operator, "one")
    [event] = (await events.ListEvents(event_service_pb2.ListEventsRequest())).events
    opened = events_pb2.AccountCreated()
    assert event.payload.Unpack(opened)
    told = (event.account, event.actor, event.position.seq, opened.account.name)
    assert told == ("accounts/one", "operator/admin", 1, "accounts/one")


async def test_goes_on_where_a_page_ended(
    operator: "AccountServiceAsyncStub", events: "EventServiceAsyncStub"
) -> None:
    """Pages tile the feed."""
    await create(operator, "one", "two", "three")
    first = await events.ListEvents(event_service_pb2.ListEventsRequest(page_size=2))
    rest = await events.ListEvents(event_service_pb2.ListEventsRequest(after=first.next))
    assert (seqs_of(first), seqs_of(rest), rest.head.seq) == ([1, 2], [3], 3)


async def test_tells_only_of_the_account_asked_for(
    operator: "AccountServiceAsyncStub", events: "EventServiceAsyncStub"
) -> None:
    """A filtered page has one account's events, and says how far the feed was looked through."""
    await create(operator, "one", "two", "three")
    answer = await events.ListEvents(event_service_pb2.ListEventsRequest(account="accounts/two"))
    assert (seqs_of(answer), answer.next.seq) == ([2], 3)


@pytest.mark.parametrize("account", ["", "accounts/other"])
async def test_denies_a_bound_caller_others_events(service: SmallService, account: str) -> None:
    """An integrator must name its own account, in a stream too."""
    async with service.channel(ACME_SECRET) as channel:
        call = EventServiceStub(channel).WatchEvents(
            event_service_pb2.WatchEventsRequest(account=account)
        )
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call.read()
    assert refusal_of(failed.value) == (CODE.PERMISSION_DENIED, "ACCESS_DENIED")


@pytest.mark.parametrize(("epoch", "seq"), [(1, 7), (2, 0)])
async def test_refuses_positions_beyond_the_feed(
    events: "EventServiceAsyncStub", epoch: int, seq: int
) -> None:
    """A position that the feed does not have is out of range."""
    after = event_pb2.FeedPosition(epoch=epoch, seq=seq)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await events.WatchEvents(event_service_pb2.WatchEventsRequest(after=after)).read()
    assert refusal_of(failed.value) == (CODE.OUT_OF_RANGE, "POSITION_OUT_OF_RANGE")


async def test_streams_as_things_happen(
    operator: "AccountServiceAsyncStub", events: "EventServiceAsyncStub"
) -> None:
    """A stream tells what was, and then what comes, long before its heartbeat."""
    await create(operator, "one")
    call = events.WatchEvents(event_service_pb2.WatchEventsRequest(), timeout=60)
    was = await call.read()
    await create(operator, "two")
    comes = await asyncio.wait_for(call.read(), 60)
    call.cancel()
    assert (seqs_of(was), seqs_of(comes)) == ([1], [2])


async def test_beats_when_nothing_happens(events: "EventServiceAsyncStub") -> None:
    """A silent feed still says that it is there, as often as asked."""
    call = events.WatchEvents(event_service_pb2.WatchEventsRequest(heartbeat=QUICK), timeout=60)
    beats = [await call.read() for _ in range(3)]
    call.cancel()
    assert [seqs_of(each) for each in beats] == [[], [], []]


async def test_ends_the_stream_of_a_secret_that_ended(service: SmallService) -> None:
    """A watcher whose secret no longer works is told nothing more."""
    async with service.channel(ACME_SECRET) as channel:
        request = event_service_pb2.WatchEventsRequest(account="accounts/acme", heartbeat=QUICK)
        call = EventServiceStub(channel).WatchEvents(request, timeout=60)
        await call.read()
        service.tokens.active = False
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await read_on(call)
    assert refusal_of(failed.value) == (CODE.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_ends_streams_when_it_stops(service: SmallService) -> None:
    """A stopping server tells its watchers that they may come back."""
    async with service.channel(service.operator_secret) as channel:
        call = EventServiceStub(channel).WatchEvents(event_service_pb2.WatchEventsRequest())
        await call.read()
        await service.server.stop()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call.read()
    assert refusal_of(failed.value) == (CODE.UNAVAILABLE, "TEMPORARILY_UNAVAILABLE")


async def test_frees_a_streams_place(
    service: SmallService, events: "EventServiceAsyncStub"
) -> None:
    """A watcher that goes away leaves nothing behind."""
    call = events.WatchEvents(event_service_pb2.WatchEventsRequest())
    await call.read()
    call.cancel()
    async with asyncio.timeout(60):
        while service.server.under_way_count:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)
    assert service.server.under_way_count == 0
