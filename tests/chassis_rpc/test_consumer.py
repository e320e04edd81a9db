"""Following a peer's feed: applied once, in order, across outages, pauses and restarts."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from pospago.provisioning.v1 import account_pb2, event_service_pb2, events_pb2
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub
from sqlalchemy import select

from chassis.clock import SystemClock
from chassis.database import Database, Transaction
from chassis.entry import PeerEvent, Submission
from chassis.errors import PositionNotReached
from chassis.feed import (
    Cursor,
    RecordedEvent,
    append_events,
    move_cursor,
    read_cursor,
    take_numbers,
)
from chassis.rpc.call import AFTER
from chassis.rpc.channel import ClientMetadata, open_channel
from chassis.rpc.consumer import FeedConsumer, PeerFeed
from chassis.rpc.metrics import Metrics
from chassis.rpc.server import Listening
from chassis.tables import ChassisTables
from chassis.writer import Writer
from tests.chassis_rpc.small_service import (
    OpenAccount,
    SmallService,
    open_account,
    open_store,
    refusal_of,
    running_service,
)

if TYPE_CHECKING:
    # Known to the type checker only.
    from pospago.provisioning.v1.account_pb2_grpc import AccountServiceAsyncStub

NOW_AT = SystemClock().now()
ACCOUNT_CREATED = events_pb2.AccountCreated.DESCRIPTOR.full_name


@dataclass(slots=True)
class Follower:
    """A store that keeps what a consumer applies to it, and what the consumer was given."""

    database: Database
    tables: ChassisTables
    writer: Writer
    seen: list[int]

    def submission_of(self, event: PeerEvent) -> Submission | None:
        """Open here what was opened there."""
        self.seen.append(event.seq)
        if event.type != ACCOUNT_CREATED:
            return None
        told = events_pb2.AccountCreated.FromString(event.payload)
        account = told.account.name.removeprefix("accounts/")
        return Submission(open_account(self.tables), OpenAccount(account), "feed/provisioning")

    def accounts(self) -> list[str]:
        """The accounts opened here, sorted."""
        locks = self.tables.account_locks
        rows = self.database.read(lambda tx: tx.all(select(locks.c.account)))
        return sorted(row[0] for row in rows)

    def cursor(self) -> Cursor:
        """How far the feed is applied here, as the store says."""
        return self.database.read(lambda tx: read_cursor(tx, self.tables, "provisioning"))

    def consumer(self, address: str, secret: str) -> FeedConsumer:
        """A consumer of the small service's feed that applies it here."""
        channel = open_channel(address, ClientMetadata(secret))
        feed = PeerFeed("provisioning", channel, event_service_pb2, heartbeat_seconds=0.1)
        return FeedConsumer(feed, self.writer, self.submission_of, Metrics())


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    """A follower's store."""
    database, tables, writer = open_store(tmp_path, "follower")
    yield Follower(database, tables, writer, [])
    writer.close()
    database.close()


@pytest.fixture
async def consumer(service: SmallService, follower: Follower) -> AsyncIterator[FeedConsumer]:
    """A consumer that follows the small service."""
    following = follower.consumer(service.address, service.credentials.service_secret)
    following.start()
    yield following
    await following.stop()


async def create(operator: "AccountServiceAsyncStub", *names: str) -> None:
    for name in names:
        await operator.CreateAccount(account_pb2.CreateAccountRequest(account_id=name))


def soon() -> float:
    return time.monotonic() + 5


async def test_applies_what_happens(
    operator: "AccountServiceAsyncStub", consumer: FeedConsumer, follower: Follower
) -> None:
    """What is written there is applied here, and can be waited for."""
    await create(operator, "one", "two")
    await consumer.wait(1, 2, soon())
    assert follower.accounts() == ["one", "two"]


async def test_moves_the_watermark(consumer: FeedConsumer, follower: Follower) -> None:
    """A silent feed's watermark arrives too, for what is due here."""
    async with asyncio.timeout(60):
        while consumer.cursor.watermark_at == 0 and not follower.cursor().epoch:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert follower.cursor().epoch == 1


async def test_stops_waiting_in_time(consumer: FeedConsumer) -> None:
    """A position that does not come is waited for no longer than asked."""
    with pytest.raises(PositionNotReached):
        await consumer.wait(1, 99, time.monotonic() + 0.1)


