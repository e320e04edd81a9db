"""What the rpcs about accounts, invoices, payments and sandboxes refuse, by code and reason."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from pospago.billing.v1 import billing_profile_pb2 as profile_pb
from pospago.billing.v1 import event_service_pb2 as event_pb
from pospago.billing.v1 import invoice_pb2 as invoice_pb
from pospago.billing.v1 import payment_pb2 as payment_pb
from pospago.billing.v1 import sandbox_step_pb2 as step_pb
from pospago.billing.v1 import subscription_pb2 as subscription_pb
from pospago.event.v1 import event_pb2

from tests.billing.asking import page, payment_request, profile_request
from tests.billing.builders import Billing, at
from tests.billing.serving import (
    INTEGRATOR_SECRET,
    Served,
    money,
    proto_day,
    read_rule,
    refused,
    request_id,
    serving,
    stamp,
)

TAKEN_ID = "7c6e1a52-55b0-4d3f-9a51-0d0c9a4f3f10"


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with accounts in every state that a refusal needs."""
    async with serving(tmp_path_factory.mktemp("billing")) as running:
        await running.inside(_prepare)
        taken = payment_request(request_id=TAKEN_ID, payment_id="taken")
        await running.call(running.stubs.payments.RecordPayment, taken)
        yield running


def _prepare(billing: Billing) -> None:
    billing.issuer()
    billing.plan()
    for account in ("acme", "bolt", "core", "dent", "stuck"):
        billing.account(account)
    billing.sandbox("toy")
    billing.sandbox("moving")
    billing.account("tot", sandbox="toy")
    billing.account("mover", sandbox="moving")
    billing.set_profile("bolt", payer="acme")
    billing.subscribe("a", account="acme", on="2026-03-02 09:00")
    billing.subscribe("lost", account="dent", on="2026-03-02 09:00", plan="unknown")
    billing.step("moving", "2026-03-02 10:00", target="2026-04-02")
    billing.park("stuck")
    billing.pay("1", value_on="2026-03-01", payer="acme", payment="gone")
    billing.reverse("gone")
    billing.clock.advance_to(at("2026-04-01 00:00:03"))
    billing.peer_tells_up_to(billing.clock.now())
    billing.go_to("2026-04-01 00:00:04")
    billing.subscribe("later", account="acme", on="2026-04-01 00:00:04")


def reversal(payer: str, payment: str) -> payment_pb.ReversePaymentRequest:
    return payment_pb.ReversePaymentRequest(
        name=f"accounts/{payer}/payments/{payment}", request_id=request_id()
    )


def step_request(sandbox: str, to_at: int) -> step_pb.StepToRequest:
    return step_pb.StepToRequest(sandbox=f"sandboxes/{sandbox}", to_time=stamp(to_at))


FAR = event_pb2.FeedPosition(epoch=1, seq=10**9)
PROFILE = "accounts/{}/billingProfile"

