"""Reviews: a held charge is opened, decided and charged once, as it was decided."""

from dataclasses import replace
from decimal import Decimal

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.errors import CurrencyFixed
from billing_service.domain.plan import PlanVersion
from billing_service.domain.price import ZeroUsage
from billing_service.domain.review import (
    Decision,
    ReviewState,
    review_id_of,
)
from billing_service.domain.stated_amount import StatedAmount
from billing_service.domain.usage.correction import Why
from billing_service.domain.usage.event_errors import MonthTooRecent
from billing_service.domain.usage.guard_errors import (
    InvalidDecision,
    ReviewCharged,
    ReviewNotFound,
)
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.age_out_events import AGE_OUT_EVENTS, AgeOutEvents
from billing_service.use_cases.explain_line import explain_line
from billing_service.use_cases.ingest import INGEST
from billing_service.use_cases.void_events import VOID_EVENTS, VoidEvents
from chassis.errors import EtagMismatch
from tests.billing.builders import Billing, at, day
from tests.billing.usage.guarded import ARREARS, CALLS, MEGABYTES, PEAK, Guarded, brl
from tests.billing.usage.ingesting import batch_of, event_of

LONGEST = "s" * 63


def amounts(billing: Billing) -> list[tuple[str, int]]:
    """The charges on all invoices: their prices and amounts."""
    return [(each.price, each.amount_minor) for each in billing.charges() if each.price == "calls"]


@pytest.fixture
def stored(billing: Billing) -> Guarded:
    """An account whose calls beyond 1,000 are held, on each kind of store."""
    return Guarded.on(billing)


@pytest.fixture
def guarded(sqlite_billing: Billing) -> Guarded:
    """The same on one store."""
    return Guarded.on(sqlite_billing)


def test_a_review_is_opened_when_the_charge_comes_to_more_than_nothing(stored: Guarded) -> None:
    """1,000 calls are included and open nothing; one more does."""
    stored.use("1000")
    before = stored.reviews()
    stored.use("1")
    review = stored.review()
    assert (before, review.state, review.price) == ([], ReviewState.OPEN, "calls")


def test_a_review_is_opened_once(stored: Guarded) -> None:
    """Calls that are carried out together open one, and later ones none."""
    batches = [
        batch_of(stored.billing, [event_of(f"many-{each}", None, "900", kind="call")])
        for each in range(10)
    ]
    stored.billing.do_all(INGEST, batches)
    stored.use("5000")
    told = stored.billing.told(events_pb2.ReviewChanged())
    assert (len(stored.reviews()), len(told)) == (1, 1)


def test_a_charge_that_is_not_held_opens_none(guarded: Guarded) -> None:
    """Only the prices that say so are reviewed."""
    guarded.use("5000", "transfer")
    assert guarded.reviews() == []


def test_each_period_is_reviewed_by_itself(guarded: Guarded) -> None:
    """A review of March and one of April, each told by its first day."""
    guarded.use("2000")
    guarded.billing.go_to("2026-04-02 12:00")
    guarded.use("2000")
    starts = {each.period_start_on for each in guarded.reviews()}
    assert starts == {day("2026-03-01"), day("2026-04-01")}


def test_a_review_says_what_is_used_as_things_stand(guarded: Guarded) -> None:
    """What comes later is in the figures of an open review."""
    guarded.use("1001")
    guarded.use("99")
    found = guarded.in_full()
    assert (found.quantity, found.full_minor) == (Decimal(1100), 5000)


def test_what_is_held_is_on_no_invoice(stored: Guarded) -> None:
    """The month closes without it, and the review stays open."""
    stored.use("2000")
    stored.billing.go_to("2026-04-02 12:00")
    assert (amounts(stored.billing), stored.review().state) == ([], ReviewState.OPEN)


@pytest.mark.parametrize(
    ("decision", "amount", "charged_minor"),
    [
        (Decision.CHARGE, None, 50_000),
        (Decision.REDUCE, brl(20), 2_000),
        (Decision.REDUCE, brl(900), 50_000),
        (Decision.WAIVE, None, 0),
    ],
)
def test_what_is_decided_in_time_is_charged_with_its_month(
    guarded: Guarded, decision: Decision, amount: StatedAmount | None, charged_minor: int
) -> None:
    """All of 500.00, the lesser amount, never more than all, and nothing: as a charge of 0."""
    guarded.use("2000")
    guarded.decide(decision, amount=amount)
    guarded.billing.go_to("2026-04-02 12:00")
    review = guarded.review()
    assert (amounts(guarded.billing), review.state, review.full_minor) == (
        [("calls", charged_minor)],
        ReviewState.CHARGED,
        50_000,
    )


