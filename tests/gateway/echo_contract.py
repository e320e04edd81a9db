"""A small contract with real service names, one service for each backend."""

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)

INSTANCES = "pospago.provisioning.v1.InstanceService"
INVOICES = "pospago.billing.v1.InvoiceService"
ECHO_SERVICES = (INSTANCES, INVOICES)

# Each service has one rpc of each sort.
READ = "Get"
MUTATE = "Create"
FOLLOW = "Watch"
EXCHANGE = "Exchange"


def echo_contract() -> FileDescriptorSet:
    """Give both services, each with a read, a mutation, a stream and an exchange."""
    return FileDescriptorSet(file=[echo_file(service) for service in ECHO_SERVICES])


def echo_file(service: str) -> FileDescriptorProto:
    """Give the file of a service of this full name."""
    package, _, name = service.rpartition(".")
    note = f".{package}.Note"
    read_only = MethodOptions(idempotency_level=MethodOptions.NO_SIDE_EFFECTS)
    methods = [
        MethodDescriptorProto(name=READ, input_type=note, output_type=note, options=read_only),
        MethodDescriptorProto(name=MUTATE, input_type=note, output_type=note),
        MethodDescriptorProto(
            name=FOLLOW,
            input_type=note,
            output_type=note,
            options=read_only,
            server_streaming=True,
        ),
        MethodDescriptorProto(
            name=EXCHANGE,
            input_type=note,
            output_type=note,
            options=read_only,
            client_streaming=True,
            server_streaming=True,
        ),
    ]
    return FileDescriptorProto(
        name=f"{package.replace('.', '/')}/{name}.proto",
        package=package,
        syntax="proto3",
        message_type=[DescriptorProto(name="Note")],
        service=[ServiceDescriptorProto(name=name, method=methods)],
    )
