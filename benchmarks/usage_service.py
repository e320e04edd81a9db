"""The billing service with accounts and meters, and the bare echo beside it.

Prints one line of JSON when it serves: both ports and a secret. Ends with its standard input.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import uvloop
from pospago.billing.v1 import usage_pb2 as pb

from benchmarks.echo import start_echo
from benchmarks.usage_events import ACCOUNTS, METERS, ZONE, account_of
from billing_service.domain.meter import Aggregation, Meter
from billing_service.server import BillingApp
from billing_service.settings import BillingSettings
from billing_service.use_cases.create_meter import CREATE_METER, CreateMeter
from billing_service.use_cases.follow_account import FOLLOW_ACCOUNT, FollowAccount
from chassis.entry import PeerEvent, Submission
from chassis.feed import Cursor
from chassis.logs import configure_logs
from chassis.rpc.server import settle_interpreter
from chassis.use_case import UseCase
from chassis.writer import Writer


def fill(writer: Writer) -> None:
    """Accounts, and a meter for each type of events."""
    for number, aggregation in enumerate(METERS):
        value = "" if aggregation is Aggregation.COUNT else "value"
        meter = Meter(f"meter-{number}", "", f"used.{number}", aggregation, value)
        _do(writer, CREATE_METER, CreateMeter(meter))
    events = [_followed(number) for number in range(ACCOUNTS)]
    writer.apply_feed("provisioning", events, Cursor(1, ACCOUNTS, 0))


def _do(writer: Writer, use_case: UseCase[Any, Any, Any], command: object) -> None:
    (outcome,) = writer.execute([Submission(use_case, command, "benchmark")])
    if isinstance(outcome, BaseException):
        raise outcome


def _followed(number: int) -> PeerEvent:
    account = account_of(number)
    command = FollowAccount(account, "", ZONE, account)
    submission = Submission(FOLLOW_ACCOUNT, command, "benchmark")
    return PeerEvent("provisioning", number + 1, account, 0, "", b"", submission)


async def main(folder: Path, database_url: str) -> None:
    """Serve until standard input ends."""
    configure_logs(level="error", as_json=True)
    settings = BillingSettings(
        data_dir=folder,
        port=0,
        metrics_port=None,
        log_level="error",
        peer_address="127.0.0.1:9",
        database_url=database_url,
    )
    settle_interpreter()
    app = await BillingApp.start(settings)
    await app.writer.call(lambda: fill(app.writer))
    answer = pb.IngestEventsResponse(outcomes=[pb.EVENT_OUTCOME_ACCEPTED], accepted_count=1)
    echo, echo_port = await start_echo(answer.SerializeToString())
    assert app.credentials.operator_file is not None
    secret = app.credentials.operator_file.read_text(encoding="ascii").strip()
    print(json.dumps({"port": app.port, "echo_port": echo_port, "secret": secret}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await echo.stop(None)
    await app.stop()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
