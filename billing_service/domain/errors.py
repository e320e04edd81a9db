"""Refusals of the billing service, each with its published reason."""

from dataclasses import dataclass
from datetime import date

from billing_service.domain.calendar import instant_text
from billing_service.domain.refusals import BillingError
from billing_service.domain.refusals import Fault as _Fault
from billing_service.domain.refusals import Faults as _Faults
from billing_service.domain.refusals import InTheWay as _InTheWay
from billing_service.domain.refusals import Missing as _Missing
from billing_service.domain.refusals import Taken as _Taken
from chassis.errors import Kind, PreconditionFailure, ResourceInfo


class IssuerAlreadyExists(_Taken):
    """The issuer's id is taken."""

    reason = "ISSUER_ALREADY_EXISTS"

    def __init__(self, issuer: str) -> None:
        super().__init__(f"issuers/{issuer}", "choose another issuer_id")


class IssuerNotFound(BillingError):
    """There is no such issuer; or one is needed and there is none at all."""

    kind = Kind.NOT_FOUND
    reason = "ISSUER_NOT_FOUND"

    def __init__(self, issuer: str) -> None:
        name = f"issuers/{issuer}"
        super().__init__(
            f"{name} is not known: create an issuer, or check the name.",
            detail=ResourceInfo("pospago/Issuer", name),
        )


class IssuerNeeded(IssuerNotFound):
    """An invoice is to be issued, and there is no issuer at all."""

    kind = Kind.FAILED_PRECONDITION

    def __init__(self) -> None:
        text = "have nobody who could issue the invoice: create an issuer"
        BillingError.__init__(
            self, f"issuers {text}.", detail=PreconditionFailure(self.reason, "issuers", text)
        )


class SeriesTaken(_Taken):
    """Another issuer numbers its invoices in this series, or could come to."""

    reason = "SERIES_TAKEN"

    def __init__(self, series: str) -> None:
        super().__init__(
            f"series/{series}", "choose one that cannot give another series' numbers, nor TEST-"
        )


class TermsAlreadyExist(_Taken):
    """The terms' id is taken."""

    reason = "TERMS_ALREADY_EXISTS"

    def __init__(self, terms: str) -> None:
        super().__init__(f"terms/{terms}", "choose another terms_id, or add a version")


class TermsNotFound(_Missing):
    """There are no such terms."""

    reason = "TERMS_NOT_FOUND"

    def __init__(self, terms: str) -> None:
        super().__init__(f"terms/{terms}")


class InvalidTerms(_Fault):
    """The days of the terms do not follow each other."""

    reason = "INVALID_TERMS"


@dataclass(frozen=True, slots=True)
class TimeBound:
    """What an effective time must lie after: now, or a last version's, if `version` names one."""

    at: int
    version: int = 0

    @property
    def text(self) -> str:
        """What it is, and the remedy."""
        what = f"when version {self.version}, the last one, takes force" if self.version else "now"
        return f"{instant_text(self.at)}, {what}: choose a later time"


class EffectiveTimeNotAhead(_Fault):
    """A version's effective time is missing, lies behind, or not after the version before."""

    reason = "EFFECTIVE_TIME_NOT_AHEAD"

    def __init__(self, bound: TimeBound) -> None:
        super().__init__("version.effective_time", f"must lie after {bound.text}")


class CurrencyUnknown(_Fault):
    """ISO 4217 knows no currency of that code."""

    reason = "CURRENCY_UNKNOWN"

    def __init__(self, field: str, code: str) -> None:
        super().__init__(field, f"ISO 4217 has no currency {code!r}; use one such as BRL")


class PlanAlreadyExists(_Taken):
    """The plan's id is taken."""

    reason = "PLAN_ALREADY_EXISTS"

    def __init__(self, plan: str) -> None:
        super().__init__(f"plans/{plan}", "choose another plan_id, or add a version")


class PlanNotFound(_Missing):
    """There is no such plan."""

    reason = "PLAN_NOT_FOUND"

    def __init__(self, plan: str) -> None:
        super().__init__(f"plans/{plan}")


class InvalidPrices(_Faults):
    """Prices are twice there, missing, or break a rule of their model."""

    reason = "INVALID_PRICES"


class PriceNotFound(_InTheWay):
    """No version of the plan prices the band in the currency, or there is no such plan."""

    reason = "PRICE_NOT_FOUND"

    def __init__(self, plan: str, wanted: str, month: date, priced: str) -> None:
        """`wanted` is the band and currency without a price, `priced` those that have one."""
        super().__init__(
            f"plans/{plan}",
            f"has no price {wanted} for {month:%Y-%m}, but {priced}: "
            "use one of these, or add a version with that price",
        )


class PricedPlanNotFound(PriceNotFound):
    """Something is charged by a plan that there is not."""

    def __init__(self, plan: str, month: date) -> None:
        _InTheWay.__init__(
            self, f"plans/{plan}", f"is not known, and {month:%Y-%m} is charged by it: create it"
        )


