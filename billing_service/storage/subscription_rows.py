"""Subscriptions as rows and back."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row

from billing_service.domain.subscription import Fact, FactKind, Span, Subscription
from billing_service.domain.subscription_facts import ending
from billing_service.storage.fact_text import fact_to_text, told_by_text
from billing_service.storage.rows import Values


def subscription_to_row(subscription: Subscription) -> Values:
    """A subscription as a row, without its facts."""
    terms = subscription.plan_terms
    over = ending(subscription.facts) if terms else None
    return {
        "account": subscription.account,
        "subscription": subscription.subscription_id,
        "instance": subscription.instance or None,
        "plan": subscription.plan,
        "band": subscription.band,
        "display_name": subscription.display_name,
        "first_billed_month": subscription.first_billed_month,
        "begins_on": terms.begins_on if terms else None,
        "ends_at": over.at if over else None,
        "is_paused": subscription.is_paused,
        "is_lapsed": subscription.is_lapsed,
        "changed_from_on": subscription.changed_from_on,
        "first_month": subscription.span.first_month,
        "last_month": subscription.span.last_month,
        "last_kind": subscription.facts[-1].kind.value,
        "facts_count": len(subscription.facts),
    }


def facts_to_rows(subscription: Subscription) -> list[Values]:
    """The facts of a subscription as rows."""
    return [
        {
            "account": subscription.account,
            "subscription": subscription.subscription_id,
            "ordinal": ordinal,
            "kind": fact.kind.value,
            "effective_at": fact.effective_at,
            "details": fact_to_text(fact),
        }
        for ordinal, fact in enumerate(subscription.facts, start=1)
    ]


_KINDS: Final = {kind.value: kind for kind in FactKind}


def subscriptions_from_rows(rows: Sequence[Row[Any]]) -> list[Subscription]:
    """The subscriptions of rows joined with their facts, ordered by key and ordinal."""
    found: list[Subscription] = []
    facts: list[Fact] = []
    for row in rows:
        facts.append(Fact(_KINDS[row.kind], row.effective_at, **told_by_text(row.details)))
        if len(facts) == row.facts_count:
            found.append(
                Subscription(
                    account=row.account,
                    subscription_id=row.subscription,
                    instance=row.instance or "",
                    plan=row.plan,
                    band=row.band,
                    first_billed_month=row.first_billed_month,
                    facts=tuple(facts),
                    span=Span(row.first_month, row.last_month),
                    display_name=row.display_name,
                    is_paused=row.is_paused,
                    is_lapsed=row.is_lapsed,
                    changed_from_on=row.changed_from_on,
                )
            )
            facts = []
    return found
