"""The billing service put together: store, writer, feed, servicers, server."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import reset_tzpath

import grpc.aio
import structlog
from pospago.billing.v1 import event_service_pb2
from pospago.provisioning.v1 import event_service_pb2 as provisioning_feed_pb2

from billing_service.api.billing_profiles import BillingProfiles
from billing_service.api.catalogs import Catalogs
from billing_service.api.coupons import Coupons
from billing_service.api.credit_notes import CreditNotes
from billing_service.api.credits import Credits
from billing_service.api.estimates import Estimates
from billing_service.api.events import encode_event
from billing_service.api.invoices import Invoices
from billing_service.api.issuers import Issuers
from billing_service.api.meters import Meters
from billing_service.api.one_off_charges import OneOffCharges
from billing_service.api.payment_requests import PaymentRequests
from billing_service.api.payments import Payments
from billing_service.api.preview_tokens import PreviewTokens
from billing_service.api.price_changes import PriceChanges
from billing_service.api.reading import Reads
from billing_service.api.reviews import Reviews
from billing_service.api.sandbox_steps import SandboxSteps
from billing_service.api.subscriptions import Subscriptions
from billing_service.api.tax_profiles import TaxProfiles
from billing_service.api.terms import TermsOfBilling
from billing_service.api.usage import Usage
from billing_service.api.usage_events import EventTimes, UsageEvents
from billing_service.api.usage_guards import UsageGuards
from billing_service.api.usage_history import UsageHistory
from billing_service.api.usage_summaries import UsageSummaries
from billing_service.api.usage_watching import UsageWatching
from billing_service.clients.introspection import remembered_callers
from billing_service.clients.provisioning_feed import ProvisioningFeed
from billing_service.domain.terms import DEFAULT_TERMS, integrator_terms
from billing_service.settings import BillingSettings
from billing_service.storage.queries import find_terms
from billing_service.storage.schema import CHASSIS, upgrade
from billing_service.use_cases.create_terms import CREATE_TERMS, CreateTerms
from billing_service.use_cases.timer_use_cases import TIMER_USE_CASES
from chassis.batch import BatchTools
from chassis.clock import Clock, SystemClock
from chassis.credentials import Credentials
from chassis.database import Database
from chassis.entry import Submission
from chassis.ids import RandomIds
from chassis.rpc.authentication import BearerAuthenticator
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

NAME: Final = "billing"
PEER: Final = "provisioning"
_PACKAGE: Final = "pospago.billing.v1"
_SECOND_US: Final = 1_000_000
_DAY_US: Final = 86_400 * _SECOND_US
_log = structlog.get_logger("billing")


@dataclass(frozen=True, slots=True)
class _Core:
    """What the service has before it serves: its store, and who may call it."""

    settings: BillingSettings
    credentials: Credentials
    database: Database
    clock: Clock
    writer: Writer
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class BillingApp:
    """The running service, with its parts for whoever started it."""

    server: RpcServer
    database: Database
    writer: Writer
    workers: Workers
    consumer: FeedConsumer
    credentials: Credentials
    _peer: grpc.aio.Channel

    @classmethod
    async def start(cls, settings: BillingSettings, clock: Clock | None = None) -> "BillingApp":
        """Bring the store up to date, serve, follow provisioning's feed, which may come later.

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


async def serve(settings: BillingSettings, asked_to_end: asyncio.Event) -> None:
    """Run the service until asked to end."""
    app = await BillingApp.start(settings)
    credential = app.credentials.operator_file
    _log.info(
        "ready", address=app.address, operator_credential=str(credential) if credential else ""
    )
    try:
        await asked_to_end.wait()
    finally:
        await app.stop()


def open_writer(database: Database, clock: Clock, settings: BillingSettings) -> Writer:
    """A writer on a store that is brought up to date, and knows the programme's terms."""
    upgrade(database)
    tools = BatchTools(CHASSIS, TIMER_USE_CASES, encode_event)
    writer = Writer(database, tools, clock, settings.bounds)
    if database.read(lambda tx: find_terms(tx, DEFAULT_TERMS)) is None:
        # Another process may be first: then the terms are there, which is all that is wanted.
        (first,) = integrator_terms().versions
        command = CreateTerms(DEFAULT_TERMS, first)
        writer.execute([Submission(CREATE_TERMS, command, f"service/{NAME}")])
    return writer


def _open_core(settings: BillingSettings, clock: Clock) -> _Core:
    # The pinned tzdata must win over whatever the machine has.
    reset_tzpath(to=())
    credentials = settings.credentials_of(NAME)
    database = Database(settings.database_url_of(NAME))
    try:
        writer = open_writer(database, clock, settings)
    except BaseException:
        database.close()
        raise
    metrics = Metrics()
    metrics.show_writer(writer)
    return _Core(settings, credentials, database, clock, writer, metrics)


