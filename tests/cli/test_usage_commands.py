"""`pospago subscription`, `usage`, `guard`, `reservation` and `review` against a real service."""

import json
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any, Final

import pytest
from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import usage_pb2 as pb
from rich.console import Console

from pospago_cli.failures import EXIT_FAILED, EXIT_REFUSED
from pospago_cli.usage.showing import summaries_shown
from tests.cli.catalog_files import written
from tests.cli.usage_serving import UsageService, usage_service

CATALOG: Final = """\
catalog: 1
currency: BRL
meters:
  requests: { event: request.served, aggregation: count }
  megabytes: { event: request.served, aggregation: sum, property: megabytes }
plans:
  metered:
    display_name: Metered
    version_policy: follow
    prices:
      - { code: seats, licensed: seat, per_unit: 10 }
      - { code: traffic, metered: megabytes, per_unit: 0.5, included: 10, review: hold }
"""


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UsageService]:
    """The service for all tests of this file, with a plan that prices megabytes."""
    folder = tmp_path_factory.mktemp("billing")
    async with usage_service(folder) as started:
        await started.shell.pospago("catalog", "apply", str(written(folder, CATALOG)), "--yes")
        yield started


@pytest.fixture
async def service(running: UsageService) -> UsageService:
    """The service with an account of the test's own that is subscribed as `site`."""
    await running.open_account()
    stated = (running.account, "site", "--plan", "metered", "--held", "seats=3")
    await running.shell.pospago("subscription", "create", *stated, "--start", "2026-03-01")
    return running


async def answer(service: UsageService, *words: str, exit_code: int = 0) -> Any:
    """What a command answers in JSON."""
    return json.loads(await service.shell.pospago(*words, "--json", exit_code=exit_code))


async def sent(service: UsageService, event_id: str, megabytes: str, exit_code: int = 0) -> str:
    """What sending an event prints."""
    stated = ("--type", "request.served", "--id", event_id, "--data", f"megabytes={megabytes}")
    return await service.shell.pospago(
        "usage", "send", service.account, *stated, exit_code=exit_code
    )


async def summary(service: UsageService) -> Any:
    """The summary of the one metered price."""
    told = await answer(service, "usage", "summary", f"{service.account}/site")
    (price,) = told["summaries"]
    return price


async def test_a_subscription_shows_what_it_holds(service: UsageService) -> None:
    """As it was created, in full and in the list."""
    shown = await service.shell.pospago("subscription", "get", f"{service.account}/site")
    assert "seats=3" in shown
    listed = await service.shell.pospago("subscription", "list", service.account)
    assert f"accounts/{service.account}/subscriptions/site" in listed


async def test_an_event_is_counted_once(service: UsageService) -> None:
    """Sent again it is a duplicate, and the summary stays."""
    assert (await sent(service, "1", "12.5")).split() == ["ACCEPTED", "pospago", "1"]
    assert (await sent(service, "1", "12.5")).split() == ["DUPLICATE", "pospago", "1"]
    assert (await summary(service))["quantity"]["value"] == "12.5"


async def test_an_event_that_is_refused_says_why(service: UsageService) -> None:
    """By reason, field and remedy, with an exit code."""
    shown = await sent(service, "1", "many", exit_code=EXIT_REFUSED)
    assert shown.startswith("MALFORMED_VALUE · data.megabytes")


async def test_a_summary_is_a_row_for_each_price(service: UsageService) -> None:
    """What is used, included, beyond it, and what that costs; that it is held stands below."""
    await sent(service, "1", "12.5")
    shown = await service.shell.pospago("usage", "summary", f"{service.account}/site")
    row = next(line.split() for line in shown.splitlines() if line.startswith(" traffic"))
    assert row[:2] == ["traffic", "2026-03-01"]
    assert row[4:10] == ["12.5", "unit", "10", "0", "2.5", "1.25"]
    assert "its cost is held for review" in shown


@pytest.mark.parametrize(
    ("used", "projected", "shown"),
    [
        ("240", "1063.142857143", "1063.14"),
        ("12.125", "60.123456789", "60.123"),
        ("0.000012", "0.000034285", "0.000034"),
        ("240", "1500", "1500"),
    ],
)
def test_a_projection_is_no_finer_than_what_was_used(used: str, projected: str, shown: str) -> None:
    """Two decimals, or as many as what was used has: a guess has no billionths."""
    method = pb.UsageSummary.PROJECTION_METHOD_LINEAR
    summary = pb.UsageSummary(price="calls", quantity=Decimal(value=used), projection_method=method)
    summary.projected_quantity.value = projected
    for day in (summary.period_start_date, summary.period_end_date):
        day.CopyFrom(Date(year=2026, month=3, day=1))
    console = Console(width=200, record=True)
    console.print(summaries_shown("site", pb.GetUsageSummaryResponse(summaries=[summary])))
    row = next(each for each in console.export_text().splitlines() if each.startswith(" calls"))
    assert row.split()[-1] == shown


