"""Reflection, in both versions that clients ask for, over what this process has imported."""

from collections.abc import Sequence
from typing import Final

import grpc
import grpc.aio
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import _async, reflection_pb2

# Imported so that reflection can describe the details of errors to clients without stubs.
DETAILS_FILE: Final = error_details_pb2.DESCRIPTOR.name

# The two differ in name only: older tools ask for the first, newer ones for the second.
_VERSIONS: Final = (
    "grpc.reflection.v1alpha.ServerReflection",
    "grpc.reflection.v1.ServerReflection",
)


def add_reflection(server: grpc.aio.Server, services: Sequence[str]) -> None:
    """Let the server describe these services, and itself."""
    servicer = _async.ReflectionServicer((*services, _VERSIONS[0]))
    handlers = {
        "ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(
            servicer.ServerReflectionInfo,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
    }
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(version, handlers) for version in _VERSIONS)
    )
