"""The story on real accounts, with the real workers, while a sandbox plays the same months."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from pospago.billing.v1 import billing_profile_pb2, invoice_pb2, issuer_pb2
from pospago.provisioning.v1 import account_pb2, integrator_pb2

from chassis.clock import ManualClock, from_datetime
from pospago_cli.demo import START, SandboxClock, open_sandbox, sell_the_catalog
from pospago_cli.story.cast import ALL
from pospago_cli.story.narration import SilentNarrator
from pospago_cli.story.player import Player, Stage
from pospago_cli.story.script import play
from pospago_cli.story.whole import WHOLE_STORY
from tests.postgres import PostgresServer
from tests.suite.clients import Clients, minor, request_id
from tests.suite.in_process import RunningSuite, running_suite
from tests.suite.story_facts import Naming, WorldFacts, facts_of
from tests.suite.story_stage import RealClock, operator_of

REAL: Final = Naming("real-", re.compile(r"(?i)(payment|subscription)-[0-9a-z]{20,}|inv-\d{6}"))
SIDE: Final = Naming(
    "side-", re.compile(r"(?i)(payment|subscription)-[0-9a-z]{20,}|test-side-\d{6}")
)
SANDBOX: Final = "side"
INVOICES_COUNT: Final = 10


@dataclass(frozen=True, slots=True)
class Played:
    """What both worlds hold when the story is over, and what the lists show unasked."""

    real: WorldFacts
    side: WorldFacts
    real_invoices: list[Any]
    side_invoices: list[Any]
    listed: dict[str, set[str]]


def play_interleaved(real: Player, side: Player) -> None:
    """Play each step in the real world, and then at the same instant in the sandbox."""
    for step in WHOLE_STORY:
        play(real, [step])
        play(side, [step])


async def play_both(suite: RunningSuite) -> Played:
    """Play the story in both worlds; a Surprise ends it."""
    clients = suite.clients()
    issuer = issuer_pb2.Issuer(legal_name="Example Ltda", invoice_series="INV-")
    await clients.call(
        clients.issuers.CreateIssuer,
        issuer_pb2.CreateIssuerRequest(issuer_id="main", issuer=issuer, request_id=request_id()),
    )
    with operator_of(suite) as operator:
        await asyncio.to_thread(sell_the_catalog, operator)
        sandbox = await asyncio.to_thread(open_sandbox, operator, SANDBOX)
        clock = RealClock(suite, asyncio.get_running_loop())
        real = Stage(sandbox="", prefix=REAL.prefix, move_to=clock)
        side = Stage(sandbox, prefix=SIDE.prefix, move_to=SandboxClock(operator, sandbox))
        await asyncio.to_thread(
            play_interleaved,
            Player(operator, real, SilentNarrator()),
            Player(operator, side, SilentNarrator()),
        )
    played = await look_at(clients)
    await clients.close()
    return played


async def look_at(clients: Clients) -> Played:
    """Both worlds as they stand."""
    profiles = billing_profile_pb2.ListBillingProfilesRequest()
    return Played(
        real=await facts_of(clients, REAL),
        side=await facts_of(clients, SIDE, sandbox=SANDBOX),
        real_invoices=await clients.invoices_of("-"),
        side_invoices=await clients.invoices_of("-", sandbox=SANDBOX),
        listed={
            "accounts": names_in(
                await clients.call(clients.accounts.ListAccounts, account_pb2.ListAccountsRequest())
            ),
            "integrators": names_in(
                await clients.call(
                    clients.integrators.ListIntegrators, integrator_pb2.ListIntegratorsRequest()
                )
            ),
            "billing_profiles": names_in(
                await clients.call(clients.profiles.ListBillingProfiles, profiles)
            ),
            "invoices": names_in(
                await clients.call(
                    clients.invoices.ListInvoices,
                    invoice_pb2.ListInvoicesRequest(parent="accounts/-"),
                )
            ),
        },
    )


def names_in(page: Any) -> set[str]:
    """The accounts that a page of a list names."""
    listed = next(values for _, values in page.ListFields())
    return {each.name.split("/")[1] for each in listed}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Played]:
    """The story, played once for all tests of a store."""
    urls: dict[str, str] = {}
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        for service in ("provisioning", "billing"):
            name = server.new_database(f"story_{service}", lambda _url: None)
            urls[service] = server.url(name)
    folder: Path = tmp_path_factory.mktemp("story")
    clock = ManualClock(from_datetime(START))
    async with running_suite(folder, clock=clock, database_urls=urls) as suite:
        yield await play_both(suite)


@pytest.mark.parametrize("who", ALL)
def test_both_worlds_come_to_the_same(played: Played, who: str) -> None:
    """All that is told of an account, and how it stands, is equal but for names and numbers."""
    key = f"accounts/{who}"
    assert sorted(played.side[key]) == sorted(played.real[key])


def test_the_real_series_knows_nothing_of_the_sandbox(played: Played) -> None:
    """Real invoices are numbered from 1 without a gap, whatever is issued beside them."""
    expected = [f"INV-{number:06}" for number in range(1, INVOICES_COUNT + 1)]
    assert sorted(each.number for each in played.real_invoices) == expected


def test_a_sandbox_numbers_in_a_series_of_its_own(played: Played) -> None:
    """Its invoices say by their number that they are a test."""
    expected = [f"TEST-{SANDBOX}-{number:06}" for number in range(1, INVOICES_COUNT + 1)]
    assert sorted(each.number for each in played.side_invoices) == expected


def test_real_totals_know_nothing_of_the_sandbox(played: Played) -> None:
    """What all real invoices amount to is what the story says, and not twice that."""
    story_minor = 23940 + 11970 + 7980 + 17450 + 107730 + 11970 + 7980 + 17450 + 95760 + 7980
    assert sum(minor(each.total) for each in played.real_invoices) == story_minor


@pytest.mark.parametrize("what", ["accounts", "integrators", "billing_profiles", "invoices"])
def test_real_lists_show_no_sandbox(played: Played, what: str) -> None:
    """Who does not ask for a sandbox sees nothing of it."""
    assert played.listed[what] == {f"{REAL.prefix}{who}" for who in ALL}
