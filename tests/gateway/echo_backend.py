"""A real gRPC server that answers bytes with the same bytes, until told otherwise."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

from gateway.settings import Address
from tests.gateway.echo_contract import EXCHANGE, FOLLOW, MUTATE, READ

Context = grpc.aio.ServicerContext[bytes, bytes]
Answer = Callable[[bytes, Context], Awaitable[bytes]]
Follow = Callable[[bytes, Context], AsyncIterator[bytes]]

_ANY_PORT = Address("127.0.0.1", 0)
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 5 * 1024 * 1024),
)


@dataclass(frozen=True, slots=True)
class SeenCall:
    """What arrived at the backend of one call."""

    rpc: str
    metadata: dict[str, str | bytes]
    time_remaining_seconds: float | None


async def _echo(request: bytes, context: Context) -> bytes:
    return request


async def _echo_three_times(request: bytes, context: Context) -> AsyncIterator[bytes]:
    for index in range(3):
        yield request + str(index).encode()


@dataclass(slots=True)
class EchoBackend:
    """One backend process: change `answer` or `follow` to make it behave otherwise."""

    service: str
    answer: Answer = _echo
    follow: Follow = _echo_three_times
    calls: list[SeenCall] = field(default_factory=list)
    address: Address = _ANY_PORT
    _server: grpc.aio.Server | None = None
    _health: health_aio.HealthServicer | None = None

    async def start(self) -> None:
        """Serve; after a stop, on the same port again."""
        self._server = grpc.aio.server(options=_OPTIONS)
        self._health = health_aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._server.add_generic_rpc_handlers((self._handlers(),))
        port = self._server.add_insecure_port(str(self.address))
        self.address = Address(self.address.host, port)
        await self._server.start()
        await self.set_serving(serving=True)

    async def stop(self) -> None:
        """End at once, with the calls under way."""
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None

    async def set_serving(self, *, serving: bool) -> None:
        """Answer health as SERVING or NOT_SERVING."""
        states = health_pb2.HealthCheckResponse
        assert self._health is not None
        await self._health.set("", states.SERVING if serving else states.NOT_SERVING)

    def _handlers(self) -> grpc.GenericRpcHandler:
        handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            READ: grpc.unary_unary_rpc_method_handler(self._unary(READ)),
            MUTATE: grpc.unary_unary_rpc_method_handler(self._unary(MUTATE)),
            EXCHANGE: grpc.stream_stream_rpc_method_handler(self._exchange),
            FOLLOW: grpc.unary_stream_rpc_method_handler(self._stream),
        }
        return grpc.method_handlers_generic_handler(self.service, handlers)

    def _unary(self, rpc: str) -> Answer:
        async def answer(request: bytes, context: Context) -> bytes:
            self._note(rpc, context)
            return await self.answer(request, context)

        return answer

    async def _stream(self, request: bytes, context: Context) -> AsyncIterator[bytes]:
        self._note(FOLLOW, context)
        async for message in self.follow(request, context):
            yield message

    async def _exchange(
        self, requests: AsyncIterator[bytes], context: Context
    ) -> AsyncIterator[bytes]:
        self._note(EXCHANGE, context)
        async for request in requests:
            yield await self.answer(request, context)

    def _note(self, rpc: str, context: Context) -> None:
        metadata = dict(context.invocation_metadata() or ())
        self.calls.append(SeenCall(rpc, metadata, context.time_remaining()))
