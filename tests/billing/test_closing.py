"""Closing a month: who is billed for what, once, on one invoice with a number of its own."""

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.invoice import InvoiceState
from billing_service.domain.plan import VersionPolicy
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from tests.billing.builders import Billing, at, day, plan_of, version_of


def test_month_becomes_one_invoice_with_a_line_for_each_band(billing: Billing) -> None:
    """All instances subscribed in a month are on one invoice, grouped by band."""
    billing.account()
    billing.subscribe("a", "b", "c", band=1)
    billing.subscribe("d", on="2026-03-31 23:59:59", band=2)
    billing.go_to("2026-04-01 00:00:03")
    invoice = billing.invoice()
    assert [(each.band, int(each.quantity), each.amount_minor) for each in invoice.lines] == [
        (1, 3, 11970),
        (2, 1, 3490),
    ]
    assert (invoice.invoice.number, invoice.invoice.total_minor) == ("INV-000001", 15460)


def test_invoice_states_the_days_of_the_terms(billing: Billing) -> None:
    """The invoice of M is due on day 5 of M+1, ends service on day 10 and deletes on day 15."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-01 00:00:03")
    invoice = billing.invoice().invoice
    dates = invoice.dates
    assert (dates.issued_on, dates.due_on, dates.last_service_on, dates.deletion_on) == (
        day("2026-04-01"),
        day("2026-04-05"),
        day("2026-04-10"),
        day("2026-04-15"),
    )
    assert (invoice.stop_and_deletion.stop_at, invoice.stop_and_deletion.deletion_at) == (
        at("2026-04-11"),
        at("2026-04-15 12:00"),
    )


@pytest.mark.parametrize(
    ("cancelled", "months"),
    [
        ("2026-03-20", ["2026-03"]),
        ("2026-04-01 00:00", ["2026-03"]),
        ("2026-04-01 00:00:01", ["2026-03", "2026-04"]),
        ("2026-04-30 23:59:59", ["2026-03", "2026-04"]),
    ],
)
def test_month_of_cancellation_is_the_last_one_billed(
    billing: Billing, cancelled: str, months: list[str]
) -> None:
    """A month is billed if at some instant of it the instance was subscribed, not cancelled."""
    billing.account()
    billing.subscribe("a")
    if cancelled < "2026-04":
        billing.cancel("a", on=cancelled)
    billing.go_to("2026-04-01 00:00:03")
    if cancelled >= "2026-04":
        billing.cancel("a", on=cancelled)
    billing.go_to("2026-07-02")
    assert [f"{each.month:%Y-%m}" for each in billing.charges()] == months


def test_cancelling_and_resubscribing_within_a_month_is_one_charge(billing: Billing) -> None:
    """Two intervals in one month are one charge."""
    billing.account()
    billing.subscribe("a")
    billing.cancel("a", on="2026-03-12")
    billing.resume("a", on="2026-03-20")
    billing.go_to("2026-04-02")
    assert [each.amount_minor for each in billing.charges()] == [3990]


def test_migrated_instance_is_billed_from_its_first_billed_month(billing: Billing) -> None:
    """An instance paid through May is first billed for June."""
    billing.account()
    billing.migrate("a", on="2026-04-20", first_billed_month="2026-06-01")
    billing.go_to("2026-07-02")
    assert [f"{each.month:%Y-%m}" for each in billing.charges()] == ["2026-06"]


def test_migrated_instance_cancelled_before_its_first_billed_month_is_billed_nothing(
    billing: Billing,
) -> None:
    """Cancelled while it is still paid for in advance, it never comes to be billed."""
    billing.account()
    billing.migrate("a", on="2026-04-20", first_billed_month="2026-06-01")
    billing.cancel("a", on="2026-05-15")
    billing.go_to("2026-08-02")
    assert billing.invoices("acme") == []


def test_month_of_deletion_is_billed(billing: Billing) -> None:
    """An instance deleted on day 2 still costs that month."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-02")
    billing.delete("a", on="2026-04-02 12:00")
    billing.go_to("2026-06-02")
    assert [f"{each.month:%Y-%m}" for each in billing.charges()] == ["2026-03", "2026-04"]


def test_months_without_charges_have_no_invoice(billing: Billing) -> None:
    """An account that has nothing subscribed gets nothing."""
    billing.account()
    billing.go_to("2026-06-02")
    assert billing.invoices() == []


def test_closing_waits_until_the_peer_has_told_all(billing: Billing) -> None:
    """A month is not closed while events of it may still come."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-02", told=False)
    assert billing.invoices() == []


def test_what_is_told_late_of_a_month_is_on_its_invoice(billing: Billing) -> None:
    """An event applied after the month's end, but before its close, belongs to the month."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-01 00:00:03", told=False)
    billing.subscribe("b", on="2026-03-31 23:59:59")
    billing.go_to("2026-04-01 00:00:04")
    assert billing.invoice().lines[0].quantity == 2


