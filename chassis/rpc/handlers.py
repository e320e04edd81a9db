"""Hands each call of the server to its rpc's pipeline, and unknown ones to a proper refusal."""

from collections.abc import Iterable

import grpc

from chassis.rpc.contract import Rpc
from chassis.rpc.failures import UnknownMethod
from chassis.rpc.pipeline import Context, Gate, Pipeline, abort


class SuiteHandlers(grpc.GenericRpcHandler):
    """All rpcs of the server. Bytes go in and out: pipelines parse, so that they can refuse."""

    def __init__(self, rpcs: Iterable[Rpc], gate: Gate) -> None:
        self._handlers = {rpc.method: _handler_of(rpc, gate) for rpc in rpcs}

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        """The handler of the method, None if it is none of ours."""
        return self._handlers.get(handler_call_details.method)


class UnknownMethods(grpc.GenericRpcHandler):
    """Refuses whatever nobody else takes. Must be the last handler."""

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """A handler that refuses the method, however many messages it streams."""
        method = handler_call_details.method

        async def refuse(_requests: object, context: Context) -> None:
            await abort(context, UnknownMethod(method))

        return grpc.stream_stream_rpc_method_handler(refuse)


def _handler_of(rpc: Rpc, gate: Gate) -> "grpc.RpcMethodHandler[bytes, bytes]":
    pipeline = Pipeline(rpc, gate)
    if rpc.requests_streaming:
        return grpc.stream_stream_rpc_method_handler(pipeline.exchange)
    if rpc.streaming:
        return grpc.unary_stream_rpc_method_handler(pipeline.stream)
    return grpc.unary_unary_rpc_method_handler(pipeline.unary)
