"""`docs/subscriptions.md` says what is so: what begins is charged as its table tells."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Final

import pytest

from billing_service.domain.price import Anchor
from tests.billing.builders import Billing, create_store
from tests.billing.subscribing.live import Live
from tests.test_subscriptions_page import SMALL, SUM, TEXT, amounts, table

HEAD: Final = (
    "| first day | anchor | charged from | invoice of March | invoice of April | because |\n"
)
ROWS: Final = table(HEAD)
_ANCHORS: Final = {"as the plan": None, "start": Anchor.ANNIVERSARY, "calendar": Anchor.CALENDAR}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """An account that nothing was charged to; it is 10 March, 12:00."""
    url = f"sqlite:///{tmp_path}/billing.sqlite3"
    create_store(url)
    running = Billing.at(url)
    running.issuer()
    found = Live.on(running, SMALL)
    running.go_to("2026-03-10 12:00")
    yield found
    running.close()


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:3]) for row in ROWS])
def test_beginning_is_charged_as_the_page_tells(live: Live, row: list[str]) -> None:
    """The lines of the invoices of March and April."""
    begins, anchor, charged_from, *months, _ = row
    live.subscribe(
        "small",
        begins=begins,
        anchor=_ANCHORS.get(anchor, Anchor.ANNIVERSARY),
        anchor_on=None if anchor in _ANCHORS else date.fromisoformat(anchor),
        trial_ends_on=None if charged_from == "the first day" else date.fromisoformat(charged_from),
    )
    live.billing.go_to("2026-05-01 00:00:03")
    assert [sorted(each) for each in live.amounts()] == [amounts(each) for each in months]


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:3]) for row in ROWS])
def test_arithmetic_of_the_page_is_right(row: list[str]) -> None:
    """The sums that a row shows come to its amounts."""
    shown = [
        prod((Fraction(one), Fraction(other), 1 / Fraction(whole or 1))) * 100
        for one, other, whole in SUM.findall(row[-1])
    ]
    assert sorted(shown) == sorted(amounts(row[3]) + amounts(row[4]))


def test_page_has_one_table_of_beginnings() -> None:
    """Its head is where the rows are looked for."""
    assert TEXT.count(HEAD) == 1
