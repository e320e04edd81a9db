"""Payments: what they pay, in which order, and what is left as credit."""

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.invoice import InvoiceState
from tests.billing.builders import Billing, day, plan_of


@pytest.fixture
def two_months(billing: Billing) -> Billing:
    """An account that owes 39.90 for March and as much for April, and is not stopped yet."""
    billing.account()
    billing.set_terms(last_service_day=27, deletion_day=28)
    billing.subscribe("a")
    billing.go_to("2026-04-27 12:00")
    billing.cancel("a", on="2026-04-27 12:00")
    billing.go_to("2026-05-01 00:00:03")
    return billing


def parts(billing: Billing, payment: str) -> dict[str, int]:
    return dict(billing.payment(payment).parts)


def test_payment_goes_to_the_oldest_invoice_first(two_months: Billing) -> None:
    """What does not name an invoice pays the earliest month."""
    two_months.pay("50", value_on="2026-05-01", payment="p")
    assert parts(two_months, "p") == {"inv-000001": 3990, "inv-000002": 1010}


def test_payment_goes_to_the_named_invoice_first(two_months: Billing) -> None:
    """The invoice that is named comes before older ones."""
    two_months.pay("50", value_on="2026-05-01", payment="p", invoice="inv-000002")
    assert parts(two_months, "p") == {"inv-000002": 3990, "inv-000001": 1010}


def test_surplus_is_credit(two_months: Billing) -> None:
    """What is left after all invoices is shown as the payer's credit."""
    two_months.pay("100", value_on="2026-05-01", payment="p")
    credit = two_months.profile().credit
    assert (two_months.payment("p").payment.unallocated_minor, credit) == (2020, (2020, "BRL"))


def test_credit_pays_the_next_invoice_at_issue(billing: Billing) -> None:
    """An invoice that credit covers is settled when it is issued."""
    billing.account()
    billing.subscribe("a")
    billing.pay("100", value_on="2026-03-10", payment="p")
    billing.go_to("2026-04-01 00:00:03")
    assert (billing.invoice().state, billing.profile().credit) == (
        InvoiceState.SETTLED,
        (6010, "BRL"),
    )


def test_credit_that_does_not_cover_the_invoice_is_part_payment(billing: Billing) -> None:
    """What credit leaves open stays open."""
    billing.account()
    billing.subscribe("a")
    billing.pay("10", value_on="2026-03-10")
    billing.go_to("2026-04-01 00:00:03")
    settlement = billing.invoice().settlement
    assert (settlement.paid_minor, settlement.settled_on) == (1000, None)


def test_older_credit_is_used_first(billing: Billing) -> None:
    """The earliest payment's surplus goes before a later one's."""
    billing.account()
    billing.subscribe("a")
    billing.pay("30", value_on="2026-03-10", payment="q")
    billing.go_to("2026-03-12")
    billing.pay("30", value_on="2026-03-10", payment="a")
    billing.go_to("2026-04-01 00:00:03")
    left = [billing.payment(each).payment.unallocated_minor for each in ("q", "a")]
    assert left == [0, 2010]


@pytest.mark.parametrize(
    ("value_on", "is_late"), [("2026-04-04", False), ("2026-04-05", False), ("2026-04-06", True)]
)
def test_value_date_decides_whether_it_was_late(
    billing: Billing, value_on: str, is_late: bool
) -> None:
    """Up to day 5 it was in time, whenever it was recorded."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-08")
    billing.pay("39.90", value_on=value_on)
    settlement = billing.invoice().settlement
    assert (settlement.settled_on, settlement.settled_late) == (day(value_on), is_late)


def test_invoice_is_settled_on_the_value_date_that_completes_it(billing: Billing) -> None:
    """Parts count by value date, whatever the order in which they were recorded."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-08")
    billing.pay("20", value_on="2026-04-07")
    billing.pay("19.90", value_on="2026-04-03")
    assert billing.invoice().settlement.settled_on == day("2026-04-07")


def test_reversed_payment_pays_nothing(two_months: Billing) -> None:
    """All that it had paid is open again, and no credit is left of it."""
    two_months.pay("100", value_on="2026-05-01", payment="p")
    two_months.reverse("p")
    paid = [each.settlement.paid_minor for each in two_months.invoices("acme")]
    assert (paid, parts(two_months, "p"), two_months.profile().credit) == ([0, 0], {}, (0, "BRL"))


def test_reversal_tells_what_is_open_again(two_months: Billing) -> None:
    """Each invoice that was settled is told to be reopened."""
    two_months.pay("50", value_on="2026-05-01", payment="p")
    two_months.reverse("p")
    told = [message.invoice for _, message in two_months.told(events_pb2.InvoiceReopened)]  # type: ignore[attr-defined]
    assert told == ["accounts/acme/invoices/inv-000001"]


def test_credit_is_kept_apart_by_currency(billing: Billing) -> None:
    """Credit in another currency pays nothing of this one's invoices."""
    billing.account()
    billing.subscribe("a")
    billing.pay("100", value_on="2026-03-10", currency="USD")
    billing.go_to("2026-04-01 00:00:03")
    assert billing.invoice().settlement.paid_minor == 0


@pytest.mark.parametrize(
    ("currency", "price", "amount_minor"), [("JPY", "500", 500), ("KWD", "1.234", 1234)]
)
def test_currencies_of_any_fineness_are_billed_and_paid_exactly(
    billing: Billing, currency: str, price: str, amount_minor: int
) -> None:
    """Yen without and dinars with three decimals come out whole."""
    billing.plan(plan_of("other", prices={1: price}, currency=currency))
    billing.account()
    billing.set_profile(currency=currency)
    billing.subscribe("a", plan="other")
    billing.go_to("2026-04-01 00:00:03")
    billing.pay(price, value_on="2026-04-01", currency=currency)
    invoice = billing.invoice()
    assert (invoice.invoice.total_minor, invoice.state) == (amount_minor, InvoiceState.SETTLED)


def test_account_that_another_pays_for_now_may_still_pay_what_it_owes(billing: Billing) -> None:
    """An invoice stays with the payer that it was issued to."""
    for account in ("acme", "bolt"):
        billing.account(account)
    billing.subscribe("a", account="bolt")
    billing.go_to("2026-04-01 00:00:03")
    billing.set_profile("bolt", payer="acme")
    billing.pay("39.90", value_on="2026-04-01", payer="bolt")
    assert billing.invoice("bolt").state is InvoiceState.SETTLED
