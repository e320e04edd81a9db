"""Reads through the gateway against the same reads straight from the service.

The service runs in a process of its own and so does Envoy; the callers are here. The log of each
call is off: it measures the disk.
"""

import asyncio
import json
import statistics
import sys
from typing import Final

import grpc.aio
from pospago.provisioning.v1 import instance_pb2

from benchmarks.create_instance import Served, served
from benchmarks.load import CALLERS, Method, bytes_method, latencies_us, run_calls
from benchmarks.measure import ROUNDS, Round, alternate, report
from benchmarks.requests import ACCOUNT
from gateway.server import running_gateway
from gateway.settings import Address, GatewaySettings

GET_PATH: Final = "/pospago.provisioning.v1.InstanceService/GetInstance"
BAR: Final = 0.65
ADDED_BAR: Final = 0.5
CALLS_PER_ROUND: Final = 2_000
LONE_CALLS_PER_ROUND: Final = 200


def gateway() -> None:
    """Reads through the gateway: how many a second with many callers, how long one alone waits."""
    with served() as under_test:
        asyncio.run(_measure(under_test))


async def _measure(under_test: Served) -> None:
    settings = GatewaySettings(
        port=0,
        admin_port=0,
        health_port=0,
        provisioning_addresses=(Address("127.0.0.1", under_test.port),),
        access_log=False,
    )
    async with running_gateway(settings) as running:
        through_channel = grpc.aio.insecure_channel(str(running.address))
        direct_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.port}")
        through, direct = (
            bytes_method(channel, GET_PATH) for channel in (through_channel, direct_channel)
        )
        metadata = (("authorization", f"Bearer {under_test.secret}"),)
        request = instance_pb2.GetInstanceRequest(
            name=f"accounts/{ACCOUNT}/instances/licence"
        ).SerializeToString()
        requests = [request] * CALLS_PER_ROUND

        async def ours() -> Round:
            return await run_calls(through, requests, metadata=metadata)

        async def ceiling() -> Round:
            return await run_calls(direct, requests, metadata=metadata)

        async def lone(method: Method) -> float:
            lone_requests = requests[:LONE_CALLS_PER_ROUND]
            return statistics.median(await latencies_us(method, lone_requests, metadata=metadata))

        pairs = [(await lone(direct), await lone(through)) for _ in range(ROUNDS + 1)][1:]
        mine, bare = await alternate(ours, ceiling)
        await through_channel.close()
        await direct_channel.close()
    _report_added(pairs)
    print(f"{CALLERS} callers", file=sys.stderr)
    report("gateway", mine, bare, unit="calls/s", bar=BAR)


def _report_added(pairs: list[tuple[float, float]]) -> None:
    """Print what the gateway adds to a lone caller's median, as a share of the direct one."""
    direct_us = statistics.median(direct for direct, _ in pairs)
    added_us = statistics.median(through - direct for direct, through in pairs)
    share = statistics.median((through - direct) / direct for direct, through in pairs)
    told = {
        "name": "gateway_added",
        "value": round(added_us, 1),
        "unit": "us",
        "ceiling": round(direct_us, 1),
        "ratio": round(share, 3),
        "bar": ADDED_BAR,
        "better": "lower",
    }
    print(json.dumps(told))
