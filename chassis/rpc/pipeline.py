"""What every call passes through, in this order, composed once for each rpc.

1. envelope   trace, log fields, counts
2. admission  a bounded number of calls under way
3. parse      the bytes are a message of the rpc's type
4. caller     the secret is somebody's
5. access     that somebody may make this request: before validation, so strangers learn nothing
6. fields     the rules of the contract
7. positions  what the caller knows of the other service is applied here
8. servicer   the rpc itself
9. trailers   where a write stands in the feed

A failure of any of them is told once, by `_refuse`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, cast

import grpc
import structlog
from google.protobuf.message import DecodeError, Message

from chassis.errors import DomainError, Kind, Overloaded, TemporarilyUnavailable
from chassis.logs import log_source
from chassis.rpc.admission import Admission
from chassis.rpc.authentication import Authenticator
from chassis.rpc.call import POSITION, Call, Envelope, Headers
from chassis.rpc.contract import Rpc, StreamMethod, UnaryMethod
from chassis.rpc.failures import MalformedRequest, MessageTooLarge
from chassis.rpc.metrics import Metrics
from chassis.rpc.positions import Positions
from chassis.rpc.status import DETAILS_KEY, code_of, to_domain_error, to_proto_status
from chassis.rpc.streams import RunningStreams
from chassis.rpc.trace import join_trace
from chassis.rpc.validation import check_fields, check_text

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
    running_streams: RunningStreams
    metrics: Metrics


class Pipeline:
    """The way of one rpc's calls."""

    def __init__(self, rpc: Rpc, gate: Gate) -> None:
        self._rpc = rpc
        self._authenticator = gate.authenticator
        self._positions = gate.positions
        self._admission = gate.streams if rpc.streaming else gate.calls
        self._streams = gate.running_streams
        self._meter = gate.metrics.meter(rpc.method)
        self._parse = rpc.request_class.FromString
        self._serve_unary = cast("UnaryMethod", rpc.serve)
        self._serve_stream = cast("StreamMethod", rpc.serve)

    async def unary(self, payload: bytes, context: Context) -> bytes:
        """Answer one call with one message."""
        started = time.perf_counter()
        envelope = self._open(context)
        if not self._admission.enter():
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
            self._admission.leave()
        self._meter.answered(time.perf_counter() - started)
        return body

    async def stream(self, payload: bytes, context: Context) -> None:
        """Answer one call with many messages."""
        started = time.perf_counter()
        envelope = self._open(context)
        if not self._admission.enter():
            await self._refuse(context, envelope, Overloaded())
            return
        try:
            request, call = await self._let_in(payload, envelope, context)
            answers = self._serve_stream(request, call)
            await self._streams.run(self._send(answers, envelope, context))
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
        self._rpc.access.check(caller, request)
        check_fields(request)
        check_text(request, payload)
        now = time.monotonic()
        deadline_at = _deadline_at(context, now)
        if envelope.headers.after:
            for position in envelope.headers.positions():
                await self._positions.wait(position, now=now, deadline_at=deadline_at)
        request_id = cast("Any", request).request_id if self._rpc.has_request_id else ""
        call = Call(
            rpc=self._rpc.method,
            caller=caller,
            request_id=request_id,
            content=request.SerializeToString(deterministic=True) if request_id else b"",
            deadline_at=deadline_at,
        )
        return request, call

    def _parsed(self, payload: bytes) -> Message:
        if len(payload) > REQUEST_BYTES_MAX:
            raise MessageTooLarge(len(payload), REQUEST_BYTES_MAX)
        try:
            return self._parse(payload)
        except DecodeError:
            raise MalformedRequest(self._rpc.request_class.DESCRIPTOR.full_name) from None

    async def _send(
        self, answers: AsyncGenerator[Message, None], envelope: Envelope, context: Context
    ) -> None:
        """Send a stream's answers, as long as the caller's secret works.

        Operators and services are known by settings, which do not change under a running process.
        """
        async with aclosing(answers):
            async for answer in answers:
                if envelope.caller is not None and envelope.caller.is_bound:
                    await self._authenticator.authenticate(envelope.headers.secret)
                await context.write(answer.SerializeToString())

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


def _trailers(call: Call) -> tuple[tuple[str, str], ...]:
    return tuple((POSITION, str(each)) for each in call.positions)


def _deadline_at(context: Context, now: float) -> float | None:
    remaining: float | None = context.time_remaining()
    if remaining is None or remaining > _DEADLINE_SECONDS_MAX:
        return None
    return now + remaining
