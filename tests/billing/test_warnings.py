"""Warnings while an invoice is open: due soon, stop ahead, deletion ahead, on both stores."""

from typing import Any

import pytest
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from pospago.billing.v1 import events_pb2 as pb

from tests.billing.builders import Billing, at

DUE_SOON, OVERDUE = pb.InvoiceDueSoon, pb.InvoiceOverdue
STOP_AHEAD, STOPPED = pb.AccountStopAhead, pb.AccountStopped
DELETION_AHEAD, DELETED = pb.AccountDeletionAhead, pb.AccountDeletionOrdered
WARNINGS = (DUE_SOON, STOP_AHEAD, DELETION_AHEAD)
INVOICE = "accounts/acme/invoices/inv-000001"


@pytest.fixture
def owing(billing: Billing) -> Billing:
    """An account with one instance and an unpaid invoice for March."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-01 00:00:03")
    return billing


def told(billing: Billing, *messages: Any, account: str = "") -> list[tuple[str, int]]:
    """Which of some events took effect when."""
    return [
        (message.DESCRIPTOR.name, instant)
        for instant, message in billing.told(*(messages or WARNINGS), account=account)
    ]


# --- their instants -----------------------------------------------------------------------------


def test_unpaid_month_warns_before_each_harm(owing: Billing) -> None:
    """Due date, stop and deletion are each told of, in this order, before they come."""
    owing.go_to("2026-04-20")
    assert told(owing, *WARNINGS, OVERDUE, STOPPED, DELETED) == [
        ("InvoiceDueSoon", at("2026-04-02")),
        ("InvoiceOverdue", at("2026-04-06")),
        ("AccountStopAhead", at("2026-04-09")),
        ("AccountStopped", at("2026-04-11")),
        ("AccountDeletionAhead", at("2026-04-13 12:00")),
        ("AccountDeletionOrdered", at("2026-04-15 12:00")),
    ]


@pytest.mark.parametrize(
    ("just_before", "count"),
    [
        ("2026-04-01 23:59:59.999999", 0),
        ("2026-04-08 23:59:59.999999", 1),
        ("2026-04-13 11:59:59.999999", 2),
    ],
)
def test_no_warning_comes_early(owing: Billing, just_before: str, count: int) -> None:
    """A microsecond before its instant a warning is not told."""
    owing.go_to(just_before)
    assert len(told(owing)) == count


def test_warnings_say_what_is_ahead(owing: Billing) -> None:
    """Each names the invoice and when it comes to pass; the reminder, what is still to be paid."""
    owing.pay("9.90", value_on="2026-04-01")
    owing.go_to("2026-04-14")
    due_soon, stop, deletion = (message for _, message in owing.told(*WARNINGS))
    assert due_soon == DUE_SOON(
        invoice=INVOICE,
        due_date=Date(year=2026, month=4, day=5),
        amount_open=Money(currency_code="BRL", units=30),
    )
    assert (stop.account, stop.invoice, stop.stop_time.ToMicroseconds()) == (  # type: ignore[attr-defined]
        "accounts/acme",
        INVOICE,
        at("2026-04-11"),
    )
    assert (deletion.account, deletion.invoice, deletion.deletion_time.ToMicroseconds()) == (  # type: ignore[attr-defined]
        "accounts/acme",
        INVOICE,
        at("2026-04-15 12:00"),
    )


def test_reminder_that_has_passed_is_told_at_issue(billing: Billing) -> None:
    """Due on day 3, the invoice of day 1 reminds at once, once it is told of itself."""
    billing.account()
    billing.set_terms(due_day=3)
    billing.subscribe("a")
    billing.go_to("2026-04-05")
    assert told(billing, pb.InvoiceIssued, DUE_SOON) == [
        ("InvoiceIssued", at("2026-04-01")),
        ("InvoiceDueSoon", at("2026-04-01")),
    ]


def test_stop_and_deletion_too_near_are_warned_of_at_issue(billing: Billing) -> None:
    """Terms that leave less than the warning's days warn as the invoice is issued."""
    billing.account()
    billing.set_terms(due_day=1, last_service_day=1, deletion_day=2, deletion_hour=0)
    billing.subscribe("a")
    billing.go_to("2026-04-01 12:00")
    assert told(billing) == [
        ("InvoiceDueSoon", at("2026-04-01")),
        ("AccountStopAhead", at("2026-04-01")),
        ("AccountDeletionAhead", at("2026-04-01")),
    ]


def test_late_invoice_warns_by_its_own_dates(billing: Billing) -> None:
    """Issued three days late, an invoice has its warnings moved with its dates."""
    billing.account()
    billing.subscribe("a")
    billing.jump_to("2026-04-04 10:00")
    billing.go_to("2026-04-30")
    assert told(billing) == [
        ("InvoiceDueSoon", at("2026-04-05")),
        ("AccountStopAhead", at("2026-04-12")),
        ("AccountDeletionAhead", at("2026-04-16 12:00")),
    ]


def test_warning_found_late_is_told_while_it_helps(owing: Billing) -> None:
    """A service that was away for a day tells the warning dated, as the stop is still ahead."""
    owing.go_to("2026-04-08")
    owing.jump_to("2026-04-10 17:00")
    assert told(owing, STOP_AHEAD) == [("AccountStopAhead", at("2026-04-09"))]


def test_nobody_is_warned_of_what_has_come_to_pass(owing: Billing) -> None:
    """A service that was away past stop and deletion tells these, and warns of nothing."""
    owing.jump_to("2026-04-15 13:00")
    assert told(owing, *WARNINGS, STOPPED, DELETED) == [
        ("AccountStopped", at("2026-04-11")),
        ("AccountDeletionOrdered", at("2026-04-15 12:00")),
    ]


