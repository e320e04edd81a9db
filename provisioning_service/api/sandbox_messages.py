"""Sandboxes as the contract tells them."""

from pospago.provisioning.v1 import sandbox_pb2 as pb

from provisioning_service.api.times import to_proto_timestamp
from provisioning_service.domain.sandbox import SandboxView


def to_proto_sandbox(view: SandboxView) -> pb.Sandbox:
    """A sandbox as the contract tells it."""
    sandbox = view.sandbox
    return pb.Sandbox(
        name=sandbox.name,
        display_name=sandbox.display_name,
        owner=f"accounts/{sandbox.owner}" if sandbox.owner else "",
        clock_time=to_proto_timestamp(view.clock_at),
        target_time=to_proto_timestamp(view.target_at),
        create_time=to_proto_timestamp(sandbox.created_at),
    )
