"""What billing knows of an account: who it is, how it is billed, and where it stands."""

from dataclasses import dataclass, replace
from datetime import date

from billing_service.domain.errors import PayerNotSelfPaying
from billing_service.domain.party import NO_ADDRESS, Party, PostalAddress
from billing_service.domain.tax import TaxTreatment
from billing_service.domain.terms import DEFAULT_TERMS


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the provisioning service: its zone, and the sandbox it lives in, or ''.

    The zone is fixed once usage or a plan's subscription is reckoned in it. `usage_watched`: after
    usage of it something is to be checked, a guard or a review.
    """

    account: str
    sandbox: str
    time_zone: str
    zone_fixed: bool = False
    usage_watched: bool = False

    def with_zone_fixed(self) -> "Account":
        """The account, its zone fixed; whoever stores it tells `AccountZoneFixed`."""
        return replace(self, zone_fixed=True)

    def with_usage_watched(self) -> "Account":
        """The account, its usage watched from now on."""
        return replace(self, usage_watched=True)


@dataclass(frozen=True, slots=True)
class BillingProfile:
    """How an account is billed; an empty field means the default that the contract states."""

    account: str
    legal_name: str
    registration_number: str = ""
    address: PostalAddress = NO_ADDRESS
    billing_email: str = ""
    reference_text: str = ""
    currency: str = ""
    terms: str = ""
    issuer: str = ""
    payer: str = ""
    tax_profile: str = ""
    tax_treatment: TaxTreatment = TaxTreatment.STANDARD
    tax_note: str = ""
    hold_invoices: bool = False
    payment_provider: str = ""
    payment_method: str = ""
    version: int = 1

    @property
    def paid_by(self) -> str:
        """The account that pays: another one, or itself."""
        return self.payer or self.account

    @property
    def terms_id(self) -> str:
        """The terms that hold for it."""
        return self.terms or DEFAULT_TERMS

    @property
    def as_invoiced(self) -> "BillingProfile":
        """The profile as far as invoices say it or follow from it.

        Whom to write to, who collects and whether drafts are held decides nothing of them.
        """
        return replace(
            self,
            billing_email="",
            hold_invoices=False,
            payment_provider="",
            payment_method="",
            version=0,
        )

    def as_party(self) -> Party:
        """The account as a document names it."""
        return Party(
            f"accounts/{self.account}", self.legal_name, self.registration_number, self.address
        )

    def check_self_paying(self) -> None:
        """Refuse an account that another one pays for."""
        if self.paid_by != self.account:
            raise PayerNotSelfPaying(self.account, self.payer)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands.

    `closed_through` is the last month that is billed for good; months up to it are never rated
    again. `stopped_by` is the invoice, `payer/invoice`, that stopped its instances.
    """

    account: str
    closed_through: date | None = None
    expires_on: date | None = None
    earliest_unsettled_month: date | None = None
    stopped_at: int | None = None
    stopped_by: str = ""
