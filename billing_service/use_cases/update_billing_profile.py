"""Changes how an account is billed, for the invoices that are issued from now on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from billing_service.domain.account import BillingProfile
from billing_service.domain.errors import (
    CurrencyFixed,
    IssuerNotFound,
    PayerInOtherSandbox,
    PayerNotFound,
    PayerNotSelfPaying,
    TaxProfileNotFound,
    TermsNotFound,
)
from billing_service.domain.events import BillingProfileUpdated
from billing_service.domain.money import minor_digits
from billing_service.domain.payment_provider import check_provider
from billing_service.storage import gathering, gathering_documents, gathering_guards
from billing_service.storage.facts import Facts
from billing_service.storage.one_off_queries import gather_pending_one_offs
from billing_service.storage.prepaid_queries import gather_waiting
from billing_service.storage.queries import ProfileInFull
from billing_service.storage.saving import save
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import (
    closing_timers,
    late_closing_timers,
    one_off_closing_timers,
)
from billing_service.use_cases.topping_up import asking
from chassis.database import Transaction
from chassis.errors import AccountNotFound, EtagMismatch
from chassis.use_case import Effects, Event, Scope, TimerSet, UseCase

CHANGEABLE: Final = (
    "legal_name",
    "registration_number",
    "address",
    "billing_email",
    "reference_text",
    "currency",
    "terms",
    "issuer",
    "payer",
    "tax_profile",
    "tax_treatment",
    "tax_note",
    "payment_provider",
    "payment_method",
    "hold_invoices",
)


@dataclass(frozen=True, slots=True)
class UpdateBillingProfile:
    """Fields of a profile get new values, if its etag is the one stated ('': any)."""

    account: str
    etag: str
    values: dict[str, Any]

    @property
    def payer(self) -> str:
        """The payer that is stated; '' if none is."""
        return str(self.values.get("payer", ""))


def gather(tx: Transaction, commands: Sequence[UpdateBillingProfile]) -> Facts:
    """The accounts, their payers before and after, and whom they pay for themselves."""
    facts = Facts()
    accounts = {command.account for command in commands}
    stated = {command.payer for command in commands} - {""}
    payers = accounts | stated | gathering.payers_of(tx, accounts)
    gathering.gather_accounts(tx, facts, payers)
    gathering.gather_billed(tx, facts, accounts)
    gathering.gather_zones(tx, facts, payers)
    gathering.gather_issuers(tx, facts)
    gathering.gather_terms(tx, facts)
    gathering.gather_tax_profiles(tx, facts)
    gathering.gather_spans(tx, facts, accounts)
    gathering_guards.gather_uncharged_reviews(tx, facts, accounts)
    gathering_guards.gather_outdated(tx, facts, accounts)
    gathering.gather_plan_subscriptions(tx, facts, accounts)
    gather_pending_one_offs(tx, facts, accounts)
    gathering.gather_charged_currency(tx, facts, accounts)
    gathering_documents.gather_owed(tx, facts, accounts)
    facts.credit.update(gathering_documents.credit_of(tx, accounts))
    gather_waiting(tx, facts, payers)
    return facts


def decide(facts: Facts, command: UpdateBillingProfile, now: int) -> Effects[ProfileInFull]:
    """Give the fields their new values, and see that whoever pays now closes the open month."""
    before = facts.profiles.get(command.account)
    if before is None:
        raise AccountNotFound(command.account)
    if command.etag not in {"", str(before.version)}:
        raise EtagMismatch(f"accounts/{before.account}/billingProfile", str(before.version))
    profile: BillingProfile = replace(before, **command.values, version=before.version + 1)
    if profile.payer == profile.account:
        profile = replace(profile, payer="")
    after, outcome = facts.overlay(), Outcome()
    _check_references(facts, profile)
    _check_payer(facts, profile)
    after.take_in([profile])
    _check_currency(after, profile, now)
    if profile.paid_by != before.paid_by:
        _bill_elsewhere(after, profile)
        outcome.timers += _closing(after, profile.account, now)
    if _pays_otherwise(before, profile):
        payers = (before.paid_by, profile.paid_by)
        outcome.timers += asking(after, payers, profile.paid_by, now)
    restate(after, [profile.account], now=now, outcome=outcome)
    full = ProfileInFull(
        profile, after.standing(profile.account), after.credit_balance(profile.account, now)
    )
    told = BillingProfileUpdated(full.profile, full.standing, full.credit)
    return Effects(
        full,
        changes=(profile, *outcome.changes),
        events=(Event(profile.account, told), *outcome.events),
        timers=tuple(outcome.timers),
    )


def _pays_otherwise(before: BillingProfile, after: BillingProfile) -> bool:
    """Whether another one comes to pay, or by another way."""
    ways = [(each.paid_by, each.payment_provider, each.payment_method) for each in (before, after)]
    return ways[0] != ways[1]


def _check_references(facts: Facts, profile: BillingProfile) -> None:
    """Refuse terms, issuers, tax profiles and payment providers that there are not."""
    if profile.terms_id not in facts.terms:
        raise TermsNotFound(profile.terms_id)
    if profile.issuer and profile.issuer not in facts.issuers:
        raise IssuerNotFound(profile.issuer)
    if profile.tax_profile and profile.tax_profile not in facts.tax_profiles:
        raise TaxProfileNotFound(profile.tax_profile)
    in_sandbox = bool(facts.accounts[profile.account].sandbox)
    check_provider(profile.payment_provider, profile.payment_method, in_sandbox=in_sandbox)


def _check_payer(facts: Facts, profile: BillingProfile) -> None:
    """Refuse a payer that is unknown, of another world, or paid for by yet another account."""
    if profile.paid_by == profile.account:
        return
    payer = facts.accounts.get(profile.payer)
    if payer is None:
        raise PayerNotFound(profile.payer)
    if payer.sandbox != facts.accounts[profile.account].sandbox:
        raise PayerInOtherSandbox(profile.payer)
    facts.profiles[profile.payer].check_self_paying()
    if any(each != profile.account for each in facts.billed[profile.account]):
        # It pays for others, who would then be paid for by one that does not pay.
        raise PayerNotSelfPaying(profile.account, profile.payer)


def _check_currency(after: Facts, profile: BillingProfile, now: int) -> None:
    """Refuse an unknown currency, and another one than that of what was charged."""
    currency = after.currency_of(profile.account, now)
    minor_digits(currency, "billing_profile.currency")
    charged = after.charged_in.get(profile.account, currency)
    if charged != currency:
        raise CurrencyFixed(profile.account, charged)


def _bill_elsewhere(after: Facts, profile: BillingProfile) -> None:
    """Count the account's zone among those of its new payer."""
    zone = after.accounts[profile.account].time_zone
    after.zones[profile.paid_by] = after.zones[profile.paid_by] | {zone}


def _closing(after: Facts, account: str, now: int) -> tuple[TimerSet, ...]:
    """The closes that bill what of the account is open, or was decided late, on its new payer.

    Also those that put right what closed months charged.
    """
    late_since = [
        *(each.decision for each in after.reviews.values() if each.account == account),
        *(each.outdated_at for each in after.outdated.values() if each.account == account),
        *(each.changed_from_on for each in after.subscriptions.values() if each.account == account),
    ]
    is_late = any(each is not None for each in late_since)
    late = late_closing_timers(after, account, now) if is_late else ()
    return (*(closing_timers(after, account) or late), *one_off_closing_timers(after, account))


def _widen(tx: Transaction, command: UpdateBillingProfile) -> tuple[str, ...]:
    """Changing who pays touches both payers."""
    payers = gathering.payers_of(tx, [command.account])
    return tuple(sorted(payers | ({command.payer} - {""})))


UPDATE_BILLING_PROFILE: Final[UseCase[UpdateBillingProfile, Facts, ProfileInFull]] = UseCase(
    name="update_billing_profile",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=_widen,
)
