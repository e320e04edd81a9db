"""The calls that benchmarks make: real requests, and an answer of a real answer's size."""

import uuid
from typing import Final

from pospago.provisioning.v1 import instance_pb2

ACCOUNT: Final = "benchmark"
CREATE_PATH: Final = "/pospago.provisioning.v1.InstanceService/CreateInstance"


def uuid_text() -> str:
    """A fresh request id."""
    return str(uuid.uuid4())


def create_requests(count: int) -> list[bytes]:
    """Requests to create so many instances."""
    return [
        instance_pb2.CreateInstanceRequest(
            parent=f"accounts/{ACCOUNT}", display_name="An instance", request_id=uuid_text()
        ).SerializeToString()
        for _ in range(count)
    ]


def sample_answer() -> bytes:
    """An answer like the one to a creation."""
    instance = instance_pb2.Instance(
        name=f"accounts/{ACCOUNT}/instances/in-01234567890123456789012345",
        display_name="An instance",
        state=instance_pb2.Instance.STATE_TRIAL,
        payment_type=instance_pb2.Instance.PAYMENT_TYPE_POSTPAY,
        band=1,
        token=f"accounts/{ACCOUNT}/tokens/1",
        etag="1",
    )
    instance.create_time.FromSeconds(1_800_000_000)
    instance.trial_end_time.FromSeconds(1_800_172_800)
    instance.purge_time.FromSeconds(1_800_259_200)
    return instance_pb2.CreateInstanceResponse(instance=instance).SerializeToString()
