"""The working set of a list of commands: what was gathered, kept true by what was decided.

Values are immutable, so an overlay can show what would hold after some changes at no cost.
"""

from collections import ChainMap, Counter
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field, fields
from datetime import date
from operator import attrgetter
from typing import Any, Final

from billing_service.domain.account import Account, BillingProfile, Standing
from billing_service.domain.billed import Billed
from billing_service.domain.charge import Charge, ChargeKey, billed_by
from billing_service.domain.coupon import Coupon
from billing_service.domain.credit_grant import CreditGrant
from billing_service.domain.credit_ledger import CreditEntry, CreditLedger
from billing_service.domain.credit_note import CreditedInvoice, IssuedCreditNote
from billing_service.domain.draft import Draft
from billing_service.domain.errors import PricedPlanNotFound
from billing_service.domain.invoice import Invoice, InvoiceAccount, IssuedInvoice, Settlement
from billing_service.domain.meter import Meter
from billing_service.domain.one_off_charge import OneOffCharge
from billing_service.domain.party import Issuer, NumberSeries
from billing_service.domain.payment import Allocation, Payment
from billing_service.domain.payment_request import PaymentRequest
from billing_service.domain.plan import Plan
from billing_service.domain.price_change import PriceChange
from billing_service.domain.price_models import Usage
from billing_service.domain.review import Review, ReviewKey
from billing_service.domain.standing import Owed
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscription import Span, Subscription
from billing_service.domain.tax import Taxation, TaxProfile
from billing_service.domain.terms import Terms, TermsVersion
from billing_service.domain.usage.guard import Crossing, UsageGuard
from billing_service.domain.usage.outdated import OutdatedCharge
from billing_service.domain.usage.reservation import Reservation
from billing_service.domain.usage.wanted import UsageWanted
from chassis.use_case import Effects

DocumentKey = tuple[str, str]

# Up to how many entities of a kind are copied rather than overlaid: that is quicker to look up in.
_FEW: Final = 16


