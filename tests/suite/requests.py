"""A well-formed request of each rpc, about names that the test chooses."""

import uuid
from string import Template
from typing import Any, Final

from google.protobuf import text_format

from tests.suite.contracts import rpcs
from tests.suite.holding_requests import HOLDING_SAMPLES

# Names that no test gives to anything, so that a sample does no harm unless it is told to.
UNUSED: Final = {
    "account": "nobody",
    "instance": "nothing",
    "token": "99",
    "member": "nobody",
    "resource": "nothing",
    "sandbox": "nowhere",
    "invoice": "inv-999999",
    "payment": "nothing",
    "payment_request": "nothing",
    "credit": "nothing",
    "credit_note": "nothing",
    "one_off_charge": "nothing",
    "coupon": "nothing",
    "plan": "nothing",
    "meter": "nothing",
    "tax_profile": "nothing",
    "price_change": "nothing",
    "subscription": "nothing",
    "event": "nothing",
    "reservation": "nothing",
    "review": "nothing",
    "terms": "nothing",
    "issuer": "nobody",
    "new": "",
}

# What the programme asks of its prices: whole calendar months, on the invoice of the month.
_WHOLE_MONTHS: Final = (
    "schedule {timing: TIMING_ARREARS first_period: PART_PERIOD_FULL last_period: PART_PERIOD_FULL}"
)

_SUBSCRIPTION: Final = "accounts/$account/subscriptions/$subscription"
_RESERVATION: Final = "accounts/$account/reservations/$reservation"
_PAYMENT_REQUEST: Final = "accounts/$account/paymentRequests/$payment_request"
_ONE_OFF_CHARGE: Final = "accounts/$account/oneOffCharges/$one_off_charge"


def _event(event: str) -> str:
    """The text of an event of the type that a sample meter counts."""
    return (
        f'source: "test" id: "{event}" subject: "accounts/$account" type: "event-$meter"'
        ' data {key: "count" value: "1"}'
    )


