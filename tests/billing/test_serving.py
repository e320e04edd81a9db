"""What each rpc of billing answers, through the real server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.type.postal_address_pb2 import PostalAddress
from pospago.billing.v1 import billing_profile_pb2 as profile_pb
from pospago.billing.v1 import catalog_pb2 as catalog_pb
from pospago.billing.v1 import event_service_pb2 as event_pb
from pospago.billing.v1 import events_pb2, invoice_pb2, payment_pb2, sandbox_step_pb2, terms_pb2
from pospago.billing.v1 import issuer_pb2 as issuer_pb
from pospago.billing.v1 import subscription_pb2 as subscription_pb

from tests.billing.asking import (
    ALL_BANDS,
    issuer_request,
    payment_request,
    plan_request,
    plan_version_request,
    profile_request,
    terms_request,
    terms_version_request,
    update_issuer,
)
from tests.billing.builders import Billing, at
from tests.billing.serving import (
    INTEGRATOR_SECRET,
    Served,
    money,
    proto_day,
    request_id,
    serving,
    stamp,
)

INVOICE = "accounts/acme/invoices/inv-000001"


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with an invoiced account, one that it pays for, and a sandbox."""
    async with serving(tmp_path_factory.mktemp("billing")) as running:
        await running.inside(_prepare)
        yield running


def _prepare(billing: Billing) -> None:
    billing.issuer()
    billing.plan()
    for account in ("acme", "bolt", "core"):
        billing.account(account)
    billing.sandbox("toy")
    billing.account("tot", sandbox="toy")
    billing.set_profile("bolt", payer="acme")
    billing.subscribe("a", "b", account="acme", on="2026-03-02 09:00")
    billing.subscribe("c", account="bolt", on="2026-03-02 09:00", band=2)
    billing.cancel("b", account="acme", on="2026-03-20")
    billing.subscribe("t", account="tot", on="2026-03-02 09:00")
    billing.pay("5", value_on="2026-03-02", payer="core", payment="kept")
    billing.pay("5", value_on="2026-03-03", payer="core", payment="returned")
    billing.reverse("returned", payer="core")
    billing.go_to("2026-04-01 00:00:03")


async def test_issuer_is_created_and_read_back(served: Served) -> None:
    """What was created is what is read."""
    request = issuer_request(issuer={"address": PostalAddress(address_lines=["Rua 1"])})
    created = await served.call(served.stubs.issuers.CreateIssuer, request)
    read = await served.call(
        served.stubs.issuers.GetIssuer, issuer_pb.GetIssuerRequest(name="issuers/other")
    )
    assert read.issuer == created.issuer


async def test_issuer_changes_only_what_the_mask_names(served: Served) -> None:
    """Another field with a new value stays as it was."""
    request = update_issuer("bank_details", bank_details="Bank 2", legal_name="Not this")
    updated = await served.call(served.stubs.issuers.UpdateIssuer, request)
    assert (updated.issuer.bank_details, updated.issuer.legal_name) == ("Bank 2", "Pospago S.A.")


async def test_lists_go_on_where_a_page_ended(served: Served) -> None:
    """Pages of one give each entry once."""
    found = []
    request = profile_pb.ListBillingProfilesRequest(page_size=1)
    while True:
        page = await served.call(served.stubs.profiles.ListBillingProfiles, request)
        found += [each.name for each in page.billing_profiles]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == [f"accounts/{each}/billingProfile" for each in ("acme", "bolt", "core")]


@pytest.mark.parametrize(
    ("filters", "accounts"),
    [
        ({}, ["acme", "bolt", "core"]),
        ({"sandbox": "sandboxes/toy"}, ["tot"]),
        ({"payer": "accounts/acme"}, ["acme", "bolt"]),
    ],
)
async def test_profiles_are_those_of_one_world(
    served: Served, filters: dict[str, Any], accounts: list[str]
) -> None:
    """A sandbox's accounts are listed only where the sandbox is asked for."""
    request = profile_pb.ListBillingProfilesRequest(**filters)
    page = await served.call(served.stubs.profiles.ListBillingProfiles, request)
    assert [each.name.split("/")[1] for each in page.billing_profiles] == accounts


