"""What use cases gather about accounts, catalogue and subscriptions, each in one statement."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, tuple_

from billing_service.domain.party import NumberSeries
from billing_service.domain.subscription import Span
from billing_service.storage import plan_rows, rows, subscription_rows
from billing_service.storage.facts import Facts
from billing_service.storage.one_off_queries import gather_coupons
from billing_service.storage.tables import CHASSIS, table
from billing_service.storage.tax_rows import tax_profiles_from_rows
from chassis.database import Transaction
from chassis.feed import peer_watermark
from chassis.prepared import InQuery, Query

PEER: Final = "provisioning"

_ACCOUNTS: Final = table("accounts")
_PROFILES: Final = table("billing_profiles")
_STANDINGS: Final = table("standings")
_SUBSCRIPTIONS: Final = table("subscriptions")
_FACTS: Final = table("subscription_facts")
_CHARGES: Final = table("charges")
_REVIEWS: Final = table("reviews")

# What is asked for all the time is built once.
_PAYERS: Final = InQuery(select(_PROFILES.c.paid_by).distinct(), _PROFILES.c.account)
_ACCOUNTS_OF: Final = InQuery(select(_ACCOUNTS), _ACCOUNTS.c.account)
_PROFILES_OF: Final = InQuery(select(_PROFILES), _PROFILES.c.account)
_STANDINGS_OF: Final = InQuery(select(_STANDINGS), _STANDINGS.c.account)
_BILLED: Final = InQuery(
    select(_PROFILES.c.paid_by, _PROFILES.c.account).order_by(_PROFILES.c.account),
    _PROFILES.c.paid_by,
)
_ZONES: Final = InQuery(
    select(_PROFILES.c.paid_by, _ACCOUNTS.c.time_zone)
    .join(_ACCOUNTS, _ACCOUNTS.c.account == _PROFILES.c.account)
    .distinct(),
    _PROFILES.c.paid_by,
)
_SERIES: Final = InQuery(select(table("number_series")), table("number_series").c.series)
_ISSUERS: Final = Query(select(table("issuers")))
_TERMS_VERSIONS: Final = table("terms_versions")
_TERMS: Final = Query(
    select(_TERMS_VERSIONS).order_by(_TERMS_VERSIONS.c.terms, _TERMS_VERSIONS.c.version)
)
_TAX_VERSIONS: Final = table("tax_profile_versions")
_TAX_HEADS: Final = Query(select(table("tax_profiles")))
_TAXES: Final = Query(
    select(_TAX_VERSIONS).order_by(_TAX_VERSIONS.c.tax_profile, _TAX_VERSIONS.c.version)
)


def gather_accounts(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """Accounts with their profiles and standings."""
    wanted = sorted(set(accounts))
    for row in tx.all_in(_ACCOUNTS_OF, wanted):
        facts.accounts[row.account] = rows.account_from_row(row)
    for row in tx.all_in(_PROFILES_OF, wanted):
        facts.profiles[row.account] = rows.profile_from_row(row)
    for row in tx.all_in(_STANDINGS_OF, wanted):
        facts.standings[row.account] = rows.standing_from_row(row)


def payers_of(tx: Transaction, accounts: Iterable[str]) -> set[str]:
    """Who pays for the accounts."""
    return {row[0] for row in tx.all_in(_PAYERS, sorted(set(accounts)))}


def billed_accounts(tx: Transaction, payer: str) -> tuple[str, ...]:
    """The accounts that a payer pays for, itself among them unless another pays for it."""
    query = select(_PROFILES.c.account).where(_PROFILES.c.paid_by == payer)
    return tuple(row[0] for row in tx.all(query.order_by(_PROFILES.c.account)))


def gather_billed(tx: Transaction, facts: Facts, payers: Iterable[str]) -> None:
    """Which accounts the payers pay for."""
    wanted = sorted(set(payers))
    found: dict[str, list[str]] = {payer: [] for payer in wanted}
    for row in tx.all_in(_BILLED, wanted):
        found[row[0]].append(row[1])
    facts.billed.update({payer: tuple(accounts) for payer, accounts in found.items()})


def gather_zones(tx: Transaction, facts: Facts, payers: Iterable[str]) -> None:
    """The zones of all accounts that the payers pay for."""
    wanted = sorted(set(payers))
    found: dict[str, set[str]] = {payer: set() for payer in wanted}
    for row in tx.all_in(_ZONES, wanted):
        found[row[0]].add(row[1])
    facts.zones.update({payer: frozenset(zones) for payer, zones in found.items()})


def gather_spans(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """How many subscriptions of each account bill which months, of those still to be billed."""
    wanted = sorted(set(accounts))
    found: dict[str, Counter[Span]] = {account: Counter() for account in wanted}
    for account, first_month, last_month, count in tx.all_in(_spans(), wanted):
        found[account][Span(first_month, last_month)] = count
    facts.spans.update(found)


def gather_subscriptions(tx: Transaction, facts: Facts, keys: Iterable[tuple[str, str]]) -> None:
    """Subscriptions by account and id."""
    key: Any = tuple_(_SUBSCRIPTIONS.c.account, _SUBSCRIPTIONS.c.subscription)
    _take_subscriptions(tx, facts, tx.where_in(_timelines(), key, sorted(set(keys))))


def gather_followed(tx: Transaction, facts: Facts, instances: Iterable[tuple[str, str]]) -> None:
    """The subscriptions that follow instances, by account and instance."""
    key: Any = tuple_(_SUBSCRIPTIONS.c.account, _SUBSCRIPTIONS.c.instance)
    _take_subscriptions(tx, facts, tx.where_in(_timelines(), key, sorted(set(instances))))


def gather_live_subscriptions(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The accounts' subscriptions that have not ended."""
    query = _timelines().where(_SUBSCRIPTIONS.c.last_kind != "ended")
    wanted = sorted(set(accounts))
    _take_subscriptions(tx, facts, tx.where_in(query, _SUBSCRIPTIONS.c.account, wanted))


