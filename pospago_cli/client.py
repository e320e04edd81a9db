"""A connection to the suite: a call carries a credential, a deadline and what was learned before.

A write answers with its place in its service's feed (`pospago-position`); every later call sends it
along (`pospago-after`) and so sees that write, whichever service it asks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import grpc

from chassis.rpc.call import AUTHORIZATION
from chassis.rpc.channel import KnownPositions, channel_options

CALL_SECONDS: Final = 30
# Feeds beat every 15 seconds, so a stream is never silent for long.
STREAM_SECONDS: Final = 3600

S = TypeVar("S")
M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)


class Stream(Protocol[M_co]):
    """The messages of a server stream, and what came after the last."""

    def __iter__(self) -> Iterator[M_co]:
        """The messages in order."""
        ...

    def trailing_metadata(self) -> Any:
        """What the server said last."""
        ...


@dataclass(frozen=True, slots=True)
class _Details(grpc.ClientCallDetails):
    """What is said about a call before it is made."""

    method: str
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


@dataclass(frozen=True, slots=True)
class _Caller(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Adds to each call who makes it and what it must see."""

    credential: str
    positions: KnownPositions

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Make the call, and learn where its write stands."""
        call = continuation(self._told(client_call_details, CALL_SECONDS), request)
        if call.code() is grpc.StatusCode.OK:
            self.positions.learn(call.trailing_metadata())
        return call

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request: Any
    ) -> Any:
        """Start the stream; `Connection.messages` learns where it ended."""
        return continuation(self._told(client_call_details, STREAM_SECONDS), request)

    def intercept_stream_stream(
        self, continuation: Callable[..., Any], client_call_details: Any, request_iterator: Any
    ) -> Any:
        """Start the stream both ways; `Connection.messages` learns where it ended."""
        return continuation(self._told(client_call_details, STREAM_SECONDS), request_iterator)

    def _told(self, details: Any, timeout_seconds: int) -> _Details:
        metadata = [*(details.metadata or ()), *self.positions.metadata()]
        if self.credential:
            metadata.append((AUTHORIZATION, f"Bearer {self.credential}"))
        return _Details(
            method=details.method,
            timeout=details.timeout or timeout_seconds,
            metadata=metadata,
            credentials=details.credentials,
            wait_for_ready=details.wait_for_ready,
            compression=details.compression,
        )


@dataclass(slots=True)
class Connection:
    """An open channel that calls as the holder of one credential."""

    address: str
    credential: str = field(repr=False)
    _plain: grpc.Channel = field(repr=False)
    _positions: KnownPositions = field(repr=False)
    _channel: grpc.Channel = field(init=False, repr=False)

    def __post_init__(self) -> None:
        caller = _Caller(self.credential, self._positions)
        self._channel = grpc.intercept_channel(self._plain, caller)

    @classmethod
    def to(cls, address: str, credential: str = "") -> "Connection":
        """A connection to `host:port`; nothing is sent before the first call."""
        return cls(
            address, credential, grpc.insecure_channel(address, channel_options()), KnownPositions()
        )

    def acting_as(self, credential: str) -> "Connection":
        """The same channel for the holder of another credential, who sees what this one wrote."""
        return Connection(self.address, credential, self._plain, self._positions)

    def stub(self, kind: Callable[[grpc.Channel], S]) -> S:
        """The stub of one service."""
        return kind(self._channel)

    def messages(self, stream: Stream[M]) -> Iterator[M]:
        """The messages of a stream; what it wrote is known after the last."""
        yield from stream
        self._positions.learn(stream.trailing_metadata())

    def close(self) -> None:
        """Close the channel, for all who call through it."""
        self._plain.close()

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
