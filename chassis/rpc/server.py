"""A service's gRPC server: its rpcs, health, reflection and metrics, started and stopped as one."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import reset_tzpath

import grpc.aio
import structlog
import uvloop
from grpc_health.v1 import _async as health
from grpc_health.v1 import health_pb2, health_pb2_grpc

from chassis.rpc.admission import Admission
from chassis.rpc.authentication import Authenticator
from chassis.rpc.call import ANSWER_BYTES_MAX
from chassis.rpc.contract import Rpc, rpcs_of
from chassis.rpc.handlers import SuiteHandlers, UnknownMethods
from chassis.rpc.metrics import Metrics
from chassis.rpc.pipeline import REQUEST_BYTES_MAX, Gate
from chassis.rpc.positions import AppliedFeed, Positions
from chassis.rpc.reflection import add_reflection
from chassis.rpc.streams import RunningStreams
from chassis.rpc.validation import warm_up

_log = structlog.get_logger("server")

_PEERS_EVERY_SECONDS: Final = 1.0
# New objects before a look at the young ones, and how many such looks before one at older ones.
_GC_THRESHOLDS: Final = (20_000, 50, 100)
# Ten times less than usual: four times as many calls are let in beside a thread that computes.
_SWITCH_SECONDS: Final = 0.0005
_OPTIONS: Final = (
    # Without it two processes could share a port, and one of them would starve.
    ("grpc.so_reuseport", 0),
    # Above our own limit, so that a message a little too large is refused in our words.
    ("grpc.max_receive_message_length", 2 * REQUEST_BYTES_MAX),
    ("grpc.max_send_message_length", ANSWER_BYTES_MAX),
    # Clients of ours ping each 20 s; the default takes a ping in 300 s and ends the connection.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # In seconds: what the loop has not come to yet is refused in our words, not ended without any.
    ("grpc.server_max_unrequested_time_in_server", 600),
)


class PortInUseError(Exception):
    """The server cannot listen there; the message says where and what to do."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Cannot listen on {address}: stop what listens there, or choose another port."
        )


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens (port 0: any free one) and how much it takes on at once."""

    host: str = "127.0.0.1"
    port: int = 0
    # None: the metrics are kept but not shown.
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    calls_max: int = 1024
    streams_max: int = 256
    bytes_max: int = 256 * 1024 * 1024
    stop_seconds: float = 10.0


class RpcServer:
    """A server of one service.

    `servicers` are plain objects by full service name. The constructor fails with ContractError if
    an rpc of theirs is not served or states no access rule.
    """

    # `peers` are the feeds that this service applies, by the peer's name.
    def __init__(
        self,
        name: str,
        servicers: Mapping[str, object],
        authenticator: Authenticator,
        *,
        listening: Listening,
        peers: Mapping[str, AppliedFeed] | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.name = name
        self.metrics = metrics or Metrics()
        self.port = 0
        self.metrics_port = 0
        self._listening = listening
        self._peers = dict(peers or {})
        self._services = tuple(servicers)
        self._rpcs: tuple[Rpc, ...] = tuple(rpcs_of(servicers))
        self._gate = Gate(
            authenticator=authenticator,
            positions=Positions(name, self._peers),
            calls=Admission(listening.calls_max),
            streams=Admission(listening.streams_max),
            request_bytes=Admission(listening.bytes_max),
            running_streams=RunningStreams(),
            metrics=self.metrics,
        )
        self._health = health.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._watch: asyncio.Task[None] | None = None
        self._show_calls_under_way()

    @property
    def under_way_count(self) -> int:
        """How many calls and streams are under way."""
        return self._gate.calls.under_way + self._gate.streams.under_way

    async def start(self) -> None:
        """Listen and serve. PortInUseError if the port is taken."""
        warm_up(rpc.request_class() for rpc in self._rpcs)
        server = grpc.aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers((SuiteHandlers(self._rpcs, self._gate),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        add_reflection(server, (*self._services, "grpc.health.v1.Health"))
        server.add_generic_rpc_handlers((UnknownMethods(),))
        self.port = self._bind(server)
        if self._listening.metrics_port is not None:
            self.metrics_port = self._show_metrics(self._listening.metrics_port)
        await server.start()
        self._server = server
        for service in self._services:
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        self._watch = asyncio.create_task(self._watch_peers(), name="peers")
        _log.info("serving", service=self.name, port=self.port)

    async def stop(self) -> None:
        """Be NOT_SERVING, end streams, let the calls under way end for a while, then go."""
        if self._server is None or self._watch is None:
            return
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)
        await self._health.enter_graceful_shutdown()
        self._gate.running_streams.stop()
        await self._server.stop(self._listening.stop_seconds)
        self._server = None
        await asyncio.to_thread(self.metrics.stop)
        _log.info("stopped", service=self.name)

    async def _watch_peers(self) -> None:
        """Tell the health of each feed that is applied here, under the name `feed/{peer}`."""
        states = health_pb2.HealthCheckResponse
        while True:
            for source, feed in self._peers.items():
                state = states.NOT_SERVING if feed.fault else states.SERVING
                await self._health.set(f"feed/{source}", state)
            await asyncio.sleep(_PEERS_EVERY_SECONDS)

    def _bind(self, server: grpc.aio.Server) -> int:
        host = self._listening.host
        address = f"[{host}]" if ":" in host else host
        address = f"{address}:{self._listening.port}"
        try:
            return server.add_insecure_port(address)
        except RuntimeError as failed:
            raise PortInUseError(address) from failed

    def _show_metrics(self, port: int) -> int:
        host = self._listening.metrics_host
        try:
            return self.metrics.serve(host, port)
        except OSError as failed:
            raise PortInUseError(f"{host}:{port}") from failed

    def _show_calls_under_way(self) -> None:
        calls, streams = self._gate.calls, self._gate.streams
        held = self._gate.request_bytes
        self.metrics.gauge("rpc_under_way", "Calls under way.", lambda: calls.under_way)
        self.metrics.gauge("rpc_streams", "Streams under way.", lambda: streams.under_way)
        self.metrics.gauge("rpc_request_bytes", "What they hold.", lambda: held.under_way)


def run(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run `main` on uvloop; the event it gets is set by SIGTERM or SIGINT."""
    # The pinned tzdata must win over whatever the machine has.
    reset_tzpath(to=())
    settle_interpreter()
    uvloop.run(_until_signal(main))


def settle_interpreter() -> None:
    """Keep the garbage collector off what a server holds for good, and the event loop in turn.

    The modules and the contract are more than a hundred thousand objects that it would visit again
    and again; calls under load cost a third more without this. And a thread that computes, such as
    the writing one, gives way to the loop soon: the loop asks for its turn several times a call.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


async def _until_signal(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, asked_to_end.set)
    await main(asked_to_end)
