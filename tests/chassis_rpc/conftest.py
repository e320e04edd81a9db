"""The small service, anew for each test, and stubs of its callers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pospago.provisioning.v1.account_pb2_grpc import AccountServiceStub

from chassis.rpc.server import Listening
from tests.chassis_rpc.small_service import ACME_SECRET, SmallService, running_service

if TYPE_CHECKING:
    # Known to the type checker only.
    from pospago.provisioning.v1.account_pb2_grpc import AccountServiceAsyncStub


@pytest.fixture
def listening() -> Listening:
    """Where and how the service listens; a test module may say otherwise."""
    return Listening(stop_seconds=1)


@pytest.fixture
async def service(tmp_path: Path, listening: Listening) -> AsyncIterator[SmallService]:
    """The running service."""
    async with running_service(tmp_path, listening=listening) as running:
        yield running


@pytest.fixture
async def operator(service: SmallService) -> AsyncIterator["AccountServiceAsyncStub"]:
    """The operator's stub."""
    async with service.channel(service.operator_secret) as channel:
        yield AccountServiceStub(channel)


@pytest.fixture
async def acme(service: SmallService) -> AsyncIterator["AccountServiceAsyncStub"]:
    """The stub of the integrator of accounts/acme."""
    async with service.channel(ACME_SECRET) as channel:
        yield AccountServiceStub(channel)
