"""The billing service with plan subscriptions of several ages, and the bare read beside it.

Time is played: every month of a subscription is billed, one after the other, by the service's own
use cases. Each holds a base fee, seats and a metered price, and has used something this month.

Prints one line of JSON when it serves: ports, secret, and what a preview asks of the store at each
age. Ends with its standard input.
"""

import asyncio
import json
import sys
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Final

import uvloop
from sqlalchemy import select

from benchmarks.bare_read import BARE_SERVICE, BareReads, describe_bare_service
from billing_service.domain.calendar import first_instant, month_after, months_between
from billing_service.domain.meter import Aggregation, Meter
from billing_service.domain.party import NO_ADDRESS
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import Allowance, Fixed, Licensed, Metered, Price, Recurring
from billing_service.domain.price_models import Flat, Graduated, PerUnit, Tier
from billing_service.domain.proration import ProrationMode
from billing_service.domain.quantities import Held, Quantities
from billing_service.domain.subscription_change import Asked, ProrationAsked
from billing_service.domain.subscription_facts import FactKind, PlanHolding
from billing_service.server import BillingApp, open_writer
from billing_service.settings import BillingSettings
from billing_service.storage.tables import table
from billing_service.use_cases.change_subscription import ChangeSubscription
from billing_service.use_cases.create_issuer import CREATE_ISSUER, CreateIssuer
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from billing_service.use_cases.create_plan import CREATE_PLAN, CreatePlan
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION, CreateSubscription
from billing_service.use_cases.follow_account import FOLLOW_ACCOUNT, FollowAccount
from billing_service.use_cases.preview_change import preview_change
from billing_service.use_cases.record_payment import RECORD_PAYMENT, RecordPayment
from chassis.clock import ManualClock
from chassis.database import Database, Transaction
from chassis.entry import PeerEvent, Submission
from chassis.feed import Cursor
from chassis.logs import configure_logs
from chassis.rpc.authentication import BearerAuthenticator
from chassis.rpc.server import Listening, RpcServer, settle_interpreter
from chassis.use_case import UseCase
from chassis.writer import Writer, fire_timers

AGES_MONTHS: Final = (1, 12, 60)
ACCOUNTS_EACH: Final = 8
ACCOUNTS: Final = len(AGES_MONTHS) * ACCOUNTS_EACH
METER: Final = "calls"
SEATS: Final = 5
NOW_ON: Final = date(2026, 11, 17)
_ZONE: Final = "Europe/Oslo"
_MONTH: Final = NOW_ON.replace(day=1)
_MORNING_US: Final = 10 * 3_600_000_000
_ZERO: Final = Decimal(0)
_TIERS: Final = (
    Tier(Decimal(50_000), Decimal("0.005"), _ZERO),
    Tier(None, Decimal("0.002"), _ZERO),
)
PRICES: Final = (
    Price("base", "BRL", Recurring(), Flat(Decimal(99))),
    Price("seats", "BRL", Licensed("seat"), PerUnit(Decimal("14.90"))),
    Price(
        "calls",
        "BRL",
        Metered(METER),
        Graduated(_TIERS),
        included=Allowance(Fixed(Decimal(10_000))),
    ),
)


def age_of(number: int) -> int:
    """How many months an account of a number is subscribed: the ages in turn."""
    age: int = AGES_MONTHS[number % len(AGES_MONTHS)]
    return age


def fill(url: str, settings: BillingSettings) -> None:
    """A store on which the years have passed."""
    database = Database(url)
    begins_on = month_after(_MONTH, -max(AGES_MONTHS))
    clock = ManualClock(first_instant(begins_on, _ZONE))
    writer = open_writer(database, clock, settings)
    told = count(1)
    _catalog(writer)
    for number in range(ACCOUNTS):
        _follow(writer, number, next(told))
    for month in months_between(begins_on, _MONTH):
        now_at = first_instant(month, _ZONE) + _MORNING_US
        clock.advance_to(now_at)
        writer.apply_feed("provisioning", [], Cursor(1, next(told), now_at))
        for number in range(ACCOUNTS):
            if month_after(_MONTH, -age_of(number)) == month:
                _subscribe(writer, number, month)
            writer.execute([fire_timers(f"account-{number}")])
        _pay(database, writer, month)
    with database.writing() as tx:
        tx.insert(table("usage_totals"), [_total(number) for number in range(ACCOUNTS)])
    writer.close()
    database.close()


def _catalog(writer: Writer) -> None:
    measured = Meter(METER, "", METER, Aggregation.SUM, "value", "call")
    _do(writer, CREATE_METER, CreateMeter(measured))
    version = PlanVersion(0, None, PRICES)
    _do(writer, CREATE_PLAN, CreatePlan(Plan("hybrid", "Hybrid", VersionPolicy.FOLLOW, (version,))))
    issuer = CreateIssuer("pospago", "Pospago S.A.", "", NO_ADDRESS, "", "", "INV-")
    _do(writer, CREATE_ISSUER, issuer)


