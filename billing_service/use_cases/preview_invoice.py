"""The invoices that a payer's current month would become, if it ended as things stand now."""

from typing import Final

from billing_service.domain.calendar import first_instant, month_of, next_month
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.party import NO_ADDRESS, Issuer
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.use_cases.rating import BilledMonth, drafts, first_issuer, rate
from chassis.database import Transaction
from chassis.errors import AccountNotFound

# Stands in a preview where there is no issuer yet; such an invoice could not be issued.
_NOBODY: Final = Issuer(
    issuer_id="",
    legal_name="",
    registration_number="",
    address=NO_ADDRESS,
    bank_details="",
    payment_reference="",
    invoice_series="",
    created_at=0,
    version=0,
)


def preview_invoices(tx: Transaction, payer: str, now: int) -> list[IssuedInvoice]:
    """The invoices of the open month, one for each currency; nothing is written.

    Errors:  AccountNotFound, PayerNotSelfPaying, PriceNotFound, TaxRateNotFound.
    """
    facts = _gather(tx, payer)
    if payer not in facts.accounts:
        raise AccountNotFound(payer)
    facts.profiles[payer].check_self_paying()
    zones = {facts.accounts[account].time_zone for account in facts.billed[payer]}
    # A month closes when it has ended for all accounts, so it is open until the last of them.
    month = min(month_of(now, zone) for zone in zones)
    ends_at = max(first_instant(next_month(month), zone) for zone in zones)
    billed = BilledMonth(
        payer=payer,
        month=month,
        through=dict.fromkeys(facts.billed[payer], month),
        instant_at=now,
        due_at=ends_at,
        issued_at=ends_at,
    )
    return drafts(facts, billed, rate(facts, billed), first_issuer(facts, payer) or _NOBODY)


def _gather(tx: Transaction, payer: str) -> Facts:
    facts = Facts()
    gathering.gather_billed(tx, facts, [payer])
    accounts = [payer, *facts.billed[payer]]
    gathering.gather_accounts(tx, facts, accounts)
    gathering.gather_open_subscriptions(tx, facts, accounts)
    gathering_catalog.gather_price_changes(tx, facts, accounts)
    gathering.gather_issuers(tx, facts)
    gathering.gather_terms(tx, facts)
    gathering.gather_tax_profiles(tx, facts)
    gathering.gather_plans(tx, facts, {each.plan for each in facts.subscriptions.values()})
    return facts