class PriceUnsuited(PriceNotFound):
    """No version of the plan prices the band by whole calendar months, as instances are billed."""

    def __init__(self, plan: str, price: str, month: date) -> None:
        _InTheWay.__init__(
            self,
            f"plans/{plan}",
            f"charges price {price} by other periods than {month:%Y-%m}: add a version in which it "
            "is monthly from day 1, in arrears, with full first and last periods, and not held",
        )


class PayerNotFound(_Missing):
    """Billing does not know the payer."""

    reason = "PAYER_NOT_FOUND"

    def __init__(self, account: str) -> None:
        super().__init__(f"accounts/{account}")


class PayerInOtherSandbox(_InTheWay):
    """The payer lives in another world than the account."""

    reason = "PAYER_IN_OTHER_SANDBOX"

    def __init__(self, payer: str) -> None:
        super().__init__(f"accounts/{payer}", "lives in another sandbox: choose a payer of its own")


class PayerNotSelfPaying(_InTheWay):
    """An account that another pays for cannot pay."""

    reason = "PAYER_NOT_SELF_PAYING"

    def __init__(self, account: str, payer: str) -> None:
        super().__init__(f"accounts/{account}", f"is paid for by accounts/{payer}: use that one")


class CurrencyFixed(_InTheWay):
    """Something was charged, so the currency stays."""

    reason = "CURRENCY_FIXED"

    def __init__(self, account: str, currency: str) -> None:
        super().__init__(
            f"accounts/{account}", f"was charged in {currency}, so it stays: leave currency out"
        )


class SubscriptionNotFound(_Missing):
    """There is no such subscription."""

    reason = "SUBSCRIPTION_NOT_FOUND"


class InvoiceNotFound(_Missing):
    """There is no such invoice."""

    reason = "INVOICE_NOT_FOUND"


class InvoiceNotDraft(_InTheWay):
    """The invoice is issued, or was a draft and is one no more."""

    reason = "INVOICE_NOT_DRAFT"

    def __init__(self, name: str) -> None:
        super().__init__(name, "rests no more: its month is invoiced, so see the payer's invoices")


class LineNotFound(BillingError):
    """The invoice has no such line."""

    kind = Kind.NOT_FOUND
    reason = "LINE_NOT_FOUND"

    def __init__(self, invoice: str, line_number: int) -> None:
        super().__init__(
            f"{invoice} has no line {line_number}: see the numbers of its lines.",
            detail=ResourceInfo("pospago/InvoiceLine", f"{invoice}, line {line_number}"),
        )


class PaymentNotFound(_Missing):
    """There is no such payment."""

    reason = "PAYMENT_NOT_FOUND"


class PaymentAlreadyExists(_Taken):
    """The payment's id is taken."""

    reason = "PAYMENT_ALREADY_EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__(name, "choose another payment_id")


class ValueDateInFuture(_Fault):
    """The value date lies after today."""

    reason = "VALUE_DATE_IN_FUTURE"

    def __init__(self, today: date) -> None:
        super().__init__("value_date", f"lies in the future; today is {today.isoformat()}")


class PaymentAlreadyReversed(_InTheWay):
    """The payment was taken back before."""

    reason = "PAYMENT_ALREADY_REVERSED"

    def __init__(self, name: str) -> None:
        super().__init__(name, "was reversed already: record a new payment instead")


class InvalidAmount(_Fault):
    """The amount is not positive, too large, or finer than the minor unit."""

    reason = "INVALID_AMOUNT"


class CurrencyMismatch(_Fault):
    """The invoice that the payment names is in another currency."""

    reason = "CURRENCY_MISMATCH"

    def __init__(self, paid: str, owed: str) -> None:
        super().__init__("amount.currency_code", f"is {paid}, but the invoice is in {owed}")


class TimeBeforeClock(_InTheWay):
    """The step goes back in time."""

    reason = "TIME_BEFORE_CLOCK"

    def __init__(self, sandbox: str) -> None:
        super().__init__(f"sandboxes/{sandbox}", "is past that time already: step forward only")


class TaxProfileAlreadyExists(_Taken):
    """The tax profile's id is taken."""

    reason = "TAX_PROFILE_ALREADY_EXISTS"

    def __init__(self, tax_profile: str) -> None:
        super().__init__(
            f"taxProfiles/{tax_profile}", "choose another tax_profile_id, or add a version"
        )


class TaxProfileNotFound(_Missing):
    """There is no such tax profile."""

    reason = "TAX_PROFILE_NOT_FOUND"

    def __init__(self, tax_profile: str) -> None:
        super().__init__(f"taxProfiles/{tax_profile}")


class InvalidTaxRates(_Fault):
    """A rate is twice there or out of bounds, or a version differs in what all must share."""

    reason = "INVALID_TAX_RATES"


class TaxRateNotFound(_InTheWay):
    """No version of a tax profile has a rate for a line's category; '' is one stated in place."""

    reason = "TAX_RATE_NOT_FOUND"

    def __init__(self, tax_profile: str, tax_category: str, day: date) -> None:
        remedy = "add a version with" if tax_profile else "state"
        super().__init__(
            f"taxProfiles/{tax_profile}" if tax_profile else "inline_tax",
            f"has no rate for tax category {tax_category!r} on {day.isoformat()}: "
            f"{remedy} that category, or the empty one for all others",
        )
