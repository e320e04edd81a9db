"""What a change of a subscription makes due at once, and the invoices of it.

Source:  docs/decisions/0022-live-timelines.md
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeAlias

from billing_service.domain.allowance import Coverage
from billing_service.domain.calendar import month_of, next_month
from billing_service.domain.charge import ChargeKey, RatedItem
from billing_service.domain.invoice import (
    InvoiceCause,
    IssuedInvoice,
    by_currency,
    immediate,
)
from billing_service.domain.looking_again import is_closed_before
from billing_service.domain.plan_charges import propose_plans
from billing_service.domain.price import Price, Timing
from billing_service.domain.price_models import Usage
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.subscribed_price import SubscribedPrice
from billing_service.domain.subscription import Subscription
from billing_service.domain.subscription_change import without_differences_ahead
from billing_service.storage import gathering, gathering_documents
from billing_service.storage.credit_note_queries import with_taken_back
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.gathering_billed import gather_billed_since
from billing_service.use_cases.credit_notes import gather_correctable, invoices_of
from billing_service.use_cases.issuing import divided, issue, touched_by
from billing_service.use_cases.rating import BilledMonth, accounts_to_rate, plan_facts_of
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction

_DAY = timedelta(days=1)
_Part: TypeAlias = tuple[Coverage, Usage | None, Price, date]


def gather_charged(
    tx: Transaction,
    facts: Facts,
    since: Mapping[DocumentKey, date | None],
    *,
    locked: bool = True,
) -> None:
    """What was billed of subscriptions that a change may touch, and what credit notes of it take.

    Shapes:  `since` says the day that a change is asked for; None: a present or later one. The
             accounts' standings were gathered.
    """
    _gather_billed(tx, facts, since)
    gather_correctable(tx, facts, _final_invoices(facts), locked=locked)


def touched_by_charge(tx: Transaction, since: Mapping[DocumentKey, date | None]) -> tuple[str, ...]:
    """The accounts that charging subscriptions at once touches, whoever pays for them.

    Those on the payers' open invoices, and on the invoices that credit notes may give back of.

    Shapes:  `since` as `gather_charged` has it.
    """
    facts, accounts = Facts(), {account for account, _ in since}
    gathering.gather_accounts(tx, facts, accounts)
    _gather_billed(tx, facts, since)
    final = with_taken_back(tx, _final_invoices(facts))
    touched = {each for account in accounts for each in touched_by(tx, account)}
    corrected = {*gathering_documents.accounts_on(tx, final), *(payer for payer, _ in final)}
    return tuple(sorted(touched | corrected))


def _gather_billed(tx: Transaction, facts: Facts, since: Mapping[DocumentKey, date | None]) -> None:
    days = {}
    for key, day in since.items():
        closed = facts.closed_through(key[0])
        open_on = date.min if closed is None else next_month(closed)
        # A day that is told by its instant may be the one before.
        days[key] = open_on if day is None else min(open_on, day - _DAY)
    gather_billed_since(tx, facts, days)


def _final_invoices(facts: Facts) -> set[DocumentKey]:
    """The invoices of what was billed for months that are closed: only credit notes lower these."""
    return invoices_of(
        billed
        for key, billed in facts.charged.items()
        if is_closed_before(billed, facts.closed_through(key.account))
    )


def charge_now(
    after: Facts,
    before: Subscription,
    changed: Subscription,
    *,
    cause: str,
    as_of: int,
    now: int,
    outcome: Outcome,
) -> list[IssuedInvoice]:
    """Invoice what a change makes due at once; what is to be given back comes off a later invoice.

    Of what is due, what is too much of closed months is given back at once, by credit notes.

    `after` is an overlay that holds the change, and takes in what follows; `cause` tells the change
    from others of the account, and `as_of` is when it was decided what is due.

    Errors:  PlanVersionNotFound, PriceNotFound, AmountTooLarge, IssuerNeeded, TaxRateNotFound.
    """
    billed = billed_now(after, changed.account, as_of, now)
    items = due_now(after, before, changed, billed)
    told = immediate(changed.account, cause)
    owed = {
        currency: each
        for currency, each in items.items()
        if _is_owed(after, billed, {currency: each}, told)
    }
    return issue(after, billed, owed, cause=told, now=now, outcome=outcome)


def _is_owed(
    facts: Facts, billed: BilledMonth, items: Mapping[str, Sequence[RatedItem]], cause: InvoiceCause
) -> bool:
    """Whether the items of a currency come to something, with the tax on each.

    Errors:  TaxRateNotFound.
    """
    if sum(each.due_minor for members in items.values() for each in members) <= 0:
        return False
    _, returned = divided(facts, billed, items, cause)
    return all(each.adjusts is not None and each.adjusts.is_closed for each in returned)


def due_now(
    facts: Facts, before: Subscription, changed: Subscription, billed: BilledMonth
) -> Mapping[str, Sequence[RatedItem]]:
    """What has begun of the items that a change touches, less what was billed, by currency.

    Only what is charged in advance: what was used, and what is charged afterwards, is not due yet.

    Errors:  PlanVersionNotFound, PriceNotFound, AmountTooLarge.
    """
    since_on = changed.changed_from_on
    if since_on is None:
        return {}
    now = billed.instant_at
    before, changed = (without_differences_ahead(each, now) for each in (before, changed))
    was = _parts(facts.subscribed(before, now), since_on, billed)
    is_now = _parts(facts.subscribed(changed, now), since_on, billed)
    wanted = {key for key, part in is_now.items() if was.get(key) != part}
    to_rate = [
        replace(each, subscriptions=(changed,), outdated=frozenset())
        for each in accounts_to_rate(facts, billed)
        if each.account.account == changed.account
    ]
    found = propose_plans(
        to_rate, plan_facts_of(facts, billed), is_wanted=lambda priced: priced.key in wanted
    )
    return by_currency(each for each in found if not each.is_held)


def billed_now(facts: Facts, account: str, as_of: int, now: int) -> BilledMonth:
    """The payer's present month, what is due in it as of an instant."""
    payer = facts.profiles[account].paid_by
    month = month_of(now, facts.accounts[payer].time_zone)
    return BilledMonth(
        payer=payer,
        month=month,
        through={account: month_of(as_of, facts.accounts[account].time_zone)},
        instant_at=as_of,
        due_at=now,
        issued_at=now,
    )


def _parts(
    subscribed: SubscribedPlan, since_on: date, billed: BilledMonth
) -> dict[ChargeKey, _Part]:
    """What is charged in advance and has begun, from a day on, and by which part of its period."""
    through = billed.through[subscribed.subscription.account]
    found: Iterable[SubscribedPrice] = subscribed.prices_since(since_on, through)
    return {
        each.key: (each.coverage, each.item.usage, each.price, each.period.end_on)
        for each in found
        if not each.is_metered
        and each.schedule.timing is Timing.ADVANCE
        and each.start_at <= billed.instant_at
    }
