"""Plans as rows and back."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.price import Price
from billing_service.storage.fact_text import proration_from_text, proration_to_text
from billing_service.storage.price_text import (
    limits_from_text,
    limits_to_text,
    minimums_from_text,
    minimums_to_text,
    price_from_text,
    price_to_text,
    schedule_from_text,
    schedule_to_text,
    shared_from_text,
    shared_to_text,
)
from billing_service.storage.rows import Values


def plan_to_row(plan: Plan) -> Values:
    """A plan as a row, without its versions."""
    return {
        "plan": plan.plan_id,
        "display_name": plan.display_name,
        "policy": plan.policy.value,
        "tax_category": plan.tax_category,
        "price_change_notice_days": plan.price_change_notice_days,
        "proration": proration_to_text(plan.proration),
    }


def plan_versions_to_rows(plan: Plan) -> list[Values]:
    """The versions of a plan as rows, without their prices."""
    return [
        {
            "plan": plan.plan_id,
            "version": each.version,
            "effective_at": each.effective_at,
            "schedule": schedule_to_text(each.schedule),
            "shared_allowances": shared_to_text(each.shared_allowances),
            "limits": limits_to_text(each.limits),
            "minimum_spends": minimums_to_text(each.minimum_spends),
        }
        for each in plan.versions
    ]


def plan_prices_to_rows(plan: Plan) -> list[Values]:
    """The prices of a plan as rows."""
    return [
        {
            "plan": plan.plan_id,
            "version": version.version,
            "ordinal": ordinal,
            "code": price.code,
            "band": price.band,
            "currency": price.currency,
            "definition": price_to_text(price),
        }
        for version in plan.versions
        for ordinal, price in enumerate(version.prices, start=1)
    ]


def plan_from_rows(row: Row[Any], versions: Sequence[Row[Any]], prices: Sequence[Row[Any]]) -> Plan:
    """The plan of a row, with its versions and prices; both ordered."""
    stated: dict[int, list[Price]] = defaultdict(list)
    for price in prices:
        stated[price.version].append(price_from_text(price.definition))
    return Plan(
        plan_id=row.plan,
        display_name=row.display_name,
        policy=VersionPolicy(row.policy),
        versions=tuple(_version(each, stated[each.version]) for each in versions),
        tax_category=row.tax_category,
        price_change_notice_days=row.price_change_notice_days,
        proration=proration_from_text(row.proration),
    )


def _version(row: Row[Any], prices: Sequence[Price]) -> PlanVersion:
    return PlanVersion(
        version=row.version,
        effective_at=row.effective_at,
        prices=tuple(prices),
        schedule=schedule_from_text(row.schedule),
        shared_allowances=shared_from_text(row.shared_allowances),
        limits=limits_from_text(row.limits),
        minimum_spends=minimums_from_text(row.minimum_spends),
    )
