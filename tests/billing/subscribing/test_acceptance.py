"""What hybrid plans come to when they are lived: subscribed, used, invoiced at the month's end."""

from typing import Final

from tests.billing.builders import Billing
from tests.billing.subscribing.live import Live

GIGABYTE: Final = 1_000_000_000
# Plan, calls, and the lines: the fee, what is included at 0, what exceeds it.
CALLED: Final = {
    "api-pro": (25_000, [4900, 0, 7500]),
    "tier-starter": (3_000, [1900, 0, 4000]),
    "tier-business": (3_000, [19900, 0]),
}
# Plan, what is held, what one event each states, and the lines.
LIVED: Final[dict[str, tuple[dict[str, int], dict[str, int], list[int]]]] = {
    "team": ({"seats": 12}, {}, [9900, 13500]),
    "core": ({"analytics": 1, "api-access": 1}, {}, [2900, 1900, 900]),
    "team-analytics": (
        {"seats": 10},
        {"data.processed bytes": 80 * GIGABYTE},
        [20000, 0, 6000],
    ),
    "retainer": (
        {},
        {"work.consulting hours": 8, "support.incident": 1},
        [19900, 0, 45000, 10000],
    ),
    "ai-platform": (
        {"seats": 12, "custom-models": 1, "api-access": 1},
        {"tokens.used tokens": 500_000},
        [9900, 14000, 0, 800, 4900, 2900],
    ),
}


def test_calls_beyond_what_is_included_are_charged(billing: Billing) -> None:
    """Each call is an event; several accounts pay by plans of their own for one meter."""
    live = Live.hybrid(billing)
    for plan, (calls, _) in CALLED.items():
        live.account(plan)
        live.subscribe(plan, account=plan)
        live.use("api.call", count=calls, account=plan)
    billing.go_to("2026-04-01 00:00:03")
    assert {plan: live.amounts(plan) for plan in CALLED} == {
        plan: [amounts] for plan, (_, amounts) in CALLED.items()
    }


def test_seats_add_ons_and_usage_come_to_what_the_source_says(billing: Billing) -> None:
    """Seats, features, an allowance that seats bring, a retainer, and all of it together."""
    live = Live.hybrid(billing)
    for plan, (held, used, _) in LIVED.items():
        live.account(plan)
        live.subscribe(plan, held, account=plan)
        for each, quantity in used.items():
            kind, _, name = each.partition(" ")
            data = {name: str(quantity)} if name else {}
            live.use(kind, account=plan, data=data)
    billing.go_to("2026-04-01 00:00:03")
    assert {plan: live.amounts(plan) for plan in LIVED} == {
        plan: [amounts] for plan, (_, _, amounts) in LIVED.items()
    }