_SAMPLES: Final = {
    "access.AccessService.Introspect": 'secret: "pspg_it_unknown"',
    # --- provisioning -------------------------------------------------------------------------
    "provisioning.AccountService.CreateAccount": 'account_id: "$new" account {display_name: "New"}',
    "provisioning.AccountService.GetAccount": 'name: "accounts/$account"',
    "provisioning.AccountService.ListAccounts": "page_size: 1",
    "provisioning.AccountService.UpdateAccount": (
        'account {name: "accounts/$account" display_name: "Other"}'
        ' update_mask {paths: "display_name"}'
    ),
    "provisioning.IntegratorService.EnrolIntegrator": (
        'account: "accounts/$account" programme {licences_min: 1}'
    ),
    "provisioning.IntegratorService.GetIntegrator": 'name: "accounts/$account/integrator"',
    "provisioning.IntegratorService.ListIntegrators": "page_size: 1",
    "provisioning.IntegratorService.UpdateIntegrator": (
        'integrator {name: "accounts/$account/integrator" programme {migrated_band: 2}}'
        ' update_mask {paths: "programme.migrated_band"}'
    ),
    "provisioning.TokenService.RequestToken": 'parent: "accounts/$account"',
    "provisioning.TokenService.ApproveToken": 'name: "accounts/$account/tokens/$token"',
    "provisioning.TokenService.DeclineToken": 'name: "accounts/$account/tokens/$token"',
    "provisioning.TokenService.GetToken": 'name: "accounts/$account/tokens/$token"',
    "provisioning.TokenService.ListTokens": 'parent: "accounts/$account" page_size: 1',
    "provisioning.TokenService.RotateToken": 'name: "accounts/$account/tokens/$token"',
    "provisioning.TokenService.RevokeToken": 'name: "accounts/$account/tokens/$token"',
    "provisioning.InstanceService.CreateInstance": (
        'parent: "accounts/$account" instance_id: "$new" display_name: "New"'
    ),
    "provisioning.InstanceService.GetInstance": 'name: "accounts/$account/instances/$instance"',
    "provisioning.InstanceService.ListInstances": 'parent: "accounts/$account" page_size: 1',
    "provisioning.InstanceService.SubscribeInstance": (
        'name: "accounts/$account/instances/$instance"'
    ),
    "provisioning.InstanceService.CancelInstance": 'name: "accounts/$account/instances/$instance"',
    "provisioning.InstanceService.SuspendInstance": (
        'name: "accounts/$account/instances/$instance" note: "on request"'
    ),
    "provisioning.InstanceService.ResumeInstance": 'name: "accounts/$account/instances/$instance"',
    "provisioning.InstanceService.ImportInstance": (
        'parent: "accounts/$account" instance_id: "$new"'
        " paid_through_date {year: 2099 month: 12 day: 31}"
    ),
    "provisioning.SandboxService.CreateSandbox": 'sandbox_id: "$new" display_name: "New"',
    "provisioning.SandboxService.GetSandbox": 'name: "sandboxes/$sandbox"',
    "provisioning.SandboxService.ListSandboxes": "page_size: 1",
    # A time that no sandbox's clock stands before.
    "provisioning.SandboxService.AdvanceSandbox": (
        'name: "sandboxes/$sandbox" to_time {seconds: 1}'
    ),
    "provisioning.EventService.ListEvents": 'account: "accounts/$account" page_size: 1',
    "provisioning.EventService.WatchEvents": (
        'account: "accounts/$account" heartbeat {nanos: 100000000}'
    ),
    **HOLDING_SAMPLES,
    # --- billing ------------------------------------------------------------------------------
    "billing.IssuerService.CreateIssuer": (
        'issuer_id: "$new" issuer {legal_name: "New Ltda" invoice_series: "NEW-"}'
    ),
    "billing.IssuerService.GetIssuer": 'name: "issuers/$issuer"',
    "billing.IssuerService.ListIssuers": "page_size: 1",
    "billing.IssuerService.UpdateIssuer": (
        'issuer {name: "issuers/$issuer" legal_name: "Other Ltda"}'
        ' update_mask {paths: "legal_name"}'
    ),
    "billing.BillingProfileService.GetBillingProfile": 'name: "accounts/$account/billingProfile"',
    "billing.BillingProfileService.ListBillingProfiles": "page_size: 1",
    "billing.BillingProfileService.UpdateBillingProfile": (
        'billing_profile {name: "accounts/$account/billingProfile" reference_text: "Order 7"}'
        ' update_mask {paths: "reference_text"}'
    ),
    "billing.CatalogService.CreatePlan": (
        'plan_id: "$new" plan {display_name: "New" version_policy: VERSION_POLICY_FOLLOW'
        ' versions {prices {code: "instance" band: 1 currency: "BRL" recurring {}'
        f' flat {{amount {{value: "10"}}}}}} {_WHOLE_MONTHS}}}}}'
    ),
    "billing.CatalogService.AddPlanVersion": (
        'name: "plans/$plan" version {effective_time {seconds: 4102444800}'
        ' prices {code: "instance" band: 1 currency: "BRL" recurring {}'
        f' flat {{amount {{value: "11"}}}}}} {_WHOLE_MONTHS}}}'
    ),
    "billing.CatalogService.GetPlan": 'name: "plans/$plan"',
    "billing.CatalogService.ListPlans": "page_size: 1",
    "billing.CatalogService.ApplyCatalog": (
        'catalog {meters {name: "meters/$new" event_name: "api.call"'
        " aggregation: AGGREGATION_COUNT}"
        ' tax_profiles {name: "taxProfiles/$new" versions {rates {percent {value: "5"}}}}'
        ' plans {name: "plans/$new" version_policy: VERSION_POLICY_FOLLOW versions {prices'
        ' {code: "calls" currency: "BRL" metered {meter: "meters/$new"}'
        ' per_unit {unit_price {value: "0.01"}}}}}}'
        " effective_time {seconds: 4102444800}"
    ),
    "billing.MeterService.CreateMeter": (
        'meter_id: "$new" meter {event_name: "event-$new" aggregation: AGGREGATION_SUM'
        ' value_property: "count" dimensions: "method" dimensions: "seat"}'
    ),
    "billing.MeterService.GetMeter": 'name: "meters/$meter"',
    "billing.MeterService.ListMeters": "page_size: 1",
    "billing.TaxProfileService.CreateTaxProfile": (
        'tax_profile_id: "$new" tax_profile {versions {rates {display_name: "ISS"'
        ' percent {value: "5"}}}}'
    ),
    "billing.TaxProfileService.AddTaxProfileVersion": (
        'name: "taxProfiles/$tax_profile" version {effective_time {seconds: 4102444800}'
        ' rates {display_name: "ISS" percent {value: "4.5"}}}'
    ),
    "billing.TaxProfileService.GetTaxProfile": 'name: "taxProfiles/$tax_profile"',
    "billing.TaxProfileService.ListTaxProfiles": "page_size: 1",
    "billing.EstimateService.Estimate": 'plan: "plans/$plan" account: "accounts/$account" band: 1',
    "billing.PriceChangeService.CreatePriceChange": (
        'parent: "accounts/$account" price_change_id: "$new" price_change {plan: "plans/$plan"'
        ' effective_date {year: 2100 month: 1 day: 1} indexation {percent {value: "3.5"}}}'
    ),
    "billing.PriceChangeService.GetPriceChange": (
        'name: "accounts/$account/priceChanges/$price_change"'
    ),
    "billing.PriceChangeService.ListPriceChanges": 'parent: "accounts/$account" page_size: 1',
    "billing.PriceChangeService.CancelPriceChange": (
        'name: "accounts/$account/priceChanges/$price_change"'
    ),
    "billing.SubscriptionService.CreateSubscription": (
        'parent: "accounts/$account" subscription_id: "$new" subscription {plan: "plans/$plan"'
        " band: 1}"
    ),
    "billing.SubscriptionService.ChangeSubscription": (
        f'name: "{_SUBSCRIPTION}" holding {{plan: "plans/$plan" band: 1}}'
    ),
    "billing.SubscriptionService.CancelSubscription": f'name: "{_SUBSCRIPTION}"',
    "billing.SubscriptionService.PreviewChange": (
        f'name: "{_SUBSCRIPTION}" holding {{plan: "plans/$plan" band: 1}}'
    ),
    "billing.SubscriptionService.PreviewCancel": f'name: "{_SUBSCRIPTION}"',
    "billing.SubscriptionService.UndoSubscriptionChange": (
        f'name: "{_SUBSCRIPTION}" change_id: "change-2"'
    ),
    "billing.SubscriptionService.PauseSubscription": f'name: "{_SUBSCRIPTION}"',
    "billing.SubscriptionService.ResumeSubscription": f'name: "{_SUBSCRIPTION}"',
    "billing.SubscriptionService.GetSubscription": (
        'name: "accounts/$account/subscriptions/$instance"'
    ),
    "billing.SubscriptionService.ListSubscriptions": 'parent: "accounts/$account" page_size: 1',
    # --- usage --------------------------------------------------------------------------------
    "billing.UsageService.IngestEvents": f"events {{{_event('$new')}}}",
    "billing.UsageService.StreamEvents": f"batch: 1 events {{{_event('$new')}}}",
    "billing.UsageService.AmendEvent": (
        'parent: "accounts/$account" event {source: "test" id: "$event"}'
        ' data {key: "count" value: "2"} reason: "miscounted"'
    ),
    "billing.UsageService.VoidEvents": (
        'parent: "accounts/$account" keys {keys {source: "test" id: "$event"}} reason: "a trial"'
    ),
    "billing.UsageService.ListUsageEvents": 'parent: "accounts/$account" page_size: 1',
    "billing.UsageService.GetUsageSummary": f'subscription: "{_SUBSCRIPTION}"',
    "billing.UsageService.QueryUsage": 'parent: "accounts/$account" meter: "meters/$meter"',
    "billing.UsageService.WatchUsage": f'subscription: "{_SUBSCRIPTION}"',
    # A month before any event that is taken in.
    "billing.UsageService.AgeOutEvents": "before_month {year: 2020 month: 1 day: 1}",
    "billing.UsageGuardService.SetUsageGuard": (
        f'guard {{name: "{_SUBSCRIPTION}/usageGuards/calls" percents {{value: "80"}}'
        ' amounts {currency_code: "BRL" units: 5} ceiling {value: "100"}}'
    ),
    "billing.UsageGuardService.GetUsageGuard": f'name: "{_SUBSCRIPTION}/usageGuards/calls"',
    "billing.UsageGuardService.ReserveUsage": (
        f'subscription: "{_SUBSCRIPTION}" price: "calls" quantity {{value: "1"}}'
    ),
    "billing.UsageGuardService.SettleReservation": (
        f'name: "{_RESERVATION}" event {{{_event("$new")}}}'
    ),
    "billing.UsageGuardService.ReleaseReservation": f'name: "{_RESERVATION}"',
    "billing.UsageGuardService.GetReservation": f'name: "{_RESERVATION}"',
    "billing.UsageGuardService.ListReservations": 'parent: "accounts/$account" page_size: 1',
    "billing.ReviewService.GetReview": 'name: "accounts/$account/reviews/$review"',
    "billing.ReviewService.ListReviews": 'parent: "accounts/$account" page_size: 1',
    "billing.ReviewService.DecideReview": (
        'name: "accounts/$account/reviews/$review" decision: DECISION_WAIVE note: "a gift"'
    ),
    # --- invoices and payments ----------------------------------------------------------------
    "billing.InvoiceService.PreviewInvoice": 'parent: "accounts/$account"',
    "billing.InvoiceService.GetInvoice": 'name: "accounts/$account/invoices/$invoice"',
    "billing.InvoiceService.ListInvoices": 'parent: "accounts/$account" page_size: 1',
    "billing.InvoiceService.ListInvoiceCharges": (
        'parent: "accounts/$account/invoices/$invoice" page_size: 1'
    ),
    "billing.InvoiceService.ExplainInvoiceLine": (
        'name: "accounts/$account/invoices/$invoice" line_number: 1'
    ),
    "billing.InvoiceService.IssueInvoice": 'name: "accounts/$account/invoices/$invoice"',
    "billing.InvoiceService.HoldInvoice": (
        'name: "accounts/$account/invoices/$invoice" note: "to be looked at"'
    ),
    "billing.InvoiceService.ReleaseInvoice": 'name: "accounts/$account/invoices/$invoice"',
    "billing.PaymentService.RecordPayment": (
        'parent: "accounts/$account" payment_id: "$new"'
        ' amount {currency_code: "BRL" units: 1} value_date {year: 2020 month: 1 day: 2}'
    ),
    "billing.PaymentService.ReversePayment": 'name: "accounts/$account/payments/$payment"',
    "billing.PaymentService.GetPayment": 'name: "accounts/$account/payments/$payment"',
    "billing.PaymentService.ListPayments": 'parent: "accounts/$account" page_size: 1',
    "billing.PaymentRequestService.SettlePaymentRequest": (
        f'name: "{_PAYMENT_REQUEST}" declined {{note: "no funds"}}'
    ),
    "billing.PaymentRequestService.CancelPaymentRequest": f'name: "{_PAYMENT_REQUEST}"',
    "billing.PaymentRequestService.GetPaymentRequest": f'name: "{_PAYMENT_REQUEST}"',
    "billing.PaymentRequestService.ListPaymentRequests": 'parent: "accounts/$account" page_size: 1',
    "billing.CreditNoteService.CreateCreditNote": (
        'parent: "accounts/$account" invoice: "accounts/$account/invoices/$invoice"'
        ' lines {line_number: 1 amount {currency_code: "BRL" nanos: 10000000}} reason: "a slip"'
    ),
    "billing.CreditNoteService.GetCreditNote": (
        'name: "accounts/$account/creditNotes/$credit_note"'
    ),
    "billing.CreditNoteService.ListCreditNotes": 'parent: "accounts/$account" page_size: 1',
    "billing.CreditService.GrantCredit": (
        'parent: "accounts/$account" credit_id: "$new" kind: KIND_GRANTED'
        ' amount {currency_code: "BRL" units: 1} application: APPLICATION_AFTER_TAX'
    ),
    "billing.CreditService.VoidCredit": (
        'name: "accounts/$account/credits/$credit" note: "a slip"'
    ),
    "billing.CreditService.GetCredit": 'name: "accounts/$account/credits/$credit"',
    "billing.CreditService.ListCredits": 'parent: "accounts/$account" page_size: 1',
    "billing.CreditService.ListCreditEntries": 'parent: "accounts/$account" page_size: 1',
    "billing.OneOffChargeService.CreateOneOffCharge": (
        'parent: "accounts/$account" one_off_charge_id: "$new"'
        ' one_off_charge {description: "Setup" quantity {value: "2"} unit_price {value: "10"}}'
    ),
    "billing.OneOffChargeService.CancelOneOffCharge": f'name: "{_ONE_OFF_CHARGE}" note: "a slip"',
    "billing.OneOffChargeService.GetOneOffCharge": f'name: "{_ONE_OFF_CHARGE}"',
    "billing.OneOffChargeService.ListOneOffCharges": 'parent: "accounts/$account" page_size: 1',
    "billing.CouponService.CreateCoupon": (
        'coupon_id: "$new" coupon {percent {value: "10"} forever: true}'
    ),
    "billing.CouponService.DeactivateCoupon": 'name: "coupons/$coupon"',
    "billing.CouponService.GetCoupon": 'name: "coupons/$coupon"',
    "billing.CouponService.ListCoupons": "page_size: 1",
    "billing.TermsService.CreateTerms": (
        'terms_id: "$new" version {due_day: 5 last_service_day: 10 deletion_day: 15'
        ' deletion_hour: 12 time_zone: "America/Sao_Paulo" currency: "BRL"}'
    ),
    "billing.TermsService.AddTermsVersion": (
        'name: "terms/$terms" version {effective_time {seconds: 4102444800} due_day: 6'
        " last_service_day: 10 deletion_day: 15 deletion_hour: 12"
        ' time_zone: "America/Sao_Paulo" currency: "BRL"}'
    ),
    "billing.TermsService.GetTerms": 'name: "terms/$terms"',
    "billing.TermsService.ListTerms": "page_size: 1",
    "billing.SandboxStepService.NextDue": 'sandbox: "sandboxes/$sandbox"',
    "billing.SandboxStepService.ApplyTo": "position {epoch: 1}",
    "billing.SandboxStepService.StepTo": 'sandbox: "sandboxes/$sandbox" to_time {seconds: 1}',
    "billing.EventService.ListEvents": 'account: "accounts/$account" page_size: 1',
    "billing.EventService.WatchEvents": 'account: "accounts/$account" heartbeat {nanos: 100000000}',
}


def fresh(prefix: str) -> str:
    """A name that was never used."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def sample(rpc: str, *, more: str = "", **names: str) -> Any:
    """A well-formed request with a fresh request id; `more` is text format that is added to it."""
    told = UNUSED | {"new": fresh("new")} | names
    request = rpcs()[rpc].request_class()
    text_format.Parse(Template(_SAMPLES[rpc]).substitute(told), request)
    if rpcs()[rpc].field("request_id") is not None:
        vars_of: Any = request
        vars_of.request_id = str(uuid.uuid4())
    if more:
        text_format.Merge(more, request)
    return request
