"""What credits do to invoices: after tax and before, in order, in their scope."""

from typing import Any

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.credit_grant import CreditKind, CreditScope, CreditState
from billing_service.domain.invoice import InvoiceState
from billing_service.domain.invoice_line import LinePart
from billing_service.domain.tax import TaxRounding
from billing_service.storage.document_queries import InvoiceInFull
from billing_service.use_cases.explain_line import explain_line
from tests.billing.builders import Billing, day, plan_of
from tests.billing.credits.giving import BEFORE, credits_of, grant, ledger_of, said, void
from tests.billing.taxing import create_tax_profile, tax_version

CLOSES = "2026-04-01 00:00:03"


def used_by(found: InvoiceInFull) -> list[tuple[str, int]]:
    """How much of which credits an invoice uses."""
    return [(each.credit_id, each.amount_minor) for each in found.credits]


def amounts(found: InvoiceInFull) -> list[int]:
    """What the lines come to."""
    return [each.amount_minor for each in found.lines]


def taxed(billing: Billing, percent: str = "10", **version: Any) -> None:
    """An account that is taxed, and charged 39.90 a month."""
    create_tax_profile(billing, tax_version(percent, **version))
    billing.account()
    billing.set_profile(tax_profile="home")
    billing.subscribe("a")


@pytest.fixture
def untaxed(billing: Billing) -> Billing:
    """An account that is charged 39.90 a month, without tax."""
    billing.account()
    billing.subscribe("a")
    return billing


def test_credit_pays_the_invoice_when_it_is_issued(untaxed: Billing) -> None:
    """50.00 of credit settle 39.90, and 10.10 are left."""
    grant(untaxed, amount="50")
    untaxed.go_to(CLOSES)
    found = untaxed.invoice()
    assert (found.state, found.settlement.paid_minor, credits_of(untaxed)) == (
        InvoiceState.SETTLED,
        3990,
        {"c": 1010},
    )


def test_invoice_that_credit_pays_is_settled_on_the_day_of_its_issue(untaxed: Billing) -> None:
    """Never late."""
    grant(untaxed, amount="50")
    untaxed.go_to(CLOSES)
    settlement = untaxed.invoice().settlement
    assert (settlement.settled_on, settlement.settled_late) == (day("2026-04-01"), False)


def test_part_that_credit_leaves_open_is_paid_in_money(untaxed: Billing) -> None:
    """10.00 of credit and 29.90 of money settle 39.90."""
    grant(untaxed)
    untaxed.go_to(CLOSES)
    untaxed.pay("29.90", value_on="2026-04-01")
    settlement = untaxed.invoice().settlement
    assert (settlement.paid_minor, settlement.credited_minor, settlement.settled_on) == (
        3990,
        1000,
        day("2026-04-01"),
    )


def test_credit_is_used_before_money_that_was_paid_ahead(untaxed: Billing) -> None:
    """Money can be paid out, credit cannot: 10.00 of credit, 29.90 of the 50.00."""
    untaxed.pay("50", value_on="2026-03-02", payment="p")
    grant(untaxed)
    untaxed.go_to(CLOSES)
    assert (credits_of(untaxed), untaxed.profile().credit) == ({"c": 0}, (2010, "BRL"))


def test_reversed_payment_leaves_credit_where_it_was(untaxed: Billing) -> None:
    """What credit paid stays paid; the money is open again."""
    grant(untaxed)
    untaxed.go_to(CLOSES)
    untaxed.pay("29.90", value_on="2026-04-01", payment="p")
    untaxed.reverse("p")
    settlement = untaxed.invoice().settlement
    assert (settlement.paid_minor, settlement.settled_on, credits_of(untaxed)) == (
        1000,
        None,
        {"c": 0},
    )


def test_ledger_tells_which_invoice_used_what(untaxed: Billing) -> None:
    """Granted 50.00, applied 39.90 to the first invoice."""
    grant(untaxed, amount="50")
    untaxed.go_to(CLOSES)
    (*_, last) = ledger_of(untaxed)
    assert (last.kind.value, last.amount_minor, last.left_minor, last.invoice) == (
        "applied",
        -3990,
        1010,
        "inv-000001",
    )


def test_invoice_is_issued_with_what_it_uses(untaxed: Billing) -> None:
    """Whoever reads of it learns what is left to pay."""
    grant(untaxed)
    untaxed.go_to(CLOSES)
    ((_, message),) = untaxed.told(events_pb2.InvoiceIssued)
    invoice: Any = message.invoice  # type: ignore[attr-defined]
    (applied,) = invoice.credits
    assert (applied.credit, applied.amount.units, applied.after_tax, invoice.amount_paid.units) == (
        "accounts/acme/credits/c",
        10,
        True,
        10,
    )


