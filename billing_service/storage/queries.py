"""What can be read of catalogue, parties, profiles and subscriptions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, bindparam, not_, or_, select

from billing_service.domain.account import BillingProfile, Standing
from billing_service.domain.calendar import civil_day
from billing_service.domain.party import Issuer
from billing_service.domain.plan import Plan
from billing_service.domain.subscription import FactKind, Subscription, SubscriptionState
from billing_service.domain.tax import TaxProfile
from billing_service.domain.terms import Terms
from billing_service.storage import gathering, rows
from billing_service.storage.facts import Facts
from billing_service.storage.gathering_documents import credit_of
from billing_service.storage.tables import CHASSIS, table
from billing_service.storage.tax_rows import tax_profiles_from_rows
from chassis.database import Transaction
from chassis.prepared import Query

_ACCOUNTS: Final = table("accounts")
_SUBSCRIPTIONS: Final = table("subscriptions")
_LIVE: Final = ("subscribed", "migrated", "resumed")
# Asked for by each read, so it is built once.
_SANDBOX: Final = Query(
    select(_ACCOUNTS.c.sandbox).where(_ACCOUNTS.c.account == bindparam("account"))
)


@dataclass(frozen=True, slots=True)
class ProfileInFull:
    """A profile with what is shown beside it: the standing, and the credit in its currency."""

    profile: BillingProfile
    standing: Standing
    credit: tuple[int, str]


@dataclass(frozen=True, slots=True)
class SubscriptionInFull:
    """A subscription, and where it stands at an instant."""

    subscription: Subscription
    state: SubscriptionState
    at: int


def sandbox_of(tx: Transaction, account: str) -> str:
    """The sandbox that an account lives in; '' for the real world and for unknown accounts."""
    found = tx.fetched(_SANDBOX, {"account": account})
    return str(found[0][0]) if found else ""


def clock_of(tx: Transaction, sandbox: str) -> int | None:
    """What the clock of a sandbox shows; None if there is no such sandbox."""
    clocks = CHASSIS.sandbox_clocks
    row = tx.one(select(clocks.c.clock_at).where(clocks.c.sandbox == sandbox))
    return int(row[0]) if row else None


def find_issuer(tx: Transaction, issuer: str) -> Issuer | None:
    """An issuer by its id."""
    issuers = table("issuers")
    row = tx.one(select(issuers).where(issuers.c.issuer == issuer))
    return rows.issuer_from_row(row) if row else None


def list_issuers(tx: Transaction, *, after: str, limit: int) -> list[Issuer]:
    """Issuers by id, those that follow `after`."""
    issuers = table("issuers")
    query = select(issuers).where(issuers.c.issuer > after).order_by(issuers.c.issuer)
    return [rows.issuer_from_row(row) for row in tx.all(query.limit(limit))]


def find_terms(tx: Transaction, terms: str) -> Terms | None:
    """Terms by their id."""
    return next(iter(list_terms(tx, after="", limit=1, only=terms)), None)


def list_terms(tx: Transaction, *, after: str, limit: int, only: str = "") -> list[Terms]:
    """Terms by id, those that follow `after`, or the one that is named."""
    versions = table("terms_versions")
    wanted = versions.c.terms == only if only else versions.c.terms > after
    ids = select(versions.c.terms).where(wanted).distinct().order_by(versions.c.terms)
    page = [row[0] for row in tx.all(ids.limit(limit))]
    query = select(versions).order_by(versions.c.terms, versions.c.version)
    return rows.terms_from_rows(tx.where_in(query, versions.c.terms, page))


def find_plan(tx: Transaction, plan: str) -> Plan | None:
    """A plan by its id, with all its versions."""
    facts = Facts()
    gathering.gather_plans(tx, facts, [plan])
    return facts.plans.get(plan)


def list_plans(tx: Transaction, *, after: str, limit: int) -> list[Plan]:
    """Plans by id, those that follow `after`."""
    plans = table("plans")
    query = select(plans.c.plan).where(plans.c.plan > after).order_by(plans.c.plan)
    page = [row[0] for row in tx.all(query.limit(limit))]
    facts = Facts()
    gathering.gather_plans(tx, facts, page)
    return [facts.plans[each] for each in page]


def find_tax_profile(tx: Transaction, tax_profile: str) -> TaxProfile | None:
    """A tax profile by its id."""
    return next(iter(list_tax_profiles(tx, after="", limit=1, only=tax_profile)), None)


def list_tax_profiles(
    tx: Transaction, *, after: str, limit: int, only: str = ""
) -> list[TaxProfile]:
    """Tax profiles by id, those that follow `after`, or the one that is named."""
    heads, versions = table("tax_profiles"), table("tax_profile_versions")
    wanted = heads.c.tax_profile == only if only else heads.c.tax_profile > after
    page = tx.all(select(heads).where(wanted).order_by(heads.c.tax_profile).limit(limit))
    query = select(versions).order_by(versions.c.tax_profile, versions.c.version)
    ids = [row.tax_profile for row in page]
    return tax_profiles_from_rows(page, tx.where_in(query, versions.c.tax_profile, ids))


def profiles_in_full(tx: Transaction, accounts: Sequence[str], now: int) -> list[ProfileInFull]:
    """The profiles of those accounts that are known, in the order of their names."""
    facts = Facts()
    gathering.gather_accounts(tx, facts, accounts)
    gathering.gather_terms(tx, facts)
    facts.credit.update(credit_of(tx, accounts))
    return [
        ProfileInFull(profile, facts.standing(account), facts.credit_balance(account, now))
        for account, profile in sorted(facts.profiles.items())
    ]


def list_profiles(
    tx: Transaction, *, sandbox: str, payer: str, after: str, limit: int, now: int
) -> list[ProfileInFull]:
    """Profiles of a world by account, those that follow `after`; of one payer if it is named."""
    accounts, profiles = table("accounts"), table("billing_profiles")
    query = (
        select(accounts.c.account)
        .join(profiles, profiles.c.account == accounts.c.account)
        .where(accounts.c.sandbox == sandbox, accounts.c.account > after)
        .order_by(accounts.c.account)
        .limit(limit)
    )
    if payer:
        query = query.where(profiles.c.paid_by == payer)
    return profiles_in_full(tx, [row[0] for row in tx.all(query)], now)


def find_subscription(
    tx: Transaction, account: str, subscription: str, now: int
) -> SubscriptionInFull | None:
    """A subscription by its account and id."""
    found = _in_full(tx, account, [subscription], now)
    return found[0] if found else None


def list_subscriptions(
    tx: Transaction,
    account: str,
    *,
    states: Collection[SubscriptionState],
    after: str,
    limit: int,
    now: int,
) -> list[SubscriptionInFull]:
    """An account's subscriptions by id, those that follow `after`, in one of the states."""
    query = (
        select(_SUBSCRIPTIONS.c.subscription)
        .where(_SUBSCRIPTIONS.c.account == account, _SUBSCRIPTIONS.c.subscription > after)
        .order_by(_SUBSCRIPTIONS.c.subscription)
        .limit(limit)
    )
    if states:
        today = civil_day(now, _zone_of(tx, account))
        query = query.where(or_(*(_stands(state, now, today) for state in states)))
    return _in_full(tx, account, [row[0] for row in tx.all(query)], now)