def test_closing_twice_emits_nothing(billing: Billing) -> None:
    """Everything due long ago is done once, whatever fires again."""
    billing.account()
    billing.subscribe("a")
    billing.go_to("2026-04-02")
    issued = billing.told(events_pb2.InvoiceIssued)
    billing.go_to("2026-04-03")
    assert billing.told(events_pb2.InvoiceIssued) == issued


def test_numbers_have_no_gap(billing: Billing) -> None:
    """Invoices of several payers and months are numbered 1, 2, 3 in their series."""
    for account in ("acme", "bolt", "core"):
        billing.account(account)
        billing.subscribe("a", account=account)
    billing.go_to("2026-05-02")
    numbers = sorted(each.invoice.sequence for each in billing.invoices())
    assert numbers == [1, 2, 3, 4, 5, 6]


def test_price_follows_the_version_in_force_at_the_start_of_the_month(billing: Billing) -> None:
    """A FOLLOW plan's new price holds from the first month that begins under it."""
    billing.account()
    billing.subscribe("a")
    raised = version_of({1: "50", 2: "40", 3: "30"}, effective_at=at("2026-04-10"))
    billing.do(ADD_PLAN_VERSION, AddPlanVersion("integrator", raised))
    billing.pay("1000", value_on="2026-03-10")
    billing.go_to("2026-06-02")
    assert [each.amount_minor for each in billing.charges()] == [3990, 3990, 5000]


def test_kept_price_stays_for_ever(billing: Billing) -> None:
    """A KEEP plan's price is the one of the subscription's first instant."""
    billing.plan(plan_of("kept", policy=VersionPolicy.KEEP))
    billing.account()
    billing.subscribe("a", plan="kept")
    raised = version_of({1: "50", 2: "40", 3: "30"}, effective_at=at("2026-04-10"))
    billing.do(ADD_PLAN_VERSION, AddPlanVersion("kept", raised))
    billing.pay("1000", value_on="2026-03-10")
    billing.go_to("2026-06-02")
    assert [each.amount_minor for each in billing.charges()] == [3990, 3990, 3990]


def test_invoice_of_nothing_is_settled_at_issue(billing: Billing) -> None:
    """A total of 0 is issued, and owed by nobody."""
    billing.plan(plan_of("free", prices={1: "0"}))
    billing.account()
    billing.subscribe("a", plan="free")
    billing.go_to("2026-04-02")
    invoice = billing.invoice()
    assert (invoice.state, invoice.settlement.settled_on) == (
        InvoiceState.SETTLED,
        day("2026-04-01"),
    )


def test_one_payer_pays_for_several_accounts_on_one_invoice(billing: Billing) -> None:
    """The charges of all accounts that a payer pays for are on its invoice."""
    for account in ("acme", "bolt"):
        billing.account(account)
        billing.subscribe("a", account=account)
    billing.set_profile("bolt", payer="acme")
    billing.go_to("2026-04-02")
    assert [each.account for each in billing.charges("acme")] == ["acme", "bolt"]


def test_month_closes_when_it_has_ended_for_all_accounts_of_the_payer(billing: Billing) -> None:
    """A payer whose customer lives to the west waits until the month has ended there too."""
    billing.account("acme", zone="Pacific/Kiritimati")
    billing.account("bolt", zone="Pacific/Pago_Pago")
    billing.set_profile("bolt", payer="acme")
    billing.subscribe("a", account="acme", zone="Pacific/Kiritimati")
    billing.subscribe("a", account="bolt", on="2026-03-31 23:59:59", zone="Pacific/Pago_Pago")
    due_at = billing.timers()["acme", "close_month"]
    assert due_at == at("2026-04-01", "Pacific/Pago_Pago")


def test_changed_payer_takes_the_open_month_over(billing: Billing) -> None:
    """The month in which the payer changes is on the new payer's invoice, and only there."""
    for account in ("acme", "bolt", "core"):
        billing.account(account)
    billing.subscribe("a", account="bolt")
    billing.set_profile("bolt", payer="acme")
    billing.pay("100", value_on="2026-03-10")
    billing.go_to("2026-04-02")
    billing.set_profile("bolt", payer="core")
    billing.pay("100", value_on="2026-04-02", payer="core")
    billing.go_to("2026-06-02")
    months = {
        payer: [f"{each.month:%Y-%m}" for each in billing.charges(payer)]
        for payer in ("acme", "bolt", "core")
    }
    assert months == {"acme": ["2026-03"], "bolt": [], "core": ["2026-04", "2026-05"]}


def test_account_parked_at_the_peer_is_not_closed(billing: Billing) -> None:
    """While the provisioning service has parked an account, its payer's month stays open."""
    billing.account()
    billing.subscribe("a")
    billing.note_peer_parking("acme", parked=True)
    billing.go_to("2026-04-02")
    assert billing.invoices() == []


