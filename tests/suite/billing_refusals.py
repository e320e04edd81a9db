"""How to bring about each refusal that the billing service documents."""

from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from tests.suite.refusal_cases import Attempt, case, on_account, plain
from tests.suite.requests import sample
from tests.suite.world import DEFAULT_LADDER, SANDBOX_START, World

ISSUERS: Final = "billing.IssuerService"
PROFILES: Final = "billing.BillingProfileService"
TERMS: Final = "billing.TermsService"
INVOICES: Final = "billing.InvoiceService"
PAYMENTS: Final = "billing.PaymentService"
STEPS: Final = "billing.SandboxStepService"
EVENTS: Final = "billing.EventService"
PAYER: Final = 'update_mask {{paths: "payer"}} billing_profile {{payer: "accounts/{}"}}'


def _profile(reason: str, field: str, value: str) -> None:
    """Register a refusal of an account's profile for one field's value."""
    more = f'billing_profile {{{field}: "{value}"}} update_mask {{paths: "{field}"}}'
    on_account(f"{PROFILES}.UpdateBillingProfile", reason, more=more)


# --- issuers --------------------------------------------------------------------------------------

plain(f"{ISSUERS}.GetIssuer", "ISSUER_NOT_FOUND")
plain(f"{ISSUERS}.UpdateIssuer", "ISSUER_NOT_FOUND")


@case(f"{ISSUERS}.CreateIssuer", "ISSUER_ALREADY_EXISTS")
async def _taken_issuer(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, new=await world.issuer()))


@case(f"{ISSUERS}.CreateIssuer", "SERIES_TAKEN")
async def _taken_series(world: World, rpc: str) -> Attempt:
    get = f"{ISSUERS}.GetIssuer"
    taken = await world.do(get, sample(get, issuer=await world.issuer()))
    more = f'issuer {{invoice_series: "{taken.issuer.invoice_series}"}}'
    return Attempt(sample(rpc, more=more))


@case(f"{ISSUERS}.UpdateIssuer", "FIELD_IMMUTABLE")
async def _changed_series(world: World, rpc: str) -> Attempt:
    more = 'update_mask {paths: "invoice_series"}'
    return Attempt(sample(rpc, issuer=await world.issuer(), more=more))


# --- billing profiles -----------------------------------------------------------------------------

plain(f"{PROFILES}.GetBillingProfile", "ACCOUNT_NOT_FOUND")
plain(f"{PROFILES}.UpdateBillingProfile", "ACCOUNT_NOT_FOUND")
on_account(
    f"{PROFILES}.UpdateBillingProfile",
    "FIELD_IMMUTABLE",
    more='update_mask {paths: "expire_date"}',
)
_profile("ISSUER_NOT_FOUND", "issuer", "issuers/nobody")
_profile("TERMS_NOT_FOUND", "terms", "terms/nothing")
_profile("PAYER_NOT_FOUND", "payer", "accounts/nobody")
_profile("CURRENCY_UNKNOWN", "currency", "ZZZ")
_profile("TAX_PROFILE_NOT_FOUND", "tax_profile", "taxProfiles/nothing")


@case(f"{PROFILES}.UpdateBillingProfile", "PAYER_IN_OTHER_SANDBOX")
async def _payer_elsewhere(world: World, rpc: str) -> Attempt:
    payer = await world.account(await world.sandbox())
    return Attempt(sample(rpc, account=await world.account(), more=PAYER.format(payer)))


@case(f"{PROFILES}.UpdateBillingProfile", "PAYER_NOT_SELF_PAYING")
async def _payer_that_is_paid_for(world: World, rpc: str) -> Attempt:
    paid_for = await _paid_for(world)
    return Attempt(sample(rpc, account=await world.account(), more=PAYER.format(paid_for)))


@case(f"{PROFILES}.UpdateBillingProfile", "CURRENCY_FIXED")
async def _currency_of_a_charged_account(world: World, rpc: str) -> Attempt:
    owner = await world.unpaid()
    more = 'billing_profile {currency: "USD"} update_mask {paths: "currency"}'
    return Attempt(sample(rpc, account=owner.account, more=more))


