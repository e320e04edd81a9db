"""What the charges of plans take to be rated: usage of their periods, and time for it to come in.

Source:  docs/decisions/0018-plan-subscriptions.md
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Final

from billing_service.domain.calendar import first_instant, next_month
from billing_service.domain.catalog_errors import PlanVersionNotFound
from billing_service.domain.charge import AccountToRate
from billing_service.domain.commitment_charges import committed_periods
from billing_service.domain.errors import PriceNotFound
from billing_service.domain.plan_charges import (
    OpenAccount,
    Reviews,
    open_account,
    reviews_by_subscription,
)
from billing_service.domain.usage.wanted import UsageWanted
from billing_service.storage import gathering, gathering_guards
from billing_service.storage.catalog_memory import remembered_meters, remembered_plans
from billing_service.storage.facts import Facts
from billing_service.storage.gathering_billed import (
    gather_billed_since,
    gather_looked_at_again,
)
from billing_service.storage.one_off_queries import gather_pending_one_offs
from billing_service.storage.usage_reading import usages
from billing_service.use_cases.rating import BilledMonth, open_accounts
from chassis.database import Transaction

_HOUR_US: Final = 3_600_000_000


def gather_plan_charging(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """Plans and meters, one-off charges and reviews of the accounts, and what these are of."""
    gathering_guards.gather_uncharged_reviews(tx, facts, accounts)
    gather_looked_at_again(tx, facts, accounts)
    gather_pending_one_offs(tx, facts, accounts)
    decided = {
        (each.account, each.subscription)
        for each in facts.reviews.values()
        if each.decision is not None
    }
    gathering.gather_subscriptions(tx, facts, decided - facts.subscriptions.keys())
    subscriptions = facts.subscriptions.values()
    plans = {plan for each in subscriptions for plan in each.plans}
    billed = {each.plan for each in facts.charged.values()} - {""}
    facts.plans.update(remembered_plans(tx, (plans | billed) - facts.plans.keys()))
    if any(each.is_of_plan for each in subscriptions):
        facts.meters.update(remembered_meters(tx))


def gather_usage(
    tx: Transaction,
    facts: Facts,
    accounts: Sequence[AccountToRate],
    cut_at: Mapping[str, int] | None = None,
) -> None:
    """The usage that the open prices of accounts need; `cut_at` is until when levels hold.

    An account that cannot be priced is left out: rating it tells why.

    Shapes:  the meters were gathered, or none of them yet.
    """
    reviews = reviews_by_subscription(facts.reviews.values())
    opened = []
    for each in accounts:
        with suppress(PlanVersionNotFound, PriceNotFound):
            opened.append(open_account(each, facts.plans, reviews, facts.charged))
    gather_usage_of(tx, facts, opened, cut_at)


def gather_usage_of(
    tx: Transaction,
    facts: Facts,
    accounts: Sequence[OpenAccount],
    cut_at: Mapping[str, int] | None = None,
) -> None:
    """The same for accounts whose open prices were found."""
    wanted: dict[UsageWanted, None] = {}
    for opened in accounts:
        for priced in opened.prices:
            if priced.wanted:
                wanted.update(dict.fromkeys(priced.usages_needed))
    if wanted:
        zones = {each.to_rate.account.account: each.to_rate.account.time_zone for each in accounts}
        meters = facts.meters or None
        found = usages(tx, list(wanted), zones=zones, cut_at=cut_at, meters=meters)
        facts.usages.update(zip(wanted, found, strict=True))
    reviews = reviews_by_subscription(facts.reviews.values())
    _gather_committed(tx, facts, [each.to_rate for each in accounts], reviews)


def bills_usage(facts: Facts, billed: BilledMonth) -> bool:
    """Whether usage of a plan is priced on the invoice of the month.

    Errors:  PriceNotFound, PlanVersionNotFound.
    """
    opened = open_accounts(facts, billed)
    return any(priced.is_metered for each in opened for priced in each.prices)


def closing_at(facts: Facts, billed: BilledMonth) -> int:
    """When a month closes: when it has ended for all accounts, and late usage has come in.

    Errors:  PriceNotFound, PlanVersionNotFound.
    """
    zones = {facts.accounts[account].time_zone for account in billed.through}
    ends_at = max(first_instant(next_month(billed.month), zone) for zone in zones)
    hours = facts.terms_in_force(billed.payer, ends_at).usage_grace_hours
    return ends_at + hours * _HOUR_US if hours and bills_usage(facts, billed) else ends_at


def _gather_committed(
    tx: Transaction, facts: Facts, accounts: Sequence[AccountToRate], reviews: Reviews
) -> None:
    """What was billed before in the periods of minimum spends that may have something missing."""
    since: dict[tuple[str, str], date] = {}
    for to_rate in accounts:
        with suppress(PlanVersionNotFound, PriceNotFound):
            for each in committed_periods(to_rate, facts.plans, reviews):
                whose = each.subscribed.subscription.key
                since[whose] = min(since.get(whose, each.start_on), each.start_on)
    if since:
        gather_billed_since(tx, facts, since)
