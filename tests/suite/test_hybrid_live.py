"""Hybrid plans, live: subscribed, used, charged on demand, limited and invoiced, in one sandbox."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import pytest
from google.type import date_pb2
from pospago.billing.v1 import invoice_pb2, proration_pb2

from tests.suite.hybrid import Hybrid, lived, usd

GIGABYTE: Final = 1_000_000_000
LIMITED: Final = "developers"
ITEMISED: Final = "itemised"


class Case(NamedTuple):
    """A plan, what is held of it, what is used or charged in March, and the lines of that."""

    plan: str
    held: dict[str, int]
    used: dict[str, int]
    lines: str
    total: str
    charged: tuple[tuple[str, int], ...] = ()
    tax_profile: str = ""


# What is used is named by its event and the property that states how much.
CALLS: Final = "api.call count"
CASES: Final[dict[str, Case]] = {
    "calls-over": Case("api-pro", {}, {CALLS: 25_000}, "49.00 0.00 75.00", "124.00"),
    "calls-within": Case("api-pro", {}, {CALLS: 8_000}, "49.00 0.00", "49.00"),
    "team": Case("team", {"seats": 12}, {}, "99.00 135.00", "234.00"),
    "team-five": Case("team-five", {"seats": 20}, {}, "99.00 225.00", "324.00"),
    "features": Case("core", {"analytics": 1, "api-access": 1}, {}, "29.00 19.00 9.00", "57.00"),
    "pooled": Case(
        "team-analytics",
        {"seats": 10},
        {"data.processed bytes": 80 * GIGABYTE},
        "200.00 0.00 60.00",
        "260.00",
    ),
    "platform": Case(
        "enterprise-platform",
        {"seats": 20},
        {CALLS: 150_000},
        "199.00 500.00 0.00 10.00",
        "709.00",
    ),
    "platform-begun": Case(
        "enterprise-platform",
        {"seats": 20},
        {CALLS: 150_001},
        "199.00 500.00 0.00 10.10",
        "709.10",
    ),
    "starter": Case("tier-starter", {}, {CALLS: 30_000}, "19.00 0.00 580.00", "599.00"),
    "pro": Case("tier-pro", {}, {CALLS: 30_000}, "79.00 0.00 50.00", "129.00"),
    "business": Case("tier-business", {}, {CALLS: 30_000}, "199.00 0.00", "199.00"),
    "enterprise": Case("tier-enterprise", {}, {CALLS: 30_000}, "499.00 0.00", "499.00"),
    "retainer": Case(
        "retainer",
        {},
        {"work.consulting hours": 8, "support.incident": 1},
        "199.00 0.00 450.00 100.00",
        "749.00",
    ),
    "on-demand": Case(
        "retainer-on-demand",
        {},
        {},
        "199.00 0.00 450.00 100.00",
        "749.00",
        charged=(("consulting", 8), ("incidents", 1)),
    ),
    "ai-platform": Case(
        "ai-platform",
        {"seats": 12, "custom-models": 1, "api-access": 1},
        {"tokens.used tokens": 500_000},
        "99.00 140.00 0.00 8.00 49.00 29.00",
        "325.00",
    ),
    LIMITED: Case(
        "dev-pro",
        {"extra-user": 2, "priority-builds": 1, "custom-domain": 2},
        {},
        "29.00 20.00 19.00 18.00",
        "86.00",
    ),
    "marketing": Case(
        "marketing",
        {"seats": 5, "contacts-25k": 1, "sms": 1},
        {"email.sent count": 62_000},
        "79.00 30.00 0.00 12.00 80.00 29.00",
        "230.00",
    ),
    ITEMISED: Case(
        "pro-monthly",
        {"seats": 7, "analytics": 1},
        {CALLS: 25_420},
        "49.00 105.00 0.00 77.10 19.00",
        "271.36",
        tax_profile="taxProfiles/sales-tax-example",
    ),
}

# From the sixteenth of March on, 15 of its 31 days before: Starter is left for Pro, after 3,000
# calls, and 30,000 are made later. The fees are 79.00 x 16/31 and 19.00 x 15/31.
CHANGED_ON: Final = date_pb2.Date(year=2026, month=3, day=16)
UPGRADES: Final = {
    # 5,000 calls at 0.01 beyond 25,000, and before it 2,000 at 0.02 beyond 1,000.
    "upgraded": (
        proration_pb2.Proration.ALLOWANCE_SWITCH_FULL,
        "40.77 0.00 50.00 9.19 0.00 40.00",
        "139.96",
    ),
    # Beyond 25,000 x 16/31 = 12,903.2, and beyond 1,000 x 15/31 = 483.9.
    "upgraded-in-part": (
        proration_pb2.Proration.ALLOWANCE_SWITCH_PRORATED,
        "40.77 0.00 170.97 9.19 0.00 50.32",
        "271.25",
    ),
}


@dataclass(slots=True)
class Played:
    """What was seen of the accounts as March went by."""

    invoices: dict[str, invoice_pb2.Invoice]
    users: list[str]
    builds: list[bool]
    storage: list[bool]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """March is lived on all plans, and closed."""
    with lived(tmp_path_factory.mktemp("hybrid")) as hybrid:
        return play(hybrid)


def play(hybrid: Hybrid) -> Played:
    """Let all accounts subscribe and use what they do, and end the month."""
    for account, case in CASES.items():
        hybrid.subscribe(account, case.plan, case.held, tax_profile=case.tax_profile)
        for each, quantity in case.used.items():
            kind, _, name = each.partition(" ")
            hybrid.use(account, kind, {name: str(quantity)} if name else {})
        for price, count in case.charged:
            hybrid.charge(account, price, count)
    for account, (allowances, _, _) in UPGRADES.items():
        hybrid.subscribe(account, "tier-starter", {})
        hybrid.use(account, "api.call", {"count": "3000"}, day=10)
        hybrid.change_plan(account, "tier-pro", CHANGED_ON, allowances)
        hybrid.use(account, "api.call", {"count": "30000"}, day=18)
    users = [hybrid.hold(LIMITED, "users") for _ in range(8)]
    builds = [hybrid.is_allowed(LIMITED, "builds", count) for count in (1_000, 1_001)]
    storage = [hybrid.is_allowed(LIMITED, "storage", count) for count in (10, 11)]
    hybrid.close_march()
    invoices = {account: hybrid.invoice(account) for account in (*CASES, *UPGRADES)}
    return Played(invoices, users, builds, storage)


def lines_of(played: Played, account: str) -> str:
    """What the lines come to, in their order."""
    return " ".join(usd(each.amount) for each in played.invoices[account].lines)


@pytest.mark.parametrize("account", list(CASES))
def test_a_month_comes_to_what_its_plan_says(played: Played, account: str) -> None:
    """Fees, seats, features, what is included at 0, what exceeds it, and what was charged once."""
    assert lines_of(played, account) == CASES[account].lines


@pytest.mark.parametrize("account", list(CASES))
def test_an_invoice_comes_to_its_total(played: Played, account: str) -> None:
    """The lines added up, with tax where there is one."""
    assert usd(played.invoices[account].total) == CASES[account].total


@pytest.mark.parametrize("account", list(UPGRADES))
def test_an_upgrade_rates_each_part_by_its_own_plan(played: Played, account: str) -> None:
    """Each plan's fee by its days, and its own allowance and rate for what was used under it."""
    _, lines, total = UPGRADES[account]
    assert (lines_of(played, account), usd(played.invoices[account].total)) == (lines, total)


def test_tax_is_rounded_once_for_the_document(played: Played) -> None:
    """8.5% of 250.10 are 21.26, where tax by line would be 21.27."""
    invoice = played.invoices[ITEMISED]
    assert (usd(invoice.subtotal), usd(invoice.taxes[0].tax_amount)) == ("250.10", "21.26")


def test_users_are_limited_to_what_is_subscribed(played: Played) -> None:
    """Five users of the plan and two extra ones; the eighth is refused."""
    assert played.users == [""] * 7 + ["LIMIT_REACHED"]


def test_builds_and_storage_end_at_their_limits(played: Played) -> None:
    """1,000 builds and 10 GB, and not one more: there is no price beyond them."""
    assert (played.builds, played.storage) == ([True, False], [True, False])