REFUSALS: list[tuple[str, Any]] = [
    (
        "profiles.GetBillingProfile NOT_FOUND ACCOUNT_NOT_FOUND",
        profile_pb.GetBillingProfileRequest(name=PROFILE.format("nobody")),
    ),
    (
        "profiles.ListBillingProfiles INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(profile_pb.ListBillingProfilesRequest()),
    ),
    (
        "profiles.UpdateBillingProfile NOT_FOUND ACCOUNT_NOT_FOUND",
        profile_request("nobody", legal_name="X"),
    ),
    (
        "profiles.UpdateBillingProfile ABORTED ETAG_MISMATCH",
        profile_request("core", legal_name="X", etag="99"),
    ),
    (
        "profiles.UpdateBillingProfile INVALID_ARGUMENT FIELD_IMMUTABLE",
        profile_request("core", "credit_balance"),
    ),
    (
        "profiles.UpdateBillingProfile NOT_FOUND ISSUER_NOT_FOUND",
        profile_request("core", issuer="issuers/nobody"),
    ),
    (
        "profiles.UpdateBillingProfile NOT_FOUND TERMS_NOT_FOUND",
        profile_request("core", terms="terms/nothing"),
    ),
    (
        "profiles.UpdateBillingProfile NOT_FOUND PAYER_NOT_FOUND",
        profile_request("core", payer="accounts/nobody"),
    ),
    (
        "profiles.UpdateBillingProfile FAILED_PRECONDITION PAYER_IN_OTHER_SANDBOX",
        profile_request("core", payer="accounts/tot"),
    ),
    (
        "profiles.UpdateBillingProfile FAILED_PRECONDITION PAYER_NOT_SELF_PAYING",
        profile_request("core", payer="accounts/bolt"),
    ),
    (
        "profiles.UpdateBillingProfile FAILED_PRECONDITION PAYER_NOT_SELF_PAYING",
        profile_request("acme", payer="accounts/core"),
    ),
    (
        "profiles.UpdateBillingProfile INVALID_ARGUMENT CURRENCY_UNKNOWN",
        profile_request("core", currency="ABC"),
    ),
    (
        "profiles.UpdateBillingProfile FAILED_PRECONDITION CURRENCY_FIXED",
        profile_request("acme", currency="USD"),
    ),
    (
        "profiles.UpdateBillingProfile FAILED_PRECONDITION ACCOUNT_PARKED",
        profile_request("stuck", legal_name="X"),
    ),
    (
        "profiles.UpdateBillingProfile ABORTED SANDBOX_ADVANCING",
        profile_request("mover", legal_name="X"),
    ),
    (
        "subscriptions.GetSubscription NOT_FOUND SUBSCRIPTION_NOT_FOUND",
        subscription_pb.GetSubscriptionRequest(name="accounts/acme/subscriptions/nothing"),
    ),
    (
        "subscriptions.ListSubscriptions INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(subscription_pb.ListSubscriptionsRequest(parent="accounts/acme")),
    ),
    (
        "invoices.PreviewInvoice NOT_FOUND ACCOUNT_NOT_FOUND",
        invoice_pb.PreviewInvoiceRequest(parent="accounts/nobody"),
    ),
    (
        "invoices.PreviewInvoice FAILED_PRECONDITION PAYER_NOT_SELF_PAYING",
        invoice_pb.PreviewInvoiceRequest(parent="accounts/bolt"),
    ),
    (
        "invoices.PreviewInvoice FAILED_PRECONDITION PRICE_NOT_FOUND",
        invoice_pb.PreviewInvoiceRequest(parent="accounts/dent"),
    ),
    (
        "invoices.GetInvoice NOT_FOUND INVOICE_NOT_FOUND",
        invoice_pb.GetInvoiceRequest(name="accounts/acme/invoices/nothing"),
    ),
    (
        "invoices.ListInvoices INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(invoice_pb.ListInvoicesRequest(parent="accounts/-")),
    ),
    (
        "invoices.ListInvoiceCharges NOT_FOUND INVOICE_NOT_FOUND",
        invoice_pb.ListInvoiceChargesRequest(parent="accounts/acme/invoices/nothing"),
    ),
    (
        "invoices.ListInvoiceCharges INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(invoice_pb.ListInvoiceChargesRequest(parent="accounts/acme/invoices/inv-000001")),
    ),
    (
        "payments.RecordPayment NOT_FOUND ACCOUNT_NOT_FOUND",
        payment_request("nobody"),
    ),
    (
        "payments.RecordPayment NOT_FOUND INVOICE_NOT_FOUND",
        payment_request(invoice="accounts/acme/invoices/nothing"),
    ),
    (
        "payments.RecordPayment NOT_FOUND INVOICE_NOT_FOUND",
        payment_request("core", invoice="accounts/acme/invoices/inv-000001"),
    ),
    (
        "payments.RecordPayment ALREADY_EXISTS PAYMENT_ALREADY_EXISTS",
        payment_request(payment_id="taken"),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT VALUE_DATE_IN_FUTURE",
        payment_request(value_date=proto_day("2026-04-02")),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT INVALID_AMOUNT",
        payment_request(amount=money(0)),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT INVALID_AMOUNT",
        payment_request(amount=money(-1)),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT INVALID_AMOUNT",
        payment_request(amount=money(2**62)),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT INVALID_AMOUNT",
        payment_request(amount=money(1, nanos=1)),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT INVALID_AMOUNT",
        payment_request(amount=money(1, nanos=-10_000_000)),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT CURRENCY_UNKNOWN",
        payment_request(amount=money(1, "ABC")),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT CURRENCY_MISMATCH",
        payment_request(amount=money(1, "USD"), invoice="accounts/acme/invoices/inv-000001"),
    ),
    (
        "payments.RecordPayment FAILED_PRECONDITION PAYER_NOT_SELF_PAYING",
        payment_request("bolt"),
    ),
    (
        "payments.RecordPayment FAILED_PRECONDITION ACCOUNT_PARKED",
        payment_request("stuck"),
    ),
    ("payments.RecordPayment ABORTED SANDBOX_ADVANCING", payment_request("mover")),
    (
        "payments.RecordPayment ALREADY_EXISTS REQUEST_ID_REUSED",
        payment_request(request_id=TAKEN_ID),
    ),
    (
        "payments.RecordPayment INVALID_ARGUMENT INVALID_FIELD",
        payment_request(request_id=""),
    ),
    (
        "payments.ReversePayment NOT_FOUND PAYMENT_NOT_FOUND",
        reversal("acme", "nothing"),
    ),
    (
        "payments.ReversePayment FAILED_PRECONDITION PAYMENT_ALREADY_REVERSED",
        reversal("acme", "gone"),
    ),
    (
        "payments.ReversePayment FAILED_PRECONDITION ACCOUNT_PARKED",
        reversal("stuck", "any"),
    ),
    ("payments.ReversePayment ABORTED SANDBOX_ADVANCING", reversal("mover", "any")),
    (
        "payments.GetPayment NOT_FOUND PAYMENT_NOT_FOUND",
        payment_pb.GetPaymentRequest(name="accounts/acme/payments/nothing"),
    ),
    (
        "payments.ListPayments INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(payment_pb.ListPaymentsRequest(parent="accounts/acme")),
    ),
    (
        "events.ListEvents OUT_OF_RANGE POSITION_OUT_OF_RANGE",
        event_pb.ListEventsRequest(after=FAR),
    ),
]
STEPS: list[tuple[str, Any]] = [
    (
        "steps.NextDue NOT_FOUND SANDBOX_NOT_FOUND",
        step_pb.NextDueRequest(sandbox="sandboxes/nothing"),
    ),
    (
        "steps.ApplyTo DEADLINE_EXCEEDED POSITION_NOT_REACHED",
        step_pb.ApplyToRequest(position=FAR),
    ),
    (
        "steps.StepTo NOT_FOUND SANDBOX_NOT_FOUND",
        step_request("nothing", at("2026-05-01")),
    ),
    (
        "steps.StepTo FAILED_PRECONDITION TIME_BEFORE_CLOCK",
        step_request("toy", at("2020-01-01")),
    ),
]


