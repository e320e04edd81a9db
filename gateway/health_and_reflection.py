"""The one small gRPC server of the gateway: health and reflection for both services."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc.aio
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_health.v1 import health_pb2_grpc

from gateway.failures import PortInUse
from gateway.health import BackendProbe, Draining, HealthServicer, watched_backends
from gateway.reflection import add_reflection
from gateway.routes import Backend, Route
from gateway.settings import ENVIRONMENT_PREFIX, Address, GatewaySettings

# Only Envoy calls it, so it is bound where only this machine reaches it.
HEALTH_HOST = "127.0.0.1"

_STOP_SECONDS = 1


@dataclass(frozen=True, slots=True)
class HealthAndReflection:
    """The running server and where it listens."""

    address: Address
    _server: grpc.aio.Server
    _probes: tuple[BackendProbe, ...]
    _draining: Draining

    def start_draining(self) -> None:
        """Answer NOT_SERVING from now on and end the watches with it."""
        self._draining.started = True

    async def stop(self) -> None:
        """End the server and its connections to the backends."""
        await self._server.stop(grace=_STOP_SECONDS)
        for probe in self._probes:
            await probe.close()


async def start_health_and_reflection(
    settings: GatewaySettings, contract: FileDescriptorSet, routes: Sequence[Route]
) -> HealthAndReflection:
    """Give the running server, bound to the settings' health port."""
    draining = Draining()
    addresses = {
        Backend.PROVISIONING: settings.provisioning_addresses,
        Backend.BILLING: settings.billing_addresses,
    }
    probes = {
        backend: BackendProbe(backend, those, settings.health_timeout_seconds)
        for backend, those in addresses.items()
    }
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(
        HealthServicer(
            names=watched_backends(routes),
            probes=probes,
            draining=draining,
            watch_seconds=settings.health_watch_seconds,
        ),
        server,
    )
    add_reflection(server, contract)
    port = _bind(server, settings.health_port)
    await server.start()
    return HealthAndReflection(Address(HEALTH_HOST, port), server, tuple(probes.values()), draining)


def _bind(server: grpc.aio.Server, port: int) -> int:
    try:
        return server.add_insecure_port(str(Address(HEALTH_HOST, port)))
    except RuntimeError as failed:
        raise PortInUse(
            host=HEALTH_HOST, port=port, setting=f"{ENVIRONMENT_PREFIX}HEALTH_PORT"
        ) from failed
