"""The provisioning service put together: store, writer, feed, servicers, server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import grpc.aio
import structlog
from pospago.billing.v1 import event_service_pb2 as billing_feed_pb2
from pospago.provisioning.v1 import event_service_pb2

from chassis.batch import BatchTools
from chassis.clock import Clock, SystemClock
from chassis.credentials import Credentials
from chassis.database import Database
from chassis.ids import RandomIds
from chassis.rpc.authentication import BearerAuthenticator, RememberedCallers
from chassis.rpc.channel import ClientMetadata, open_channel
from chassis.rpc.consumer import FeedConsumer, PeerFeed
from chassis.rpc.events import EventFeed
from chassis.rpc.feed_signal import FeedSignal
from chassis.rpc.metrics import Metrics
from chassis.rpc.pages import PageTokens
from chassis.rpc.server import Listening, RpcServer
from chassis.rpc.writes import Writes
from chassis.workers import Workers
from chassis.writer import Writer
from provisioning_service.api.access import Access
from provisioning_service.api.accounts import Accounts
from provisioning_service.api.callers import SecretMint, remembered_callers
from provisioning_service.api.entitlements import EntitlementChecks
from provisioning_service.api.events import encode_event
from provisioning_service.api.feed import Feed
from provisioning_service.api.instances import Instances
from provisioning_service.api.integrators import Integrators
from provisioning_service.api.members import Members
from provisioning_service.api.reading import Reads
from provisioning_service.api.resources import Resources
from provisioning_service.api.sandboxes import Sandboxes
from provisioning_service.api.tokens import Tokens
from provisioning_service.clients.billing_feed import submission_of
from provisioning_service.clients.billing_steps import BillingSteps
from provisioning_service.clients.sandbox_coordinator import SandboxCoordinator
from provisioning_service.domain.programme import check_programme
from provisioning_service.settings import ProvisioningSettings
from provisioning_service.storage.schema import CHASSIS, upgrade
from provisioning_service.use_cases.fire_timers import TIMERS

NAME: Final = "provisioning"
PEER: Final = "billing"
_PACKAGE: Final = "pospago.provisioning.v1"
_log = structlog.get_logger("provisioning")


@dataclass(frozen=True, slots=True)
class _Core:
    """What the service has before it serves: its store, and who may call it."""

    settings: ProvisioningSettings
    credentials: Credentials
    database: Database
    clock: Clock
    writer: Writer
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class ProvisioningApp:
    """The running service, with its parts for whoever started it."""

    server: RpcServer
    database: Database
    writer: Writer
    workers: Workers
    consumer: FeedConsumer
    credentials: Credentials
    _peer: grpc.aio.Channel

    @classmethod
    async def start(
        cls, settings: ProvisioningSettings, clock: Clock | None = None
    ) -> "ProvisioningApp":
        """Bring the store up to date, serve, follow billing's feed; billing may come later.

        Errors:  StoreLockedError, PortInUseError.
        """
        core = _open_core(settings, clock or SystemClock())
        try:
            return await _serve_core(core)
        except BaseException:
            core.writer.close()
            core.database.close()
            raise

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port

    @property
    def address(self) -> str:
        """Where it listens, as a client on this machine calls it."""
        return f"127.0.0.1:{self.server.port}"

    async def stop(self) -> None:
        """Take no more calls, end what is under way, close the store."""
        await self.server.stop()
        await self.consumer.stop()
        await self.workers.stop()
        await self._peer.close()
        await asyncio.to_thread(self.writer.close)
        await asyncio.to_thread(self.database.close)


async def serve(settings: ProvisioningSettings, asked_to_end: asyncio.Event) -> None:
    """Run the service until asked to end."""
    app = await ProvisioningApp.start(settings)
    credential = app.credentials.operator_file
    _log.info(
        "ready", address=app.address, operator_credential=str(credential) if credential else ""
    )
    try:
        await asked_to_end.wait()
    finally:
        await app.stop()


def _open_core(settings: ProvisioningSettings, clock: Clock) -> _Core:
    check_programme(settings.programme.to_programme())
    credentials = settings.credentials_of(NAME)
    database = Database(settings.database_url_of(NAME))
    try:
        upgrade(database)
        tools = BatchTools(CHASSIS, TIMERS, encode_event)
        writer = Writer(database, tools, clock, settings.bounds)
    except BaseException:
        database.close()
        raise
    metrics = Metrics()
    metrics.show_writer(writer)
    return _Core(settings, credentials, database, clock, writer, metrics)


async def _serve_core(core: _Core) -> ProvisioningApp:
    writer, settings = core.writer, core.settings
    peer = open_channel(settings.peer_address, ClientMetadata(core.credentials.service_secret))
    consumer = FeedConsumer(
        PeerFeed(PEER, peer, billing_feed_pb2, settings.peer_heartbeat_seconds),
        writer,
        submission_of,
        core.metrics,
    )
    coordinator = SandboxCoordinator(writer, BillingSteps(peer), consumer)
    callers = remembered_callers(core.database, core.clock)
    server = RpcServer(
        NAME,
        _servicers(core, coordinator, callers),
        BearerAuthenticator(core.credentials.book, core.credentials.keyed_hash, callers),
        listening=_listening(settings),
        peers={PEER: consumer},
        metrics=core.metrics,
    )
    await server.start()
    workers = Workers(writer, submission_of)
    workers.start()
    consumer.start()
    return ProvisioningApp(server, core.database, writer, workers, consumer, core.credentials, peer)


def _servicers(
    core: _Core, coordinator: SandboxCoordinator, callers: RememberedCallers
) -> Mapping[str, object]:
    """The servicer of each of our services, by full name."""
    keyed_hash = core.credentials.keyed_hash
    writes = Writes(core.writer, NAME)
    reads = Reads(core.database, core.clock, PageTokens(keyed_hash.of("page tokens")))
    ids = RandomIds(core.clock)
    mint = SecretMint(keyed_hash)
    defaults = core.settings.programme.to_programme()
    signal = FeedSignal(asyncio.get_running_loop())
    core.writer.on_commit(signal.committed)
    feed = EventFeed(
        core.database,
        CHASSIS,
        signal,
        event_service_pb2,
        heartbeat_seconds=core.settings.heartbeat_seconds,
    )
    return {
        f"{_PACKAGE}.AccountService": Accounts(writes, reads),
        f"{_PACKAGE}.IntegratorService": Integrators(writes, reads, mint, defaults),
        f"{_PACKAGE}.TokenService": Tokens(writes, reads, core.clock, mint, callers),
        f"{_PACKAGE}.InstanceService": Instances(writes, reads, ids),
        f"{_PACKAGE}.SandboxService": Sandboxes(writes, reads, ids, mint, coordinator),
        f"{_PACKAGE}.MemberService": Members(writes, reads, mint, callers),
        f"{_PACKAGE}.ResourceService": Resources(writes, reads),
        f"{_PACKAGE}.EntitlementService": EntitlementChecks(reads),
        f"{_PACKAGE}.EventService": Feed(feed, reads),
        "pospago.access.v1.AccessService": Access(reads, core.clock, keyed_hash),
    }


def _listening(settings: ProvisioningSettings) -> Listening:
    return Listening(
        host=settings.host,
        port=settings.port,
        metrics_host=settings.metrics_host,
        metrics_port=settings.metrics_port,
        calls_max=settings.calls_max,
        streams_max=settings.streams_max,
        bytes_max=settings.bytes_max,
        stop_seconds=settings.stop_seconds,
    )