@pytest.mark.parametrize(
    ("decision", "amount", "charged_minor"),
    [(Decision.CHARGE, None, 50_000), (Decision.REDUCE, brl(20), 2_000), (Decision.WAIVE, None, 0)],
)
def test_what_is_decided_late_is_on_the_next_invoice(
    stored: Guarded, decision: Decision, amount: StatedAmount | None, charged_minor: int
) -> None:
    """March is decided in April, and charged when April closes, as a charge of March."""
    stored.use("2000")
    stored.billing.go_to("2026-04-10 12:00")
    stored.decide(decision, amount=amount)
    stored.billing.go_to("2026-05-02 12:00")
    charged = [
        (each.amount_minor, each.review)
        for each in stored.billing.charges()
        if (each.price, each.period_start_on) == ("calls", day("2026-03-01"))
    ]
    assert charged == [(charged_minor, stored.review().review_id)]


def test_a_late_decision_is_charged_though_nothing_else_is(guarded: Guarded) -> None:
    """The subscription is over since March; the decision of August is on August's invoice."""
    guarded.billing.account("beta")
    guarded.subscribe("short", account="beta", ends_on="2026-04-01")
    guarded.use("2000", account="beta")
    guarded.billing.go_to("2026-08-10 12:00")
    (review,) = guarded.reviews("beta")
    guarded.decide(Decision.CHARGE, account="beta", review_id=review.review_id)
    guarded.billing.go_to("2026-09-02 12:00")
    issued = [each.invoice for each in guarded.billing.invoices("beta")][1:]
    assert [(each.month, each.total_minor) for each in issued] == [(day("2026-08-01"), 50_000)]


def test_a_decision_may_be_changed_until_it_is_charged(guarded: Guarded) -> None:
    """The last one holds, and each has its own etag."""
    guarded.use("2000")
    first = guarded.decide(Decision.WAIVE).review
    second = guarded.decide(Decision.CHARGE, etag=first.etag).review
    assert (first.etag != second.etag, second.decision) == (True, Decision.CHARGE)


def test_a_decision_tells_who_made_it(guarded: Guarded) -> None:
    """The event and the review name author, note and figures."""
    guarded.use("2000")
    review = guarded.decide(Decision.REDUCE, amount=brl(20)).review
    said = (review.author, review.note, review.decided_minor, review.decided_at)
    assert said == ("operator/test", "agreed", 2_000, guarded.billing.clock.now())


def test_what_is_charged_is_final(guarded: Guarded) -> None:
    """A decision after the invoice is refused."""
    guarded.use("2000")
    guarded.decide(Decision.CHARGE)
    guarded.billing.go_to("2026-04-02 12:00")
    with pytest.raises(ReviewCharged):
        guarded.decide(Decision.WAIVE)


@pytest.mark.parametrize(
    ("decision", "amount"),
    [
        (Decision.REDUCE, None),
        (Decision.REDUCE, brl(0)),
        (Decision.REDUCE, brl(-1)),
        (Decision.REDUCE, brl(1, 1)),
        (Decision.REDUCE, brl(10**13 + 1)),
        (Decision.REDUCE, brl(2**63 - 1)),
        (Decision.REDUCE, brl(1)._replace(currency="NOK")),
        (Decision.CHARGE, brl(1)),
        (Decision.WAIVE, brl(1)),
    ],
)
def test_an_amount_that_does_not_go_with_the_decision_is_refused(
    guarded: Guarded, decision: Decision, amount: StatedAmount | None
) -> None:
    """It is above 0, can be kept, exact, in the charge's currency, and there with REDUCE only."""
    guarded.use("2000")
    with pytest.raises(InvalidDecision):
        guarded.decide(decision, amount=amount)


def test_a_decision_of_another_etag_is_refused(guarded: Guarded) -> None:
    """Somebody else decided meanwhile."""
    guarded.use("2000")
    guarded.decide(Decision.WAIVE)
    with pytest.raises(EtagMismatch):
        guarded.decide(Decision.CHARGE, etag="1")