async def _serve_core(core: _Core) -> BillingApp:
    writer, settings = core.writer, core.settings
    peer = open_channel(settings.peer_address, ClientMetadata(core.credentials.service_secret))
    callers = remembered_callers(peer)
    feed = ProvisioningFeed(callers)
    consumer = FeedConsumer(
        PeerFeed(PEER, peer, provisioning_feed_pb2, settings.peer_heartbeat_seconds),
        writer,
        feed.submission_of,
        core.metrics,
    )
    server = RpcServer(
        NAME,
        _servicers(core, consumer),
        BearerAuthenticator(core.credentials.book, core.credentials.keyed_hash, callers),
        listening=_listening(settings),
        peers={PEER: consumer},
        metrics=core.metrics,
    )
    await server.start()
    workers = Workers(writer, feed.submission_of)
    workers.start()
    consumer.start()
    return BillingApp(server, core.database, writer, workers, consumer, core.credentials, peer)


def _servicers(core: _Core, consumer: FeedConsumer) -> Mapping[str, object]:
    """The servicer of each of our services, by full name."""
    writes = Writes(core.writer, NAME)
    pages = PageTokens(core.credentials.keyed_hash.of("page tokens"))
    reads = Reads(core.database, core.clock, pages)
    signal = FeedSignal(asyncio.get_running_loop())
    core.writer.on_commit(signal.committed)
    events = EventFeed(
        core.database,
        CHASSIS,
        signal,
        event_service_pb2,
        heartbeat_seconds=core.settings.heartbeat_seconds,
    )
    return {
        f"{_PACKAGE}.IssuerService": Issuers(writes, reads),
        f"{_PACKAGE}.TermsService": TermsOfBilling(writes, reads),
        f"{_PACKAGE}.TaxProfileService": TaxProfiles(writes, reads),
        f"{_PACKAGE}.CatalogService": Catalogs(writes, reads),
        f"{_PACKAGE}.MeterService": Meters(writes, reads),
        f"{_PACKAGE}.PriceChangeService": PriceChanges(writes, reads),
        f"{_PACKAGE}.BillingProfileService": BillingProfiles(writes, reads),
        f"{_PACKAGE}.SubscriptionService": Subscriptions(
            writes,
            reads,
            PreviewTokens(core.credentials.keyed_hash.of("preview tokens")),
            RandomIds(core.clock),
        ),
        f"{_PACKAGE}.InvoiceService": Invoices(writes, reads, core.clock),
        f"{_PACKAGE}.EstimateService": Estimates(reads),
        f"{_PACKAGE}.PaymentService": Payments(writes, reads, RandomIds(core.clock)),
        f"{_PACKAGE}.PaymentRequestService": PaymentRequests(writes, reads),
        f"{_PACKAGE}.CreditNoteService": CreditNotes(writes, reads),
        f"{_PACKAGE}.CreditService": Credits(writes, reads, RandomIds(core.clock)),
        f"{_PACKAGE}.OneOffChargeService": OneOffCharges(writes, reads, core.clock),
        f"{_PACKAGE}.CouponService": Coupons(writes, reads),
        f"{_PACKAGE}.ReviewService": Reviews(writes, reads, core.clock),
        f"{_PACKAGE}.UsageService": _usage(core, writes, reads),
        f"{_PACKAGE}.UsageGuardService": UsageGuards(
            writes, reads, RandomIds(core.clock), core.clock, _event_times(core.settings)
        ),
        f"{_PACKAGE}.SandboxStepService": SandboxSteps(core.writer, consumer),
        f"{_PACKAGE}.EventService": events,
    }


def _usage(core: _Core, writes: Writes, reads: Reads) -> Usage:
    """The servicer of UsageService."""
    written = FeedSignal(asyncio.get_running_loop())
    core.writer.on_write(written.committed)
    summaries = UsageSummaries(reads)
    is_alone = core.database.dialect == "sqlite"
    return Usage(
        UsageEvents(writes, core.clock, _event_times(core.settings)),
        UsageHistory(writes, reads),
        summaries,
        UsageWatching(summaries, written, is_alone=is_alone),
    )


def _event_times(settings: BillingSettings) -> EventTimes:
    return EventTimes(
        tolerance_us=settings.usage_future_tolerance_seconds * _SECOND_US,
        age_max_us=settings.usage_age_max_days * _DAY_US,
    )


def _listening(settings: BillingSettings) -> Listening:
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
