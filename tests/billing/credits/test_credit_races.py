"""Credits that are granted, voided and used at once, from two processes on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack

import pytest

from billing_service.domain.credit_errors import CreditAlreadyExists
from billing_service.use_cases.grant_credit import GRANT_CREDIT
from billing_service.use_cases.void_credit import VOID_CREDIT, VoidCredit
from chassis.entry import Submission
from chassis.writer import fire_timers
from tests.billing.builders import Billing, at
from tests.billing.credits.giving import command_of, ledger_of, said

PAYERS = tuple(f"p{number}" for number in range(8))
GRANTS = 40
CLOSED = "2026-04-01 00:00:03"


@pytest.fixture
def processes(url: str) -> Iterator[list[Billing]]:
    """The service on a store: on PostgreSQL in two processes."""
    with ExitStack() as stack:
        count = 2 if url.startswith("postgresql") else 1
        running = [Billing.at(url) for _ in range(count)]
        for each in running:
            stack.callback(each.close)
        running[0].issuer()
        running[0].plan()
        yield running


def at_once(work: list[Awaitable[object]]) -> list[object]:
    """What each of many calls comes to when they are made in one moment."""

    async def gathered() -> list[object]:
        return await asyncio.gather(*work, return_exceptions=True)

    return asyncio.run(gathered())


def owing(processes: list[Billing]) -> None:
    """Payers of 39.90 with 50.00 of credit each, whose month has ended."""
    first = processes[0]
    for payer in PAYERS:
        first.account(payer)
        first.subscribe("a", account=payer, on="2026-03-02 09:00")
        first.do(GRANT_CREDIT, command_of("c", "50", payer=payer))
    for each in processes:
        each.clock.advance_to(at(CLOSED))


def voids(billing: Billing) -> list[Awaitable[object]]:
    """The credit of each payer is voided."""
    return [
        billing.writer.submit(Submission(VOID_CREDIT, VoidCredit(payer, "c", "a slip"), "test"))
        for payer in reversed(PAYERS)
    ]


def test_credit_that_is_voided_while_its_month_closes_is_used_first(
    processes: list[Billing],
) -> None:
    """The month ended before the void: 39.90 are used, once, and 10.10 void."""
    owing(processes)
    processes[0].peer_tells_up_to(at(CLOSED))
    closes: list[Awaitable[object]] = [
        processes[0].writer.submit(fire_timers(payer)) for payer in PAYERS
    ]
    at_once([*closes, *voids(processes[-1])])
    expected = [("granted", 5000), ("applied", -3990), ("voided", -1010)]
    found = [[(kind, minor) for kind, _, minor, _ in said(processes[0], p)] for p in PAYERS]
    assert found == [expected] * len(PAYERS)


def test_credit_is_voided_or_used_whatever_comes_first(processes: list[Billing]) -> None:
    """While the close has to wait for the peer, a void may come before it; nothing is lost."""
    owing(processes)
    first = processes[0]

    async def close() -> None:
        await asyncio.to_thread(first.peer_tells_up_to, at(CLOSED))
        await asyncio.gather(*(first.writer.submit(fire_timers(payer)) for payer in PAYERS))

    at_once([*voids(processes[-1]), close()])
    for payer in PAYERS:
        entries = ledger_of(first, payer)
        used_minor = -sum(each.amount_minor for each in entries if each.invoice)
        settlement = first.invoice(payer).settlement
        assert (entries[-1].balance_minor, used_minor in {0, 3990}) == (0, True)
        assert (settlement.paid_minor, settlement.credited_minor) == (used_minor, used_minor)


def test_one_of_many_credits_of_an_id_is_granted(processes: list[Billing]) -> None:
    """All others are told that it is there."""
    processes[0].account()
    outcomes = at_once(
        [
            processes[number % len(processes)].writer.submit(
                Submission(GRANT_CREDIT, command_of(), "test")
            )
            for number in range(GRANTS)
        ]
    )
    refused = [each for each in outcomes if isinstance(each, CreditAlreadyExists)]
    assert (len(refused), said(processes[0])) == (GRANTS - 1, [("granted", "c", 1000, 1000)])


def test_entries_made_at_once_are_numbered_without_a_gap(processes: list[Billing]) -> None:
    """Each balance is that of all entries before it."""
    processes[0].account()
    at_once(
        [
            processes[number % len(processes)].writer.submit(
                Submission(GRANT_CREDIT, command_of(f"c{number}", "1"), "test")
            )
            for number in range(GRANTS)
        ]
    )
    found = [(each.number, each.balance_minor) for each in ledger_of(processes[0])]
    assert found == [(number, number * 100) for number in range(1, GRANTS + 1)]