def _stands(state: SubscriptionState, now: int, today: date) -> ColumnElement[bool]:
    """Whether a subscription is in a state, at an instant on a day."""
    columns, month = _SUBSCRIPTIONS.c, today.replace(day=1)
    is_live = columns.last_kind.in_(_LIVE)
    is_of_plan = columns.begins_on.is_not(None)
    is_over = columns.ends_at <= now
    goes_on = or_(columns.ends_at.is_(None), columns.ends_at > now)
    is_begun = and_(is_of_plan, columns.begins_on <= today, goes_on)
    match state:
        case SubscriptionState.ENDED:
            return or_(columns.last_kind == FactKind.ENDED.value, and_(is_of_plan, is_over))
        case SubscriptionState.CANCELLED:
            return and_(not_(is_of_plan), columns.last_kind == FactKind.CANCELLED.value)
        case SubscriptionState.SCHEDULED:
            is_ahead = and_(is_of_plan, columns.begins_on > today, goes_on)
            return or_(and_(is_live, columns.first_billed_month > month), is_ahead)
        case SubscriptionState.PAUSED:
            return and_(is_begun, columns.is_paused)
        case SubscriptionState.UNPAID:
            return and_(is_begun, columns.is_lapsed, not_(columns.is_paused))
        case SubscriptionState.ACTIVE:
            begun = or_(columns.first_billed_month.is_(None), columns.first_billed_month <= month)
            is_in_force = and_(is_begun, not_(columns.is_paused), not_(columns.is_lapsed))
            return or_(and_(is_live, begun), is_in_force)


def _in_full(
    tx: Transaction, account: str, subscriptions: Sequence[str], now: int
) -> list[SubscriptionInFull]:
    facts = Facts()
    gathering.gather_subscriptions(tx, facts, [(account, each) for each in subscriptions])
    zone = _zone_of(tx, account)
    return [
        SubscriptionInFull(each, each.state(now, zone), now)
        for _, each in sorted(facts.subscriptions.items())
    ]


def _zone_of(tx: Transaction, account: str) -> str:
    accounts = table("accounts")
    row: Row[Any] | None = tx.one(select(accounts.c.time_zone).where(accounts.c.account == account))
    return str(row[0]) if row else "UTC"
