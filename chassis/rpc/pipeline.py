"""What every call passes through, in this order, composed once for each rpc.

1. envelope   trace, log fields, counts
2. admission  a bounded number of calls under way, and of bytes that their requests hold
3. parse      the bytes are a message of the rpc's type
4. caller     the secret is somebody's
5. access     that somebody may make this request: before validation, so strangers learn nothing
6. fields     the rules of the contract
7. positions  what the caller knows of the other service is applied here
8. principal  it is the account's principal still, or by now, where the rpc is for that one alone
              and its servicer does not judge that itself
9. servicer   the rpc itself
10. trailers  where a write stands in the feed

A stream of requests passes 1, 2, 4, 5 (the kind of the caller) and 7 as it opens, and each of its
requests 2 (it waits until there is room for its bytes), 3, 5, 6, 8 and 9.

A failure of any of them is told once, by `_refuse`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import grpc
import structlog
from google.protobuf.message import DecodeError, Message

from chassis.caller import Caller
from chassis.errors import DomainError, Kind, Overloaded, TemporarilyUnavailable
from chassis.logs import log_source
from chassis.rpc.admission import Admission
from chassis.rpc.authentication import Authenticator
from chassis.rpc.call import POSITION, Call, Envelope, Headers
from chassis.rpc.contract import Rpc, StreamMethod, UnaryMethod
from chassis.rpc.exchange import Exchange
from chassis.rpc.failures import MalformedRequest, MessageTooLarge
from chassis.rpc.metrics import Metrics
from chassis.rpc.positions import Positions
from chassis.rpc.status import DETAILS_KEY, code_of, to_domain_error, to_proto_status
from chassis.rpc.streams import RunningStreams
from chassis.rpc.trace import join_trace
from chassis.rpc.validation import check_fields, check_text, check_times

REQUEST_BYTES_MAX: Final = 4 * 1024 * 1024
# Without a deadline grpc gives None or some centuries.
_DEADLINE_SECONDS_MAX: Final = 366 * 86_400.0

_log = structlog.get_logger("rpc")

Context = grpc.aio.ServicerContext[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Gate:
    """What all rpcs of a server share on the way in."""

    authenticator: Authenticator
    positions: Positions
    calls: Admission
    streams: Admission
    request_bytes: Admission
    running_streams: RunningStreams
    metrics: Metrics


class Pipeline:
    """The way of one rpc's calls."""

    def __init__(self, rpc: Rpc, gate: Gate) -> None:
        self._rpc = rpc
        self._authenticator = gate.authenticator
        self._positions = gate.positions
        self._admission = gate.streams if rpc.streaming else gate.calls
        self._bytes = gate.request_bytes
        self._streams = gate.running_streams
        self._meter = gate.metrics.meter(rpc.method)
        self._parse = rpc.request_class.FromString
        self._serve_unary = cast("UnaryMethod", rpc.serve)
        self._serve_stream = cast("StreamMethod", rpc.serve)

    async def unary(self, payload: bytes, context: Context) -> bytes:
        """Answer one call with one message."""
        started = time.perf_counter()
        envelope = self._open(context)
        size = _held(payload)
        if not self._enter(size):
            return await self._refuse(context, envelope, Overloaded())
        try:
            request, call = await self._let_in(payload, envelope, context)
            answer = await self._serve_unary(request, call)
            body = answer if isinstance(answer, bytes) else answer.SerializeToString()
            if call.positions:
                context.set_trailing_metadata(_trailers(call))
        except asyncio.CancelledError:
            self._meter.ended(Kind.CANCELLED.name)
            raise
        except Exception as failure:  # noqa: BLE001 - each is told as a status, ours are logged
            return await self._refuse(context, envelope, failure)
        finally:
            self._leave(size)
        self._meter.answered(time.perf_counter() - started)
        return body

    async def stream(self, payload: bytes, context: Context) -> None:
        """Answer one call with many messages."""

        async def answer(envelope: Envelope) -> Call:
            request, call = await self._let_in(payload, envelope, context)
            answers = self._serve_stream(request, call)
            await self._streams.run(self._send_all(answers, envelope, context))
            return call

        await self._run_stream(answer, context, _held(payload))

    async def exchange(self, _requests: object, context: Context) -> None:
        """Answer each request of a stream with one message."""

        async def answer(envelope: Envelope) -> Call:
            call = await self._let_stream_in(envelope, context)
            exchange = Exchange(
                partial(self._receive, call, envelope, context),
                partial(self._send, envelope, context),
            )
            await self._streams.run(exchange.run())
            return call

        await self._run_stream(answer, context, 0)

    async def _run_stream(
        self, answer: Callable[[Envelope], Awaitable[Call]], context: Context, size: int
    ) -> None:
        """Let a stream in, answer it, and tell how it ended."""
        started = time.perf_counter()
        envelope = self._open(context)
        if not self._enter(size):
            await self._refuse(context, envelope, Overloaded())
            return
        try:
            call = await answer(envelope)
            if call.positions:
                context.set_trailing_metadata(_trailers(call))
        except asyncio.CancelledError:
            self._meter.ended(Kind.CANCELLED.name)
            raise
        except Exception as failure:  # noqa: BLE001 - each is told as a status, ours are logged
            await self._refuse(context, envelope, failure)
        else:
            self._meter.answered(time.perf_counter() - started)
        finally:
            self._leave(size)

    def _enter(self, size: int) -> bool:
        """Take a call's place, and room for what its request holds; False if there is none."""
        if not self._admission.enter():
            return False
        if not self._bytes.enter(size):
            self._admission.leave()
            return False
        return True

    def _leave(self, size: int) -> None:
        self._bytes.leave(size)
        self._admission.leave()

    def _open(self, context: Context) -> Envelope:
        """The envelope of a call that has just come, known to the log from now on."""
        headers = Headers(cast("Any", context.invocation_metadata() or ()))
        envelope = Envelope(self._rpc.method, headers)
        log_source.set(envelope)
        join_trace(headers)
        return envelope

    async def _let_in(
        self, payload: bytes, envelope: Envelope, context: Context
    ) -> tuple[Message, Call]:
        """The request and the call, once all stages before the servicer are passed."""
        request = self._parsed(payload)
        caller = await self._authenticator.authenticate(envelope.headers.secret)
        envelope.caller = caller
        self._check(request, payload, caller)
        deadline_at = _deadline_at(context)
        if envelope.headers.after:
            caller = await self._after_positions(caller, envelope, deadline_at)
        if not self._rpc.judges_principal:
            self._rpc.access.check_principal(caller)
        request_id = cast("Any", request).request_id if self._rpc.has_request_id else ""
        call = Call(
            rpc=self._rpc.method,
            caller=caller,
            request_id=request_id,
            content=request.SerializeToString(deterministic=True) if request_id else b"",
            deadline_at=deadline_at,
        )
        return request, call

    async def _let_stream_in(self, envelope: Envelope, context: Context) -> Call:
        """The call of a stream of requests, once all stages before the first one are passed."""
        caller = await self._authenticator.authenticate(envelope.headers.secret)
        envelope.caller = caller
        self._rpc.access.check_kind(caller)
        deadline_at = _deadline_at(context)
        if envelope.headers.after:
            caller = await self._after_positions(caller, envelope, deadline_at)
        return Call(rpc=self._rpc.method, caller=caller, deadline_at=deadline_at)

    async def _receive(
        self, call: Call, envelope: Envelope, context: Context
    ) -> "asyncio.Task[bytes] | None":
        """The task that serves a stream's next request, once it is let in; None after the last."""
        payload: object = await context.read()
        if not isinstance(payload, bytes):
            return None
        await self._check_secret(envelope)
        size = _held(payload)
        await self._bytes.wait(size)
        try:
            request = self._parsed(payload)
            self._check(request, payload, call.caller)
            self._rpc.access.check_principal(call.caller)
        except BaseException:
            self._bytes.leave(size)
            raise
        serving = asyncio.create_task(self._serve_one(request, call))
        serving.add_done_callback(lambda _: self._bytes.leave(size))
        return serving

    async def _serve_one(self, request: Message, call: Call) -> bytes:
        answer = await self._serve_unary(request, call)
        return answer if isinstance(answer, bytes) else answer.SerializeToString()

    async def _after_positions(
        self, caller: Caller, envelope: Envelope, deadline_at: float | None
    ) -> Caller:
        """The caller once more, when what it knows is applied here: that may have changed it.

        Errors:  Unauthenticated.
        """
        now = time.monotonic()
        for position in envelope.headers.positions():
            await self._positions.wait(position, now=now, deadline_at=deadline_at)
        if not caller.is_bound:
            return caller
        return await self._authenticator.authenticate(envelope.headers.secret)

    def _check(self, request: Message, payload: bytes, caller: Caller) -> None:
        """Raise what forbids the caller to make this request."""
        self._rpc.access.check(caller, request)
        check_fields(request)
        if not self._rpc.judges_own_text:
            check_times(request)
            check_text(request, payload)

    def _parsed(self, payload: bytes) -> Message:
        if len(payload) > REQUEST_BYTES_MAX:
            raise MessageTooLarge(len(payload), REQUEST_BYTES_MAX)
        try:
            return self._parse(payload)
        except DecodeError:
            raise MalformedRequest(self._rpc.request_class.DESCRIPTOR.full_name) from None

    async def _send_all(
        self, answers: AsyncGenerator[Message, None], envelope: Envelope, context: Context
    ) -> None:
        """Send a stream's answers, as long as the caller's secret works."""
        async with aclosing(answers):
            async for answer in answers:
                await self._send(envelope, context, answer.SerializeToString())

    async def _send(self, envelope: Envelope, context: Context, body: bytes) -> None:
        await self._check_secret(envelope)
        await context.write(body)

    async def _check_secret(self, envelope: Envelope) -> None:
        """Raise Unauthenticated if the secret of a stream's caller does not work any more.

        Operators and services are known by settings, which do not change under a running process.
        """
        if envelope.caller is not None and envelope.caller.is_bound:
            await self._authenticator.authenticate(envelope.headers.secret)

    async def _refuse(self, context: Context, envelope: Envelope, failure: Exception) -> bytes:
        """Tell a failure as a status, and the log of it if it is not the caller's."""
        told = to_domain_error(failure, envelope.call_id)
        code = code_of(told)
        self._meter.ended(code.name)
        if told is failure:
            _log.debug("refused", reason=told.reason)
        elif isinstance(told, TemporarilyUnavailable):
            _log.warning("unavailable", error=repr(failure))
        else:
            _log.error("fault of ours", exc_info=failure)
        return await abort(context, told)


async def abort(context: Context, failure: DomainError) -> bytes:
    """End the call with the failure's status. Never returns; typed so for brevity of callers."""
    status = to_proto_status(failure)
    await context.abort(
        code_of(failure),
        status.message,
        trailing_metadata=((DETAILS_KEY, status.SerializeToString()),),
    )
    raise AssertionError("abort returned")  # pragma: no cover


def _held(payload: bytes) -> int:
    """How much room a request takes; one that is too large is refused before it takes more."""
    return min(len(payload), REQUEST_BYTES_MAX)


def _trailers(call: Call) -> tuple[tuple[str, str], ...]:
    return tuple([(POSITION, each) for each in call.positions.values()])


def _deadline_at(context: Context) -> float | None:
    """Until when the call may take, on the monotonic clock; None if the caller set no deadline."""
    remaining: float | None = context.time_remaining()
    if remaining is None or remaining > _DEADLINE_SECONDS_MAX:
        return None
    return time.monotonic() + remaining
