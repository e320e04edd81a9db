"""Unpaid months: overdue, stop, deletion, and what a payment or its reversal changes."""

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.invoice import InvoiceState
from billing_service.domain.subscription import SubscriptionState
from tests.billing.builders import Billing, at, day

STOPPED = events_pb2.AccountStopped
LIFTED = events_pb2.AccountStopLifted
DELETED = events_pb2.AccountDeletionOrdered


@pytest.fixture
def owing(billing: Billing) -> Billing:
    """An account with one instance and an unpaid invoice for March."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-01 00:00:03")
    return billing


def test_unpaid_invoice_is_overdue_after_its_due_date(owing: Billing) -> None:
    """The first instant of day 6 makes the invoice overdue, and tells so."""
    owing.go_to("2026-04-06")
    told = [instant for instant, _ in owing.told(events_pb2.InvoiceOverdue)]
    assert (told, owing.invoice().state) == ([at("2026-04-06")], InvoiceState.OVERDUE)


def test_invoice_is_open_to_the_last_instant_of_its_due_date(owing: Billing) -> None:
    """On day 5 nothing is overdue."""
    owing.go_to("2026-04-05 23:59:59")
    assert owing.invoice().state is InvoiceState.OPEN


def test_unpaid_account_stops_at_the_first_instant_of_day_11(owing: Billing) -> None:
    """The stop takes effect at 00:00 of day 11, and names the invoice."""
    owing.go_to("2026-04-12")
    (told,) = owing.told(STOPPED)
    assert told == (
        at("2026-04-11"),
        STOPPED(account="accounts/acme", invoice="accounts/acme/invoices/inv-000001"),
    )


def test_stop_found_late_takes_effect_when_it_was_due(owing: Billing) -> None:
    """A service that was away stops the account backdated to day 11."""
    owing.jump_to("2026-04-13 17:00")
    assert [instant for instant, _ in owing.told(STOPPED)] == [at("2026-04-11")]


def test_payment_in_the_last_second_prevents_the_stop(owing: Billing) -> None:
    """An account that paid at 23:59:59 of day 10 is never stopped."""
    owing.go_to("2026-04-10 23:59:59")
    owing.pay("39.90", value_on="2026-04-10")
    owing.go_to("2026-04-20")
    assert owing.told(STOPPED, DELETED) == []


def test_part_payment_does_not_prevent_the_stop(owing: Billing) -> None:
    """A cent missing, the account is stopped."""
    owing.pay("39.89", value_on="2026-04-01")
    owing.go_to("2026-04-12")
    assert len(owing.told(STOPPED)) == 1


def test_payment_after_the_stop_lifts_it_from_the_record_on(owing: Billing) -> None:
    """Paid on day 12, the account goes on from then."""
    owing.go_to("2026-04-12 10:00")
    owing.pay("39.90", value_on="2026-04-12")
    told = [instant for instant, _ in owing.told(LIFTED)]
    assert (told, owing.profile().standing.stopped_at) == ([at("2026-04-12 10:00")], None)


def test_value_date_before_the_stop_undoes_it_from_the_record_on(owing: Billing) -> None:
    """Value day 4 recorded on day 11 settles in time, and lifts the stop when recorded."""
    owing.go_to("2026-04-11 15:00")
    owing.pay("39.90", value_on="2026-04-04")
    settlement = owing.invoice().settlement
    assert (
        settlement.settled_on,
        settlement.settled_late,
        [instant for instant, _ in owing.told(LIFTED)],
    ) == (day("2026-04-04"), False, [at("2026-04-11 15:00")])


def test_unpaid_account_is_deleted_at_noon_of_day_15(owing: Billing) -> None:
    """The deletion is ordered at the hour of the terms."""
    owing.go_to("2026-04-16")
    assert [instant for instant, _ in owing.told(DELETED)] == [at("2026-04-15 12:00")]


def test_deletion_ends_the_subscriptions(owing: Billing) -> None:
    """April, the month of the deletion, is the last one billed."""
    owing.go_to("2026-04-16")
    owing.go_to("2026-07-02")
    assert [f"{each.month:%Y-%m}" for each in owing.charges()] == ["2026-03", "2026-04"]


def test_deletion_spares_what_is_still_paid_in_advance(owing: Billing) -> None:
    """A migrated instance whose first billed month lies ahead is not ended by the order."""
    owing.migrate("m", on="2026-04-02", first_billed_month="2026-07-01")
    owing.go_to("2026-04-16")
    assert owing.states() == {"a": SubscriptionState.ENDED, "m": SubscriptionState.SCHEDULED}


def test_payment_after_the_deletion_does_not_undo_it(owing: Billing) -> None:
    """Paid on day 20, the stop is lifted and the subscription stays ended."""
    owing.go_to("2026-04-20")
    owing.pay("39.90", value_on="2026-04-20")
    assert (len(owing.told(LIFTED)), owing.states()) == (1, {"a": SubscriptionState.ENDED})


def test_every_account_on_the_unpaid_invoice_stops_whoever_pays(billing: Billing) -> None:
    """The customers that a payer pays for stop with it; an account not charged does not."""
    for account in ("acme", "bolt", "core"):
        billing.account(account)
    billing.subscribe("a", account="bolt")
    billing.subscribe("a", account="core")
    billing.set_profile("bolt", payer="acme")
    billing.set_profile("core", payer="acme")
    billing.go_to("2026-04-12")
    assert {told.account for _, told in billing.told(STOPPED)} == {  # type: ignore[attr-defined]
        "accounts/bolt",
        "accounts/core",
    }


def test_accounts_stop_in_their_own_zones(billing: Billing) -> None:
    """Day 11 begins earlier in Lisbon than in Manaus, for accounts on one invoice too."""
    billing.account("acme", zone="America/Manaus")
    billing.account("bolt", zone="Europe/Lisbon")
    billing.set_profile("bolt", payer="acme")
    billing.subscribe("a", account="acme")
    billing.subscribe("a", account="bolt")
    billing.go_to("2026-04-12")
    assert [instant for instant, _ in billing.told(STOPPED)] == [
        at("2026-04-11", "Europe/Lisbon"),
        at("2026-04-11", "America/Manaus"),
    ]


def test_two_unpaid_months_stop_once(billing: Billing) -> None:
    """A second unpaid invoice adds no stop, and paying the first one lifts none."""
    billing.account()
    billing.set_terms(deletion_day=28)
    billing.subscribe("a")
    billing.go_to("2026-04-28 11:00")
    billing.subscribe("b", on="2026-04-28 11:00")
    billing.go_to("2026-05-12")
    billing.pay("39.90", value_on="2026-05-12")
    assert (len(billing.told(STOPPED)), billing.told(LIFTED)) == (1, [])


def test_expiry_is_day_10_of_the_month_after_the_earliest_not_settled(owing: Billing) -> None:
    """Unpaid March expires in April; paid, the open April expires in May."""
    before = owing.expires_on()
    owing.pay("39.90", value_on="2026-04-01")
    assert (before, owing.expires_on()) == ("2026-04-10", "2026-05-10")


def test_expiry_is_told_when_it_changes(owing: Billing) -> None:
    """The first subscription and the payment each tell a new day."""
    owing.pay("39.90", value_on="2026-04-01")
    days = [
        told.expire_date.month  # type: ignore[attr-defined]
        for _, told in owing.told(events_pb2.AccountExpiryChanged)
    ]
    assert days == [4, 5]


def test_account_that_has_paid_all_and_runs_nothing_has_no_expiry(owing: Billing) -> None:
    """Cancelled in March and paid, nothing is owed and nothing runs out."""
    owing.cancel("a", on="2026-04-01 00:00:03")
    owing.go_to("2026-05-02")
    owing.pay("79.80", value_on="2026-05-02")
    assert owing.expires_on() == ""


def test_reversal_opens_the_invoice_again(owing: Billing) -> None:
    """A payment taken back before the stop leaves time until the stop."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.reverse("p")
    owing.go_to("2026-04-12")
    assert [instant for instant, _ in owing.told(STOPPED)] == [at("2026-04-11")]


