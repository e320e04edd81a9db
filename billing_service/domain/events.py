"""What billing tells the world: one type per event of the contract."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_service.domain.account import BillingProfile, Standing
from billing_service.domain.coupon import Coupon
from billing_service.domain.credit_grant import CreditGrant
from billing_service.domain.credit_ledger import CreditEntry
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.draft import Draft
from billing_service.domain.entitlements import Entitlements
from billing_service.domain.invoice import IssuedInvoice, Settlement
from billing_service.domain.meter import Meter
from billing_service.domain.one_off_charge import OneOffCharge
from billing_service.domain.party import Issuer
from billing_service.domain.payment import Allocation, Payment
from billing_service.domain.payment_request import PaymentRequest
from billing_service.domain.plan import Plan
from billing_service.domain.price_change import PriceChange
from billing_service.domain.review import Review
from billing_service.domain.subscription import Subscription, SubscriptionState
from billing_service.domain.tax import TaxProfile
from billing_service.domain.terms import Terms
from billing_service.domain.usage.correction import Correction
from billing_service.domain.usage.guard import Reading, Threshold, UsageGuard
from billing_service.domain.usage.outdated import OutdatedCharge


@dataclass(frozen=True, slots=True)
class IssuerCreated:
    """An issuer was created."""

    issuer: Issuer


@dataclass(frozen=True, slots=True)
class IssuerUpdated:
    """An issuer was changed."""

    issuer: Issuer


@dataclass(frozen=True, slots=True)
class TermsCreated:
    """Terms were created."""

    terms: Terms


@dataclass(frozen=True, slots=True)
class TermsVersionAdded:
    """Terms got a version."""

    terms: Terms


@dataclass(frozen=True, slots=True)
class PlanCreated:
    """A plan was created."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanVersionAdded:
    """A plan got a version."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanUpdated:
    """A plan was changed, its prices aside."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class MeterCreated:
    """A meter was created."""

    meter: Meter


@dataclass(frozen=True, slots=True)
class MeterUpdated:
    """A meter was changed: what it is called."""

    meter: Meter


@dataclass(frozen=True, slots=True)
class PriceChangeScheduled:
    """An account is given notice of a price change of its own."""

    change: PriceChange


@dataclass(frozen=True, slots=True)
class PriceChangeCancelled:
    """A price change will not come about."""

    change: PriceChange


@dataclass(frozen=True, slots=True)
class TaxProfileCreated:
    """A tax profile was created."""

    profile: TaxProfile


@dataclass(frozen=True, slots=True)
class TaxProfileUpdated:
    """A tax profile was changed, its rates aside."""

    profile: TaxProfile


@dataclass(frozen=True, slots=True)
class TaxProfileVersionAdded:
    """A tax profile got a version."""

    profile: TaxProfile


@dataclass(frozen=True, slots=True)
class BillingProfileUpdated:
    """A billing profile was changed."""

    profile: BillingProfile
    standing: Standing
    credit: tuple[int, str]


@dataclass(frozen=True, slots=True)
class AccountZoneFixed:
    """The zone of an account holds for good."""

    account: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class SubscriptionChanged:
    """A subscription began, was changed, paused, cancelled, was taken up again or ended.

    `at` is when it stands so: something else may be in force later.
    """

    subscription: Subscription
    state: SubscriptionState
    at: int


@dataclass(frozen=True, slots=True)
class InvoiceIssued:
    """An invoice was issued."""

    issued: IssuedInvoice
    settlement: Settlement


@dataclass(frozen=True, slots=True)
class InvoiceSettled:
    """An invoice was paid in full."""

    settlement: Settlement


@dataclass(frozen=True, slots=True)
class InvoiceReopened:
    """A payment was reversed, and with it an invoice is open again."""

    settlement: Settlement


@dataclass(frozen=True, slots=True)
class InvoiceDueSoon:
    """An open invoice falls due soon."""

    settlement: Settlement
    due_on: date
    currency: str


@dataclass(frozen=True, slots=True)
class InvoiceOverdue:
    """An invoice's due date passed, and it is not settled."""

    settlement: Settlement
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentRecorded:
    """A payment was recorded."""

    payment: Payment
    allocations: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True)
