"""Drafts: a month that has ended rests, takes up what comes late, and is issued once."""

from decimal import Decimal
from typing import Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.errors import InvoiceNotDraft, InvoiceNotFound
from billing_service.domain.price import Price, Recurring
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import ProrationMode
from billing_service.domain.review import Decision
from billing_service.use_cases.issue_invoice import ISSUE_INVOICE, IssueInvoice
from chassis.errors import AccountParked
from tests.billing.builders import Billing, at, day
from tests.billing.credits.giving import grant
from tests.billing.one_off.charging import charge
from tests.billing.subscribing.changing import move
from tests.billing.subscribing.drafted import APRIL, Drafted
from tests.billing.subscribing.live import plan_of
from tests.billing.usage.guarded import Guarded

ENDED: Final = "2026-04-01 00:00:03"
ISSUED: Final = "2026-04-06 00:00:03"


@pytest.fixture
def stored(billing: Billing) -> Drafted:
    """An account whose months rest five days, on each kind of store."""
    return Drafted.resting(billing)


@pytest.fixture
def live(sqlite_billing: Billing) -> Drafted:
    """The same on one store."""
    return Drafted.resting(sqlite_billing)


def test_month_rests_for_its_days_and_is_issued_then(stored: Drafted) -> None:
    """Not a day earlier, and as the draft told it."""
    stored.billing.go_to("2026-04-05 23:59:59")
    before = stored.amounts()
    (drafted,) = stored.drafted()
    stored.billing.go_to(ISSUED)
    assert (before, [line.amount_minor for line in drafted.lines]) == ([], [1000, 0])
    assert stored.amounts() == [[1000, 0]]


def test_usage_that_comes_late_goes_into_the_draft(live: Drafted) -> None:
    """In the month of its own time; that of April does not."""
    live.billing.go_to(ENDED)
    live.use("call", "3", on="2026-03-31 23:00")
    live.use("call", "100", on="2026-04-01 00:00")
    (drafted,) = live.drafted()
    live.billing.go_to(ISSUED)
    assert drafted.invoice.total_minor == 1150
    assert live.amounts() == [[1000, 150]]


def test_what_rested_is_charged_once(live: Drafted) -> None:
    """April has its own, whatever was told while March rested."""
    live.billing.go_to(ENDED)
    live.use("call", "3", on="2026-03-31 23:00")
    live.use("call", "4", on="2026-04-01 00:00")
    live.billing.go_to("2026-05-06 00:00:03")
    assert live.amounts() == [[1000, 150], [1000, 200]]