# --- terms ----------------------------------------------------------------------------------------

plain(f"{TERMS}.CreateTerms", "INVALID_TERMS", more="version {due_day: 11}")
plain(f"{TERMS}.CreateTerms", "TIME_ZONE_UNKNOWN", more='version {time_zone: "Mars/Olympus"}')
plain(f"{TERMS}.CreateTerms", "CURRENCY_UNKNOWN", more='version {currency: "ZZZ"}')
plain(f"{TERMS}.GetTerms", "TERMS_NOT_FOUND")
plain(f"{TERMS}.AddTermsVersion", "TERMS_NOT_FOUND")


def _version_of_terms(reason: str, more: str) -> None:
    """Register a refusal of a further version of terms."""

    async def build(world: World, rpc: str) -> Attempt:
        return Attempt(sample(rpc, terms=await world.terms(), more=f"version {{{more}}}"))

    case(f"{TERMS}.AddTermsVersion", reason)(build)


_version_of_terms("INVALID_TERMS", "deletion_day: 9")
_version_of_terms("TIME_ZONE_UNKNOWN", 'time_zone: "Mars/Olympus"')
_version_of_terms("CURRENCY_UNKNOWN", 'currency: "ZZZ"')
_version_of_terms("EFFECTIVE_TIME_NOT_AHEAD", "effective_time {seconds: 1}")


@case(f"{TERMS}.CreateTerms", "TERMS_ALREADY_EXISTS")
async def _taken_terms(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, new=await world.terms()))


# --- subscriptions and invoices -------------------------------------------------------------------

on_account("billing.SubscriptionService.GetSubscription", "SUBSCRIPTION_NOT_FOUND")
on_account(f"{INVOICES}.GetInvoice", "INVOICE_NOT_FOUND")
on_account(f"{INVOICES}.ListInvoiceCharges", "INVOICE_NOT_FOUND")
on_account(f"{INVOICES}.ExplainInvoiceLine", "INVOICE_NOT_FOUND")
plain(f"{INVOICES}.PreviewInvoice", "ACCOUNT_NOT_FOUND")


@case(f"{INVOICES}.PreviewInvoice", "PAYER_NOT_SELF_PAYING")
@case(f"{PAYMENTS}.RecordPayment", "PAYER_NOT_SELF_PAYING")
async def _account_that_is_paid_for(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, account=await _paid_for(world)))


@case(f"{INVOICES}.PreviewInvoice", "PRICE_NOT_FOUND")
async def _band_without_a_price(world: World, rpc: str) -> Attempt:
    plan = await world.plan()
    owner = await world.integrator(f'ladder {{creations_max: 0 band: 77}} plan: "plans/{plan}"')
    await world.subscribed(owner)
    return Attempt(sample(rpc, account=owner.account))


@case(f"{INVOICES}.PreviewInvoice", "TAX_RATE_NOT_FOUND")
async def _category_without_a_rate(world: World, rpc: str) -> Attempt:
    taxes = await world.tax_profile("freight")
    owner = await world.integrator(f'{DEFAULT_LADDER} plan: "plans/{await world.plan()}"')
    await world.subscribed(owner)
    update = f"{PROFILES}.UpdateBillingProfile"
    more = (
        f'billing_profile {{tax_profile: "taxProfiles/{taxes}"}}'
        ' update_mask {paths: "tax_profile"}'
    )
    await world.do(update, sample(update, account=owner.account, more=more))
    return Attempt(sample(rpc, account=owner.account))


@case(f"{INVOICES}.ExplainInvoiceLine", "LINE_NOT_FOUND")
async def _line_after_the_last(world: World, rpc: str) -> Attempt:
    account = (await world.unpaid()).account
    invoice = await world.invoice_of(account)
    return Attempt(sample(rpc, account=account, invoice=invoice, more="line_number: 99"))