class PaymentReversed:
    """A payment was reversed."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class PaymentRequested:
    """A provider is to collect a payment, and to tell the outcome."""

    request: PaymentRequest


@dataclass(frozen=True, slots=True)
class PaymentRequestClosed:
    """The outcome of a request for payment is known."""

    request: PaymentRequest


@dataclass(frozen=True, slots=True)
class CreditApplied:
    """Credit from an earlier payment went to an invoice."""

    allocation: Allocation
    currency: str


@dataclass(frozen=True, slots=True)
class CreditChanged:
    """The ledger of a payer's credit got an entry; with the credit as it is after it."""

    grant: CreditGrant
    entry: CreditEntry


@dataclass(frozen=True, slots=True)
class AccountExpiryChanged:
    """The last day of service of an account's instances is another one."""

    standing: Standing


@dataclass(frozen=True, slots=True)
class AccountStopped:
    """An account's instances stop for non-payment of `payer`'s invoice."""

    account: str
    payer: str
    invoice: str


@dataclass(frozen=True, slots=True)
class AccountStopLifted:
    """The stop of an account's instances is taken back."""

    account: str


@dataclass(frozen=True, slots=True)
class AccountStopAhead:
    """An account's instances will stop at `stop_at` unless `payer`'s invoice is paid."""

    account: str
    payer: str
    invoice: str
    stop_at: int


@dataclass(frozen=True, slots=True)
class EntitlementsChanged:
    """What a subscription gives is another: all of it as it is from the event's instant on."""

    account: str
    subscription: str
    entitlements: Entitlements


@dataclass(frozen=True, slots=True)
class AccountDeletionAhead:
    """An account's instances will be deleted at `deletion_at` unless `payer`'s invoice is paid."""

    account: str
    payer: str
    invoice: str
    deletion_at: int


@dataclass(frozen=True, slots=True)
class AccountDeletionOrdered:
    """An account's instances are to be deleted for non-payment of `payer`'s invoice."""

    account: str
    payer: str
    invoice: str


@dataclass(frozen=True, slots=True)
class UsageThresholdReached:
    """A threshold of a guard was reached: what was used, and what that costs so far."""

    guard: UsageGuard
    period_start_on: date
    threshold: Threshold
    reading: Reading
    currency: str


@dataclass(frozen=True, slots=True)
class UsageGuardChanged:
    """A guard's thresholds or its ceiling were stated."""

    guard: UsageGuard


@dataclass(frozen=True, slots=True)
class UsageCorrected:
    """Events of an account were amended or voided, all for the same reason; the first of them."""

    correction: Correction
    events_count: int
    source: str
    event_id: str


@dataclass(frozen=True, slots=True)
class UsageEventsAgedOut:
    """Events of old months were dropped."""

    months: tuple[date, ...]
    events_count: int


@dataclass(frozen=True, slots=True)
class ReviewChanged:
    """A review was opened, decided or charged; with what is used, and what that costs in full.

    None where nothing prices its period as things stand.
    """

    review: Review
    quantity: Decimal | None
    full_minor: int | None


@dataclass(frozen=True, slots=True)
class OneOffChargeChanged:
    """A one-off charge was created, cancelled or invoiced; with what of it costs nothing, and what
    it comes to as things stand.
    """

    charge: OneOffCharge
    included: Decimal | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CouponChanged:
    """A coupon was created, deactivated or redeemed."""

    coupon: Coupon


@dataclass(frozen=True, slots=True)
class ChargeOutdated:
    """Usage came to be known that a charge on an issued invoice did not count.

    `payer` and `invoice` are empty where nothing was used, and so no invoice has a line for it.
    """

    outdated: OutdatedCharge
    payer: str
    invoice: str


@dataclass(frozen=True, slots=True)
class CreditNoteIssued:
    """A credit note was issued."""

    issued: IssuedCreditNote


@dataclass(frozen=True, slots=True)
class InvoiceDraftChanged:
    """A draft came about, was held or released."""

    draft: Draft