async def test_profile_shows_expiry_and_credit(served: Served) -> None:
    """The standing is shown beside the profile."""
    request = profile_pb.GetBillingProfileRequest(name="accounts/core/billingProfile")
    profile = (await served.call(served.stubs.profiles.GetBillingProfile, request)).billing_profile
    assert (profile.credit_balance, profile.HasField("expire_date")) == (money(5), False)


async def test_profile_is_changed_under_its_etag(served: Served) -> None:
    """The etag that was read admits the change, and is another one afterwards."""
    request = profile_request("core", legal_name="Core S.A.", etag="1")
    updated = await served.call(served.stubs.profiles.UpdateBillingProfile, request)
    profile = updated.billing_profile
    assert (profile.legal_name, profile.etag) == ("Core S.A.", "2")


async def test_terms_get_a_version(served: Served) -> None:
    """A version that lies ahead is added, numbered 2."""
    await served.call(served.stubs.terms.CreateTerms, terms_request("slow"))
    request = terms_version_request("terms/slow", effective_time=stamp(at("2030-01-01")))
    added = await served.call(served.stubs.terms.AddTermsVersion, request)
    assert [each.version for each in added.terms.versions] == [1, 2]


async def test_programme_terms_are_there_from_the_start(served: Served) -> None:
    """The first start makes the terms of the integrator programme."""
    request = terms_pb2.GetTermsRequest(name="terms/integrator")
    terms = (await served.call(served.stubs.terms.GetTerms, request)).terms
    first = terms.versions[0]
    assert (first.due_day, first.last_service_day, first.deletion_day, first.deletion_hour) == (
        5,
        10,
        15,
        12,
    )


async def test_terms_are_listed_by_name(served: Served) -> None:
    """The programme's terms are among them."""
    page = await served.call(served.stubs.terms.ListTerms, terms_pb2.ListTermsRequest())
    assert "terms/integrator" in [each.name for each in page.terms]


async def test_plan_gets_a_version(served: Served) -> None:
    """A version that lies ahead is added, and read back."""
    await served.call(served.stubs.catalog.CreatePlan, plan_request("fresh", *ALL_BANDS))
    await served.call(
        served.stubs.catalog.AddPlanVersion, plan_version_request("plans/fresh", *ALL_BANDS)
    )
    request = catalog_pb.GetPlanRequest(name="plans/fresh")
    plan = (await served.call(served.stubs.catalog.GetPlan, request)).plan
    assert [each.version for each in plan.versions] == [1, 2]


async def test_plans_are_listed_by_name(served: Served) -> None:
    """An integrator may see what things cost."""
    request = catalog_pb.ListPlansRequest(page_size=1000)
    page = await served.call(served.stubs.catalog.ListPlans, request, INTEGRATOR_SECRET)
    assert "plans/integrator" in [each.name for each in page.plans]


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ([], ["a", "b"]),
        ([subscription_pb.Subscription.STATE_ACTIVE], ["a"]),
        ([subscription_pb.Subscription.STATE_CANCELLED], ["b"]),
        ([subscription_pb.Subscription.STATE_ENDED], []),
        ([subscription_pb.Subscription.STATE_SCHEDULED], []),
    ],
)
async def test_subscriptions_are_listed_by_state(
    served: Served, states: list[Any], found: list[str]
) -> None:
    """Only subscriptions in the states asked for are listed."""
    request = subscription_pb.ListSubscriptionsRequest(parent="accounts/acme", states=states)
    page = await served.call(served.stubs.subscriptions.ListSubscriptions, request)
    assert [each.name.rpartition("/")[2] for each in page.subscriptions] == found


