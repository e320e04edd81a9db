"""`docs/subscriptions.md` says what is so: its changes are charged as its table tells."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Final

import pytest

from billing_service.domain.price import Price, Recurring
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import ChangeDay, Granularity, ProrationMode
from billing_service.domain.subscription_change import Asked, ProrationAsked
from billing_service.domain.subscription_facts import FactKind, PlanHolding
from billing_service.use_cases.change_subscription import CHANGE_SUBSCRIPTION, ChangeSubscription
from tests.billing.builders import Billing, create_store
from tests.billing.subscribing.live import Live, plan_of

TEXT: Final = (Path(__file__).parents[1] / "docs" / "subscriptions.md").read_text(encoding="utf-8")
HEAD: Final = "| mode | by | the day is | due at once | invoice of March | because |\n"
BIG: Final = plan_of(Price("base", "USD", Recurring(), Flat(Decimal(62))), plan="big")
SMALL: Final = plan_of(Price("base", "USD", Recurring(), Flat(Decimal(31))), plan="small")
SUM: Final = re.compile(r"`([\d.]+) \* ([\d.]+)(?: / (\d+))?`")


def table(head: str) -> list[list[str]]:
    """The rows of the table below a head."""
    assert TEXT.count(head) == 1
    lines = TEXT.partition(head)[2].splitlines()[1:]
    found = lines[: next(place for place, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found]


ROWS: Final = table(HEAD)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """An account on the small plan since 1 March; it is 10 March, 12:00."""
    url = f"sqlite:///{tmp_path}/billing.sqlite3"
    create_store(url)
    running = Billing.at(url)
    running.issuer()
    found = Live.on(running, BIG, SMALL)
    found.subscribe("small")
    running.go_to("2026-03-10 12:00")
    yield found
    running.close()


def amounts(cell: str) -> list[int]:
    """The amounts of a cell, in minor units, in order."""
    return sorted(int(Decimal(each) * 100) for each in re.findall(r"\d+\.\d\d", cell))


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:3]) for row in ROWS])
def test_change_is_charged_as_the_page_tells(live: Live, row: list[str]) -> None:
    """What is due at once, and what is on the invoice of March."""
    mode, granularity, day, at_once, of_march, _ = row
    proration = ProrationAsked(ProrationMode(mode), Granularity(granularity), ChangeDay(day))
    asked = Asked(FactKind.CHANGED, holding=PlanHolding("big"), proration=proration)
    live.billing.do(CHANGE_SUBSCRIPTION, ChangeSubscription("acme", "main", asked))
    due_now = [amount for each in live.amounts() for amount in each]
    live.billing.go_to("2026-04-01 00:00:03")
    all_due = [amount for each in live.amounts() for amount in each]
    assert (sorted(due_now), sorted(all_due[len(due_now) :])) == (
        amounts(at_once),
        amounts(of_march),
    )


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:3]) for row in ROWS])
def test_arithmetic_of_the_page_is_right(row: list[str]) -> None:
    """The sums that a row shows come to its amounts."""
    shown = [
        prod((Fraction(one), Fraction(other), 1 / Fraction(whole or 1))) * 100
        for one, other, whole in SUM.findall(row[-1])
    ]
    assert sorted(shown) == sorted(amounts(row[3]) + amounts(row[4]))


def test_page_names_every_mode() -> None:
    """No mode is left out."""
    assert {row[0] for row in ROWS} == {mode.value for mode in ProrationMode}