def test_reversal_moves_the_expiry_back(owing: Billing) -> None:
    """An invoice that is open again gives its expiry again."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.reverse("p")
    assert owing.expires_on() == "2026-04-10"


def test_reversal_after_the_stop_date_stops_at_once(owing: Billing) -> None:
    """Taken back on day 20, the account stops then, and is deleted as many days later."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.go_to("2026-04-20 09:00")
    owing.reverse("p")
    owing.go_to("2026-04-29")
    assert [instant for instant, _ in owing.told(STOPPED, DELETED)] == [
        at("2026-04-20 09:00"),
        at("2026-04-24 12:00"),
    ]


def test_reversal_before_the_deletion_leaves_its_planned_days(owing: Billing) -> None:
    """Between stop and deletion, the deletion comes four days after the reversal."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.go_to("2026-04-12 09:00")
    owing.reverse("p")
    assert owing.timers()["acme", "deletion"] == at("2026-04-16 12:00")


def test_reversed_payment_covered_by_other_credit_stops_nobody(owing: Billing) -> None:
    """Credit of another payment settles what the reversal opened."""
    owing.pay("39.90", value_on="2026-04-01", payment="p")
    owing.pay("39.90", value_on="2026-03-31", payment="q")
    owing.go_to("2026-04-20")
    owing.reverse("p")
    assert (owing.told(STOPPED), owing.invoice().settlement.settled_on) == ([], day("2026-03-31"))
