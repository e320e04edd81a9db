"""Coupons that many accounts redeem at once, from two processes on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from billing_service.domain.coupon_errors import CouponNotRedeemable
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION
from billing_service.use_cases.deactivate_coupon import DEACTIVATE_COUPON, DeactivateCoupon
from chassis.entry import Submission
from tests.billing.builders import Billing
from tests.billing.one_off.charging import BASE
from tests.billing.one_off.coupons import create_coupon, stored_coupon
from tests.billing.subscribing.live import Live, command_of, plan_of

ACCOUNTS = tuple(f"a{number}" for number in range(16))
REDEMPTIONS_MAX = 5


@pytest.fixture
def processes(url: str) -> Iterator[list[Billing]]:
    """The service on a store: on PostgreSQL in two processes."""
    with ExitStack() as stack:
        count = 2 if url.startswith("postgresql") else 1
        running = [Billing.at(url) for _ in range(count)]
        for each in running:
            stack.callback(each.close)
        live = Live.on(running[0], plan_of(BASE))
        for account in ACCOUNTS:
            live.account(account)
        yield running


def redeeming(processes: list[Billing]) -> list[Awaitable[object]]:
    """Each account subscribes with the coupon, by one process or the other."""
    commands = [
        replace(command_of("pro", account=account), coupons=("welcome",)) for account in ACCOUNTS
    ]
    return [
        processes[place % len(processes)].writer.submit(
            Submission(CREATE_SUBSCRIPTION, command, "test")
        )
        for place, command in enumerate(commands)
    ]


def at_once(work: list[Awaitable[object]]) -> list[object]:
    """What each of many calls comes to when they are made in one moment."""

    async def gathered() -> list[object]:
        return await asyncio.gather(*work, return_exceptions=True)

    return asyncio.run(gathered())


def test_coupon_is_redeemed_no_more_often_than_it_may(processes: list[Billing]) -> None:
    """Exactly as often as it may be, whoever comes first; all others are told why not."""
    create_coupon(processes[0], redemptions_max=REDEMPTIONS_MAX)
    outcomes = at_once(redeeming(processes))
    refused = [each for each in outcomes if isinstance(each, CouponNotRedeemable)]
    failed = [each for each in outcomes if isinstance(each, BaseException)]
    assert (len(refused), len(failed)) == (len(ACCOUNTS) - REDEMPTIONS_MAX,) * 2
    assert stored_coupon(processes[-1]).redemptions_count == REDEMPTIONS_MAX


def test_each_redemption_is_counted_while_a_coupon_is_deactivated(
    processes: list[Billing],
) -> None:
    """Who holds it afterwards was counted, and nobody else."""
    create_coupon(processes[0])
    deactivation: Awaitable[object] = processes[-1].writer.submit(
        Submission(DEACTIVATE_COUPON, DeactivateCoupon("welcome"), "test")
    )
    outcomes = at_once([deactivation, *redeeming(processes)])
    refused = [each for each in outcomes if isinstance(each, CouponNotRedeemable)]
    assert stored_coupon(processes[0]).redemptions_count == len(ACCOUNTS) - len(refused)
