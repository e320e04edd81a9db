"""Waiting until both services have done all that was due, and know all of each other."""

import asyncio
from datetime import datetime
from typing import Final

from chassis.clock import ManualClock, from_datetime
from chassis.database import Database, Transaction
from chassis.feed import read_cursor, read_head
from chassis.tables import ChassisTables
from chassis.timers import due_accounts
from tests.suite.in_process import RunningSuite

QUIET_SECONDS_MAX: Final = 240.0
_PAST_THE_LAG_US: Final = 3_000_000


async def move_to(suite: RunningSuite, moment: datetime) -> None:
    """Set the clock and wait until both services are quiet."""
    clock = suite.clock
    assert isinstance(clock, ManualClock)
    clock.advance_to(from_datetime(moment))
    await until_quiet(suite)


async def until_quiet(suite: RunningSuite) -> None:
    """Return when nothing is due and each service has applied the other's feed."""
    provisioning, billing = suite.provisioning, suite.billing
    deadline = asyncio.get_running_loop().time() + QUIET_SECONDS_MAX
    while True:
        busy = [
            await _is_busy(app.database, app.writer.tools.tables, suite)
            for app in (provisioning, billing)
        ]
        behind = [
            await _lags(provisioning.database, provisioning.writer.tools.tables, suite, "billing"),
            await _lags(billing.database, billing.writer.tools.tables, suite, "provisioning"),
        ]
        if not any([*busy, *behind]):
            return
        if not any(busy):
            # The workers' own next round does the same, a quarter of a second later: too long for
            # a year of hundreds of instants.
            await asyncio.gather(
                provisioning.workers.move_watermark(), billing.workers.move_watermark()
            )
        assert asyncio.get_running_loop().time() < deadline, "the services do not come to rest"
        await asyncio.sleep(0.02)


async def _is_busy(database: Database, tables: ChassisTables, suite: RunningSuite) -> bool:
    """Whether something of the real world is due that is not just about to wait."""
    until_at = suite.clock.now() - _PAST_THE_LAG_US

    def query(tx: Transaction) -> bool:
        return bool(due_accounts(tx, tables, sandbox="", until_at=until_at))

    return await database.reading(query)


async def _lags(
    database: Database, tables: ChassisTables, suite: RunningSuite, source: str
) -> bool:
    """Whether a service has not yet applied all of the other's feed, or knows an old watermark."""
    peer = suite.billing if source == "billing" else suite.provisioning
    cursor = await database.reading(lambda tx: read_cursor(tx, tables, source))
    peer_tables = peer.writer.tools.tables
    head, _ = await peer.database.reading(lambda tx: read_head(tx, peer_tables))
    return cursor.seq < head.seq or cursor.watermark_at < suite.clock.now() - _PAST_THE_LAG_US