async def test_watching_ends_when_it_was_asked_to(service: UsageService) -> None:
    """After one answer, which is a line of JSON."""
    printed = await service.shell.pospago(
        "usage", "watch", f"{service.account}/site", "--count", "1", "--json"
    )
    assert [each["price"] for each in json.loads(printed)["summaries"]] == ["traffic"]


async def test_an_amended_event_counts_as_it_was_amended(service: UsageService) -> None:
    """It is shown with the data in force, and says what was amended and why."""
    await sent(service, "1", "12.5")
    stated = ("1", "--data", "megabytes=2", "--reason", "a unit was mistaken")
    await service.shell.pospago("usage", "amend", service.account, *stated)
    shown = await service.shell.pospago("usage", "events", service.account)
    assert "megabytes=2   yes      AMENDED   a unit was mistaken" in shown
    assert (await summary(service))["quantity"]["value"] == "2"


async def test_a_voided_event_counts_no_more(service: UsageService) -> None:
    """By its id; a second time nothing is left to void."""
    await sent(service, "1", "12.5")
    stated = ("void", service.account, "1", "--reason", "a test of ours")
    assert await service.shell.pospago("usage", *stated) == "1 event counts no more.\n"
    again = await service.shell.pospago("usage", *stated)
    assert again == "0 events count no more; 1 had been voided before.\n"


@pytest.mark.parametrize(
    "which", ["", "1 --from 2026-03-01T00:00:00Z", "--from 2026-03-01T00:00:00Z", "--type x"]
)
async def test_what_is_voided_must_be_said(service: UsageService, which: str) -> None:
    """Either ids, or both ends of a stretch of time."""
    shown = await service.shell.pospago(
        *("usage", "void", service.account, *which.split(), "--reason", "x"), exit_code=EXIT_FAILED
    )
    assert "Which events was not stated." in shown


async def test_old_events_go_only_if_it_is_agreed_to(
    service: UsageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers here, so nothing is dropped."""
    monkeypatch.setattr("sys.stdin", StringIO(""))
    shown = await service.shell.pospago(
        "usage", "age-out", "--before", "2020-01-01", exit_code=EXIT_FAILED
    )
    assert "To agree beforehand, add --yes." in shown


async def test_a_ceiling_holds_reservations(service: UsageService) -> None:
    """What is left is told, and beyond it nothing is reserved."""
    site = f"{service.account}/site"
    await service.shell.pospago("guard", "set", f"{site}/traffic", "--ceiling", "50")
    made = await service.shell.pospago("reservation", "make", site, "traffic", "30")
    assert "20 left below the ceiling." in made
    refused = await service.shell.pospago(
        "reservation", "make", site, "traffic", "30", exit_code=EXIT_REFUSED
    )
    assert "USAGE_CEILING_REACHED" in refused


async def test_a_reservation_without_a_ceiling_says_so(service: UsageService) -> None:
    """Nothing limits it, and nobody has to guess that."""
    made = await service.shell.pospago(
        "reservation", "make", f"{service.account}/site", "traffic", "30"
    )
    assert "No ceiling is set: `pospago guard set` sets one." in made


async def test_a_reservation_is_settled_by_its_event(service: UsageService) -> None:
    """The event counts, and the reservation is over."""
    made = await answer(service, "reservation", "make", f"{service.account}/site", "traffic", "30")
    stated = ("--type", "request.served", "--data", "megabytes=7")
    settled = await answer(service, "reservation", "settle", made["reservation"]["name"], *stated)
    assert settled["reservation"]["state"] == "STATE_SETTLED"
    assert (await summary(service))["quantity"]["value"] == "7"


async def test_reservations_are_listed(service: UsageService) -> None:
    """All of them in the table, and in JSON those in the states and for what is asked."""
    site = f"{service.account}/site"
    first, second = [
        (await answer(service, "reservation", "make", site, "traffic", "1"))["reservation"]["name"]
        for _ in range(2)
    ]
    await service.shell.pospago("reservation", "release", first)
    table = await service.shell.pospago("reservation", "list", service.account)
    words = ("--subscription-id", "site", "--state", "open", "--state", "settled")
    listed = await answer(service, "reservation", "list", service.account, *words)
    assert all(each.rpartition("/")[2] in table for each in (first, second))
    assert [(each["name"], each["state"]) for each in listed] == [(second, "STATE_OPEN")]


async def test_a_review_is_decided(service: UsageService) -> None:
    """What waits is listed, and reduced to an amount."""
    await sent(service, "1", "110")
    listed = await answer(service, "review", "list", service.account, "--state", "open")
    (name,) = (each["name"] for each in listed)
    stated = (name, "reduce", "--amount", "20BRL", "--note", "as agreed")
    decided = await answer(service, "review", "decide", *stated)
    assert decided["review"]["decision"] == "DECISION_REDUCE"
    assert decided["review"]["decided_amount"]["units"] == "20"