@pytest.mark.parametrize(("rule", "request_message"), REFUSALS)
async def test_refuses_by_code_and_reason(served: Served, rule: str, request_message: Any) -> None:
    """Each documented reason is given with its code."""
    method, expected = read_rule(served, rule)
    refusal = await refused(served, method, request_message)
    assert refusal == expected


@pytest.mark.parametrize(("rule", "request_message"), STEPS)
async def test_steps_refuse_by_code_and_reason(
    served: Served, rule: str, request_message: Any
) -> None:
    """The service that leads a sandbox is told why a step cannot be done."""
    method, expected = read_rule(served, rule)
    refusal = await refused(
        served, method, request_message, secret=served.service_secret, within_s=2
    )
    assert refusal == expected


@pytest.mark.parametrize(
    ("rule", "request_message"),
    [
        (
            "profiles.GetBillingProfile PERMISSION_DENIED ACCESS_DENIED",
            profile_pb.GetBillingProfileRequest(name=PROFILE.format("bolt")),
        ),
        (
            "invoices.ListInvoices PERMISSION_DENIED ACCESS_DENIED",
            invoice_pb.ListInvoicesRequest(parent="accounts/-"),
        ),
        (
            "payments.RecordPayment PERMISSION_DENIED ACCESS_DENIED",
            payment_request(),
        ),
        (
            "steps.NextDue PERMISSION_DENIED ACCESS_DENIED",
            step_pb.NextDueRequest(sandbox="sandboxes/toy"),
        ),
        (
            "events.ListEvents PERMISSION_DENIED ACCESS_DENIED",
            event_pb.ListEventsRequest(),
        ),
    ],
)
async def test_integrator_may_not_reach_beyond_its_own_account(
    served: Served, rule: str, request_message: Any
) -> None:
    """An integrator is denied what is another's, all accounts', or not for integrators."""
    method, expected = read_rule(served, rule)
    refusal = await refused(served, method, request_message, secret=INTEGRATOR_SECRET)
    assert refusal == expected


async def test_parked_account_holds_its_sandbox_up(served: Served) -> None:
    """A step that comes upon something that fails names the parked account."""

    def prepare(billing: Billing) -> None:
        billing.sandbox("broken")
        billing.account("cracked", sandbox="broken")
        billing.subscribe("a", account="cracked", plan="unknown")

    await served.inside(prepare)
    request = step_request("broken", at("2026-05-01"))
    refusal = await refused(
        served, served.stubs.steps.StepTo, request, secret=served.service_secret
    )
    assert refusal == (grpc.StatusCode.FAILED_PRECONDITION, "ACCOUNT_PARKED")