# --- payments -------------------------------------------------------------------------------------

plain(f"{PAYMENTS}.RecordPayment", "ACCOUNT_NOT_FOUND")
on_account(f"{PAYMENTS}.RecordPayment", "CURRENCY_UNKNOWN", more='amount {currency_code: "ZZZ"}')
on_account(f"{PAYMENTS}.RecordPayment", "INVALID_AMOUNT", more="amount {units: 0}")
on_account(f"{PAYMENTS}.RecordPayment", "VALUE_DATE_IN_FUTURE", more="value_date {year: 2150}")
on_account(f"{PAYMENTS}.ReversePayment", "PAYMENT_NOT_FOUND")
on_account(f"{PAYMENTS}.GetPayment", "PAYMENT_NOT_FOUND")


@case(f"{PAYMENTS}.RecordPayment", "INVOICE_NOT_FOUND")
async def _payment_of_no_invoice(world: World, rpc: str) -> Attempt:
    account = await world.account()
    more = f'invoice: "accounts/{account}/invoices/inv-999999"'
    return Attempt(sample(rpc, account=account, more=more))


@case(f"{PAYMENTS}.RecordPayment", "CURRENCY_MISMATCH")
async def _payment_in_another_currency(world: World, rpc: str) -> Attempt:
    account = (await world.unpaid()).account
    invoice = f"accounts/{account}/invoices/{await world.invoice_of(account)}"
    more = f'invoice: "{invoice}" amount {{currency_code: "USD"}}'
    return Attempt(sample(rpc, account=account, more=more))


@case(f"{PAYMENTS}.RecordPayment", "PAYMENT_ALREADY_EXISTS")
async def _taken_payment(world: World, rpc: str) -> Attempt:
    account = await world.account()
    return Attempt(sample(rpc, account=account, new=await world.payment(account)))


@case(f"{PAYMENTS}.ReversePayment", "PAYMENT_ALREADY_REVERSED")
async def _second_reversal(world: World, rpc: str) -> Attempt:
    account = await world.account()
    payment = await world.payment(account)
    await world.do(rpc, sample(rpc, account=account, payment=payment))
    return Attempt(sample(rpc, account=account, payment=payment))


# --- steps of a sandbox, feed ---------------------------------------------------------------------

plain(f"{STEPS}.NextDue", "SANDBOX_NOT_FOUND")
plain(f"{STEPS}.StepTo", "SANDBOX_NOT_FOUND")
for _verb in ("ListEvents", "WatchEvents"):
    plain(f"{EVENTS}.{_verb}", "POSITION_OUT_OF_RANGE", more="after {epoch: 99 seq: 1}")


@case(f"{STEPS}.ApplyTo", "POSITION_NOT_REACHED")
async def _position_ahead(_world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, more="position {seq: 999999}"), within_s=0.5)


@case(f"{STEPS}.StepTo", "TIME_BEFORE_CLOCK")
async def _step_back(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, sandbox=await world.sandbox()))


@case(f"{STEPS}.StepTo", "ACCOUNT_PARKED")
async def _step_past_what_cannot_be_done(world: World, rpc: str) -> Attempt:
    sandbox = await world.sandbox()
    owner = await world.integrator(DEFAULT_LADDER, sandbox=sandbox)
    await world.subscribed(owner)
    # Once billing has answered for the account, it has heard of the subscription.
    preview = f"{INVOICES}.PreviewInvoice"
    await world.call(preview, sample(preview, account=owner.account))
    await world.park("billing", owner.account)
    request: Any = sample(rpc, sandbox=sandbox)
    request.to_time.CopyFrom(Timestamp(seconds=int(SANDBOX_START.timestamp()) + 60 * 86_400))
    return Attempt(request)


async def _paid_for(world: World) -> str:
    """An account for which another one pays."""
    account, payer = await world.account(), await world.account()
    rpc = f"{PROFILES}.UpdateBillingProfile"
    await world.do(rpc, sample(rpc, account=account, more=PAYER.format(payer)))
    return account
