"""`docs/drafts.md` says what is so: a draft is issued, due and charged as its table tells."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.billing.builders import Billing, create_store
from tests.billing.subscribing.drafted import Drafted
from tests.docs_reading import ROOT

TEXT: Final = (ROOT / "docs" / "drafts.md").read_text(encoding="utf-8")
HEAD: Final = (
    "| what happens | issued on | due on | March | April |\n| --- | --- | --- | --- | --- |\n"
)
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.partition(HEAD)[2].partition("\n\n")[0].splitlines()
]
_DAYS: Final = {"April": "04", "May": "05"}
_STEPS: Final[Mapping[str, Callable[[Drafted], object]]] = {
    "issued": Drafted.issue,
    "held": Drafted.hold,
    "released": Drafted.release,
    "3 calls of March come": lambda live: live.use("call", "3", on="2026-03-31 12:00"),
}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Drafted]:
    """An account whose months rest five days; it is 2 March, 09:00."""
    url = f"sqlite:///{tmp_path}/billing.sqlite3"
    create_store(url)
    running = Billing.at(url)
    running.issuer()
    yield Drafted.resting(running)
    running.close()


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_draft_is_issued_as_the_page_tells(live: Drafted, row: list[str]) -> None:
    """When it is issued and due, and what March and April come to."""
    happens, issued_on, due_on, march, april = row
    for step in happens.split(", ") if happens != "nothing" else ():
        take(live, step)
    live.billing.go_to("2026-05-28 12:00")
    invoices = live.billing.invoices("acme")
    dates = invoices[0].invoice.dates
    assert [dates.issued_on.isoformat(), dates.due_on.isoformat()] == [issued_on, due_on]
    assert [each.invoice.total_minor for each in invoices] == [minor(march), minor(april)]


def test_page_has_one_table_of_what_happens() -> None:
    """Its head is where the rows are looked for."""
    assert (TEXT.count(HEAD), len(ROWS)) == (1, 7)


def take(live: Drafted, step: str) -> None:
    """Do what a row says, at noon of the day that it names."""
    told = re.fullmatch(r"(.*) on (\d+) (April|May)", step)
    assert told is not None, step
    live.billing.go_to(f"2026-{_DAYS[told[3]]}-{int(told[2]):02d} 12:00")
    _STEPS[told[1]](live)


def minor(text: str) -> int:
    """The cents of `10.00`."""
    return int(text.replace(".", ""))