def gather_plan_subscriptions(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """All plans that the accounts are, were or will be subscribed to."""
    _take_subscriptions(tx, facts, tx.all_in(_of_plans(), sorted(set(accounts))))


def gather_open_subscriptions(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The accounts' subscriptions that have months which are not closed."""
    _take_subscriptions(tx, facts, tx.all_in(_open_timelines(), sorted(set(accounts))))


def gather_charged_currency(tx: Transaction, facts: Facts, accounts: Iterable[str]) -> None:
    """The currency of the accounts that something was charged to, or waits to be."""
    wanted = sorted(set(accounts))
    for each in (_REVIEWS, _CHARGES):
        query = select(each.c.account, func.max(each.c.currency)).group_by(each.c.account)
        facts.charged_in.update(
            {row[0]: row[1] for row in tx.where_in(query, each.c.account, wanted)}
        )


def gather_holds(tx: Transaction, facts: Facts, accounts: Sequence[str]) -> None:
    """Which accounts the peer has parked, and when each one's first timer is due.

    Nothing is done for accounts that are parked here; the writer sees to that.
    """
    locks, timers = CHASSIS.account_locks, CHASSIS.timers
    parked = select(locks.c.account).where(locks.c.peer_parked != 0)
    for row in tx.where_in(parked, locks.c.account, list(accounts)):
        facts.peer_parked[row[0]] = True
    query = select(timers.c.account, func.min(timers.c.due_at)).group_by(timers.c.account)
    facts.earliest_due.update(
        {row[0]: row[1] for row in tx.where_in(query, timers.c.account, list(accounts))}
    )


def gather_deletions_due(tx: Transaction, facts: Facts, accounts: Iterable[str], kind: str) -> None:
    """When the accounts will be deleted, by the key of the timers of that kind."""
    timers = CHASSIS.timers
    query = select(timers.c.account, timers.c.key, timers.c.due_at).where(timers.c.kind == kind)
    for row in tx.where_in(query, timers.c.account, sorted(set(accounts))):
        facts.deletions_due[row.account, row.key] = row.due_at


def gather_peer_watermarks(tx: Transaction, facts: Facts, sandboxes: Iterable[str]) -> None:
    """Up to when the provisioning service has told all, in each world."""
    for sandbox in sorted(set(sandboxes)):
        facts.peer_watermarks[sandbox] = peer_watermark(tx, CHASSIS, PEER, sandbox)


def gather_issuers(tx: Transaction, facts: Facts) -> None:
    """All issuers; there are few."""
    for row in tx.rows(_ISSUERS):
        facts.issuers[row.issuer] = rows.issuer_from_row(row)


def gather_terms(tx: Transaction, facts: Facts) -> None:
    """All terms; there are few."""
    found = rows.terms_from_rows(tx.rows(_TERMS))
    facts.terms.update({each.terms_id: each for each in found})


def gather_tax_profiles(tx: Transaction, facts: Facts) -> None:
    """All tax profiles; there are few."""
    found = tax_profiles_from_rows(tx.rows(_TAX_HEADS), tx.rows(_TAXES))
    facts.tax_profiles.update({each.tax_profile_id: each for each in found})


def gather_plans(tx: Transaction, facts: Facts, plans: Iterable[str]) -> None:
    """Plans with their versions and prices."""
    wanted = sorted(set(plans))
    heads, versions, prices = table("plans"), table("plan_versions"), table("plan_prices")
    by_version = select(versions).order_by(versions.c.plan, versions.c.version)
    in_order = select(prices).order_by(prices.c.plan, prices.c.version, prices.c.ordinal)
    version_rows = _by_plan(tx.where_in(by_version, versions.c.plan, wanted))
    price_rows = _by_plan(tx.where_in(in_order, prices.c.plan, wanted))
    for row in tx.where_in(select(heads), heads.c.plan, wanted):
        own = (version_rows[row.plan], price_rows[row.plan])
        facts.plans[row.plan] = plan_rows.plan_from_rows(row, *own)


def _by_plan(found: Iterable[Row[Any]]) -> dict[str, list[Row[Any]]]:
    """Rows by their plan, in their order."""
    grouped: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in found:
        grouped[row.plan].append(row)
    return grouped


def gather_series(
    tx: Transaction, facts: Facts, series: Iterable[str], *, locked: bool = True
) -> None:
    """Number series; those `locked` in ascending order until the end of the transaction."""
    numbers, wanted = table("number_series"), sorted(set(series))
    if locked:
        query = select(numbers).order_by(numbers.c.series).with_for_update()
        found = tx.where_in(query, numbers.c.series, wanted)
    else:
        found = tx.all_in(_SERIES, wanted)
    for row in found:
        facts.series[row.series] = NumberSeries(row.series, row.last)


def _timelines() -> Select[Any]:
    """Subscriptions with their facts, in order."""
    same = and_(
        _FACTS.c.account == _SUBSCRIPTIONS.c.account,
        _FACTS.c.subscription == _SUBSCRIPTIONS.c.subscription,
    )
    return (
        select(_SUBSCRIPTIONS, _FACTS.c.kind, _FACTS.c.effective_at, _FACTS.c.details)
        .join(_FACTS, same)
        .order_by(_FACTS.c.account, _FACTS.c.subscription, _FACTS.c.ordinal)
    )


def _with_standing(query: Select[Any]) -> Select[Any]:
    return query.outerjoin(_STANDINGS, _STANDINGS.c.account == _SUBSCRIPTIONS.c.account)


def _is_open() -> ColumnElement[bool]:
    """Whether a subscription has months that are billed and not closed."""
    last_month = _SUBSCRIPTIONS.c.last_month
    return and_(last_month >= _SUBSCRIPTIONS.c.first_month, after_closed(last_month))


def after_closed(month: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a month of an account is not closed, where its standing is joined."""
    closed_through = _STANDINGS.c.closed_through
    return or_(closed_through.is_(None), month > closed_through)


@cache
def _spans() -> InQuery:
    """How many open subscriptions of accounts have each span."""
    months = (_SUBSCRIPTIONS.c.first_month, _SUBSCRIPTIONS.c.last_month)
    query = (
        _with_standing(select(_SUBSCRIPTIONS.c.account, *months, func.count()))
        .where(_is_open())
        .group_by(_SUBSCRIPTIONS.c.account, *months)
    )
    return InQuery(query, _SUBSCRIPTIONS.c.account)


@cache
def _of_plans() -> InQuery:
    """The timelines of plans that accounts subscribe to."""
    query = _timelines().where(_SUBSCRIPTIONS.c.begins_on.is_not(None))
    return InQuery(query, _SUBSCRIPTIONS.c.account)


@cache
def _open_timelines() -> InQuery:
    """The timelines of accounts with months that are not closed."""
    return InQuery(_with_standing(_timelines()).where(_is_open()), _SUBSCRIPTIONS.c.account)


def _take_subscriptions(tx: Transaction, facts: Facts, found: Sequence[Row[Any]]) -> None:
    """Take in subscriptions, with the coupons that they ever hold."""
    subscriptions = subscription_rows.subscriptions_from_rows(found)
    for each in subscriptions:
        facts.add_subscription(each)
    holdings = [holding for each in subscriptions for holding in each.holdings]
    coupons = {coupon for each in holdings for coupon in each.coupons}
    gather_coupons(tx, facts, coupons - facts.coupons.keys())