def test_an_unknown_review_is_not_found(guarded: Guarded) -> None:
    """There is nothing to decide about."""
    with pytest.raises(ReviewNotFound):
        guarded.decide(Decision.CHARGE, review_id="none")


def test_a_plan_that_comes_to_hold_charges_has_them_reviewed(stored: Guarded) -> None:
    """Megabytes are held from April on: usage of April opens a review, that of March none."""
    stored.use("1", "transfer")
    prices = (CALLS, replace(MEGABYTES, review=CALLS.review), PEAK)
    held = PlanVersion(0, at("2026-04-01"), prices, ARREARS)
    stored.billing.do(ADD_PLAN_VERSION, AddPlanVersion("api", held))
    stored.billing.go_to("2026-04-02 12:00")
    stored.use("1", "transfer")
    found = [(each.price, each.period_start_on) for each in stored.reviews()]
    assert found == [("megabytes", day("2026-04-01"))]


def test_events_are_kept_while_their_charge_waits(guarded: Guarded) -> None:
    """Those of March stay until its review is charged: it may be rated by each of them."""
    guarded.use("2000")
    guarded.billing.go_to("2026-08-10 12:00")
    with pytest.raises(MonthTooRecent):
        guarded.billing.do(AGE_OUT_EVENTS, AgeOutEvents(day("2026-04-01")))
    guarded.decide(Decision.WAIVE)
    guarded.billing.go_to("2026-09-02 12:00")
    aged = guarded.billing.do(AGE_OUT_EVENTS, AgeOutEvents(day("2026-04-01")))
    assert aged.months == (day("2026-03-01"),)


@pytest.fixture
def omitting(billing: Billing) -> Guarded:
    """An account whose calls, once there are none, are no line of an invoice, on each store."""
    return Guarded.on(billing, replace(CALLS, zero_usage=ZeroUsage.OMITTED))


def void(guarded: Guarded, event_id: str) -> None:
    """Take one event back."""
    command = VoidEvents("acme", Why("by mistake", "operator/test"), (("gate", event_id),))
    guarded.billing.do(VOID_EVENTS, command)


@pytest.mark.parametrize("decision", [None, Decision.WAIVE])
def test_a_review_of_what_came_to_nothing_is_charged(
    omitting: Guarded, decision: Decision | None
) -> None:
    """Though nothing used is no line otherwise: a charge of 0 ends the review."""
    event_id = omitting.use("2000")
    if decision:
        omitting.decide(decision)
    void(omitting, event_id)
    omitting.billing.go_to("2026-04-02 12:00")
    found = (amounts(omitting.billing), omitting.review().state)
    assert found == ([("calls", 0)], ReviewState.CHARGED)


def test_a_late_decision_about_nothing_is_charged(omitting: Guarded) -> None:
    """What was voided after its month had closed is a charge of 0 on the next invoice."""
    event_id = omitting.use("2000")
    omitting.billing.go_to("2026-04-10 12:00")
    void(omitting, event_id)
    omitting.decide(Decision.WAIVE)
    omitting.billing.go_to("2026-05-02 12:00")
    found = (amounts(omitting.billing), omitting.review().state)
    assert found == ([("calls", 0)], ReviewState.CHARGED)


def test_a_charge_of_nothing_is_explained(omitting: Guarded) -> None:
    """Its line comes out again."""
    void(omitting, omitting.use("2000"))
    omitting.billing.go_to("2026-04-02 12:00")
    invoice = omitting.billing.invoice()
    line = next(each for each in invoice.lines if each.price == "calls")
    explained = omitting.billing.database.read(
        lambda tx: explain_line(tx, "acme", invoice.invoice.invoice_id, line.line_number, 0)
    )
    assert (explained.line.amount_minor, explained.explanation.amount_minor) == (0, 0)


def test_the_currency_is_fixed_while_a_charge_waits(stored: Guarded) -> None:
    """What is held will be charged in the currency that its review states."""
    stored.use("2000")
    with pytest.raises(CurrencyFixed):
        stored.billing.set_profile(currency="USD")


def test_review_ids_fit_and_tell_reviews_apart() -> None:
    """The longest names make 63 characters; parts that read alike do not make the same id."""
    longest = review_id_of(LONGEST, "p" * 40, day("2026-03-01"))
    one, other = (
        review_id_of("a", "b-c", day("2026-03-01")),
        review_id_of("a-b", "c", day("2026-03-01")),
    )
    assert (len(longest), one != other) == (63, True)
