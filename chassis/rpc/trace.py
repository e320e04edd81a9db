"""W3C trace context: taken from the call that came in, given to the calls that go out."""

from contextvars import ContextVar
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.rpc.call import TRACE_PARENT, TRACE_STATE, Headers

_PROPAGATOR: Final = TraceContextTextMapPropagator()
# The trace this task works for. Unset unless the caller sent one: no trace costs nothing.
_current: ContextVar[Context | None] = ContextVar("trace", default=None)


def join_trace(headers: Headers) -> None:
    """Work for the caller's trace from now on, in this task, if the call came with a valid one."""
    if not headers.trace_parent:
        return
    carrier = {TRACE_PARENT: headers.trace_parent}
    if headers.trace_state:
        carrier[TRACE_STATE] = headers.trace_state
    _current.set(_PROPAGATOR.extract(carrier, context=Context()))


def trace_metadata() -> tuple[tuple[str, str], ...]:
    """The metadata that pass the trace of this task on; empty if there is none."""
    context = _current.get()
    if context is None:
        return ()
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, context=context)
    return tuple(carrier.items())
