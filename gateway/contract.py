"""All that the gateway's address serves, as one descriptor set."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from gateway.failures import ContractMissing

# The details of an error travel as Any: a client without stubs can only show them if
# reflection knows their types too.
_SHIPPED_FILES = (
    health_pb2.DESCRIPTOR.name,
    reflection_pb2.DESCRIPTOR.name,
    status_pb2.DESCRIPTOR.name,
    error_details_pb2.DESCRIPTOR.name,
)


def read_contract(path: Path | None) -> FileDescriptorSet:
    """Give the suite's descriptor set with health, reflection and error details added.

    `path` None: the set that ships in the package `pospago`. Each file follows its imports.
    """
    found = path if path is not None else Path(str(files("pospago") / "suite.binpb"))
    try:
        suite = FileDescriptorSet.FromString(found.read_bytes())
    except FileNotFoundError:
        raise ContractMissing(str(found)) from None
    return complete(suite)


def complete(suite: FileDescriptorSet) -> FileDescriptorSet:
    """Give the set with the gateway's own services and the error details added."""
    known = {file.name for file in suite.file}
    added: list[FileDescriptorProto] = []
    for shipped in _SHIPPED_FILES:
        for file in _imports_first(shipped):
            if file.name not in known:
                known.add(file.name)
                added.append(file)
    added.append(_reflection_v1())
    return FileDescriptorSet(file=[*suite.file, *added])


def service_names(contract: FileDescriptorSet) -> tuple[str, ...]:
    """Give the full name of every service, in the order of the files."""
    return tuple(
        f"{file.package}.{service.name}" for file in contract.file for service in file.service
    )


def _imports_first(file_name: str) -> Iterator[FileDescriptorProto]:
    shipped = descriptor_pool.Default().FindFileByName(file_name)
    file = FileDescriptorProto.FromString(shipped.serialized_pb)
    for imported in file.dependency:
        yield from _imports_first(imported)
    yield file


def _reflection_v1() -> FileDescriptorProto:
    """Give v1 of reflection: on the wire it is v1alpha under another package name."""
    file = FileDescriptorProto.FromString(reflection_pb2.DESCRIPTOR.serialized_pb)
    file.name = "grpc/reflection/v1/reflection.proto"
    file.package = "grpc.reflection.v1"
    for message in file.message_type:
        for field in message.field:
            if field.type_name:
                field.type_name = _as_v1(field.type_name)
    for service in file.service:
        for method in service.method:
            method.input_type = _as_v1(method.input_type)
            method.output_type = _as_v1(method.output_type)
    return file


def _as_v1(type_name: str) -> str:
    return type_name.replace(".grpc.reflection.v1alpha.", ".grpc.reflection.v1.", 1)
