"""The gateway as a process: drain, and the ends that nobody asked for."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import pytest

from tests.gateway.calling import unary
from tests.gateway.echo_backend import Context, EchoBackend
from tests.gateway.echo_contract import INSTANCES, MUTATE

WAIT_SECONDS = 120


@dataclass(slots=True)
class GatewayProcess:
    """A `python -m gateway` and what it wrote."""

    process: asyncio.subprocess.Process
    written: list[str]
    reading: asyncio.Task[None]

    async def address(self) -> str:
        """Give the address it announces."""
        while True:
            for line in self.written:
                announced = re.search(r"(?<!_)address\W+(127\.0\.0\.1:\d+)", line)
                if "gateway ready" in line and announced:
                    return announced.group(1)
            await asyncio.sleep(0.02)

    async def end(self) -> int:
        """Wait for its end and all its words, and give the exit code."""
        await asyncio.wait_for(self.reading, WAIT_SECONDS)
        return await asyncio.wait_for(self.process.wait(), WAIT_SECONDS)


StartGateway = Callable[..., Awaitable[GatewayProcess]]


@pytest.fixture
async def start_gateway(
    backends: tuple[EchoBackend, EchoBackend], protoset_path: Path
) -> AsyncIterator[StartGateway]:
    """Give a function that starts a gateway process; each is ended with the test."""
    provisioning, billing = backends
    environment = os.environ | {
        "POSPAGO_GATEWAY_PORT": "0",
        "POSPAGO_GATEWAY_ADMIN_PORT": "0",
        "POSPAGO_GATEWAY_HEALTH_PORT": "0",
        "POSPAGO_GATEWAY_WORKER_THREADS": "1",
        "POSPAGO_GATEWAY_DRAIN_SECONDS": "10",
        "POSPAGO_GATEWAY_PROTOSET_PATH": str(protoset_path),
        "POSPAGO_GATEWAY_PROVISIONING_ADDRESSES": str(provisioning.address),
        "POSPAGO_GATEWAY_BILLING_ADDRESSES": str(billing.address),
    }
    started: list[GatewayProcess] = []

    async def start(**changes: str) -> GatewayProcess:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway"),
            env=environment | changes,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        written: list[str] = []
        reading = asyncio.create_task(_read_lines(process, written))
        started.append(GatewayProcess(process, written, reading))
        return started[-1]

    yield start
    for gateway in started:
        if gateway.process.returncode is None:
            gateway.process.kill()
        await gateway.end()


async def _read_lines(process: asyncio.subprocess.Process, written: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        written.append(line.decode())


def child_of(parent_pid: int) -> int:
    """Give the process that the gateway started."""
    children = Path(f"/proc/{parent_pid}/task/{parent_pid}/children").read_text(encoding="ascii")
    (child,) = children.split()
    return int(child)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_drain_lets_a_call_under_way_end(
    start_gateway: StartGateway, backends: tuple[EchoBackend, EchoBackend]
) -> None:
    """After SIGTERM a call that has begun still gets its answer, then the gateway ends with 0."""
    arrived, may_answer = asyncio.Event(), asyncio.Event()

    async def answer(request: bytes, context: Context) -> bytes:
        arrived.set()
        await may_answer.wait()
        return request

    backends[0].answer = answer
    gateway = await start_gateway()
    async with grpc.aio.insecure_channel(await gateway.address()) as channel:
        call = unary(channel, INSTANCES, MUTATE, request=b"in time")
        await arrived.wait()
        gateway.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        may_answer.set()
        answered = await call
    assert (answered, await gateway.end()) == (b"in time", 0)


async def test_drain_of_an_idle_gateway_is_short(start_gateway: StartGateway) -> None:
    """Without a call under way the gateway does not sit out its drain time."""
    gateway = await start_gateway()
    await gateway.address()
    gateway.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(60):
        assert await gateway.end() == 0


async def test_end_of_envoy_ends_the_gateway(start_gateway: StartGateway) -> None:
    """A gateway whose Envoy died does not stay behind: it exits with 1 and says why."""
    gateway = await start_gateway()
    await gateway.address()
    os.kill(child_of(gateway.process.pid), signal.SIGKILL)
    code = await gateway.end()
    assert (code, "Envoy ended by itself while serving" in "".join(gateway.written)) == (1, True)


async def test_envoy_does_not_outlive_a_killed_gateway(start_gateway: StartGateway) -> None:
    """Envoy dies with the gateway, even when that had no time to say goodbye."""
    gateway = await start_gateway()
    await gateway.address()
    envoy_pid = child_of(gateway.process.pid)
    gateway.process.kill()
    await gateway.end()
    for _ in range(100):
        if not is_alive(envoy_pid):
            break
        await asyncio.sleep(0.05)
    assert not is_alive(envoy_pid)


@pytest.mark.parametrize("setting", ["PORT", "ADMIN_PORT", "HEALTH_PORT"])
async def test_port_in_use_is_named(
    start_gateway: StartGateway, backends: tuple[EchoBackend, EchoBackend], setting: str
) -> None:
    """A port that another process holds is told with the setting that changes it."""
    taken = backends[0].address.port
    gateway = await start_gateway(**{f"POSPAGO_GATEWAY_{setting}": str(taken)})
    code = await gateway.end()
    said = "".join(gateway.written)
    told = f"Port {taken} on 127.0.0.1 is already in use" in said
    assert (code, told, f"POSPAGO_GATEWAY_{setting}." in said) == (1, True, True)


async def test_missing_descriptor_set_is_told(start_gateway: StartGateway) -> None:
    """A gateway without contracts does not start."""
    gateway = await start_gateway(POSPAGO_GATEWAY_PROTOSET_PATH="/nowhere/suite.binpb")
    code = await gateway.end()
    assert (code, "No descriptor set at" in "".join(gateway.written)) == (1, True)