def _do(writer: Writer, use_case: UseCase[Any, Any, Any], command: object) -> None:
    (outcome,) = writer.execute([Submission(use_case, command, "benchmark")])
    if isinstance(outcome, BaseException):
        raise outcome


def _follow(writer: Writer, number: int, seq: int) -> None:
    account = f"account-{number}"
    submission = Submission(FOLLOW_ACCOUNT, FollowAccount(account, "", _ZONE, account), "benchmark")
    followed = PeerEvent("provisioning", seq, account, 0, "", b"", submission)
    writer.apply_feed("provisioning", [followed], Cursor(1, seq, 0))


def _subscribe(writer: Writer, number: int, month: date) -> None:
    held = Quantities(held=(Held("seats", Decimal(SEATS)),))
    command = CreateSubscription(
        f"account-{number}", "main", "hybrid", 0, "", held, begins_on=month, ends_on=None
    )
    _do(writer, CREATE_SUBSCRIPTION, command)


def _pay(database: Database, writer: Writer, value_on: date) -> None:
    """Each open invoice is paid by a payment of its own."""
    columns = table("settlements").c
    query = select(columns.payer, columns.invoice, columns.total_minor).where(
        columns.settled_on.is_(None)
    )
    for payer, invoice, total_minor in database.read(lambda tx: tx.all(query)):
        units, cents = divmod(total_minor, 100)
        nanos = cents * 10_000_000
        command = RecordPayment(
            payer, f"of-{invoice}", units, nanos, "BRL", value_on, invoice, reference=""
        )
        _do(writer, RECORD_PAYMENT, command)


def _total(number: int) -> dict[str, Any]:
    zeros = ("max_units", "max_nanos", "latest_units", "latest_nanos", "latest_at", "first_at")
    return {
        "account": f"account-{number}",
        "meter": METER,
        "day": _MONTH,
        "dimensions": "[]",
        "events_count": 40_000,
        "sum_units": 80_000,
        "sum_nanos": 0,
        "latest_key": b"",
        "integral": "0",
        **dict.fromkeys(zeros, 0),
    }


def asked_of_store(database: Database, now: int) -> dict[int, tuple[int, int]]:
    """How many statements and steps of SQLite a preview takes, by months of age."""
    found: dict[int, tuple[int, int]] = {}
    for number, age in enumerate(AGES_MONTHS):
        command = change_of(number, SEATS + 1)

        def counted(tx: Transaction, command: ChangeSubscription = command) -> tuple[int, int]:
            statements: list[str] = []
            steps = 0

            def step() -> None:
                nonlocal steps
                steps += 1

            driver: Any = tx.connection.connection
            preview_change(tx, command, now)
            driver.set_trace_callback(statements.append)
            driver.set_progress_handler(step, 1)
            preview_change(tx, command, now)
            driver.set_progress_handler(None, 0)
            driver.set_trace_callback(None)
            return len(statements), steps

        found[age] = database.read(counted)
    return found


def change_of(number: int, seats: int) -> ChangeSubscription:
    """An account of a number is to have so many seats, which is invoiced at once."""
    holding = PlanHolding("hybrid", held=(Held("seats", Decimal(seats)),))
    charged = ProrationAsked(ProrationMode.PRORATE_NOW)
    asked = Asked(FactKind.CHANGED, holding=holding, proration=charged)
    quantities = Quantities(held=holding.held)
    return ChangeSubscription(f"account-{number}", "main", asked, quantities=quantities)


class _Nobody:
    async def find(self, _secret: str, _secret_hash: bytes) -> None:
        return None


async def main(folder: Path) -> None:
    """Serve until standard input ends."""
    configure_logs(level="error", as_json=True)
    settings = BillingSettings(
        data_dir=folder, port=0, metrics_port=None, log_level="error", peer_address="127.0.0.1:9"
    )
    fill(settings.database_url_of("billing"), settings)
    now = first_instant(NOW_ON, _ZONE) + _MORNING_US
    app = await BillingApp.start(settings, ManualClock(now))
    settle_interpreter()
    describe_bare_service()
    bare = RpcServer(
        "bare",
        {BARE_SERVICE: BareReads(app.database, METER, _MONTH)},
        BearerAuthenticator(app.credentials.book, app.credentials.keyed_hash, _Nobody()),
        listening=Listening(stop_seconds=0),
    )
    await bare.start()
    assert app.credentials.operator_file is not None
    told = {
        "port": app.port,
        "bare_port": bare.port,
        "secret": app.credentials.operator_file.read_text(encoding="ascii").strip(),
        "asked": asked_of_store(app.database, now),
    }
    print(json.dumps(told), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await bare.stop()
    await app.stop()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
