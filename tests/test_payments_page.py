"""`docs/subscriptions.md` says what is so: what each answer of a payment provider brings."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from billing_service.domain.plan import PlanVersion
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from tests.billing.builders import Billing, at, create_store
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.paying import (
    balance,
    cancel,
    decline,
    requests,
    settle,
    upgrade,
)
from tests.test_subscriptions_page import BIG, SMALL, amounts, table

HEAD: Final = "| answer | the request is | the plan is | invoice | payer's balance |\n"
ROWS: Final = table(HEAD)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """An account in a sandbox, on the small plan since 1 March; it is 2 March, 09:00."""
    url = f"sqlite:///{tmp_path}/billing.sqlite3"
    create_store(url)
    running = Billing.at(url)
    running.sandbox("toy")
    running.account("acme", sandbox="toy")
    running.set_profile("acme", currency="USD")
    for each in (SMALL, BIG):
        running.plan(each)
    yield Live(running)
    running.close()


def _reprice(live: Live) -> None:
    """Another version of the big plan, for later."""
    version = PlanVersion(0, at("2026-06-01"), BIG.versions[0].prices, BIG.versions[0].schedule)
    live.billing.do(ADD_PLAN_VERSION, AddPlanVersion("big", version))


def _wait(live: Live) -> None:
    """Nobody answers for a day."""
    live.billing.step("toy", "2026-03-03 09:00")


_STEPS: Final[Mapping[str, Callable[[Live], object]]] = {
    "paid": settle,
    "declined": decline,
    "cancelled": cancel,
    "nobody answers for a day": _wait,
    "the plan gets another version": _reprice,
}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_answer_brings_what_the_page_tells(live: Live, row: list[str]) -> None:
    """The request, the plan, the invoice and the balance."""
    answer, state, plan, invoiced, left = row
    method, *steps = [each.removeprefix("then ") for each in answer.split(", ")]
    live.billing.set_profile("acme", payment_provider="test", payment_method=method)
    live.subscribe("small")
    upgrade(live)
    for each in steps:
        _STEPS[each](live)
    (request,) = requests(live)
    charged = [amount for each in live.amounts() for amount in each]
    assert (request.state.value, live.subscription().plan) == (state, plan)
    assert (charged, balance(live)) == (amounts(invoiced), sum(amounts(left)))
