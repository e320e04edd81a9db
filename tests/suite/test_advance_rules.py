"""What a client sees of an advance: its way, its refusals, and that it can be broken off."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from pospago.provisioning.v1 import account_pb2, sandbox_pb2

from tests.suite.clients import Clients, bearer, reason_of, timestamp
from tests.suite.in_process import running_suite
from tests.suite.story_year import START, Year, sell

SANDBOX: Final = "year"
FAR: Final = START + timedelta(days=100)
TEN_YEARS: Final = timedelta(days=3653)
HEARD_BEFORE_LEAVING: Final = 3
REST_SECONDS: Final = 0.3


@pytest.fixture(scope="module")
async def clients(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clients]:
    """A suite that sells the plan."""
    folder: Path = tmp_path_factory.mktemp("advance")
    async with running_suite(folder) as suite:
        clients = suite.clients()
        await sell(clients)
        yield clients
        await clients.close()


@pytest.fixture
async def year(clients: Clients) -> Year:
    """A sandbox of its own for each test, in which enough is going to happen."""
    return await begun(clients)


@pytest.fixture(scope="module")
async def told(clients: Clients) -> list[Any]:
    """The messages of one advance."""
    return [each async for each in advancing(await begun(clients), FAR)]


@pytest.fixture(scope="module")
async def left(clients: Clients) -> Year:
    """A sandbox whose advance was broken off on its way."""
    year = await begun(clients)
    await break_off(year)
    return year


async def begun(clients: Clients) -> Year:
    year = Year(clients, f"{SANDBOX}{next(clients._numbers)}")
    await year.begin()
    return year


def advancing(year: Year, to: datetime) -> Any:
    """A call that advances a sandbox."""
    request = sandbox_pb2.AdvanceSandboxRequest(
        name=f"sandboxes/{year.sandbox}", to_time=timestamp(to)
    )
    method = year.clients.sandboxes.AdvanceSandbox
    return method(request, metadata=bearer(year.clients.secret), timeout=60)


async def break_off(year: Year) -> None:
    """Begin an advance, go away when it is on its way, and wait until it is at rest."""
    call = advancing(year, FAR)
    for _ in range(HEARD_BEFORE_LEAVING):
        await call.read()
    call.cancel()
    seen, now = None, await sandbox_of(year)
    while now != seen:
        await asyncio.sleep(REST_SECONDS)
        seen, now = now, await sandbox_of(year)


async def sandbox_of(year: Year) -> sandbox_pb2.Sandbox:
    """The sandbox as it stands."""
    request = sandbox_pb2.GetSandboxRequest(name=f"sandboxes/{year.sandbox}")
    answer = await year.clients.call(year.clients.sandboxes.GetSandbox, request)
    found: sandbox_pb2.Sandbox = answer.sandbox
    return found


async def refusal_of(answering: Any) -> tuple[str, str]:
    """The code and reason of what must be refused."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await answering
    return raised.value.code().name, reason_of(raised.value)


async def test_an_advance_only_goes_forward(told: list[Any]) -> None:
    """Each message shows a later clock than the one before, and as many deeds or more."""
    clocks = [each.sandbox.clock_time.ToMicroseconds() for each in told]
    fired = [each.fired_count for each in told]
    assert (clocks, fired) == (sorted(set(clocks)), sorted(fired))


async def test_only_the_last_message_has_arrived(told: list[Any]) -> None:
    """Whoever reads to the end knows that the sandbox is there."""
    assert [each.arrived for each in told] == [False] * (len(told) - 1) + [True]


async def test_a_sandbox_that_has_arrived_has_no_target(year: Year) -> None:
    """Its clock shows where it was to go, to the microsecond."""
    await year.clients.advance(year.sandbox, FAR)
    there = await sandbox_of(year)
    assert (there.clock_time, there.HasField("target_time")) == (timestamp(FAR), False)


async def test_an_advance_that_is_broken_off_stays_where_it_is(left: Year) -> None:
    """Its clock stands between where it was and where it was to go, which stays known."""
    there = await sandbox_of(left)
    assert timestamp(START).seconds < there.clock_time.seconds < timestamp(FAR).seconds
    assert there.target_time == timestamp(FAR)


async def test_an_advance_that_is_broken_off_can_be_taken_up(year: Year) -> None:
    """Called again with the same time, it goes on from where it was."""
    await break_off(year)
    clock_time = (await sandbox_of(year)).clock_time
    told = [each async for each in advancing(year, FAR)]
    assert (told[0].sandbox.clock_time, told[-1].arrived) == (clock_time, True)


async def test_an_advance_that_is_broken_off_goes_nowhere_else(left: Year) -> None:
    """Until it has arrived it cannot be sent to another time."""
    elsewhere = left.clients.advance(left.sandbox, FAR + timedelta(days=1))
    assert await refusal_of(elsewhere) == ("ABORTED", "SANDBOX_ADVANCING")


@pytest.mark.parametrize("service", ["provisioning", "billing"])
async def test_what_is_on_its_way_takes_no_other_write(left: Year, service: str) -> None:
    """A write between two steps would belong to no time that its caller could have meant."""
    if service == "billing":
        writing = left.pay("gama", 100, START.date(), "meanwhile")
    else:
        writing = left.cancel("gama", "one")
    assert await refusal_of(writing) == ("ABORTED", "SANDBOX_ADVANCING")


async def test_other_worlds_go_on_meanwhile(left: Year) -> None:
    """A sandbox that is on its way keeps nobody outside it from writing."""
    request = account_pb2.CreateAccountRequest(account_id=f"{left.sandbox}-outside")
    answer = await left.clients.call(left.clients.accounts.CreateAccount, request)
    assert answer.account.name == f"accounts/{left.sandbox}-outside"


async def test_two_advances_at_once_are_one(year: Year) -> None:
    """Of several calls at once to the same time one arrives, the others are told to wait."""
    outcomes = await asyncio.gather(
        *(year.clients.advance(year.sandbox, FAR) for _ in range(4)), return_exceptions=True
    )
    refused = [each for each in outcomes if isinstance(each, grpc.aio.AioRpcError)]
    arrived = [each.arrived for each in outcomes if not isinstance(each, BaseException)]
    assert [reason_of(each) for each in refused] == ["SANDBOX_ADVANCING"] * 3
    assert arrived == [True]


async def test_standing_still_is_arriving(year: Year) -> None:
    """An advance to where the clock stands already has arrived."""
    assert (await year.clients.advance(year.sandbox, START)).arrived


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        (-timedelta(microseconds=1), "TIME_NOT_AHEAD"),
        (TEN_YEARS + timedelta(microseconds=1), "ADVANCE_TOO_FAR"),
    ],
)
async def test_an_advance_has_its_bounds(year: Year, by: timedelta, reason: str) -> None:
    """Not a microsecond back, and not one more than ten years."""
    going = year.clients.advance(year.sandbox, START + by)
    assert await refusal_of(going) == ("INVALID_ARGUMENT", reason)
