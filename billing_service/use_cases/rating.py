"""What a payer's month comes to: the same for the preview, and for the invoice that is issued."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from typing import Final

from billing_service.domain.charge import AccountToRate, ChargeKey, RatedItem, propose
from billing_service.domain.charge_lines import charge_lines
from billing_service.domain.commitment_charges import propose_commitments
from billing_service.domain.credited_invoice import credited
from billing_service.domain.dunning import dunning_dates
from billing_service.domain.invoice import (
    UNNUMBERED,
    Header,
    InvoiceCause,
    InvoiceNumber,
    IssuedInvoice,
    by_currency,
    draft,
)
from billing_service.domain.invoice_line import InvoiceLine
from billing_service.domain.one_off_items import propose_one_offs
from billing_service.domain.party import Issuer
from billing_service.domain.plan_charges import (
    OpenAccount,
    PlanFacts,
    open_account,
    propose_open,
    reviews_by_subscription,
)
from billing_service.domain.price_change import PriceChange
from billing_service.domain.subscription import Subscription
from billing_service.storage.facts import Facts
from billing_service.use_cases.credit_entries import credits_to_use

# The numbers of what is not issued, however much it is.
_NO_NUMBERS: Final[Iterable[InvoiceNumber]] = repeat(UNNUMBERED)


@dataclass(frozen=True, slots=True)
class BilledMonth:
    """A payer's month: the accounts billed, through which month each, and as of when.

    `instant_at` decides which terms are in force; `due_at` is when the invoice falls due to be
    issued and `issued_at` when it is. One that rested as a draft could have been issued at
    `ready_at`; None: it did not rest.
    """

    payer: str
    month: date
    through: Mapping[str, date]
    instant_at: int
    due_at: int
    issued_at: int
    ready_at: int | None = None


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A line that is on no invoice yet, and its currency."""

    line: InvoiceLine
    currency: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """What should be charged and is not, by currency, and what is held for review."""

    items: Mapping[str, Sequence[RatedItem]]
    held: Sequence[RatedItem]


def rate(facts: Facts, billed: BilledMonth) -> Proposed:
    """What should be charged and is not, for instances and plans and once.

    Errors:  PriceNotFound, PlanVersionNotFound, PricedPlanNotFound, AmountTooLarge.
    """
    return rate_open(facts, billed, open_accounts(facts, billed))


def rate_open(facts: Facts, billed: BilledMonth, opened: Sequence[OpenAccount]) -> Proposed:
    """The same of accounts whose open prices were found by these facts.

    Errors:  PriceNotFound, PlanVersionNotFound, PricedPlanNotFound, AmountTooLarge.
    """
    accounts = [each.to_rate for each in opened]
    found = propose(accounts, facts.plans, facts.charged)
    plan_facts = plan_facts_of(facts, billed)
    of_plans = propose_open(opened, plan_facts)
    charged = [each for each in of_plans if not each.is_held]
    found += charged
    found += propose_commitments(accounts, plan_facts, charged)
    one_offs = facts.one_offs.values()
    found += propose_one_offs(accounts, one_offs, names=plan_facts.names, payer=billed.payer)
    return Proposed(by_currency(found), [each for each in of_plans if each.is_held])


def drafts(
    facts: Facts,
    billed: BilledMonth,
    items: Mapping[str, Sequence[RatedItem]],
    issuer: Issuer,
    cause: InvoiceCause,
    *,
    numbers: Iterable[InvoiceNumber] = _NO_NUMBERS,
) -> list[IssuedInvoice]:
    """The invoices for rated items, one for each currency, as credits leave them.

    Shapes:  `numbers` are theirs, in the order of `items`.
    Errors:  TaxRateNotFound.
    """
    drafted = drafts_before_credits(facts, billed, items, issuer, cause, numbers=numbers)
    return credited(drafted, credits_to_use(facts, billed.payer, billed.due_at))


def drafts_before_credits(
    facts: Facts,
    billed: BilledMonth,
    items: Mapping[str, Sequence[RatedItem]],
    issuer: Issuer,
    cause: InvoiceCause,
    *,
    numbers: Iterable[InvoiceNumber] = _NO_NUMBERS,
) -> list[IssuedInvoice]:
    """The same as they are before any credit is used.

    Errors:  TaxRateNotFound.
    """
    header = _header(facts, billed, issuer, cause)
    zones = {account: facts.accounts[account].time_zone for account in billed.through}
    return [
        draft(header, each, plans=facts.plans, zones=zones, number=number)
        for each, number in zip(items.values(), numbers, strict=False)
    ]