async def test_subscription_shows_its_intervals(served: Served) -> None:
    """A cancelled subscription's interval has its end."""
    request = subscription_pb.GetSubscriptionRequest(name="accounts/acme/subscriptions/b")
    read = await served.call(served.stubs.subscriptions.GetSubscription, request)
    (interval,) = read.subscription.intervals
    assert interval.end_time == stamp(at("2026-03-20"))


async def test_invoice_says_all_it_must(served: Served) -> None:
    """Number, days, lines and total are those of the month."""
    request = invoice_pb2.GetInvoiceRequest(name=INVOICE)
    invoice = (await served.call(served.stubs.invoices.GetInvoice, request)).invoice
    assert (
        invoice.number,
        invoice.month,
        invoice.due_date,
        [(line.band, line.quantity.value, line.unit_price.value) for line in invoice.lines],
        invoice.total,
        invoice.payment_reference,
    ) == (
        "INV-000001",
        proto_day("2026-03-01"),
        proto_day("2026-04-05"),
        [(1, "2", "39.90"), (2, "1", "34.90")],
        money(114, nanos=700_000_000),
        "Invoice INV-000001",
    )


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"parent": "accounts/acme"}, ["INV-000001"]),
        ({"parent": "accounts/-"}, ["INV-000001"]),
        ({"parent": "accounts/bolt"}, []),
        ({"parent": "accounts/-", "sandbox": "sandboxes/toy"}, []),
        ({"parent": "accounts/-", "states": [invoice_pb2.Invoice.STATE_OPEN]}, ["INV-000001"]),
        ({"parent": "accounts/-", "states": [invoice_pb2.Invoice.STATE_SETTLED]}, []),
        ({"parent": "accounts/-", "states": [invoice_pb2.Invoice.STATE_OVERDUE]}, []),
        ({"parent": "accounts/-", "states": [invoice_pb2.Invoice.STATE_PREVIEW]}, []),
        ({"parent": "accounts/-", "month_from": proto_day("2026-03-31")}, ["INV-000001"]),
        ({"parent": "accounts/-", "month_from": proto_day("2026-04-01")}, []),
        ({"parent": "accounts/-", "month_to": proto_day("2026-03-01")}, ["INV-000001"]),
        ({"parent": "accounts/-", "month_to": proto_day("2026-02-28")}, []),
    ],
)
async def test_invoices_are_listed_by_filter(
    served: Served, filters: dict[str, Any], numbers: list[str]
) -> None:
    """Payer, world, state and months narrow the list down."""
    request = invoice_pb2.ListInvoicesRequest(**filters)
    page = await served.call(served.stubs.invoices.ListInvoices, request)
    assert [each.number for each in page.invoices] == numbers


@pytest.mark.parametrize(("line", "instances"), [(0, ["a", "b", "c"]), (1, ["a", "b"]), (2, ["c"])])
async def test_charges_show_the_instances_behind_a_line(
    served: Served, line: int, instances: list[str]
) -> None:
    """Each charge names its instance."""
    request = invoice_pb2.ListInvoiceChargesRequest(parent=INVOICE, line_number=line)
    page = await served.call(served.stubs.invoices.ListInvoiceCharges, request)
    assert [each.instance.rpartition("/")[2] for each in page.charges] == instances


async def test_line_says_how_it_came_about(served: Served) -> None:
    """The explanation of a line is that of each of its charges."""
    request = invoice_pb2.ExplainInvoiceLineRequest(name=INVOICE, line_number=1)
    told = await served.call(served.stubs.invoices.ExplainInvoiceLine, request)
    assert (told.charges_count, told.line.line_number, list(told.explanation.steps)) == (
        2,
        1,
        ["base: one for each period.", "Flat: 39.9.", "It comes to BRL 39.90."],
    )


