"""Subscriptions as rows and back."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row

from billing_service.domain.quantities import Held
from billing_service.domain.subscription import Fact, FactKind, PlanTerms, Span, Subscription
from billing_service.storage.rows import Values


def subscription_to_row(subscription: Subscription) -> Values:
    """A subscription as a row, without its facts."""
    terms = subscription.plan_terms
    return {
        "account": subscription.account,
        "subscription": subscription.subscription_id,
        "instance": subscription.instance or None,
        "plan": subscription.plan,
        "band": subscription.band,
        "display_name": subscription.display_name,
        "first_billed_month": subscription.first_billed_month,
        "begins_on": terms.begins_on if terms else None,
        "ends_on": terms.ends_on if terms else None,
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
            "details": _terms_to_text(fact.terms),
        }
        for ordinal, fact in enumerate(subscription.facts, start=1)
    ]


_KINDS: Final = {kind.value: kind for kind in FactKind}


def subscriptions_from_rows(rows: Sequence[Row[Any]]) -> list[Subscription]:
    """The subscriptions of rows joined with their facts, ordered by key and ordinal."""
    found: list[Subscription] = []
    facts: list[Fact] = []
    for row in rows:
        facts.append(Fact(_KINDS[row.kind], row.effective_at, _terms_from_text(row.details)))
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
                )
            )
            facts = []
    return found


def _terms_to_text(terms: PlanTerms | None) -> str:
    """The terms of a plan as JSON; '' for none."""
    if terms is None:
        return ""
    told: Values = {
        "begins_on": terms.begins_on.isoformat(),
        "held": {each.price: str(each.quantity) for each in terms.held},
    }
    if terms.ends_on is not None:
        told |= {"ends_on": terms.ends_on.isoformat(), "ends_at": terms.ends_at}
    if terms.by_whole_months:
        told["by_whole_months"] = True
    return json.dumps(told, separators=(",", ":"))


def _terms_from_text(text: str) -> PlanTerms | None:
    if not text:
        return None
    told = json.loads(text)
    ends_on = told.get("ends_on")
    return PlanTerms(
        begins_on=date.fromisoformat(told["begins_on"]),
        ends_on=date.fromisoformat(ends_on) if ends_on else None,
        held=tuple(Held(price, Decimal(quantity)) for price, quantity in told["held"].items()),
        ends_at=told.get("ends_at"),
        by_whole_months=told.get("by_whole_months", False),
    )
