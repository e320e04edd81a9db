"""Channels of our own clients: credential, trace, deadline, retries, and reads of one's writes."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf import descriptor_pool

from chassis.rpc.call import AFTER, ANSWER_BYTES_MAX, AUTHORIZATION, POSITION, Position
from chassis.rpc.contract import is_side_effect_free
from chassis.rpc.trace import trace_metadata

UNARY_SECONDS: Final = 10.0
_ATTEMPTS_MAX: Final = 4


class KnownPositions:
    """The latest place in each feed that a client has heard of."""

    def __init__(self) -> None:
        self._latest: dict[str, Position] = {}

    def learn(self, metadata: Sequence[tuple[str, str | bytes]] | None) -> None:
        """Take in the positions that an answer's trailers tell."""
        for key, value in metadata or ():
            if key == POSITION and isinstance(value, str):
                told = Position.parse(value)
                known = self._latest.get(told.source)
                if known is None or (known.epoch, known.seq) < (told.epoch, told.seq):
                    self._latest[told.source] = told

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What makes a server wait until it knows as much as this client."""
        return tuple((AFTER, str(each)) for each in self._latest.values())


class ClientMetadata:
    """What a client of ours puts on each call: credential, known positions, trace."""

    def __init__(self, secret: str, positions: KnownPositions | None = None) -> None:
        self._secret = secret
        self.positions = positions or KnownPositions()

    def current(self) -> tuple[tuple[str, str], ...]:
        """The metadata for a call made now."""
        credential = ((AUTHORIZATION, f"Bearer {self._secret}"),) if self._secret else ()
        return (*credential, *self.positions.metadata(), *trace_metadata())


def open_channel(
    address: str, metadata: ClientMetadata, *, services: Sequence[str] = ()
) -> grpc.aio.Channel:
    """A channel whose calls carry the metadata and, if unary, a deadline.

    Calls of `services` that change nothing are retried while the server is away.
    """
    return grpc.aio.insecure_channel(
        address,
        options=channel_options(services),
        interceptors=[_Unary(metadata), _Stream(metadata), _Exchange(metadata)],
    )


def channel_options(services: Sequence[str] = ()) -> list[tuple[str, Any]]:
    """Keepalive, reconnects, large answers, the retries of `services`, for any kind of channel."""
    return [
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.max_receive_message_length", ANSWER_BYTES_MAX),
        ("grpc.service_config", json.dumps(retry_config(services))),
    ]


def retry_config(services: Sequence[str]) -> dict[str, Any]:
    """The service config that retries the side-effect-free unary rpcs of `services`."""
    names = list(_retried(services))
    if not names:
        return {}
    policy = {
        "maxAttempts": _ATTEMPTS_MAX,
        "initialBackoff": "0.05s",
        "maxBackoff": "1s",
        "backoffMultiplier": 3,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return {"methodConfig": [{"name": names, "retryPolicy": policy}]}


def _retried(services: Sequence[str]) -> Iterator[dict[str, str]]:
    for name in services:
        for method in descriptor_pool.Default().FindServiceByName(name).methods:
            if is_side_effect_free(method) and not method.server_streaming:
                yield {"service": name, "method": method.name}


class _Unary(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, metadata: ClientMetadata) -> None:
        self._metadata = metadata

    async def intercept_unary_unary(
        self,
        continuation: Callable[..., Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Make the call with our metadata and a deadline, and learn from its trailers."""
        details = _completed(client_call_details, self._metadata)
        if details.timeout is None:
            details = details._replace(timeout=UNARY_SECONDS)
        call = await continuation(details, request)
        try:
            self._metadata.positions.learn(await call.trailing_metadata())
        except asyncio.CancelledError:
            # Whoever cancels waits here, not in the call itself.
            call.cancel()
            raise
        return call


class _Stream(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self, metadata: ClientMetadata) -> None:
        self._metadata = metadata

    async def intercept_unary_stream(
        self,
        continuation: Callable[..., Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Make the call with our metadata; a stream has no deadline of its own."""
        return await continuation(_completed(client_call_details, self._metadata), request)


class _Exchange(grpc.aio.StreamStreamClientInterceptor):
    def __init__(self, metadata: ClientMetadata) -> None:
        self._metadata = metadata

    async def intercept_stream_stream(
        self,
        continuation: Callable[..., Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request_iterator: Any,
    ) -> Any:
        """Make the call with our metadata; a stream has no deadline of its own."""
        return await continuation(_completed(client_call_details, self._metadata), request_iterator)


def _completed(details: grpc.aio.ClientCallDetails, metadata: ClientMetadata) -> Any:
    """The details with our metadata added to those of the call."""
    # The stubs do not say that it is a named tuple.
    stated: Any = details
    own = tuple(stated.metadata or ())
    return stated._replace(metadata=grpc.aio.Metadata(*own, *metadata.current()))
