"""Accounts whose months rest as drafts, on a store, and what there is to see of these."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from billing_service.domain.draft import Draft, draft_id
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.price import Metered, Price, Recurring
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.storage.draft_rows import find_draft
from billing_service.use_cases.draft_invoices import draft_invoices
from billing_service.use_cases.hold_invoice import HOLD_INVOICE, HoldInvoice
from billing_service.use_cases.issue_invoice import ISSUE_INVOICE, IssueInvoice
from billing_service.use_cases.release_invoice import RELEASE_INVOICE, ReleaseInvoice
from chassis.database import Transaction
from tests.billing.builders import Billing, day
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.usage.ingesting import meter_of

MARCH: Final = day("2026-03-01")
APRIL: Final = day("2026-04-01")
BASE: Final = Price("base", "USD", Recurring(), Flat(Decimal(10)))
CALLS: Final = Price("calls", "USD", Metered("calls"), PerUnit(Decimal("0.50")))


@dataclass(slots=True)
class Drafted(Live):
    """The billing service with an account whose months rest."""

    @classmethod
    def resting(cls, billing: Billing, days: int = 5) -> "Drafted":
        """An account that subscribes 10.00 a month and calls at 0.50, and rests so many days."""
        meters = (meter_of("calls", kind="call"),)
        found = cls.on(billing, plan_of(BASE, CALLS), meters=meters)
        assert isinstance(found, cls)
        found.rest("acme", days)
        found.subscribe()
        return found

    def rest(self, account: str, days: int) -> None:
        """Let the months of an account rest for so many days."""
        self.billing.set_terms(account, draft_days=days)

    def draft(self, month: date = MARCH, payer: str = "acme") -> Draft | None:
        """How a month rests."""
        return self.billing.database.read(lambda tx: find_draft(tx, payer, month))

    def drafted(self, month: date = MARCH, payer: str = "acme") -> list[IssuedInvoice]:
        """What a draft would be issued as now."""
        now = self.billing.clock.now()

        def query(tx: Transaction) -> list[IssuedInvoice]:
            draft = find_draft(tx, payer, month)
            found = draft_invoices(tx, draft, now) if draft else []
            return [each.drafted for each in found if each.drafted is not None]

        return self.billing.database.read(query)

    def issue(self, month: date = MARCH, payer: str = "acme") -> list[IssuedInvoice]:
        """Issue a draft now."""
        done = self.billing.do(ISSUE_INVOICE, issue_of(self, month, payer))
        return [each.issued for each in done]

    def hold(self, note: str = "look", month: date = MARCH, payer: str = "acme") -> Draft:
        """Hold a draft."""
        return self.billing.do(HOLD_INVOICE, HoldInvoice(payer, name_of(month), note, "ana"))

    def release(self, month: date = MARCH, payer: str = "acme") -> Draft:
        """Release a draft."""
        return self.billing.do(RELEASE_INVOICE, ReleaseInvoice(payer, name_of(month)))


def name_of(month: date, currency: str = "USD") -> str:
    """The id of a draft."""
    return draft_id(month, currency)


def issue_of(drafted: Drafted, month: date = MARCH, payer: str = "acme") -> IssueInvoice:
    """A command to issue a draft now."""
    return IssueInvoice(payer, name_of(month), drafted.billing.clock.now())