def test_what_expires_soonest_is_used_first(untaxed: Billing) -> None:
    """Whatever was granted first."""
    grant(untaxed, "old", "30")
    grant(untaxed, "soon", "30", expires_at="2026-05-01")
    untaxed.go_to(CLOSES)
    assert used_by(untaxed.invoice()) == [("soon", 3000), ("old", 990)]


@pytest.mark.parametrize(
    ("more", "used"),
    [
        ({"expires_at": "2026-04-01 00:00:00"}, []),
        ({"expires_at": "2026-04-01 00:00:01"}, [("c", 1000)]),
        ({"effective_at": "2026-04-01 00:00:00"}, [("c", 1000)]),
        ({"effective_at": "2026-04-01 00:00:01"}, []),
        ({"currency": "USD"}, []),
    ],
)
def test_only_what_is_usable_at_the_issue_is_used(
    untaxed: Billing, more: dict[str, Any], used: list[tuple[str, int]]
) -> None:
    """What expires at the very instant is not, what takes effect then is."""
    grant(untaxed, **more)
    untaxed.go_to(CLOSES)
    assert used_by(untaxed.invoice()) == used


def test_what_expires_when_an_invoice_is_issued_expires_once(untaxed: Billing) -> None:
    """The ledger tells of it before the invoice, and not again."""
    grant(untaxed, "gone", expires_at="2026-04-01")
    grant(untaxed, "used")
    untaxed.go_to(CLOSES)
    assert [entry[:2] for entry in said(untaxed)[2:]] == [("expired", "gone"), ("applied", "used")]


def test_credit_that_is_late_done_is_used_as_it_stood(untaxed: Billing) -> None:
    """A service that was away uses at the close what expired while it was away."""
    grant(untaxed, expires_at="2026-04-02")
    untaxed.jump_to("2026-04-03")
    assert used_by(untaxed.invoice()) == [("c", 1000)]


def test_credit_is_used_over_several_months(untaxed: Billing) -> None:
    """Until nothing is left of it."""
    grant(untaxed, amount="60")
    untaxed.go_to("2026-06-01 00:00:03")
    assert [used_by(each) for each in untaxed.invoices("acme")] == [
        [("c", 3990)],
        [("c", 2010)],
        [],
    ]


def test_used_credit_is_told_so(untaxed: Billing) -> None:
    """Nothing is left to void."""
    grant(untaxed)
    untaxed.go_to(CLOSES)
    assert credits_of(untaxed, CreditState.USED) == {"c": 0}


def test_credit_after_tax_pays_the_total(billing: Billing) -> None:
    """39.90 and 10% are 43.89: 40.00 of credit leave 3.89 open, and the tax as it is."""
    taxed(billing)
    grant(billing, amount="40")
    billing.go_to(CLOSES)
    found = billing.invoice()
    assert (found.invoice.tax_minor, found.invoice.total_minor, found.settlement.paid_minor) == (
        399,
        4389,
        4000,
    )


def test_credit_before_tax_lowers_what_is_taxed(either: Billing) -> None:
    """39.90 less 10.00 are 29.90, and 10% of that 2.99: 32.89 to pay."""
    taxed(either)
    grant(either, application=BEFORE)
    either.go_to(CLOSES)
    found = either.invoice()
    figures = (found.invoice.subtotal_minor, found.invoice.tax_minor, found.invoice.total_minor)
    assert (amounts(found), figures, found.settlement.paid_minor) == (
        [3990, -1000],
        (2990, 299, 3289),
        0,
    )


def test_line_of_credit_says_what_it_is(either: Billing) -> None:
    """Its credit and what that is called, in the tax category and period of what it lowers."""
    taxed(either)
    grant(either, application=BEFORE, description="Welcome")
    either.go_to(CLOSES)
    (*_, line) = either.invoice().lines
    assert (line.part, line.credit, line.description, line.period_start_on, line.period_end_on) == (
        LinePart.CREDIT,
        "c",
        "Credit, Welcome",
        day("2026-03-01"),
        day("2026-04-01"),
    )


def test_line_of_credit_has_nothing_to_explain(billing: Billing) -> None:
    """No charge is behind it."""
    taxed(billing)
    grant(billing, application=BEFORE)
    billing.go_to(CLOSES)
    invoice = billing.invoice().invoice.invoice_id
    found = billing.database.read(lambda tx: explain_line(tx, "acme", invoice, 2, 0))
    assert (found.told, found.charges_count) == (None, 0)


def test_credit_before_tax_never_takes_an_invoice_below_nothing(billing: Billing) -> None:
    """50.00 lower 39.90 to nothing, which is settled at issue; 10.10 are left."""
    taxed(billing)
    grant(billing, amount="50", application=BEFORE)
    billing.go_to(CLOSES)
    found = billing.invoice()
    assert (found.invoice.total_minor, found.state, credits_of(billing)) == (
        0,
        InvoiceState.SETTLED,
        {"c": 1010},
    )


