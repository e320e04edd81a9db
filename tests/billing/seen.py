"""What there is to see of the billing service on its store."""

from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from sqlalchemy import select

from billing_service.domain.invoice import InvoiceState, IssuedInvoice
from billing_service.domain.subscription import SubscriptionState
from billing_service.storage.charge_queries import FIRST_CHARGE, InvoiceCharge, list_charges
from billing_service.storage.document_queries import (
    FIRST_INVOICE,
    InvoiceFilter,
    InvoiceInFull,
    PaymentInFull,
    find_payment,
    list_invoices,
)
from billing_service.storage.queries import (
    ProfileInFull,
    clock_of,
    list_subscriptions,
    profiles_in_full,
    sandbox_of,
)
from billing_service.storage.schema import CHASSIS
from billing_service.use_cases.preview_invoice import preview_invoices
from chassis.clock import ManualClock
from chassis.database import Database, Transaction


@dataclass(slots=True)
class Seen:
    """A store of the service, and the clock it lives by."""

    database: Database
    clock: ManualClock

    def invoices(
        self, payer: str = "", sandbox: str = "", *states: InvoiceState
    ) -> list[InvoiceInFull]:
        wanted = InvoiceFilter(payer, sandbox, states, None, None)

        def query(tx: Transaction) -> list[InvoiceInFull]:
            world = sandbox_of(tx, payer) if payer else sandbox
            now = clock_of(tx, world) if world else self.clock.now()
            assert now is not None
            return list_invoices(tx, wanted, after=FIRST_INVOICE, limit=1000, now=now)

        return self.database.read(query)

    def invoice(self, payer: str = "acme") -> InvoiceInFull:
        """The one invoice of a payer."""
        (found,) = self.invoices(payer)
        return found

    def preview(self, payer: str = "acme") -> list[IssuedInvoice]:
        """What the current month would come to."""
        found = self.database.read(lambda tx: preview_invoices(tx, payer, self.clock.now()))
        return list(found.invoices)

    def charges(self, payer: str = "acme") -> list[InvoiceCharge]:
        """All charges on a payer's invoices."""
        return [
            charge
            for each in self.invoices(payer)
            for charge in self.database.read(
                lambda tx, each=each: list_charges(  # type: ignore[misc]
                    tx,
                    payer,
                    each.invoice.invoice_id,
                    line_number=0,
                    after=FIRST_CHARGE,
                    limit=100_000,
                )
            )
        ]

    def payment(self, payment: str, payer: str = "acme") -> PaymentInFull:
        found = self.database.read(lambda tx: find_payment(tx, payer, payment))
        assert found is not None
        return found

    def profile(self, account: str = "acme") -> ProfileInFull:
        (found,) = self.database.read(lambda tx: profiles_in_full(tx, [account], self.clock.now()))
        return found

    def states(self, account: str = "acme") -> dict[str, SubscriptionState]:
        """Where each subscription of an account stands."""
        found = self.database.read(
            lambda tx: list_subscriptions(
                tx, account, states=(), after="", limit=1000, now=self.clock.now()
            )
        )
        return {each.subscription.subscription_id: each.state for each in found}

    def expires_on(self, account: str = "acme") -> str:
        """The last day of service, or ''."""
        expires_on = self.profile(account).standing.expires_on
        return expires_on.isoformat() if expires_on else ""

    def told(self, *messages: Any, account: str = "") -> list[tuple[int, Message]]:
        """The events of some kinds, with the instants at which they take effect."""
        names = {each.DESCRIPTOR.full_name for each in messages}
        events = CHASSIS.events
        rows = self.database.read(lambda tx: tx.all(select(events).order_by(events.c.seq)))
        return [
            (row.effective_at, _message(row.type, row.payload))
            for row in rows
            if row.type in names and account in {"", row.account}
        ]

    def parked(self) -> dict[str, str]:
        """The parked accounts, and why."""
        locks = CHASSIS.account_locks
        query = select(locks.c.account, locks.c.parked_cause).where(locks.c.parked_cause != "")
        return {row[0]: row[1] for row in self.database.read(lambda tx: tx.all(query))}

    def timers(self) -> dict[tuple[str, str], int]:
        """When each timer is due, by account and kind."""
        timers = CHASSIS.timers
        rows = self.database.read(lambda tx: tx.all(select(timers)))
        return {(row.account, row.kind): row.due_at for row in rows}


def _message(name: str, payload: bytes) -> Message:
    descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    message: Message = message_factory.GetMessageClass(descriptor).FromString(payload)
    return message
