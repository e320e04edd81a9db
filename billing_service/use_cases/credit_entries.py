"""Writes to the ledger of a payer's credits: what invoices use, what comes back, what expires."""

from collections.abc import Iterable
from dataclasses import replace

from billing_service.domain.credit_grant import CreditApplication, CreditGrant
from billing_service.domain.credit_ledger import CreditEntry, CreditLedger, EntryKind, record
from billing_service.domain.credited_invoice import CreditsToUse
from billing_service.domain.events import CreditChanged
from billing_service.domain.invoice import IssuedInvoice
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.use_cases.standings import Outcome
from chassis.use_case import Event


def credits_to_use(facts: Facts, payer: str, at: int) -> CreditsToUse:
    """The gathered credits of a payer for invoices that are issued at an instant."""
    grants = [each for each in facts.grants.values() if each.payer == payer]
    return CreditsToUse(tuple(grants), facts.taxation_of(payer), at)


def enter(
    after: Facts,
    grant: CreditGrant,
    kind: EntryKind,
    amount_minor: int,
    *,
    invoice: str = "",
    now: int,
    outcome: Outcome,
) -> CreditGrant:
    """Write an entry about so much of a credit; gives the credit after it.

    `after` is an overlay that holds its payer's ledgers, and takes in what follows.
    """
    key = (grant.payer, grant.currency)
    ledger = after.credit_ledgers.get(key) or CreditLedger(*key)
    done = record(ledger, grant, kind, amount_minor, invoice=invoice, now=now)
    changes = [done.grant, done.ledger, done.entry]
    after.take_in(changes)
    outcome.changes += changes
    outcome.events.append(Event(grant.payer, CreditChanged(done.grant, done.entry)))
    return done.grant


def apply_grants(
    after: Facts, issued: Iterable[IssuedInvoice], *, now: int, outcome: Outcome
) -> None:
    """Take what issued invoices use off the credits; what is used after tax is paid of them.

    What expires at the same instant does so first, and is not used.
    """
    documents = list(issued)
    payers = {each.invoice.payer for each in documents}
    for _, grant in sorted(after.grants.items()):
        if grant.payer in payers and grant.left_minor and grant.has_expired(now):
            expire(after, grant, now=now, outcome=outcome)
    for each in documents:
        payer, invoice = each.invoice.key
        for applied in each.credits:
            grant = after.grants[payer, applied.credit_id]
            used_minor = applied.amount_minor
            kind = EntryKind.APPLIED
            enter(after, grant, kind, used_minor, invoice=invoice, now=now, outcome=outcome)
        paid_minor = sum(applied.amount_minor for applied in each.credits if applied.is_after_tax)
        _pay(after, each.invoice.key, paid_minor, outcome)


def return_grants(
    after: Facts, key: DocumentKey, amount_minor: int, *, now: int, outcome: Outcome
) -> int:
    """Give back to credits up to so much of what they pay of an invoice, the last used first.

    Gives how much that was: no credit comes back as money. What comes back to a credit that has
    expired, or was voided, is lost again at once.

    Shapes:  what the invoice uses is gathered; its settlement is then to be derived anew.
    """
    left = amount_minor
    for credit_id, paid_minor in reversed(_paying(after, key).items()):
        part = min(left, paid_minor)
        if part <= 0:
            continue
        left -= part
        return_to(after, key, credit_id, part, now=now, outcome=outcome)
    _pay(after, key, left - amount_minor, outcome)
    return amount_minor - left


def return_to(
    after: Facts, key: DocumentKey, credit_id: str, amount_minor: int, *, now: int, outcome: Outcome
) -> None:
    """Give back to a credit so much of what an invoice uses of it; lost again if it is gone."""
    grant, kind = after.grants[key[0], credit_id], EntryKind.RETURNED
    grant = enter(after, grant, kind, amount_minor, invoice=key[1], now=now, outcome=outcome)
    if grant.voided_at is not None:
        enter(after, grant, EntryKind.VOIDED, amount_minor, now=now, outcome=outcome)
    elif grant.has_expired(now):
        expire(after, grant, now=now, outcome=outcome)


def expire(after: Facts, grant: CreditGrant, *, now: int, outcome: Outcome) -> None:
    """What is left of a credit is gone."""
    enter(after, grant, EntryKind.EXPIRED, grant.left_minor, now=now, outcome=outcome)


def _paying(facts: Facts, key: DocumentKey) -> dict[str, int]:
    """How much each credit pays of an invoice, in the order of their last use."""
    paid: dict[str, int] = {}
    entries: Iterable[CreditEntry] = facts.credit_uses.get(key, ())
    for each in entries:
        grant = facts.grants[each.payer, each.credit_id]
        if grant.application is CreditApplication.AFTER_TAX:
            paid[each.credit_id] = paid.pop(each.credit_id, 0) - each.amount_minor
    return paid


def _pay(after: Facts, key: DocumentKey, change_minor: int, outcome: Outcome) -> None:
    """Note in an invoice's settlement that credits pay so much more of it, or less."""
    if not change_minor:
        return
    before = after.settlements[key]
    settlement = replace(
        before,
        paid_minor=before.paid_minor + change_minor,
        credited_minor=before.credited_minor + change_minor,
    )
    after.take_in([settlement])
    outcome.changes.append(settlement)
