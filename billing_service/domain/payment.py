"""Payments: which invoices they pay, and when an invoice is paid in full.

Allocations are facts that are only ever added: a reversal adds their negatives. An invoice is
settled when they reach its total, on the value date of the payment that completed it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_service.domain.invoice import Settlement


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in. `unallocated_minor` is what is left of it as credit.

    `credit_note` is the one that it stands for ('': money it is).
    """

    payer: str
    payment_id: str
    currency: str
    amount_minor: int
    value_on: date
    reference: str
    recorded_at: int
    unallocated_minor: int
    reversed_at: int | None = None
    reversal_note: str = ""
    credit_note: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its payer and its id."""
        return (self.payer, self.payment_id)

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"accounts/{self.payer}/payments/{self.payment_id}"

    @property
    def order(self) -> tuple[int, str]:
        """Its place among the payments: the oldest is used first."""
        return (self.recorded_at, self.payment_id)


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a payment that pays an invoice; negative where it is taken back.

    `ordinal` counts the allocations of one payment, from 1.
    """

    payer: str
    payment: str
    ordinal: int
    invoice: str
    amount_minor: int
    value_on: date
    allocated_at: int


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """What is still to be paid of an invoice; `order` is its place among the payer's."""

    invoice: str
    order: tuple[date, str, int]
    open_minor: int


def allocate(
    payment: Payment,
    invoices: Sequence[OpenInvoice],
    *,
    first: str = "",
    now: int,
    ordinal: int = 0,
) -> tuple[Payment, list[Allocation]]:
    """What is left of a payment after it went to the invoices, the one named `first` before all.

    Shapes:  the others the oldest first; `ordinal` is that of the payment's last allocation.
    """
    left = payment.unallocated_minor
    made: list[Allocation] = []
    for invoice in sorted(invoices, key=lambda each: (each.invoice != first, each.order)):
        part = min(left, invoice.open_minor)
        if part <= 0:
            continue
        left -= part
        ordinal += 1
        made.append(_allocation(payment, ordinal, invoice.invoice, part, now))
    return replace(payment, unallocated_minor=left), made


def apply_credit(
    payments: Iterable[Payment],
    invoices: Sequence[OpenInvoice],
    *,
    ordinals: dict[str, int],
    now: int,
) -> tuple[list[Payment], list[Allocation]]:
    """The payments whose credit went to invoices, and how: oldest payment to oldest invoice.

    Shapes:  `ordinals` holds the last ordinal of each payment.
    """
    remaining = {each.invoice: each for each in invoices}
    used: list[Payment] = []
    made: list[Allocation] = []
    for payment in sorted(payments, key=lambda each: each.order):
        left, parts = allocate(
            payment,
            list(remaining.values()),
            now=now,
            ordinal=ordinals.get(payment.payment_id, 0),
        )
        if not parts:
            continue
        used.append(left)
        made += parts
        for part in parts:
            paid = remaining[part.invoice]
            remaining[part.invoice] = replace(paid, open_minor=paid.open_minor - part.amount_minor)
    return used, made


def take_back(
    payment: Payment, allocations: Sequence[Allocation], *, note: str, now: int
) -> tuple[Payment, list[Allocation]]:
    """The payment as reversed, and the negatives of all that it had paid."""
    paid: dict[str, int] = {}
    for allocation in allocations:
        paid[allocation.invoice] = paid.get(allocation.invoice, 0) + allocation.amount_minor
    made = [
        _allocation(payment, len(allocations) + count, invoice, -amount_minor, now)
        for count, (invoice, amount_minor) in enumerate(paid.items(), start=1)
        if amount_minor
    ]
    gone = replace(payment, unallocated_minor=0, reversed_at=now, reversal_note=note)
    return gone, made


def settlement_of(
    settlement: Settlement,
    allocations: Iterable[Allocation],
    *,
    due_on: date,
    issued_on: date,
) -> Settlement:
    """What is paid of an invoice by all its allocations, and the value date that completed it.

    Nothing to pay is settled at issue, and what credits pay is paid then. Value dates count in
    their own order, whatever the order of recording; a payment that was taken back does not count
    on any of them.
    """
    by_payment: dict[str, tuple[date, int]] = {}
    for each in allocations:
        _, before = by_payment.get(each.payment, (each.value_on, 0))
        by_payment[each.payment] = (each.value_on, before + each.amount_minor)
    reached = settlement.credited_minor
    paid_minor = reached + sum(amount for _, amount in by_payment.values())
    settled_on = issued_on if reached >= settlement.total_minor else None
    for value_on, amount_minor in sorted(by_payment.values()):
        if settled_on is None:
            reached += amount_minor
            settled_on = value_on if reached >= settlement.total_minor else None
    return replace(
        settlement,
        paid_minor=paid_minor,
        settled_on=settled_on,
        settled_late=settled_on is not None and settled_on > due_on,
    )


def _allocation(
    payment: Payment, ordinal: int, invoice: str, amount_minor: int, now: int
) -> Allocation:
    return Allocation(
        payer=payment.payer,
        payment=payment.payment_id,
        ordinal=ordinal,
        invoice=invoice,
        amount_minor=amount_minor,
        value_on=payment.value_on,
        allocated_at=now,
    )
