"""Health of what stands behind the gateway, asked of each process itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import grpc
import grpc.aio
import structlog
from grpc_health.v1 import health_pb2

from gateway.routes import Backend, Route
from gateway.settings import ENVIRONMENT_PREFIX, Address

_log = structlog.get_logger("gateway")

# A restarted backend must be seen again within a second; gRPC's own default is two minutes.
_CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.enable_retries", 0),
)

_SERVING: int = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING: int = health_pb2.HealthCheckResponse.NOT_SERVING
_SERVICE_UNKNOWN: int = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

_Context = grpc.aio.ServicerContext[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]


class BackendProbe:
    """Asks the processes of one backend for their own overall health; logs when it changes."""

    def __init__(
        self, backend: Backend, addresses: Sequence[Address], timeout_seconds: float
    ) -> None:
        self._backend = backend
        self._addresses = ",".join(map(str, addresses))
        self._timeout_seconds = timeout_seconds
        self._was_serving: bool | None = None
        self._channels = [
            grpc.aio.insecure_channel(str(address), options=_CHANNEL_OPTIONS)
            for address in addresses
        ]

    async def is_serving(self) -> bool:
        """Tell whether at least one process of the backend serves."""
        serving = any(await asyncio.gather(*map(self._ask, self._channels)))
        if serving != self._was_serving:
            self._was_serving = serving
            self._tell(serving=serving)
        return serving

    async def close(self) -> None:
        """Close the connections to the backend."""
        for channel in self._channels:
            await channel.close()

    def _tell(self, *, serving: bool) -> None:
        told = {"backend": self._backend.value, "addresses": self._addresses}
        if serving:
            _log.info("backend serves", **told)
        else:
            setting = f"{ENVIRONMENT_PREFIX}{self._backend.name}_ADDRESSES"
            _log.warning("backend does not serve", **told, setting=setting)

    async def _ask(self, channel: grpc.aio.Channel) -> bool:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = await check(health_pb2.HealthCheckRequest(), timeout=self._timeout_seconds)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == _SERVING)


def watched_backends(routes: Sequence[Route]) -> dict[str, tuple[Backend, ...]]:
    """Give, for every name that health knows, the backends it depends on.

    "" is the whole suite; each backend and each service is known by its name. What the gateway
    answers itself depends on none.
    """
    outside = tuple(backend for backend in Backend if backend is not Backend.GATEWAY)
    names: dict[str, tuple[Backend, ...]] = {"": outside}
    names |= {backend.value: (backend,) for backend in outside}
    for route in routes:
        names[route.service] = () if route.backend is Backend.GATEWAY else (route.backend,)
    return names


@dataclass(slots=True)
class Draining:
    """Whether the gateway is on its way out, shared by those who must know."""

    started: bool = False


class HealthServicer:
    """grpc.health.v1 for the suite as a whole, for each backend and for each service."""

    def __init__(
        self,
        *,
        names: Mapping[str, tuple[Backend, ...]],
        probes: Mapping[Backend, BackendProbe],
        draining: Draining,
        watch_seconds: float,
    ) -> None:
        self._names = names
        self._probes = probes
        self._draining = draining
        self._watch_seconds = watch_seconds

    async def Check(  # noqa: N802 - the name is the rpc's
        self,
        request: health_pb2.HealthCheckRequest,
        context: _Context,
    ) -> health_pb2.HealthCheckResponse:
        """Answer for one name, by asking the processes behind it now."""
        if request.service not in self._names:
            await context.abort(
                grpc.StatusCode.NOT_FOUND,
                f"No service {request.service!r} here: list the services by reflection.",
            )
        return health_pb2.HealthCheckResponse(status=await self._status_of(request.service))

    async def List(  # noqa: N802 - the name is the rpc's
        self,
        request: health_pb2.HealthListRequest,
        context: object,
    ) -> health_pb2.HealthListResponse:
        """Answer for every name at once; each process is asked once."""
        serving = await self._serving_backends()
        statuses = {
            name: health_pb2.HealthCheckResponse(
                status=self._status(serving=serving.issuperset(backends))
            )
            for name, backends in self._names.items()
        }
        return health_pb2.HealthListResponse(statuses=statuses)

    async def Watch(  # noqa: N802 - the name is the rpc's
        self,
        request: health_pb2.HealthCheckRequest,
        context: object,
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """Answer for one name now and at each change, until the gateway drains."""
        told = None
        while True:
            status = await self._status_of(request.service)
            if status != told:
                told = status
                yield health_pb2.HealthCheckResponse(status=status)
            if self._draining.started:
                return
            await asyncio.sleep(self._watch_seconds)

    async def _status_of(self, name: str) -> int:
        if name not in self._names:
            return _SERVICE_UNKNOWN
        probes = [self._probes[backend] for backend in self._names[name]]
        answers = await asyncio.gather(*(probe.is_serving() for probe in probes))
        return self._status(serving=all(answers))

    async def _serving_backends(self) -> set[Backend]:
        backends = list(self._probes)
        answers = await asyncio.gather(*(self._probes[each].is_serving() for each in backends))
        return {each for each, serving in zip(backends, answers, strict=True) if serving}

    def _status(self, *, serving: bool) -> int:
        return _SERVING if serving and not self._draining.started else _NOT_SERVING