async def test_preview_is_what_the_month_comes_to(served: Served) -> None:
    """As things stand, April costs what still runs."""
    request = invoice_pb2.PreviewInvoiceRequest(parent="accounts/acme")
    preview = await served.call(served.stubs.invoices.PreviewInvoice, request, INTEGRATOR_SECRET)
    (invoice,) = preview.invoices
    assert (invoice.state, invoice.month, invoice.total) == (
        invoice_pb2.Invoice.STATE_PREVIEW,
        proto_day("2026-04-01"),
        money(74, nanos=800_000_000),
    )


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["kept", "returned"]),
        ({"states": [payment_pb2.Payment.STATE_RECORDED]}, ["kept"]),
        ({"states": [payment_pb2.Payment.STATE_REVERSED]}, ["returned"]),
        ({"value_from": proto_day("2026-03-03")}, ["returned"]),
        ({"value_to": proto_day("2026-03-02")}, ["kept"]),
    ],
)
async def test_payments_are_listed_by_filter(
    served: Served, filters: dict[str, Any], found: list[str]
) -> None:
    """State and value date narrow the list down."""
    request = payment_pb2.ListPaymentsRequest(parent="accounts/core", **filters)
    page = await served.call(served.stubs.payments.ListPayments, request)
    assert [each.name.rpartition("/")[2] for each in page.payments] == found


async def test_payment_is_done_once_for_one_request_id(served: Served) -> None:
    """A repeated request gets the same answer, and pays once."""
    request = payment_request("tot", payment_id="", request_id=request_id())
    answers = [await served.call(served.stubs.payments.RecordPayment, request) for _ in range(2)]
    listed = await served.call(
        served.stubs.payments.ListPayments,
        payment_pb2.ListPaymentsRequest(parent="accounts/tot"),
    )
    assert (answers[0], len(listed.payments)) == (answers[1], 1)


async def test_reversed_payment_says_so(served: Served) -> None:
    """The answer and the record show the reversal and its note."""
    recorded = payment_request("core", payment_id="x")
    await served.call(served.stubs.payments.RecordPayment, recorded)
    request = payment_pb2.ReversePaymentRequest(
        name="accounts/core/payments/x", note="no funds", request_id=request_id()
    )
    answer = await served.call(served.stubs.payments.ReversePayment, request)
    read = await served.call(
        served.stubs.payments.GetPayment,
        payment_pb2.GetPaymentRequest(name="accounts/core/payments/x"),
    )
    assert (read.payment, read.payment.reversal_note) == (answer.payment, "no funds")


async def test_sandbox_is_led_to_its_invoice(served: Served) -> None:
    """Whoever leads the sandbox is told what falls due, and steps there."""
    secret, sandbox = served.service_secret, "sandboxes/toy"
    next_request = sandbox_step_pb2.NextDueRequest(sandbox=sandbox)
    due = await served.call(served.stubs.steps.NextDue, next_request, secret)
    step_request = sandbox_step_pb2.StepToRequest(sandbox=sandbox, to_time=due.due_time)
    await served.call(served.stubs.steps.StepTo, step_request, secret)
    listing = invoice_pb2.ListInvoicesRequest(parent="accounts/-", sandbox=sandbox)
    page = await served.call(served.stubs.invoices.ListInvoices, listing)
    assert [each.number for each in page.invoices] == ["TEST-toy-000001"]


async def test_events_tell_what_happened_to_an_account(served: Served) -> None:
    """An integrator reads the feed of its own account."""
    request = event_pb.ListEventsRequest(account="accounts/acme", page_size=1000)
    page = await served.call(served.stubs.events.ListEvents, request, INTEGRATOR_SECRET)
    issued = [each for each in page.events if each.payload.Is(events_pb2.InvoiceIssued.DESCRIPTOR)]
    assert len(issued) == 1


async def test_integrator_is_asked_about_once_a_second(served: Served) -> None:
    """Many calls of one integrator are one question to the provisioning service."""
    request = catalog_pb.ListPlansRequest()
    await asyncio.sleep(1.1)
    before = served.access.asked_count
    for _ in range(5):
        await served.call(served.stubs.catalog.ListPlans, request, INTEGRATOR_SECRET)
    assert served.access.asked_count - before == 1
