"""Takes in money: it pays invoices, and the rest is the payer's balance."""

from dataclasses import dataclass

from billing_service.domain.events import PaymentRecorded
from billing_service.domain.payment import Allocation, Payment, allocate
from billing_service.storage.facts import Facts
from billing_service.use_cases.settling import open_invoices, resettle
from billing_service.use_cases.standings import Outcome
from billing_service.use_cases.topping_up import topping_up
from chassis.use_case import Event


@dataclass(frozen=True, slots=True)
class PaymentWithAllocations:
    """A payment and what it pays."""

    payment: Payment
    allocations: tuple[Allocation, ...]


def receive(
    after: Facts, payment: Payment, *, invoice: str = "", now: int, outcome: Outcome
) -> PaymentWithAllocations:
    """Let a new payment pay the invoice that is named, then the oldest open ones.

    `after` is an overlay that holds the payer's open invoices, and takes in what follows.
    """
    to_pay = open_invoices(after, payment.payer, payment.currency)
    left, allocations = allocate(payment, to_pay, first=invoice, now=now)
    after.take_in([left, *allocations])
    outcome.changes += [left, *allocations]
    recorded = PaymentWithAllocations(left, tuple(allocations))
    outcome.events.append(Event(payment.payer, PaymentRecorded(left, recorded.allocations)))
    touched = [(each.payer, each.invoice) for each in allocations]
    resettle(after, touched, now=now, outcome=outcome)
    if left.unallocated_minor:
        outcome.timers += topping_up(after, payment.payer, now)
    return recorded
