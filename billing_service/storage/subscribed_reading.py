"""One subscription with all that prices it, and what is guarded of it, by prepared statements.

Who asks for a summary asks for one subscription, and often: `gathering` is for many at once.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import BigInteger, Table, and_, bindparam, exists, func, or_, select

from billing_service.domain.calendar import month_of
from billing_service.domain.errors import PricedPlanNotFound
from billing_service.domain.meter import Meter
from billing_service.domain.money import EXACT
from billing_service.domain.review import ReviewState
from billing_service.domain.subscribed_plan import SubscribedPlan
from billing_service.domain.terms import DEFAULT_TERMS
from billing_service.storage import catalog_rows
from billing_service.storage.catalog_memory import (
    CATALOG_TOKEN,
    remembered_catalog,
    remembered_plans,
)
from billing_service.storage.facts import Facts
from billing_service.storage.gathering import gather_subscriptions
from billing_service.storage.subscription_memory import (
    PricedSubscription,
    remember_subscription,
    remembered_subscription,
)
from billing_service.storage.tables import CHASSIS, table
from chassis.database import Transaction
from chassis.prepared import Query

PeriodKey: TypeAlias = tuple[str, date]
"""The code of a price, and the first day of a service period."""

_SUBSCRIPTIONS: Final = table("subscriptions")
_ACCOUNTS: Final = table("accounts")
_PROFILES: Final = table("billing_profiles")
_CHANGES: Final = table("price_changes")
_TERMS: Final = table("terms_versions")
_CLOCKS: Final = CHASSIS.sandbox_clocks
_GUARDS: Final = table("usage_guards")
_RESERVATIONS: Final = table("reservations")
_REVIEWS: Final = table("reviews")


def _is_of(owner: Table) -> Any:
    return and_(
        owner.c.account == bindparam("account"), owner.c.subscription == bindparam("subscription")
    )


# What the clock of the account's world shows; `now` is that of the real one.
_NOW_AT: Final = func.coalesce(
    select(_CLOCKS.c.clock_at)
    .where(_CLOCKS.c.sandbox == _ACCOUNTS.c.sandbox)
    .correlate(_ACCOUNTS)
    .scalar_subquery(),
    bindparam("now", type_=BigInteger),
)
# That of the profile, else of the version of its terms that is in force.
_CURRENCY: Final = func.coalesce(
    func.nullif(_PROFILES.c.currency, ""),
    select(_TERMS.c.currency)
    .where(
        _TERMS.c.terms == func.coalesce(func.nullif(_PROFILES.c.terms, ""), DEFAULT_TERMS),
        or_(_TERMS.c.effective_at.is_(None), _TERMS.c.effective_at <= _NOW_AT),
    )
    .order_by(_TERMS.c.version.desc())
    .limit(1)
    .correlate(_PROFILES, _ACCOUNTS)
    .scalar_subquery(),
)
# Facts are only ever added, so that their number tells whether any has come.
_STATE: Final = Query(
    select(
        _NOW_AT,
        _SUBSCRIPTIONS.c.begins_on.is_not(None),
        _SUBSCRIPTIONS.c.plan,
        _SUBSCRIPTIONS.c.facts_count,
        _ACCOUNTS.c.time_zone,
        _CURRENCY,
        CATALOG_TOKEN,
        exists().where(_CHANGES.c.account == bindparam("account")),
        or_(*(exists().where(_is_of(each)) for each in (_GUARDS, _RESERVATIONS, _REVIEWS))),
    )
    .join_from(_SUBSCRIPTIONS, _ACCOUNTS, _ACCOUNTS.c.account == _SUBSCRIPTIONS.c.account)
    .join(_PROFILES, _PROFILES.c.account == _SUBSCRIPTIONS.c.account)
    .where(_is_of(_SUBSCRIPTIONS))
)
_ACCOUNT: Final = Query(
    select(_ACCOUNTS.c.time_zone, _NOW_AT.label("now_at")).where(
        _ACCOUNTS.c.account == bindparam("account")
    )
)
_CHANGES_OF: Final = Query(select(_CHANGES).where(_CHANGES.c.account == bindparam("account")))
_CEILINGS: Final = Query(
    select(_GUARDS.c.price, _GUARDS.c.ceiling).where(
        _is_of(_GUARDS), _GUARDS.c.ceiling.is_not(None)
    )
)
_RESERVED: Final = Query(
    select(
        _RESERVATIONS.c.price,
        _RESERVATIONS.c.period_start_on,
        _RESERVATIONS.c.quantity,
        _RESERVATIONS.c.expire_at,
    ).where(_is_of(_RESERVATIONS), _RESERVATIONS.c.counts)
)
_REVIEWED: Final = Query(
    select(_REVIEWS.c.price, _REVIEWS.c.period_start_on, _REVIEWS.c.review, _REVIEWS.c.state).where(
        _is_of(_REVIEWS)
    )
)


class Subscribed(NamedTuple):
    """A subscription as of an instant of its account; `priced` None: an instance's.

    `is_guarded`: whether there is anything for `find_guarded` to find.
    """

    priced: PricedSubscription | None
    now: int
    meters: Mapping[str, Meter] = MappingProxyType({})
    is_guarded: bool = False


class Guarded(NamedTuple):
    """What is guarded of a subscription's prices: ceilings, what is reserved, and the reviews.

    Reviews by period: the id, and whether nobody has decided. `expire_at`: when what is reserved
    runs out.
    """

    ceilings: Mapping[str, Decimal]
    reserved: Mapping[PeriodKey, Decimal]
    reviews: Mapping[PeriodKey, tuple[str, bool]]
    expire_at: Sequence[int]


def find_world(tx: Transaction, account: str, real_now: int) -> tuple[str, int] | None:
    """The zone of an account, and what the clock of its world shows."""
    found = tx.rows(_ACCOUNT, {"account": account, "now": real_now})
    return (found[0].time_zone, found[0].now_at) if found else None


def find_subscribed(
    tx: Transaction, account: str, subscription: str, real_now: int
) -> Subscribed | None:
    """A subscription by its account and id; `real_now` is what the real clock shows.

    Errors:  PricedPlanNotFound.
    """
    key = (account, subscription)
    found = tx.fetched(_STATE, {"account": account, "subscription": subscription, "now": real_now})
    if not found:
        return None
    now, is_of_plan, plan_id, facts_count, zone, currency, token, has_changes, guarded = found[0]
    if not is_of_plan:
        return Subscribed(None, now)
    meters, plan = remembered_catalog(tx, token, plan_id)
    if plan is None:
        raise PricedPlanNotFound(plan_id, month_of(now, zone))
    changes = tx.rows(_CHANGES_OF, {"account": account}) if has_changes else ()
    read = (facts_count, zone, currency, token, changes)
    priced = remembered_subscription(tx, key, read)
    if priced is None:
        facts = Facts()
        gather_subscriptions(tx, facts, [key])
        changed = tuple(catalog_rows.price_change_from_row(each) for each in changes)
        own = facts.subscriptions[key]
        plans = {plan_id: plan, **remembered_plans(tx, {*own.plans} - {plan_id})}
        subscribed = SubscribedPlan(own, plans, currency, zone, changed, facts.coupons)
        priced = PricedSubscription(subscribed, meters)
        remember_subscription(tx, key, read, priced)
    return Subscribed(priced, now, meters, bool(guarded))


NOT_GUARDED: Final = Guarded({}, {}, {}, ())


def find_guarded(tx: Transaction, account: str, subscription: str, now: int) -> Guarded:
    """What is guarded of a subscription at an instant."""
    of: Mapping[str, str] = {"account": account, "subscription": subscription}
    standing = [each for each in tx.rows(_RESERVED, of) if now < each.expire_at]
    reserved: dict[PeriodKey, Decimal] = {}
    for price, start_on, quantity, _ in standing:
        key = (price, start_on)
        reserved[key] = EXACT.add(reserved.get(key, Decimal(0)), Decimal(quantity))
    return Guarded(
        {price: Decimal(ceiling) for price, ceiling in tx.rows(_CEILINGS, of)},
        reserved,
        {
            (price, start_on): (review, state == ReviewState.OPEN.value)
            for price, start_on, review, state in tx.rows(_REVIEWED, of)
        },
        [each.expire_at for each in standing],
    )
