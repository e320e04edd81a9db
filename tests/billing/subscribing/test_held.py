"""Held charges: off the invoice, on the preview, and on the invoice once they are decided."""

from decimal import Decimal
from typing import Final

import pytest

from billing_service.domain.price import Allowance, Fixed, Metered, Price, Review
from billing_service.domain.price_models import PerUnit
from billing_service.domain.review import Decision, ReviewState
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage.guard_queries import FIRST_REVIEW, ReviewFilter, list_reviews
from billing_service.use_cases.decide_review import DECIDE_REVIEW, DecideReview
from billing_service.use_cases.explain_line import explain_line
from billing_service.use_cases.preview_invoice import preview_invoices
from tests.billing.builders import Billing
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.usage.ingesting import meter_of

HELD: Final = Price(
    "calls",
    "USD",
    Metered("calls"),
    PerUnit(Decimal("0.50")),
    included=Allowance(Fixed(Decimal(100))),
    review=Review.HELD,
)


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """A client of another account, whose usage is held once it costs something."""
    live = Live.on(sqlite_billing, plan_of(HELD), meters=(meter_of("calls", kind="call"),))
    live.account("bravo", payer="acme")
    live.subscribe(account="bravo")
    return live


def decide(live: Live, decision: Decision, units: int = 0, *, account: str = "bravo") -> None:
    """Decide about the one review."""
    wanted = ReviewFilter(account, "", ())
    (review,) = live.billing.database.read(
        lambda tx: list_reviews(tx, wanted, after=FIRST_REVIEW, limit=10)
    )
    command = DecideReview(
        account=account,
        review_id=review.review_id,
        decision=decision,
        amount=StatedAmount(units, 0, "USD") if units else None,
        note="agreed",
        author="operator/test",
        asked_at=live.billing.clock.now(),
    )
    live.billing.do(DECIDE_REVIEW, command)


def states(live: Live) -> list[ReviewState]:
    """Where each review of the client stands."""
    wanted = ReviewFilter("bravo", "", ())
    found = live.billing.database.read(
        lambda tx: list_reviews(tx, wanted, after=FIRST_REVIEW, limit=10)
    )
    return [each.state for each in found]


def described(live: Live) -> list[tuple[str, int]]:
    """What each line of the payer's last invoice says, and its amount."""
    return [(each.description, each.amount_minor) for each in live.lines()]


def test_what_is_included_is_never_held(live: Live) -> None:
    """Nothing costs anything, so nobody has to decide."""
    live.use("call", "100", account="bravo")
    live.billing.go_to("2026-04-01 00:00:03")
    assert described(live) == [("bravo Ltda.: Pro, calls, included, 2026-03", 0)]


def test_undecided_charge_is_left_off(live: Live) -> None:
    """Without anything else there is no invoice at all."""
    live.use("call", "130", account="bravo")
    live.billing.go_to("2026-04-01 00:00:03")
    assert (live.billing.invoices("acme"), states(live)) == ([], [ReviewState.OPEN])


def test_preview_tells_what_is_held_apart(live: Live) -> None:
    """It is on no invoice of the preview, and in no total."""
    live.use("call", "130", account="bravo")
    now = live.billing.clock.now()
    found = live.billing.database.read(lambda tx: preview_invoices(tx, "acme", now))
    held = [(each.line.amount_minor, each.currency) for each in found.held_lines]
    assert (list(found.invoices), held) == ([], [(0, "USD"), (1500, "USD")])


@pytest.mark.parametrize(
    ("decision", "units", "told", "amount"),
    [
        (Decision.CHARGE, 0, "", 1500),
        (Decision.REDUCE, 4, ", reduced", 400),
        (Decision.REDUCE, 40, "", 1500),
        (Decision.WAIVE, 0, ", waived", 0),
    ],
)
def test_charge_decided_before_the_close_is_on_its_invoice(
    live: Live, decision: Decision, units: int, told: str, amount: int
) -> None:
    """As it was decided, and the line says so."""
    live.use("call", "130", account="bravo")
    decide(live, decision, units)
    live.billing.go_to("2026-04-01 00:00:03")
    assert described(live) == [
        ("bravo Ltda.: Pro, calls, included, 2026-03", 0),
        (f"bravo Ltda.: Pro, calls, beyond what is included, 2026-03{told}", amount),
    ]


def test_charge_decided_late_is_on_the_next_invoice(live: Live) -> None:
    """Under its own month and account, beside what the next month costs."""
    live.use("call", "130", account="bravo")
    live.billing.go_to("2026-04-10")
    decide(live, Decision.REDUCE, 4)
    live.use("call", "90", account="bravo")
    live.billing.go_to("2026-05-01 00:00:03")
    assert described(live) == [
        ("bravo Ltda.: Pro, calls, included, 2026-03", 0),
        ("bravo Ltda.: Pro, calls, beyond what is included, 2026-03, reduced", 400),
        ("bravo Ltda.: Pro, calls, included, 2026-04", 0),
    ]


def test_charge_decided_late_belongs_to_its_own_month(live: Live) -> None:
    """The charge says on whose invoice it belonged, and nothing charges it again."""
    live.use("call", "130", account="bravo")
    live.billing.go_to("2026-04-10")
    decide(live, Decision.CHARGE)
    live.billing.go_to("2026-06-01 00:00:03")
    months = [f"{each.month:%Y-%m} {each.amount_minor}" for each in live.billing.charges()]
    assert months == ["2026-03 1500", "2026-04 0", "2026-05 0"]


def test_charge_decided_late_goes_to_who_pays_by_then(live: Live) -> None:
    """Also where nothing else is going to be billed, to the account or to its new payer."""
    live.account("charlie", payer="acme")
    live.subscribe(account="charlie", ends="2026-04-01")
    live.use("call", "130", account="charlie")
    live.billing.go_to("2026-04-10")
    decide(live, Decision.CHARGE, account="charlie")
    live.billing.set_profile("charlie", payer="")
    live.billing.go_to("2026-05-01 00:00:03")
    assert [each.invoice.total_minor for each in live.billing.invoices("charlie")] == [1500]


def test_waived_charge_leaves_a_fact(live: Live) -> None:
    """A charge of 0 that names its review, which is final then."""
    live.use("call", "130", account="bravo")
    decide(live, Decision.WAIVE)
    live.billing.go_to("2026-04-01 00:00:03")
    (charge,) = live.billing.charges()
    assert (charge.amount_minor, bool(charge.review), states(live)) == (
        0,
        True,
        [ReviewState.CHARGED],
    )


def test_explanation_tells_the_review_and_what_it_left(live: Live) -> None:
    """All steps lead to the full amount; the decision comes after them."""
    live.use("call", "130", account="bravo")
    decide(live, Decision.REDUCE, 4)
    live.billing.go_to("2026-04-01 00:00:03")
    invoice = live.billing.invoice().invoice.invoice_id
    now = live.billing.clock.now()
    found = live.billing.database.read(lambda tx: explain_line(tx, "acme", invoice, 2, now))
    (charge,) = live.billing.charges()
    assert (found.explanation.amount_minor, found.decided_minor) == (1500, 400)
    assert found.review == ("bravo", charge.review)
    assert found.explanation.steps[-1].startswith("A review reduced it to ")