@dataclass(slots=True)
class Facts:
    """What a use case gathered, by key. Each loader in `gathering` fills some of the maps.

    Shapes:  `spans` counts the open spans of each account's subscriptions; `owing` names the
             invoices that have a charge of an account; `zones` are the zones of all accounts that
             a payer pays for, `billed` these accounts; `earliest_due` is when the first timer of
             an account is due, `deletions_due` when its deletion for an invoice is, `credit` what
             payers have left in each currency of payments, `credit_uses` the entries of ledgers
             that name an invoice.
    """

    accounts: MutableMapping[str, Account] = field(default_factory=dict)
    profiles: MutableMapping[str, BillingProfile] = field(default_factory=dict)
    standings: MutableMapping[str, Standing] = field(default_factory=dict)
    issuers: MutableMapping[str, Issuer] = field(default_factory=dict)
    terms: MutableMapping[str, Terms] = field(default_factory=dict)
    plans: MutableMapping[str, Plan] = field(default_factory=dict)
    meters: MutableMapping[str, Meter] = field(default_factory=dict)
    tax_profiles: MutableMapping[str, TaxProfile] = field(default_factory=dict)
    price_changes: MutableMapping[DocumentKey, PriceChange] = field(default_factory=dict)
    usages: MutableMapping[UsageWanted, Usage] = field(default_factory=dict)
    series: MutableMapping[str, NumberSeries] = field(default_factory=dict)
    subscriptions: MutableMapping[DocumentKey, Subscription] = field(default_factory=dict)
    # The ids of the subscriptions that follow instances, by account and instance.
    followed: MutableMapping[DocumentKey, str] = field(default_factory=dict)
    spans: MutableMapping[str, Counter[Span]] = field(default_factory=dict)
    invoices: MutableMapping[DocumentKey, Invoice] = field(default_factory=dict)
    settlements: MutableMapping[DocumentKey, Settlement] = field(default_factory=dict)
    invoice_accounts: MutableMapping[DocumentKey, tuple[InvoiceAccount, ...]] = field(
        default_factory=dict
    )
    owing: MutableMapping[str, tuple[DocumentKey, ...]] = field(default_factory=dict)
    credited: MutableMapping[DocumentKey, CreditedInvoice] = field(default_factory=dict)
    payments: MutableMapping[DocumentKey, Payment] = field(default_factory=dict)
    allocations: MutableMapping[DocumentKey, tuple[Allocation, ...]] = field(default_factory=dict)
    billed: MutableMapping[str, tuple[str, ...]] = field(default_factory=dict)
    zones: MutableMapping[str, frozenset[str]] = field(default_factory=dict)
    charged: MutableMapping[ChargeKey, Billed] = field(default_factory=dict)
    charged_in: MutableMapping[str, str] = field(default_factory=dict)
    peer_parked: MutableMapping[str, bool] = field(default_factory=dict)
    earliest_due: MutableMapping[str, int] = field(default_factory=dict)
    deletions_due: MutableMapping[tuple[str, str], int] = field(default_factory=dict)
    credit: MutableMapping[tuple[str, str], int] = field(default_factory=dict)
    grants: MutableMapping[DocumentKey, CreditGrant] = field(default_factory=dict)
    credit_ledgers: MutableMapping[tuple[str, str], CreditLedger] = field(default_factory=dict)
    credit_uses: MutableMapping[DocumentKey, tuple[CreditEntry, ...]] = field(default_factory=dict)
    peer_watermarks: MutableMapping[str, int] = field(default_factory=dict)
    guards: MutableMapping[tuple[str, str, str], UsageGuard] = field(default_factory=dict)
    crossings: MutableMapping[Crossing, bool] = field(default_factory=dict)
    reservations: MutableMapping[DocumentKey, Reservation] = field(default_factory=dict)
    reviews: MutableMapping[ReviewKey, Review] = field(default_factory=dict)
    one_offs: MutableMapping[DocumentKey, OneOffCharge] = field(default_factory=dict)
    # The drafts that rest, by payer and month.
    drafts: MutableMapping[tuple[str, date], Draft] = field(default_factory=dict)
    coupons: MutableMapping[str, Coupon] = field(default_factory=dict)
    # The payers with subscriptions that lapsed, and wait for credit.
    waiting: MutableMapping[str, bool] = field(default_factory=dict)
    payment_requests: MutableMapping[DocumentKey, PaymentRequest] = field(default_factory=dict)
    outdated: MutableMapping[tuple[str, str, str, date, int], OutdatedCharge] = field(
        default_factory=dict
    )

    def overlay(self) -> "Facts":
        """The same facts, on which changes can be tried without touching these."""
        return Facts(
            *[
                dict(each) if isinstance(each, dict) and len(each) <= _FEW else ChainMap({}, each)
                for each in _kinds(self)
            ]
        )

    def copied(self) -> "Facts":
        """The same facts, apart from these: quicker to look up in than an overlay, if few."""
        return Facts(*map(dict, _kinds(self)))

    @property
    def count(self) -> int:
        """How many entities there are."""
        return sum(map(len, _kinds(self)))

    def absorb(self, effects: Effects[Any]) -> None:
        """Take in the changes of a command, for the commands that follow in the list."""
        self.take_in(effects.changes)

    def take_in(self, changes: Iterable[object]) -> None:
        """Take in changed entities."""
        for change in changes:
            self._take_in(change)

    def _take_in(self, change: object) -> None:
        match change:
            case Account():
                self.accounts[change.account] = change
            case BillingProfile():
                self.profiles[change.account] = change
            case Standing():
                self.standings[change.account] = change
            case Issuer():
                self.issuers[change.issuer_id] = change
            case Terms():
                self.terms[change.terms_id] = change
            case Plan():
                self.plans[change.plan_id] = change
            case TaxProfile():
                self.tax_profiles[change.tax_profile_id] = change
            case Meter():
                self.meters[change.meter_id] = change
            case PriceChange():
                self.price_changes[change.key] = change
            case NumberSeries():
                self.series[change.series] = change
            case Subscription():
                self._take_in_subscription(change)
            case _:
                self._take_in_document(change)

    def _take_in_document(self, change: object) -> None:
        match change:
            case IssuedInvoice():
                self._take_in_invoice(change)
            case Settlement():
                self.settlements[change.payer, change.invoice] = change
            case Payment():
                self.payments[change.key] = change
            case IssuedCreditNote():
                key = (change.note.payer, change.note.invoice)
                self.credited[key] = self.credited[key].after(change.credits)
            case Charge():
                self.charged[change.rated.key] = billed_by(change)
            case Allocation():
                key = (change.payer, change.payment)
                self.allocations[key] = (*self.allocations.get(key, ()), change)
            case CreditGrant():
                self.grants[change.key] = change
            case CreditLedger():
                self.credit_ledgers[change.key] = change
            case CreditEntry():
                key = (change.payer, change.invoice)
                self.credit_uses[key] = (*self.credit_uses.get(key, ()), change)
            case _:
                self._take_in_guarded(change)

    def _take_in_guarded(self, change: object) -> None:
        match change:
            case UsageGuard():
                self.guards[change.key] = change
            case Crossing():
                self.crossings[change] = True
            case Reservation():
                self.reservations[change.key] = change
            case Review():
                self.reviews[change.key] = change
            case OutdatedCharge():
                self.outdated[change.key] = change
            case Coupon():
                self.coupons[change.coupon_id] = change
            case OneOffCharge():
                self.one_offs[change.key] = change
            case Draft():
                self.drafts[change.key] = change
            case PaymentRequest():
                self.payment_requests[change.key] = change
            case _:
                raise TypeError(f"not an entity of billing: {change!r}")

    def _take_in_subscription(self, changed: Subscription) -> None:
        before = self.subscriptions.get(changed.key)
        if before is None or before.span != changed.span:
            spans = Counter(self.spans.get(changed.account, ()))
            if before is not None:
                spans[before.span] -= 1
            spans[changed.span] += 1
            self.spans[changed.account] = +spans
        self.add_subscription(changed)

    def add_subscription(self, subscription: Subscription) -> None:
        """Add a subscription as it is stored."""
        self.subscriptions[subscription.key] = subscription
        if subscription.instance:
            followed = (subscription.account, subscription.instance)
            self.followed[followed] = subscription.subscription_id

    def _take_in_invoice(self, issued: IssuedInvoice) -> None:
        key = issued.invoice.key
        self.invoices[key] = issued.invoice
        self.invoice_accounts[key] = issued.accounts
        for each in issued.accounts:
            self.owing[each.account] = (*self.owing.get(each.account, ()), key)
        for charge in issued.charges:
            self.charged[charge.rated.key] = billed_by(charge)

    def standing(self, account: str) -> Standing:
        """Where an account stands; a fresh standing if nothing was billed yet."""
        return self.standings.get(account) or Standing(account)

    def terms_in_force(self, account: str, instant_at: int) -> TermsVersion:
        """The version of an account's terms that is in force at an instant."""
        return self.terms[self.profiles[account].terms_id].at(instant_at)

    def currency_of(self, account: str, instant_at: int) -> str:
        """The currency in which an account is charged."""
        stated = self.profiles[account].currency
        return stated or self.terms_in_force(account, instant_at).currency

    def subscribed(self, subscription: Subscription, instant_at: int) -> SubscribedPlan:
        """A subscription to a plan, with all that prices it; the currency is that of an instant.

        Errors:  PricedPlanNotFound.
        """
        account, plans = subscription.account, subscription.plans
        for plan in plans:
            if plan not in self.plans:
                raise PricedPlanNotFound(plan, subscription.span.first_month)
        return SubscribedPlan(
            subscription=subscription,
            plans={plan: self.plans[plan] for plan in plans},
            currency=self.currency_of(account, instant_at),
            zone=self.accounts[account].time_zone,
            changes=tuple(
                each
                for each in self.price_changes.values()
                if each.account == account and each.plan in plans
            ),
            coupons=self.coupons,
        )

    def taxation_of(self, account: str) -> Taxation | None:
        """How an account's invoices are taxed; None if its profile names no tax profile."""
        profile = self.profiles[account]
        if not profile.tax_profile:
            return None
        return Taxation(
            self.tax_profiles[profile.tax_profile], profile.tax_treatment, profile.tax_note
        )

    def owed_by(self, account: str) -> list[Owed]:
        """The unsettled invoices with a charge of an account."""
        return [
            Owed(key[1], invoice.month, invoice.dates.last_service_on, each.stop_at)
            for key in self.owing.get(account, ())
            if self.settlements[key].settled_on is None
            for invoice in [self.invoices[key]]
            for each in self.invoice_accounts[key]
            if each.account == account
        ]

    def credit_balance(self, account: str, instant_at: int) -> tuple[int, str]:
        """What an account has paid beyond its invoices, in the currency it is charged in."""
        currency = self.currency_of(account, instant_at)
        return self.credit.get((account, currency), 0), currency

    def closed_through(self, account: str) -> date | None:
        """The last month of an account that is billed for good."""
        return self.standing(account).closed_through


# The entities of each kind, in the order of the fields.
_kinds: Final = attrgetter(*(each.name for each in fields(Facts)))