def test_change_since_a_day_of_the_month_goes_into_the_draft(live: Drafted) -> None:
    """Cancelled after 16 of 31 days: 10.00 x 16 / 31 = 5.16, and no correction later."""
    live.billing.go_to(ENDED)
    move(live, "cancel", "2026-03-17", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    live.billing.go_to("2026-05-06 00:00:03")
    assert live.amounts() == [[516, 0]]


def test_dates_move_by_the_days_that_it_rested(live: Drafted) -> None:
    """Due on the 5th, and 5 days: on the 10th; nobody loses time to pay."""
    live.billing.go_to(ISSUED)
    dates = live.billing.invoice().invoice.dates
    assert (dates.issued_on, dates.due_on) == (day("2026-04-06"), day("2026-04-10"))
    assert (dates.last_service_on, dates.deletion_on) == (day("2026-04-15"), day("2026-04-20"))


def test_service_lasts_as_its_invoice_will_say(live: Drafted) -> None:
    """The last day of service moves with the draft days, before the invoice is there and after."""
    live.billing.subscribe("one", on="2026-03-10 12:00")
    live.billing.go_to(ENDED)
    before = live.billing.expires_on()
    live.billing.go_to(ISSUED)
    assert (before, live.billing.expires_on()) == ("2026-04-15", "2026-04-15")


def test_draft_issued_at_once_is_due_from_that_day(live: Drafted) -> None:
    """On the second day: dates move by one, and its days issue nothing more."""
    live.billing.go_to("2026-04-02 12:00")
    (issued,) = live.issue()
    live.billing.go_to("2026-04-30 12:00")
    assert (issued.invoice.number, issued.invoice.dates.due_on) == ("INV-000001", day("2026-04-06"))
    assert len(live.billing.invoices("acme")) == 1


def test_close_after_a_draft_sets_the_next_one(live: Drafted) -> None:
    """For the end of the next month, from where that one rests."""
    live.billing.go_to("2026-04-02 12:00")
    live.issue()
    assert live.billing.timers()["acme", "close_month"] == at("2026-05-01")


def test_held_draft_rests_until_it_is_released(stored: Drafted) -> None:
    """Its days pass, and nothing is issued; then it is, at once."""
    stored.billing.go_to("2026-04-02 12:00")
    stored.hold()
    stored.billing.go_to("2026-04-20 12:00")
    before = stored.amounts()
    stored.release()
    stored.billing.go_to("2026-04-20 12:01")
    assert (before, stored.amounts()) == ([], [[1000, 0]])


def test_draft_released_in_time_rests_its_days(live: Drafted) -> None:
    """It is issued when it would have been."""
    live.billing.go_to("2026-04-02 12:00")
    live.hold()
    live.release()
    assert live.billing.timers()["acme", "close_month"] == at("2026-04-06")


def test_release_of_what_is_not_held_changes_nothing(live: Drafted) -> None:
    """Nor does it tell anything."""
    live.billing.go_to("2026-04-02 12:00")
    before = live.draft()
    live.release()
    told = live.billing.told(events_pb2.InvoiceDraftChanged)
    assert (live.draft(), len(told)) == (before, 1)


def test_held_draft_says_since_when_why_and_by_whom(live: Drafted) -> None:
    """Held again, for another reason since the first time."""
    live.billing.go_to("2026-04-02 12:00")
    live.hold("first")
    live.billing.go_to("2026-04-03 12:00")
    held = live.hold("second")
    assert (held.held_at, held.note, held.author) == (at("2026-04-02 12:00"), "second", "ana")


def test_months_after_a_held_draft_wait_for_it(stored: Drafted) -> None:
    """March is held into May: April rests once March is issued, and then is."""
    stored.billing.go_to("2026-04-02 12:00")
    stored.hold()
    stored.billing.go_to("2026-05-20 12:00")
    before = stored.amounts()
    stored.issue()
    stored.billing.go_to("2026-05-20 12:01")
    (april,) = stored.drafted(APRIL)
    stored.billing.go_to("2026-05-25 00:00:03")
    assert (before, april.invoice.total_minor) == ([], 1000)
    assert stored.amounts() == [[1000, 0], [1000, 0]]


def test_what_waits_behind_a_draft_is_not_lost(live: Drafted) -> None:
    """Charged once in June, when all else is over and March is still held: it is invoiced after."""
    move(live, "cancel", "2026-03-17", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    live.billing.go_to("2026-04-02 12:00")
    live.hold()
    live.billing.go_to("2026-06-10 12:00")
    charge(live, unit_price="7")
    live.billing.go_to("2026-07-02 12:00")
    live.issue()
    live.billing.go_to("2026-07-08 12:00")
    assert live.amounts() == [[516, 0], [700]]


def test_profile_holds_drafts_from_the_start(live: Drafted) -> None:
    """Also under terms without draft days; issued, the next one is held too."""
    live.billing.set_profile("acme", hold_invoices=True, terms="")
    live.billing.go_to("2026-04-20 12:00")
    held = live.draft()
    live.issue()
    live.billing.go_to("2026-05-01 00:00:03")
    following = live.draft(APRIL)
    assert held is not None
    assert following is not None
    assert (held.author, following.held_at) == ("", at("2026-05-01"))


def test_issued_draft_is_a_draft_no_more(live: Drafted) -> None:
    """Its name ends with it."""
    live.billing.go_to(ISSUED)
    with pytest.raises(InvoiceNotDraft):
        live.hold()


def test_issued_invoice_is_no_draft(live: Drafted) -> None:
    """By its own name neither."""
    live.billing.go_to(ISSUED)
    with pytest.raises(InvoiceNotDraft):
        live.billing.do(ISSUE_INVOICE, IssueInvoice("acme", "inv-000001", live.billing.clock.now()))


def test_month_that_does_not_rest_is_no_draft(live: Drafted) -> None:
    """March has not ended."""
    with pytest.raises(InvoiceNotFound):
        live.issue()


def test_draft_is_not_issued_while_something_may_still_be_told(live: Drafted) -> None:
    """An account that is parked at the peer may have changes of the month ahead of it."""
    live.billing.go_to(ENDED)
    live.billing.note_peer_parking("acme", parked=True)
    with pytest.raises(AccountParked):
        live.issue()


def test_draft_is_told(live: Drafted) -> None:
    """When it came about, and how long it rests."""
    live.billing.go_to(ENDED)
    ((_, told),) = live.billing.told(events_pb2.InvoiceDraftChanged)
    assert told.draft.issue_time.ToMicroseconds() == at("2026-04-06")  # type: ignore[attr-defined]


def test_preview_is_of_the_month_after_the_one_that_rests(live: Drafted) -> None:
    """April as if March were issued already: nothing of March is on it."""
    live.billing.go_to("2026-04-02 12:00")
    live.use("call", "3", on="2026-03-31 23:00")
    live.use("call", "4", on="2026-04-01 00:00")
    (drafted,) = live.billing.preview()
    assert (drafted.invoice.month, drafted.invoice.total_minor) == (APRIL, 1200)


def test_draft_tells_when_it_is_issued(live: Drafted) -> None:
    """As of its last day; held, as of now."""
    live.billing.go_to("2026-04-02 12:00")
    (resting,) = live.drafted()
    live.hold()
    (held,) = live.drafted()
    told = [each.invoice.dates.issued_on for each in (resting, held)]
    assert told == [day("2026-04-06"), day("2026-04-02")]


def test_credit_that_a_draft_would_use_is_not_used_twice(live: Drafted) -> None:
    """12.00 of credit: 10.00 pay March, which rests, and 2.00 are left for April, as it comes."""
    grant(live.billing, amount="12", currency="USD")
    live.billing.go_to("2026-04-02 12:00")
    used = [[each.amount_minor for each in drafted.credits] for drafted in live.drafted()]
    used += [[each.amount_minor for each in drafted.credits] for drafted in live.billing.preview()]
    live.billing.go_to("2026-05-06 00:00:03")
    paid = [each.settlement.credited_minor for each in live.billing.invoices("acme")]
    assert (used, paid) == ([[1000], [200]], [1000, 200])


@pytest.mark.parametrize("desk_cents", [0, 300])
def test_credit_that_a_draft_gives_back_is_there_for_the_month_after(
    live: Drafted, desk_cents: int
) -> None:
    """March was paid of credit; April gives 4.84 of it back, and charges nothing, or 3.00 of it."""
    grant(live.billing, amount="10", currency="USD")
    live.billing.go_to("2026-04-10 12:00")
    move(live, "cancel", "2026-03-17", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    if desk_cents:
        charge(live, "april", unit_price="3")
    live.billing.go_to("2026-05-02 12:00")
    charge(live, "may", unit_price="7")
    (previewed,) = live.billing.preview()
    live.billing.go_to("2026-06-06 00:00:03")
    paid = [each.settlement.credited_minor for each in live.billing.invoices("acme")]
    assert sum(each.amount_minor for each in previewed.credits) == paid[-1] == 484 - desk_cents


def test_review_decided_while_its_month_rests_is_on_its_invoice(sqlite_billing: Billing) -> None:
    """500 calls beyond what is included, at 0.50: waived in time, they are there at 0."""
    guarded = Guarded.on(sqlite_billing)
    sqlite_billing.set_terms("acme", draft_days=5)
    guarded.use("1500")
    sqlite_billing.go_to("2026-04-02 12:00")
    guarded.decide(Decision.WAIVE)
    sqlite_billing.go_to(ISSUED)
    charged = {each.price: each.amount_minor for each in sqlite_billing.charges()}
    assert charged == {"calls": 0, "megabytes": 0, "peak": 0}


def test_change_of_its_month_does_not_end_a_hold(live: Drafted) -> None:
    """What is told sets the month's close anew; the draft takes it up, and stays held."""
    live.billing.go_to("2026-04-02 12:00")
    live.hold()
    move(live, "cancel", "2026-03-17", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    live.billing.go_to("2026-04-20 12:00")
    (drafted,) = live.drafted()
    assert (live.amounts(), drafted.invoice.total_minor) == ([], 516)


def test_drafts_of_a_month_are_issued_together(live: Drafted) -> None:
    """One in dollars and one in reais, by the name of either."""
    live.billing.plan(plan_of(Price("base", "BRL", Recurring(), Flat(Decimal(7))), plan="local"))
    live.account("beta", payer="acme")
    live.billing.set_profile("beta", currency="BRL")
    live.subscribe("local", account="beta")
    live.billing.go_to("2026-04-02 12:00")
    resting = [each.invoice.currency for each in live.drafted()]
    live.issue()
    assert (resting, live.amounts()) == (["BRL", "USD"], [[700], [1000, 0]])


def test_terms_without_draft_days_issue_at_once(sqlite_billing: Billing) -> None:
    """As ever."""
    live = Drafted.resting(sqlite_billing, days=0)
    live.billing.go_to(ENDED)
    assert (live.draft(), live.amounts()) == (None, [[1000, 0]])


def test_draft_of_who_does_not_pay_any_more_goes_to_the_new_payer(live: Drafted) -> None:
    """Another account comes to pay while March rests: it bills it, once."""
    live.account("boss")
    live.billing.go_to("2026-04-02 12:00")
    live.billing.set_profile("acme", payer="boss")
    live.billing.go_to("2026-04-30 12:00")
    assert (live.amounts(), live.amounts("boss")) == ([], [[1000, 0]])
