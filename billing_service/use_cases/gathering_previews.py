"""What a preview of a change is reckoned from: gathered once, and remembered until it changes.

Source:  docs/decisions/0033-what-previews-remember.md
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from billing_service.domain.calendar import next_month
from billing_service.domain.party import NumberSeries
from billing_service.domain.subscription import Subscription
from billing_service.domain.subscription_change import Asked
from billing_service.domain.subscription_facts import FactKind
from billing_service.storage.account_memory import remember, remembered
from billing_service.storage.catalog_memory import remembered_plans
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.gathering_billed import gather_billed_since
from billing_service.storage.one_off_queries import gather_coupons
from billing_service.use_cases.change_subscription import ChangeSubscription, gather_changes
from billing_service.use_cases.credit_notes import gather_corrections
from billing_service.use_cases.issuing import series_of
from billing_service.use_cases.preview_invoice import gather_open_month
from chassis.database import Transaction

# Nobody is told what number an invoice would have, so that it only has to be nobody else's.
_AFTER_ALL: Final = 10**12


@dataclass(frozen=True, slots=True)
class Gathered:
    """What changing a subscription takes, and what the invoices take that its payer gets next.

    The latter is remembered, and must not be changed; `known_since` is the day since which it holds
    what was billed of the subscription.
    """

    changing: Facts
    following: Facts
    known_since: date


def gather_previewed(tx: Transaction, command: ChangeSubscription) -> Gathered:
    """All that a preview of a change is reckoned from, without usage."""
    known: Gathered | None = remembered(tx, command.key)
    if known is None:
        known = _gather(tx, command.key)
    if command.asked.told_on is not None:
        return replace(known, changing=gather_changes(tx, [command], locked=False))
    return replace(known, changing=_with_asked(tx, known.changing, command))


def facts_after(tx: Transaction, gathered: Gathered, changes: Sequence[object]) -> Facts:
    """What the next invoices take once a subscription is changed; these facts are a copy."""
    facts = gathered.following.copied()
    facts.plans.update(gathered.changing.plans)
    _renew_coupons(tx, facts)
    since = {
        each.key: each.changed_from_on
        for each in changes
        if isinstance(each, Subscription)
        and each.changed_from_on is not None
        and each.changed_from_on < gathered.known_since
    }
    if since:
        gather_billed_since(tx, facts, since)
        gather_corrections(tx, facts, locked=False)
    facts.take_in(changes)
    return facts


def _gather(tx: Transaction, key: DocumentKey) -> Gathered:
    """Gather all but what is asked for, and remember it where there is something to preview."""
    account, subscription_id = key
    nothing_asked = ChangeSubscription(account, subscription_id, Asked(FactKind.CANCELLED))
    changing = gather_changes(tx, [nothing_asked], locked=False)
    found = changing.subscriptions.get(key)
    if found is None or not found.is_of_plan:
        return Gathered(changing, Facts(), date.min)
    payer = changing.profiles[account].paid_by
    # What a change of the present takes is known of the payer, and what was billed since then.
    following = replace(changing.copied(), subscriptions={}, followed={})
    gather_open_month(tx, following, payer)
    closed = changing.closed_through(account)
    known_since = date.min if closed is None else next_month(closed)
    gathered = Gathered(changing, following, known_since)
    accounts = _accounts_of(changing) | _accounts_of(following)
    remember(tx, key, gathered, accounts, size=changing.count + following.count)
    return gathered


def _accounts_of(facts: Facts) -> set[str]:
    """The accounts whose billing was gathered, and the payers of all that was."""
    billed = (account for accounts in facts.billed.values() for account in accounts)
    return {*facts.accounts, *billed, *(payer for payer, _ in facts.invoices)}


def _with_asked(tx: Transaction, known: Facts, command: ChangeSubscription) -> Facts:
    """What is remembered, with the plan and the coupons asked for, and what nobody remembers."""
    if command.key not in known.subscriptions:
        return known
    facts = known.copied()
    series = series_of(facts, facts.profiles[command.account].paid_by)
    facts.series[series] = NumberSeries(series, _AFTER_ALL)
    holding = command.asked.holding
    if holding is not None and holding.plan not in facts.plans:
        facts.plans.update(remembered_plans(tx, [holding.plan]))
    asked = holding.coupons if holding else ()
    gather_coupons(tx, facts, {*facts.coupons, *asked})
    return facts


def _renew_coupons(tx: Transaction, facts: Facts) -> None:
    """Others redeem the same coupons: how often one was is not remembered."""
    gather_coupons(tx, facts, facts.coupons)