def held_lines(facts: Facts, held: Sequence[RatedItem]) -> list[HeldLine]:
    """The lines that what is held would have, in the order of an invoice."""
    in_order = sorted(held, key=lambda each: each.line_order)
    return [
        HeldLine(line, each.currency)
        for each in in_order
        for line in charge_lines([each], facts.plans[each.rate.plan].display_name)
    ]


def first_issuer(facts: Facts, payer: str) -> Issuer | None:
    """The issuer that a payer's profile names, or else the first there ever was."""
    stated = facts.profiles[payer].issuer
    if stated:
        return facts.issuers[stated]
    return min(
        facts.issuers.values(), key=lambda each: (each.created_at, each.issuer_id), default=None
    )


def accounts_to_rate(facts: Facts, billed: BilledMonth) -> list[AccountToRate]:
    """The accounts billed, each with its timelines and the months that are open."""
    timelines: dict[str, list[Subscription]] = {account: [] for account in billed.through}
    for subscription in facts.subscriptions.values():
        if subscription.account in timelines:
            timelines[subscription.account].append(subscription)
    outdated = outdated_keys(facts)
    changes: dict[str, list[PriceChange]] = {account: [] for account in billed.through}
    for change in facts.price_changes.values():
        if change.account in changes:
            changes[change.account].append(change)
    return [
        AccountToRate(
            account=facts.accounts[account],
            currency=facts.currency_of(account, billed.instant_at),
            subscriptions=tuple(sorted(timelines[account], key=lambda each: each.key)),
            after_month=facts.closed_through(account),
            through_month=through,
            price_changes=tuple(changes[account]),
            coupons=facts.coupons,
            outdated=outdated.get(account, frozenset()),
            charged=facts.charged,
        )
        for account, through in sorted(billed.through.items())
    ]


def open_accounts(facts: Facts, billed: BilledMonth) -> list[OpenAccount]:
    """The same, with what may be charged of the plans that they subscribe to.

    Errors:  PriceNotFound, PlanVersionNotFound, PricedPlanNotFound, PriceUnchargeable.
    """
    reviews = reviews_by_subscription(facts.reviews.values())
    return [
        open_account(each, facts.plans, reviews, facts.charged)
        for each in accounts_to_rate(facts, billed)
    ]


def outdated_keys(facts: Facts) -> dict[str, frozenset[ChargeKey]]:
    """The keys of each account whose usage came to be another one after they were billed."""
    found: dict[str, set[ChargeKey]] = defaultdict(set)
    for each in facts.outdated.values():
        if each.outdated_at is not None:
            found[each.account].add(ChargeKey(*each.key[:4]))
    return {account: frozenset(keys) for account, keys in found.items()}


def plan_facts_of(facts: Facts, billed: BilledMonth) -> PlanFacts:
    """What the charges of plans follow from, besides timelines."""
    return PlanFacts(
        plans=facts.plans,
        charged=facts.charged,
        usages=facts.usages,
        reviews=reviews_by_subscription(facts.reviews.values()),
        units={meter_id: meter.unit for meter_id, meter in facts.meters.items()},
        names={account: facts.profiles[account].legal_name for account in billed.through},
        payer=billed.payer,
        decided={key: each for key, each in facts.reviews.items() if each.invoice},
    )


def _header(facts: Facts, billed: BilledMonth, issuer: Issuer, cause: InvoiceCause) -> Header:
    payer = facts.accounts[billed.payer]
    profile = facts.profiles[billed.payer]
    terms = facts.terms_in_force(billed.payer, billed.instant_at)
    dates = dunning_dates(
        billed.month,
        terms,
        due_at=billed.due_at if billed.ready_at is None else billed.ready_at,
        issued_at=billed.issued_at,
        zone=payer.time_zone,
    )
    return Header(
        payer=payer,
        profile=profile,
        month=billed.month,
        cause=cause,
        issuer=issuer,
        terms_id=profile.terms_id,
        terms=terms,
        dates=dates,
        issued_at=billed.issued_at,
        taxation=facts.taxation_of(billed.payer),
    )
