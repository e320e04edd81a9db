"""A gateway before two echo backends, anew for each test."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import pytest

from gateway.server import Gateway, running_gateway
from gateway.settings import GatewaySettings
from tests.gateway.echo_backend import EchoBackend
from tests.gateway.echo_contract import INSTANCES, INVOICES, echo_contract


@dataclass(frozen=True, slots=True)
class Suite:
    """The gateway, what stands behind it, and a client's channel to it."""

    gateway: Gateway
    provisioning: EchoBackend
    billing: EchoBackend
    channel: grpc.aio.Channel


@pytest.fixture
def protoset_path(tmp_path: Path) -> Path:
    """Give a file that holds the echo contract."""
    path = tmp_path / "echo.binpb"
    path.write_bytes(echo_contract().SerializeToString())
    return path


@pytest.fixture
async def backends() -> AsyncIterator[tuple[EchoBackend, EchoBackend]]:
    """Give the running echo backends of provisioning and of billing."""
    provisioning, billing = EchoBackend(INSTANCES), EchoBackend(INVOICES)
    await provisioning.start()
    await billing.start()
    yield provisioning, billing
    await provisioning.stop()
    await billing.stop()


@pytest.fixture
def settings(
    protoset_path: Path, backends: tuple[EchoBackend, EchoBackend], request: pytest.FixtureRequest
) -> GatewaySettings:
    """Give settings with free ports; `parametrize(..., indirect=True)` changes some."""
    provisioning, billing = backends
    changes = getattr(request, "param", {})
    return GatewaySettings(
        port=0,
        admin_port=0,
        health_port=0,
        worker_threads=1,
        access_log=False,
        protoset_path=protoset_path,
        provisioning_addresses=(provisioning.address,),
        billing_addresses=(billing.address,),
        health_watch_seconds=0.1,
        drain_seconds=5,
    ).model_copy(update=changes)


@pytest.fixture
async def suite(
    settings: GatewaySettings, backends: tuple[EchoBackend, EchoBackend]
) -> AsyncIterator[Suite]:
    """Give the running gateway with a channel to it that does not retry by itself."""
    provisioning, billing = backends
    options = (
        ("grpc.enable_retries", 0),
        ("grpc.max_receive_message_length", 5 * 1024 * 1024),
    )
    async with (
        running_gateway(settings) as gateway,
        grpc.aio.insecure_channel(str(gateway.address), options=options) as channel,
    ):
        yield Suite(gateway, provisioning, billing, channel)