def record_large(service: SmallService, *sizes: int) -> None:
    """Record the opening of an account for each size, told in about so many bytes."""

    def record(tx: Transaction) -> None:
        first_seq = take_numbers(tx, service.tables, count=len(sizes), now_at=NOW_AT)
        large = [
            events_pb2.AccountCreated(
                account=account_pb2.Account(name=f"accounts/n{place}", display_name="x" * size)
            )
            for place, size in enumerate(sizes)
        ]
        append_events(
            tx,
            service.tables,
            [
                RecordedEvent(
                    0, "", "", NOW_AT, NOW_AT, "", "", ACCOUNT_CREATED, each.SerializeToString()
                )
                for each in large
            ],
            first_seq=first_seq,
        )

    service.writer.in_transaction(record)


async def test_follows_a_feed_whose_events_fill_more_than_a_message(
    service: SmallService, consumer: FeedConsumer, follower: Follower
) -> None:
    """Many large events, and one larger than any request, are applied one page after the other."""
    record_large(service, *[1_000_000] * 6, 5_000_000)
    await consumer.wait(1, 7, soon())
    assert follower.seen == [1, 2, 3, 4, 5, 6, 7]


async def test_applies_nothing_while_paused(
    operator: "AccountServiceAsyncStub", consumer: FeedConsumer, follower: Follower
) -> None:
    """A paused consumer applies nothing, and all of it once resumed."""
    await consumer.pause()
    await create(operator, "one")
    with pytest.raises(PositionNotReached):
        await consumer.wait(1, 1, time.monotonic() + 0.3)
    paused = follower.accounts()
    consumer.resume()
    await consumer.wait(1, 1, soon())
    assert (paused, follower.accounts()) == ([], ["one"])


async def test_goes_on_from_its_cursor(
    service: SmallService, operator: "AccountServiceAsyncStub", follower: Follower
) -> None:
    """A restarted consumer is given nothing that it has applied."""
    await create(operator, "one")
    for seq, name in ((1, "two"), (2, "")):
        following = follower.consumer(service.address, service.credentials.service_secret)
        following.start()
        await following.wait(1, seq, soon())
        await following.stop()
        if name:
            await create(operator, name)
    assert follower.seen == [1, 2]


async def test_outlives_its_peer(tmp_path: Path, follower: Follower) -> None:
    """A peer that goes away and comes back is followed again."""
    async with running_service(tmp_path, listening=Listening(stop_seconds=0)) as first:
        port = first.server.port
        following = follower.consumer(first.address, first.credentials.service_secret)
        following.start()
        async with first.channel(first.operator_secret) as channel:
            await create(AccountServiceStub(channel), "one")
        await following.wait(1, 1, soon())
    again = Listening(port=port, stop_seconds=0)
    async with running_service(tmp_path, listening=again) as second:
        async with second.channel(second.operator_secret) as channel:
            await create(AccountServiceStub(channel), "two")
        await following.wait(1, 2, time.monotonic() + 10)
        await following.stop()
    assert follower.seen == [1, 2]


async def test_reports_a_cursor_that_the_feed_does_not_have(
    service: SmallService, follower: Follower
) -> None:
    """A consumer ahead of a restored producer says what is wrong and how to mend it."""

    def ahead(tx: Transaction) -> None:
        move_cursor(tx, follower.tables, "provisioning", Cursor(1, 99, 0))

    follower.writer.in_transaction(ahead)
    following = follower.consumer(service.address, service.credentials.service_secret)
    following.start()
    async with asyncio.timeout(60):
        while not following.fault:  # noqa: ASYNC110 - a test's patience
            await asyncio.sleep(0.01)
    await following.stop()
    assert "Restore the consumer to the same moment" in following.fault


async def test_calls_wait_for_the_peers_feed(tmp_path: Path, follower: Follower) -> None:
    """A call that knows of a position here is served when the service has applied it."""
    (tmp_path / "peer").mkdir()
    (tmp_path / "own").mkdir()
    async with running_service(tmp_path / "peer", listening=Listening(stop_seconds=0)) as peer:
        following = follower.consumer(peer.address, peer.credentials.service_secret)
        peers = {"billing": following}
        async with (
            running_service(tmp_path / "own", listening=Listening(), peers=peers) as own,
            own.channel(own.operator_secret) as channel,
            peer.channel(peer.operator_secret) as peer_channel,
        ):
            await create(AccountServiceStub(peer_channel), "one")
            request = account_pb2.GetAccountRequest(name="accounts/one")
            metadata = ((AFTER, "billing/1/1"),)
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await AccountServiceStub(channel).GetAccount(
                    request, metadata=metadata, timeout=0.5
                )
            following.start()
            answer = await AccountServiceStub(channel).GetAccount(request, metadata=metadata)
            await following.stop()
    assert refusal_of(failed.value)[1] == "POSITION_NOT_REACHED"
    assert answer.account.name == "accounts/one"
