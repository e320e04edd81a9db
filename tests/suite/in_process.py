"""Both services in this process, on free ports, with a clock of the test's choice."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from billing_service.server import BillingApp
from billing_service.settings import BillingSettings
from chassis.clock import Clock, SystemClock
from provisioning_service.server import ProvisioningApp
from provisioning_service.settings import ProvisioningSettings
from tests.postgres import PostgresServer
from tests.suite.clients import Clients
from tests.suite.processes import SERVICES, free_port

# How often each service hears from the other when nothing happens.
PEER_HEARTBEAT_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class RunningSuite:
    """The running services, and the secrets to call them with."""

    provisioning: ProvisioningApp
    billing: BillingApp
    clock: Clock
    data_dir: Path

    @property
    def operator_secret(self) -> str:
        """The operator's secret."""
        return self._secret("operator.token")

    @property
    def service_secret(self) -> str:
        """The secret that provisioning shows billing."""
        return self._secret("service-provisioning.token")

    def clients(self, secret: str = "") -> Clients:
        """Stubs of both services with a credential, the operator's unless another is given."""
        return Clients.connect(
            self.provisioning.address, self.billing.address, secret or self.operator_secret
        )

    def _secret(self, file: str) -> str:
        return (self.data_dir / file).read_text(encoding="ascii").strip()


@asynccontextmanager
async def running_suite(
    data_dir: Path, *, clock: Clock | None = None, database_urls: Mapping[str, str] | None = None
) -> AsyncIterator[RunningSuite]:
    """Run both services until the block ends.

    `database_urls` holds the URL of "provisioning" and "billing"; without one, a service keeps an
    SQLite file in the data folder. Both tell the time by `clock`, the machine's unless given.
    """
    urls, told = database_urls or {}, clock or SystemClock()
    place = Place(data_dir, told, provisioning_port=free_port(), billing_port=free_port())
    async with (
        running_provisioning(place, urls.get("provisioning", "")) as provisioning,
        running_billing(place, urls.get("billing", "")) as billing,
    ):
        yield RunningSuite(provisioning, billing, told, data_dir)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the services keep their things, by which clock, and on which ports they listen."""

    data_dir: Path
    clock: Clock
    provisioning_port: int
    billing_port: int


@asynccontextmanager
async def running_provisioning(
    place: Place, database_url: str = ""
) -> AsyncIterator[ProvisioningApp]:
    """Run provisioning until the block ends, whether billing is there or not."""
    app = await ProvisioningApp.start(
        ProvisioningSettings(
            data_dir=place.data_dir,
            port=place.provisioning_port,
            metrics_port=None,
            peer_address=f"127.0.0.1:{place.billing_port}",
            peer_heartbeat_seconds=PEER_HEARTBEAT_SECONDS,
            database_url=database_url,
        ),
        place.clock,
    )
    try:
        yield app
    finally:
        await app.stop()


@asynccontextmanager
async def running_billing(place: Place, database_url: str = "") -> AsyncIterator[BillingApp]:
    """Run billing until the block ends, whether provisioning is there or not."""
    app = await BillingApp.start(
        BillingSettings(
            data_dir=place.data_dir,
            port=place.billing_port,
            metrics_port=None,
            peer_address=f"127.0.0.1:{place.provisioning_port}",
            peer_heartbeat_seconds=PEER_HEARTBEAT_SECONDS,
            database_url=database_url,
        ),
        place.clock,
    )
    try:
        yield app
    finally:
        await app.stop()


@contextmanager
def empty_databases(server: PostgresServer) -> Iterator[dict[str, str]]:
    """An empty database for each service; they bring it up to date themselves."""
    names = {each: server.new_database("empty", lambda _url: None) for each in SERVICES}
    try:
        yield {service: server.url(name) for service, name in names.items()}
    finally:
        for name in names.values():
            server.drop_database(name)
