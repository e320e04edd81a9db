"""What issuing an invoice does about the one-off charges on it."""

from collections.abc import Iterable

from billing_service.domain.events import OneOffChargeChanged
from billing_service.domain.invoice import IssuedInvoice
from billing_service.storage.facts import Facts
from billing_service.use_cases.standings import Outcome
from chassis.use_case import Event


def charge_one_offs(facts: Facts, issued: Iterable[IssuedInvoice], outcome: Outcome) -> None:
    """Note in what is charged once which invoice does: no other one will."""
    for each in issued:
        for item in (charge.rated for charge in each.charges):
            pending = item.of_plan.one_off if item.of_plan else None
            if pending is None:
                continue
            rated = item.rate.rated
            charge = pending.invoiced(
                payer=each.invoice.payer, invoice=each.invoice.invoice_id, rated=rated
            )
            facts.take_in([charge])
            outcome.changes.append(charge)
            told = OneOffChargeChanged(charge, rated.included, rated.amount_minor)
            outcome.events.append(Event(charge.account, told))
