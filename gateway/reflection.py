"""Reflection over the whole contract, whichever process serves a service."""

import grpc
import grpc.aio
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha import _async, reflection_pb2

from gateway.contract import service_names

# The two versions differ in name only: older grpcurl asks for the first, newer for the second.
REFLECTION_SERVICES = (
    "grpc.reflection.v1alpha.ServerReflection",
    "grpc.reflection.v1.ServerReflection",
)


def add_reflection(server: grpc.aio.Server, contract: FileDescriptorSet) -> None:
    """Let the server describe every service of the contract, in both versions of reflection.

    The contract lives in a pool of its own, apart from what this process has imported.
    """
    pool = DescriptorPool()
    for file in contract.file:
        pool.Add(file)
    servicer = _async.ReflectionServicer(service_names(contract), pool=pool)
    handlers = {
        "ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(
            servicer.ServerReflectionInfo,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
    }
    server.add_generic_rpc_handlers(
        tuple(
            grpc.method_handlers_generic_handler(service, handlers)
            for service in REFLECTION_SERVICES
        )
    )
