"""`docs/subscriptions.md` says what is so: what is paid ahead is charged as its table tells."""

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Final

import pytest

from tests.billing.builders import Billing, create_store
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.prepaying import balance, pay, prepay
from tests.test_subscriptions_page import SMALL, SUM, TEXT, amounts, table

HEAD: Final = (
    "| paid in before | paid in later | invoices until 2 May | balance | on 2 May | because |\n"
)
ROWS: Final = table(HEAD)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """An account without any balance; it is 2 March, 09:00."""
    url = f"sqlite:///{tmp_path}/billing.sqlite3"
    create_store(url)
    running = Billing.at(url)
    running.issuer()
    yield Live.on(running, SMALL)
    running.close()


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:2]) for row in ROWS])
def test_prepaid_is_charged_as_the_page_tells(live: Live, row: list[str]) -> None:
    """The invoices, the balance and the state on 2 May."""
    before, later, invoices, left, state, _ = row
    pay(live, before)
    prepay(live)
    if later != "nothing":
        amount, _, on = later.partition(" on ")
        live.billing.go_to(f"{on} 12:00")
        pay(live, amount)
    live.billing.go_to("2026-05-02 00:00")
    charged = sorted(amount for each in live.amounts() for amount in each)
    states = [each.value for each in live.billing.states().values()]
    assert (charged, [balance(live)], states) == (amounts(invoices), amounts(left), [state])


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:2]) for row in ROWS])
def test_arithmetic_of_the_page_is_right(row: list[str]) -> None:
    """The sums that a row shows come to its invoices."""
    shown = [
        prod((Fraction(one), Fraction(other), 1 / Fraction(whole or 1))) * 100
        for one, other, whole in SUM.findall(row[-1])
    ]
    assert sorted(shown) == amounts(row[2])


def test_page_has_one_table_of_prepaid_months() -> None:
    """Its head is where the rows are looked for."""
    assert TEXT.count(HEAD) == 1
