"""Stages on which the story is played in this process: its channel, and the real world's clock."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import grpc

from chassis.clock import ManualClock, from_datetime, to_datetime
from chassis.database import Database
from chassis.rpc.channel import KnownPositions, channel_options
from chassis.tables import ChassisTables
from chassis.timers import next_due
from pospago_cli.client import Connection
from tests.suite.in_process import RunningSuite
from tests.suite.quiet import move_to, until_quiet

# Later than what is due by more than the watermark's lag, so that a month that waits for the other
# service's word can close.
LATE_US: Final = 5_000_000
WALK_SECONDS_MAX: Final = 600


class SuiteChannel(grpc.Channel):
    """Leads each call to the service that serves it, as the gateway does."""

    def __init__(self, provisioning: str, billing: str) -> None:
        self._provisioning = grpc.insecure_channel(provisioning, channel_options())
        self._billing = grpc.insecure_channel(billing, channel_options())

    def _of(self, method: str) -> grpc.Channel:
        return self._billing if method.startswith("/pospago.billing.") else self._provisioning

    def unary_unary(self, method: str, *args: Any, **options: Any) -> Any:
        return self._of(method).unary_unary(method, *args, **options)

    def unary_stream(self, method: str, *args: Any, **options: Any) -> Any:
        return self._of(method).unary_stream(method, *args, **options)

    def stream_unary(self, method: str, *args: Any, **options: Any) -> Any:
        return self._of(method).stream_unary(method, *args, **options)

    def stream_stream(self, method: str, *args: Any, **options: Any) -> Any:
        return self._of(method).stream_stream(method, *args, **options)

    def subscribe(
        self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool = False
    ) -> None:
        self._provisioning.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        self._provisioning.unsubscribe(callback)

    def close(self) -> None:
        self._provisioning.close()
        self._billing.close()

    def __enter__(self) -> "SuiteChannel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def operator_of(suite: RunningSuite) -> Connection:
    """The operator's connection to both services, for a story that plays in a thread."""
    channel = SuiteChannel(suite.provisioning.address, suite.billing.address)
    return Connection("", suite.operator_secret, channel, KnownPositions())


class RealClock:
    """Moves the injected clock, from the story's thread, as time itself would pass."""

    def __init__(self, suite: RunningSuite, loop: asyncio.AbstractEventLoop) -> None:
        self._suite = suite
        self._loop = loop

    def __call__(self, to: datetime) -> None:
        """Return when the clock shows `to` and the workers have done what was due before."""
        walk = asyncio.run_coroutine_threadsafe(walk_to(self._suite, to), self._loop)
        walk.result(WALK_SECONDS_MAX)


async def walk_to(suite: RunningSuite, moment: datetime) -> None:
    """Move the clock, stopping just after each instant at which something is due."""
    until_at = from_datetime(moment)
    await until_quiet(suite)
    last_at = 0
    while (due_at := await _next_due(suite)) is not None and due_at + LATE_US < until_at:
        assert due_at > last_at, f"what is due at {to_datetime(due_at)} was not done"
        last_at = due_at
        assert isinstance(suite.clock, ManualClock)
        await move_to(suite, to_datetime(max(due_at + LATE_US, suite.clock.now())))
    await move_to(suite, moment)


async def _next_due(suite: RunningSuite) -> int | None:
    """When the next thing of the real world falls due in either service."""
    found = [
        await _next_due_in(app.database, app.writer.tools.tables)
        for app in (suite.provisioning, suite.billing)
    ]
    return min((each for each in found if each is not None), default=None)


async def _next_due_in(database: Database, tables: ChassisTables) -> int | None:
    return await database.reading(lambda tx: next_due(tx, tables, ""))
