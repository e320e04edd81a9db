"""Uses what a payer has paid beyond its invoices for those that are open."""

from billing_service.domain.events import CreditApplied
from billing_service.domain.payment import apply_credit
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.use_cases.settling import open_invoices
from billing_service.use_cases.standings import Outcome
from chassis.use_case import Event


def use_credit(
    after: Facts, payer: str, currency: str, *, now: int, outcome: Outcome
) -> set[DocumentKey]:
    """Let credit go from the oldest payment to the oldest invoice; gives the invoices it went to.

    `after` is an overlay whose settlements say what is open, and takes in the allocations.
    """
    credit = [
        each
        for each in after.payments.values()
        if each.payer == payer and each.currency == currency and each.unallocated_minor > 0
    ]
    ordinals = {each.payment_id: len(after.allocations.get(each.key, ())) for each in credit}
    used, allocations = apply_credit(
        credit, open_invoices(after, payer, currency), ordinals=ordinals, now=now
    )
    after.take_in([*used, *allocations])
    outcome.changes += [*used, *allocations]
    outcome.events += [Event(payer, CreditApplied(each, currency)) for each in allocations]
    return {(payer, each.invoice) for each in allocations}