# --- whom they concern --------------------------------------------------------------------------


def test_every_account_on_the_invoice_is_warned_in_its_zone(billing: Billing) -> None:
    """Accounts on one invoice are warned by their own midnights, the payer of the due date."""
    billing.account("acme", zone="America/Manaus")
    billing.account("bolt", zone="Europe/Lisbon")
    billing.set_profile("bolt", payer="acme")
    billing.subscribe("a", account="acme")
    billing.subscribe("a", account="bolt")
    billing.go_to("2026-04-10 12:00")
    assert (told(billing, account="acme"), told(billing, account="bolt")) == (
        [
            ("InvoiceDueSoon", at("2026-04-02", "America/Manaus")),
            ("AccountStopAhead", at("2026-04-09", "America/Manaus")),
        ],
        [("AccountStopAhead", at("2026-04-09", "Europe/Lisbon"))],
    )


def test_account_not_charged_is_not_warned(billing: Billing) -> None:
    """A payer without instances of its own is reminded, and its own stop is none."""
    billing.account("acme")
    billing.account("bolt")
    billing.set_profile("bolt", payer="acme")
    billing.subscribe("a", account="bolt")
    billing.go_to("2026-04-10")
    assert [name for name, _ in told(billing, account="acme")] == ["InvoiceDueSoon"]


def test_account_stopped_already_is_warned_of_another_stop(billing: Billing) -> None:
    """A second unpaid invoice warns, for paying the first one would not put its stop off."""
    billing.account()
    billing.set_terms(deletion_day=28)
    billing.subscribe("a")
    billing.go_to("2026-04-28 11:00")
    billing.subscribe("b", on="2026-04-28 11:00")
    billing.go_to("2026-05-12")
    assert told(billing, STOP_AHEAD, STOPPED) == [
        ("AccountStopAhead", at("2026-04-09")),
        ("AccountStopped", at("2026-04-11")),
        ("AccountStopAhead", at("2026-05-09")),
    ]


# --- payments and reversals ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid", "names"),
    [
        ("2026-04-01 23:59", []),
        ("2026-04-02 09:00", ["InvoiceDueSoon"]),
        ("2026-04-10 09:00", ["InvoiceDueSoon", "AccountStopAhead"]),
        ("2026-04-14 09:00", ["InvoiceDueSoon", "AccountStopAhead", "AccountDeletionAhead"]),
    ],
)
def test_payment_clears_what_is_pending(owing: Billing, paid: str, names: list[str]) -> None:
    """Once paid, nothing more is warned of, and no timer waits for it."""
    owing.go_to(paid)
    owing.pay("39.90", value_on=paid[:10])
    waiting = {kind for _, kind in owing.timers()}
    owing.go_to("2026-04-30")
    assert ([name for name, _ in told(owing)], waiting) == (names, {"close_month"})


def test_part_payment_clears_nothing(owing: Billing) -> None:
    """A cent missing, all warnings come."""
    owing.pay("39.89", value_on="2026-04-01")
    owing.go_to("2026-04-20")
    assert len(told(owing)) == 3


def test_invoice_that_credit_settles_warns_of_nothing(billing: Billing) -> None:
    """An invoice settled as it is issued reminds nobody, however near its due date."""
    billing.account()
    billing.set_terms(due_day=1)
    billing.subscribe("a")
    billing.pay("39.90", value_on="2026-03-10")
    billing.go_to("2026-04-20")
    assert told(billing) == []


def test_reversal_sets_again_what_is_ahead(owing: Billing) -> None:
    """Taken back before any of them, a payment brings all warnings back at their instants."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.reverse("p")
    owing.go_to("2026-04-20")
    assert told(owing) == [
        ("InvoiceDueSoon", at("2026-04-02")),
        ("AccountStopAhead", at("2026-04-09")),
        ("AccountDeletionAhead", at("2026-04-13 12:00")),
    ]


def test_reversal_near_the_harm_warns_at_once(owing: Billing) -> None:
    """Taken back a day before the stop, the payment leaves one day, and that is told."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.go_to("2026-04-10 09:00")
    owing.reverse("p")
    assert told(owing) == [("AccountStopAhead", at("2026-04-10 09:00"))]


def test_reversal_before_the_due_date_reminds_at_once(owing: Billing) -> None:
    """Taken back on the day it is due, the payment is asked for again."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.go_to("2026-04-05 09:00")
    owing.reverse("p")
    assert told(owing, DUE_SOON, OVERDUE) == [("InvoiceDueSoon", at("2026-04-05 09:00"))]


def test_reversal_after_the_stop_warns_of_the_new_deletion(owing: Billing) -> None:
    """Taken back on day 20, the deletion of day 24 is warned of on day 22, with its own time."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.go_to("2026-04-20 09:00")
    owing.reverse("p")
    owing.go_to("2026-04-29")
    ((instant, message),) = owing.told(DELETION_AHEAD)
    assert (instant, message.deletion_time.ToMicroseconds()) == (  # type: ignore[attr-defined]
        at("2026-04-22 12:00"),
        at("2026-04-24 12:00"),
    )


# --- sandboxes ----------------------------------------------------------------------------------


def test_sandbox_warns_at_the_right_instants(billing: Billing) -> None:
    """One long step of a sandbox tells the warnings that many short ones would."""
    billing.sandbox("toy")
    billing.account(sandbox="toy")
    billing.subscribe("a")
    billing.step("toy", "2026-03-31")
    billing.peer_tells_up_to(at("2026-06-01"))
    billing.step("toy", "2026-04-20")
    assert told(billing) == [
        ("InvoiceDueSoon", at("2026-04-02")),
        ("AccountStopAhead", at("2026-04-09")),
        ("AccountDeletionAhead", at("2026-04-13 12:00")),
    ]
