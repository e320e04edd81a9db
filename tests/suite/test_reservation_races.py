"""Reservations by real parallel clients, on both stores."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from google.type import decimal_pb2
from pospago.billing.v1 import usage_guard_pb2 as pb
from pospago.billing.v1 import usage_guard_pb2_grpc

from tests.postgres import NewDatabase
from tests.suite.clients import Clients, reason_of, request_id
from tests.suite.processes import SERVICES
from tests.suite.usage_world import Used, guarded
from tests.suite.world import World, running_world

CLIENTS: Final = 16
RESERVATIONS: Final = 500
REACHED: Final = "RESOURCE_EXHAUSTED USAGE_CEILING_REACHED"


@asynccontextmanager
async def world_on(
    store: str, request: pytest.FixtureRequest, folder: Path
) -> AsyncIterator[World]:
    """Both services on a kind of store."""
    urls = {}
    if store == "postgresql":
        new: NewDatabase = request.getfixturevalue("new_postgres_database")
        urls = {name: new(f"reserve_{name}", lambda _url: None) for name in SERVICES}
    async with running_world(folder, urls) as world:
        yield world


async def reserve(client: Clients, of: Used) -> str:
    """Reserve one; the refusal's code and reason, or the name of the reservation."""
    stub: Any = usage_guard_pb2_grpc.UsageGuardServiceStub(client.billing)
    request = pb.ReserveUsageRequest(
        subscription=f"accounts/{of.account}/subscriptions/{of.subscription}",
        price="calls",
        quantity=decimal_pb2.Decimal(value="1"),
        request_id=request_id(),
    )
    try:
        answer: pb.ReserveUsageResponse = await client.call(stub.ReserveUsage, request)
    except grpc.aio.AioRpcError as failure:
        return f"{failure.code().name} {reason_of(failure)}"
    return answer.reservation.name


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
async def test_five_hundred_reservations_on_a_ceiling_of_a_hundred_grant_exactly_that(
    store: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Sixteen clients at once get a hundred in all; everyone else is told of the ceiling."""
    async with world_on(store, request, tmp_path) as world, AsyncExitStack() as stack:
        of = await guarded(world)
        clients = [world.suite.clients() for _ in range(CLIENTS)]
        for each in clients:
            stack.push_async_callback(each.close)
        asked = (reserve(clients[n % CLIENTS], of) for n in range(RESERVATIONS))
        outcomes = await asyncio.gather(*asked)
    granted = {each for each in outcomes if each.startswith("accounts/")}
    assert (len(granted), Counter(outcomes)[REACHED]) == (100, 400)