def test_unparked_account_is_closed_after_all(billing: Billing) -> None:
    """Once the provisioning service goes on with the account, its month closes."""
    billing.account()
    billing.subscribe("a")
    billing.note_peer_parking("acme", parked=True)
    billing.go_to("2026-04-02")
    billing.note_peer_parking("acme", parked=False)
    billing.go_to("2026-04-02 00:01")
    assert len(billing.invoices()) == 1


def test_missing_price_parks_the_payer_and_names_the_remedy(billing: Billing) -> None:
    """A band without a price bills nothing and says which price is missing."""
    billing.account()
    billing.subscribe("a", band=9)
    billing.go_to("2026-04-02")
    assert "no price for band 9 in BRL for 2026-03" in billing.parked()["acme"]


def test_price_added_later_frees_the_parked_payer(billing: Billing) -> None:
    """A band's first price holds for the months that had none."""
    billing.account()
    billing.subscribe("a", band=9)
    billing.go_to("2026-04-02")
    added = version_of({1: "1", 2: "1", 3: "1", 9: "9"}, effective_at=at("2026-05-01"))
    billing.do(ADD_PLAN_VERSION, AddPlanVersion("integrator", added))
    billing.writer.retry_parked("acme", lambda _event: None)
    assert [each.amount_minor for each in billing.charges()] == [900]


def test_invoice_issued_late_shifts_all_its_days(billing: Billing) -> None:
    """Billed three days late, everything is due three days later."""
    billing.account()
    billing.subscribe("a")
    billing.jump_to("2026-04-04 08:00")
    dates = billing.invoice().invoice.dates
    assert (dates.issued_on, dates.due_on, dates.last_service_on, dates.deletion_on) == (
        day("2026-04-04"),
        day("2026-04-08"),
        day("2026-04-13"),
        day("2026-04-18"),
    )


def test_currencies_are_invoiced_apart(billing: Billing) -> None:
    """Charges in two currencies are on two invoices of the same month."""
    billing.plan(plan_of("yen", prices={1: "500"}, currency="JPY"))
    for account in ("acme", "bolt"):
        billing.account(account)
    billing.set_profile("bolt", payer="acme", currency="JPY")
    billing.subscribe("a", account="acme")
    billing.subscribe("b", account="bolt", plan="yen")
    billing.go_to("2026-04-02")
    totals = [(each.invoice.currency, each.invoice.total_minor) for each in billing.invoices()]
    assert totals == [("BRL", 3990), ("JPY", 500)]


def test_sandbox_is_billed_in_a_series_of_its_own(billing: Billing) -> None:
    """What happens in a sandbox is on invoices that no list of the real world shows."""
    billing.sandbox("trial")
    billing.account("toy", sandbox="trial")
    billing.subscribe("a", account="toy")
    billing.step("trial", "2026-04-02")
    numbers = [each.invoice.number for each in billing.invoices(sandbox="trial")]
    assert (numbers, billing.invoices()) == (["TEST-trial-000001"], [])


def test_preview_is_what_is_charged(billing: Billing) -> None:
    """The preview at a month's last instant is the invoice of that month."""
    billing.account()
    billing.subscribe("a", "b", band=1)
    billing.subscribe("c", on="2026-03-31 23:59:59", band=3)
    billing.cancel("b", on="2026-03-31 23:59:59")
    (preview,) = billing.preview()
    billing.go_to("2026-04-01 00:00:03")
    invoice = billing.invoice()
    assert (preview.lines, preview.invoice.dates, preview.invoice.total_minor) == (
        invoice.lines,
        invoice.invoice.dates,
        invoice.invoice.total_minor,
    )


def test_preview_of_a_month_that_has_ended_for_some_accounts_is_what_is_charged(
    billing: Billing,
) -> None:
    """While a month goes on for one account, what another one costs in the next is not in it."""
    billing.account()
    billing.account("tokyo", zone="Asia/Tokyo")
    billing.set_profile("tokyo", payer="acme")
    billing.subscribe("a")
    billing.subscribe("t", account="tokyo")
    billing.go_to("2026-03-31 22:00")
    (preview,) = billing.preview()
    billing.go_to("2026-04-01 00:00:03")
    issued = billing.invoice()
    assert (preview.lines, preview.invoice.month) == (tuple(issued.lines), issued.invoice.month)


def test_deletion_due_while_the_service_was_away_comes_before_the_close(billing: Billing) -> None:
    """A customer deleted in April is not billed for May, however late all that is done."""
    for account in ("acme", "bolt"):
        billing.account(account)
    billing.set_profile("bolt", payer="acme")
    billing.subscribe("a", account="bolt")
    billing.go_to("2026-04-02")
    billing.jump_to("2026-06-03")
    assert [f"{each.month:%Y-%m}" for each in billing.charges()] == ["2026-03", "2026-04"]
