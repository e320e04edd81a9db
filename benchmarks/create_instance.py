"""Creations through everything (access, rules, idempotency, quota, event, timer) against an echo.

The service and the echo share one process; 64 callers wait in another. The store is SQLite with
full synchronisation, or PostgreSQL.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import grpc.aio

from benchmarks.echo import ECHO_PATH
from benchmarks.load import CALLERS, bytes_method, run_calls
from benchmarks.measure import Round, alternate, median_cpu_us, report
from benchmarks.requests import CREATE_PATH, create_requests
from tests.postgres import postgres_server

CALLS_PER_ROUND: Final = 4_000


@dataclass(frozen=True, slots=True)
class Served:
    """A service under test, with the echo in the same process."""

    port: int
    echo_port: int
    secret: str
    pid: int


@contextmanager
def served(database_url: str = "") -> Iterator[Served]:
    """The service in a process of its own, on a fresh store."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "benchmarks.service", folder, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            yield Served(told["port"], told["echo_port"], told["secret"], process.pid)
        finally:
            process.communicate(timeout=30)


async def measure(name: str, bar: float, under_test: Served) -> None:
    """Alternate creations and echoes, and report."""
    ours_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.port}")
    echo_channel = grpc.aio.insecure_channel(f"127.0.0.1:{under_test.echo_port}")
    metadata = (("authorization", f"Bearer {under_test.secret}"),)

    async def ours() -> Round:
        method = bytes_method(ours_channel, CREATE_PATH)
        requests = create_requests(CALLS_PER_ROUND)
        return await run_calls(method, requests, metadata=metadata, server_pid=under_test.pid)

    async def ceiling() -> Round:
        method = bytes_method(echo_channel, ECHO_PATH)
        requests = create_requests(CALLS_PER_ROUND)
        return await run_calls(method, requests, metadata=metadata, server_pid=under_test.pid)

    mine, bare = await alternate(ours, ceiling)
    cost_us, bare_us = median_cpu_us(mine), median_cpu_us(bare)
    print(
        f"{CALLERS} callers; server time a call: ours {cost_us:.0f} us, echo {bare_us:.0f} us, "
        f"{cost_us / bare_us:.2f} x"
    )
    report(name, mine, bare, unit="calls/s", bar=bar)
    await ours_channel.close()
    await echo_channel.close()


def create_instance() -> None:
    """Creations on SQLite."""
    with served() as under_test:
        asyncio.run(measure("create_instance", 0.50, under_test))


def create_instance_postgres() -> None:
    """Creations on PostgreSQL."""
    with postgres_server(durable=True) as server:
        name = server.new_database("benchmark", lambda _url: None)
        with served(server.url(name)) as under_test:
            asyncio.run(measure("create_instance_postgres", 0.35, under_test))