def test_credit_before_tax_is_taken_off_prices_that_include_it(billing: Billing) -> None:
    """39.90 less 10.00 are 29.90, of which 2.72 are tax."""
    taxed(billing, includes=True)
    grant(billing, application=BEFORE)
    billing.go_to(CLOSES)
    invoice = billing.invoice().invoice
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor) == (2718, 272, 2990)


def test_tax_rounded_on_each_line_is_that_on_what_credit_leaves(billing: Billing) -> None:
    """Two credits that lower 0.10 to nothing leave no tax, though half a cent rounds up on each."""
    billing.plan(plan_of("small", prices={1: "0.10"}))
    create_tax_profile(billing, tax_version("10", rounding=TaxRounding.LINE))
    billing.account()
    billing.set_profile(tax_profile="home")
    billing.subscribe("a", plan="small")
    for credit_id in ("c", "d"):
        grant(billing, credit_id, "0.05", application=BEFORE)
    billing.go_to(CLOSES)
    invoice = billing.invoice().invoice
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor) == (0, 0, 0)


def test_credits_before_tax_come_before_those_after_it(billing: Billing) -> None:
    """39.90 less 10.00 and 10% on it are 32.89, of which the other pays 20.00."""
    taxed(billing)
    grant(billing, "after", "20")
    grant(billing, "before", application=BEFORE, priority=9)
    billing.go_to(CLOSES)
    found = billing.invoice()
    assert (used_by(found), found.settlement.paid_minor) == (
        [("before", 1000), ("after", 2000)],
        2000,
    )


def test_scope_of_an_account_is_that_part_of_a_line(billing: Billing) -> None:
    """Two accounts share a line of 79.80 and 10% of tax: a credit for one of them pays 43.89."""
    taxed(billing)
    billing.account("bolt")
    billing.set_profile("bolt", payer="acme")
    billing.subscribe("b", account="bolt")
    grant(billing, amount="100", scope=CreditScope(accounts=frozenset({"bolt"})))
    billing.go_to(CLOSES)
    found = billing.invoice()
    assert (amounts(found), used_by(found)) == ([7980], [("c", 4389)])


def test_scope_of_a_plan_leaves_others_alone(untaxed: Billing) -> None:
    """15.00 a month of one plan are lowered, 39.90 of the other are not."""
    untaxed.plan(plan_of("other", prices={1: "15"}))
    untaxed.subscribe("b", plan="other")
    scope = CreditScope(plans=frozenset({"other"}))
    grant(untaxed, amount="100", scope=scope, application=BEFORE)
    untaxed.go_to(CLOSES)
    assert sorted(amounts(untaxed.invoice())) == [-1500, 1500, 3990]


def test_each_currency_uses_its_own_credits(either: Billing) -> None:
    """An invoice in reais and one in dollars, each paid by its own."""
    either.plan(plan_of("abroad", prices={1: "20"}, currency="USD"))
    for account, plan, currency in (("acme", "integrator", "BRL"), ("bolt", "abroad", "USD")):
        either.account(account)
        either.set_profile(account, currency=currency)
        either.subscribe("a", account=account, plan=plan)
    either.set_profile("bolt", payer="acme")
    grant(either, "reais", "5", kind=CreditKind.PURCHASED)
    grant(either, "dollars", "6", currency="USD")
    either.go_to(CLOSES)
    found = {each.invoice.currency: used_by(each) for each in either.invoices("acme")}
    assert found == {"BRL": [("reais", 500)], "USD": [("dollars", 600)]}


@pytest.mark.parametrize("application", [BEFORE, None])
def test_preview_shows_what_the_invoice_will_use(either: Billing, application: Any) -> None:
    """Credits, lines, taxes and total are those of the invoice."""
    taxed(either)
    grant(either, **({"application": application} if application else {}))
    (preview,) = either.preview()
    either.go_to(CLOSES)
    issued = either.invoice()
    shown = (preview.credits, preview.lines, preview.taxes, preview.invoice.total_minor)
    assert shown == (issued.credits, issued.lines, issued.taxes, issued.invoice.total_minor)


def test_preview_leaves_out_what_will_have_expired(untaxed: Billing) -> None:
    """It is there today, and gone when the invoice is issued."""
    grant(untaxed, expires_at="2026-04-01")
    (preview,) = untaxed.preview()
    assert preview.credits == ()


def test_preview_uses_nothing(untaxed: Billing) -> None:
    """Nothing is written."""
    grant(untaxed)
    untaxed.preview()
    assert said(untaxed) == [("granted", "c", 1000, 1000)]


def test_voided_credit_is_not_used(untaxed: Billing) -> None:
    """The invoice is as if it had never been there."""
    grant(untaxed)
    void(untaxed)
    untaxed.go_to(CLOSES)
    assert used_by(untaxed.invoice()) == []
