"""What is charged once is cancelled once: before its invoice, or after it by a credit note."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal

import pytest

from billing_service.domain.one_off_charge import OneOffState
from billing_service.domain.one_off_errors import OneOffChargeNotPending
from billing_service.domain.price import Anchor, IntervalUnit, Price, Recurring, Schedule, Timing
from billing_service.domain.price_models import Flat
from billing_service.domain.proration import ProrationMode
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from billing_service.use_cases.cancel_one_off_charge import (
    CANCEL_ONE_OFF_CHARGE,
    CancelOneOffCharge,
)
from chassis.entry import Submission
from tests.billing.builders import Billing
from tests.billing.credits.giving import credits_of, grant
from tests.billing.one_off.charging import charge, described, retainer, stored
from tests.billing.subscribing.changing import change
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.taxing import create_tax_profile, rates_of, tax_version

CANCEL = CancelOneOffCharge("acme", "setup", "never done")


def invoiced(billing: Billing) -> Live:
    """An account that is charged 199 and 250 for a setup, with 10% of tax, on one invoice."""
    live = Live.on(billing, retainer())
    create_tax_profile(billing, tax_version(rates=rates_of(other="10")))
    billing.set_profile("acme", tax_profile="home")
    live.subscribe("retainer")
    charge(live, "setup", unit_price="250")
    billing.go_to("2026-04-02 12:00")
    return live


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """The same where the kind of store makes no difference."""
    return invoiced(sqlite_billing)


def notes(live: Live) -> list[tuple[str, int, int]]:
    """What each credit note of the account says and gives back, without tax and with it."""
    found = live.billing.database.read(
        lambda tx: list_credit_notes(tx, "acme", invoice="", after=FIRST_NOTE, limit=100)
    )
    return [(each.note.reason, each.note.subtotal_minor, each.note.total_minor) for each in found]


def test_cancelled_charge_is_given_back_with_its_tax(billing: Billing) -> None:
    """250 and 25 of tax, for the reason that was stated."""
    live = invoiced(billing)
    billing.do(CANCEL_ONE_OFF_CHARGE, CANCEL)
    found = stored(live, "setup")
    assert notes(live) == [("never done", 25000, 27500)]
    assert (found.state, found.credit_note) == (OneOffState.CANCELLED, "cn-inv-000001")


def test_charge_is_given_back_once_by_whoever_comes_first(billing: Billing) -> None:
    """Of four calls at once, one is done."""
    live = invoiced(billing)

    async def at_once() -> list[object]:
        calls: list[Awaitable[object]] = [
            billing.writer.submit(Submission(CANCEL_ONE_OFF_CHARGE, CANCEL, "test"))
            for _ in range(4)
        ]
        return await asyncio.gather(*calls, return_exceptions=True)

    refused = [each for each in asyncio.run(at_once()) if isinstance(each, OneOffChargeNotPending)]
    assert (len(refused), len(notes(live))) == (3, 1)


def test_charge_that_was_given_back_is_charged_no_more(live: Live) -> None:
    """The next month has what its plan costs."""
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CANCEL)
    live.billing.go_to("2026-05-02 12:00")
    assert described(live) == [("Pro, 2026-04", 19900)]


def test_money_for_a_cancelled_charge_is_balance(live: Live) -> None:
    """The invoice was paid in full: 275.00 are the payer's."""
    live.billing.pay("493.90", value_on="2026-04-02", currency="USD")
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CANCEL)
    assert live.billing.profile().credit == (27500, "USD")


def test_credit_that_paid_a_cancelled_charge_comes_back(sqlite_billing: Billing) -> None:
    """Credit of 300.00 paid a setup of 250.00: all of it is left again."""
    live = Live.on(sqlite_billing)
    charge(live, "setup", unit_price="250")
    grant(live.billing, amount="300", currency="USD")
    live.billing.go_to("2026-04-02 12:00")
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CANCEL)
    assert (credits_of(live.billing), live.billing.profile().credit[0]) == ({"c": 30000}, 0)


def test_included_hours_of_a_cancelled_charge_are_there_again(live: Live) -> None:
    """Late hours of the same March use them up instead."""
    charge(live, "april", quantity=5, on="2026-04-01")
    live.billing.go_to("2026-05-02 12:00")
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "april", ""))
    charge(live, "late", quantity=5, on="2026-04-30")
    live.billing.go_to("2026-06-02 12:00")
    assert described(live)[0] == ("Consulting, included, 2026-04-30", 0)


def test_charge_that_cost_nothing_is_cancelled_without_a_credit_note(live: Live) -> None:
    """All of its hours were included."""
    charge(live, "april", quantity=5, on="2026-04-01")
    live.billing.go_to("2026-05-02 12:00")
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "april", ""))
    assert (stored(live, "april").state, notes(live)) == (OneOffState.CANCELLED, [])


def test_another_account_s_payer_gets_back_what_it_paid(sqlite_billing: Billing) -> None:
    """Also where the account has come to pay for itself."""
    live = Live.on(sqlite_billing)
    live.account("bravo", payer="acme")
    charge(live, "setup", account="bravo", unit_price="250")
    live.billing.go_to("2026-04-02 12:00")
    live.billing.pay("250", value_on="2026-04-02", currency="USD")
    live.billing.set_profile("bravo", payer="")
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("bravo", "setup", "x"))
    assert live.billing.profile().credit == (25000, "USD")


def lowered(billing: Billing) -> Live:
    """An account whose second invoice charges a setup, and takes a part of the first one back."""
    quarterly = Schedule(IntervalUnit.MONTH, 3, Timing.ADVANCE, Anchor.CALENDAR)
    plans = [
        plan_of(
            Price("base", "USD", Recurring(), Flat(Decimal(amount))),
            plan=f"of-{amount}",
            schedule=quarterly,
        )
        for amount in (310, 620)
    ]
    live = Live.on(billing, *plans)
    live.subscribe("of-620", begins="2026-04-01")
    billing.go_to("2026-05-05 00:00")
    change(live, "of-310", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    charge(live, "setup", unit_price="250")
    billing.go_to("2026-06-02 12:00")
    return live


def test_charge_is_given_back_in_full_where_its_invoice_took_something_back(
    billing: Billing,
) -> None:
    """The invoice comes to less than its 250.00: the rest is given back of the earlier one."""
    live = lowered(billing)
    before = [each.invoice.total_minor for each in billing.invoices("acme")]
    billing.do(CANCEL_ONE_OFF_CHARGE, CANCEL)
    given = [total_minor for _, _, total_minor in notes(live)]
    assert given == [25000 - before[-1], before[-1]]


def test_cancelled_charge_names_the_credit_note_of_its_own_invoice(sqlite_billing: Billing) -> None:
    """Another one gives back the rest."""
    live = lowered(sqlite_billing)
    sqlite_billing.do(CANCEL_ONE_OFF_CHARGE, CANCEL)
    assert stored(live, "setup").credit_note == "cn-inv-000002"
