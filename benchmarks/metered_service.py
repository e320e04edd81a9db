"""The billing service with subscriptions to metered prices, and the bare read beside it.

Each account has the totals of a month as so many events would leave them: a row for each meter,
day and region. The events themselves are not taken in one by one; no summary reads them.

Prints one line of JSON when it serves: ports, secret, and how many steps the store takes for a
summary of each size. Ends with its standard input.
"""

import asyncio
import json
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import uvloop

from benchmarks.bare_read import BARE_SERVICE, BareReads, describe_bare_service
from billing_service.domain.calendar import next_month
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import Allowance, Fixed, Metered, Price, Recurring
from billing_service.domain.price_models import Flat, Graduated, Tier, Volume
from billing_service.domain.quantities import Quantities
from billing_service.server import BillingApp
from billing_service.settings import BillingSettings
from billing_service.storage.tables import table
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from billing_service.use_cases.create_plan import CREATE_PLAN, CreatePlan
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION, CreateSubscription
from billing_service.use_cases.follow_account import FOLLOW_ACCOUNT, FollowAccount
from billing_service.use_cases.summarise_usage import SummariseUsage, summarise_usage
from chassis.clock import SystemClock
from chassis.database import Database, Transaction
from chassis.entry import PeerEvent, Submission
from chassis.feed import Cursor
from chassis.logs import configure_logs
from chassis.rpc.authentication import BearerAuthenticator
from chassis.rpc.server import Listening, RpcServer, settle_interpreter
from chassis.use_case import UseCase
from chassis.writer import Writer

ACCOUNTS: Final = 200
SIZES: Final = tuple(10**power for power in range(3, 8))
METER: Final = "calls"
REGIONS: Final = ("br", "eu", "us", "xx")
_ZERO: Final = Decimal(0)
_TIERS: Final = (
    Tier(Decimal(50_000), Decimal("0.005"), _ZERO),
    Tier(Decimal(200_000), Decimal("0.0035"), _ZERO),
    Tier(None, Decimal("0.002"), _ZERO),
)
_INCLUDED: Final = Allowance(Fixed(Decimal(10_000)))
PRICES: Final = (
    Price("base", "BRL", Recurring(), Flat(Decimal(99))),
    Price("calls", "BRL", Metered(METER), Graduated(_TIERS), included=_INCLUDED),
    Price("storage", "BRL", Metered("storage"), Volume(_TIERS)),
)


def events_of(number: int) -> int:
    """How many events an account of a number stands for: the sizes in turn."""
    size: int = SIZES[number % len(SIZES)]
    return size


def fill(database: Database, writer: Writer) -> date:
    """Accounts, subscriptions and totals; gives the first day of the month."""
    month = datetime.now(UTC).date().replace(day=1)  # noqa: TID251 - no clock of a service
    for meter in (METER, "storage"):
        dimensions = ("region",) if meter == "storage" else ()
        measured = Meter(meter, "", meter, Aggregation.SUM, "value", "GB", dimensions=dimensions)
        _do(writer, CREATE_METER, CreateMeter(measured))
    version = PlanVersion(0, None, PRICES)
    plan = Plan("hybrid", "Hybrid", VersionPolicy.FOLLOW, (version,))
    _do(writer, CREATE_PLAN, CreatePlan(plan))
    for number in range(ACCOUNTS):
        _subscribe(writer, number, month)
    with database.writing() as tx:
        for number in range(ACCOUNTS):
            tx.insert(table("usage_totals"), _totals(number, month))
    return month


def _do(writer: Writer, use_case: UseCase[Any, Any, Any], command: object) -> None:
    (outcome,) = writer.execute([Submission(use_case, command, "benchmark")])
    if isinstance(outcome, BaseException):
        raise outcome


def _subscribe(writer: Writer, number: int, month: date) -> None:
    account = f"account-{number}"
    followed = PeerEvent(
        source="provisioning",
        seq=number + 1,
        account=account,
        effective_at=0,
        type="",
        payload=b"",
        submission=Submission(
            FOLLOW_ACCOUNT, FollowAccount(account, "", "Europe/Oslo", account), "benchmark"
        ),
    )
    writer.apply_feed("provisioning", [followed], Cursor(1, number + 1, 0))
    command = CreateSubscription(
        account, "main", "hybrid", 0, "", Quantities(), begins_on=month, ends_on=None
    )
    _do(writer, CREATE_SUBSCRIPTION, command)


def _totals(number: int, month: date) -> list[dict[str, Any]]:
    days = (next_month(month) - month).days
    rows = [(METER, "[]"), *(("storage", f'["{each}"]') for each in REGIONS)]
    each_count = events_of(number) // (days * len(rows))
    zeros = ("max_units", "max_nanos", "latest_units", "latest_nanos", "latest_at", "first_at")
    return [
        {
            "account": f"account-{number}",
            "meter": meter,
            "day": month + timedelta(days=day),
            "dimensions": dimensions,
            "events_count": each_count,
            "sum_units": each_count * 3,
            "sum_nanos": 500_000_000,
            "latest_key": b"",
            "integral": "0",
            **dict.fromkeys(zeros, 0),
        }
        for meter, dimensions in rows
        for day in range(days)
    ]


def steps_by_size(database: Database) -> dict[int, int]:
    """How many steps SQLite takes to read all of a summary, for an account of each size."""
    now = SystemClock().now()
    found: dict[int, int] = {}
    for number, size in enumerate(SIZES):
        query = SummariseUsage(f"account-{number}", "main")

        def count(tx: Transaction, query: SummariseUsage = query) -> int:
            steps = 0

            def step() -> None:
                nonlocal steps
                steps += 1

            driver: Any = tx.connection.connection
            summarise_usage(tx, query, now)
            driver.set_progress_handler(step, 1)
            summarise_usage(tx, query, now)
            driver.set_progress_handler(None, 0)
            return steps

        found[size] = database.read(count)
    return found


class _Nobody:
    async def find(self, _secret: str, _secret_hash: bytes) -> None:
        return None


async def main(folder: Path) -> None:
    """Serve until standard input ends."""
    configure_logs(level="error", as_json=True)
    settings = BillingSettings(
        data_dir=folder, port=0, metrics_port=None, log_level="error", peer_address="127.0.0.1:9"
    )
    app = await BillingApp.start(settings)
    month = await app.writer.call(lambda: fill(app.database, app.writer))
    settle_interpreter()
    describe_bare_service()
    bare = RpcServer(
        "bare",
        {BARE_SERVICE: BareReads(app.database, METER, month)},
        BearerAuthenticator(app.credentials.book, app.credentials.keyed_hash, _Nobody()),
        listening=Listening(stop_seconds=0),
    )
    await bare.start()
    assert app.credentials.operator_file is not None
    told = {
        "port": app.port,
        "bare_port": bare.port,
        "secret": app.credentials.operator_file.read_text(encoding="ascii").strip(),
        "steps": steps_by_size(app.database),
    }
    print(json.dumps(told), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await bare.stop()
    await app.stop()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
