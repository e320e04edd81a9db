"""`pospago token` and the warnings in `pospago events`, against the real provisioning service."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money
from pospago.billing.v1 import events_pb2 as billing_pb
from pospago.provisioning.v1 import events_pb2, instance_pb2, token_pb2

from chassis.clock import ManualClock
from pospago_cli.__main__ import run
from pospago_cli.session import Session
from pospago_cli.tables import figures_of, subject_of
from tests.provisioning.builders import START_AT
from tests.provisioning.calling import Served, served

AT = Timestamp(seconds=1_801_396_800)


@pytest.fixture
async def provisioning(tmp_path: Path) -> AsyncIterator[Served]:
    """The real server, with an integrator."""
    async with served(tmp_path, ManualClock(START_AT)) as running:
        await running.integrator()
        yield running


async def command(on: Served, folder: Path, *words: str) -> int:
    """The exit code of a command of the operator's."""
    arguments = [*words, "--address", on.app.address, "--data-dir", str(folder)]
    return await asyncio.to_thread(run, arguments, Session())


async def test_rotation_with_an_overlap_shows_until_when(
    provisioning: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The token is shown with the end of its old secret, a day from now."""
    await command(provisioning, tmp_path, "token", "rotate", "acme/1", "--overlap", "24h", "--json")
    printed = capsys.readouterr().out
    # The server in this process may have logged something meanwhile.
    token = json.loads(printed[printed.index("{\n") :])["token"]
    assert token["previous_secret_expire_time"] == "2026-03-03T12:00:00Z"


@pytest.mark.parametrize("words", [("get", "acme/1"), ("list", "acme")])
async def test_overlap_is_shown_with_the_token(
    provisioning: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """One token or a table of them says until when the old secret works."""
    await command(provisioning, tmp_path, "token", "rotate", "acme/1", "--overlap", "24h")
    capsys.readouterr()
    await command(provisioning, tmp_path, "token", *words)
    assert "2026-03-03 12:00:00Z" in capsys.readouterr().out


async def test_rotation_without_an_overlap_shows_none(
    provisioning: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An old secret that ended at once is not spoken of."""
    await command(provisioning, tmp_path, "token", "rotate", "acme/1")
    assert "previous secret" not in capsys.readouterr().out


async def test_overlap_past_its_bound_is_refused(
    provisioning: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Thirty-one days are too long, and the refusal says it in days, once."""
    code = await command(provisioning, tmp_path, "token", "rotate", "acme/1", "--overlap", "31d")
    assert (code, capsys.readouterr().err.count("at most 30d")) == (2, 1)


@pytest.mark.parametrize(
    ("payload", "subject"),
    [
        (
            events_pb2.TokenQuotaWarning(token=token_pb2.Token(name="accounts/acme/tokens/1")),
            "accounts/acme/tokens/1",
        ),
        (
            events_pb2.InstanceTrialEnding(
                instance=instance_pb2.Instance(name="accounts/acme/instances/one")
            ),
            "accounts/acme/instances/one",
        ),
        (
            billing_pb.InvoiceDueSoon(invoice="accounts/acme/invoices/inv-1"),
            "accounts/acme/invoices/inv-1",
        ),
        (billing_pb.AccountStopAhead(account="accounts/acme"), "accounts/acme"),
        (billing_pb.AccountDeletionAhead(account="accounts/acme"), "accounts/acme"),
    ],
)
def test_warning_is_shown_with_what_it_concerns(payload: object, subject: str) -> None:
    """A line of the feed names the token, instance, invoice or account that is warned of."""
    assert subject_of(payload) == subject  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (
            events_pb2.InstanceTrialEnding(trial_end_time=AT),
            "trial end time 2027-01-31 12:00:00Z",
        ),
        (
            billing_pb.InvoiceDueSoon(due_date=Date(year=2027, month=1, day=31)),
            "due date 2027-01-31",
        ),
        (billing_pb.AccountStopAhead(stop_time=AT), "stop time 2027-01-31 12:00:00Z"),
        (billing_pb.AccountDeletionAhead(deletion_time=AT), "deletion time 2027-01-31 12:00:00Z"),
        (billing_pb.AccountStopAhead(account="accounts/acme"), ""),
        (
            billing_pb.UsageThresholdReached(
                price="calls", percent=DecimalMessage(value="80"), cost=Money(currency_code="BRL")
            ),
            "price calls, percent 80, cost 0.00 BRL",
        ),
    ],
)
def test_warning_is_shown_with_its_figures(payload: Message, told: str) -> None:
    """A line of the feed says of what is warned: when it will happen, or how much it is."""
    assert figures_of(payload) == told
